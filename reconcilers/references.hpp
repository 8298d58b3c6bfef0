// What an object refers to beyond the kinds that are served.
#pragma once

#include <set>

#include "controller/base/object_store.hpp"
#include "reconcilers/source.hpp"

namespace trainyard::reconcilers {

/// The Secrets and ConfigMaps of its namespace that are read for the object: when one changes, it is looked
/// at.
std::set<ObjectKey> refers_to(StoredObject const& object);

/// The spec.source of a TrainingRun.
SourceRef source_of(StoredObject const& run);

}  // namespace trainyard::reconcilers
