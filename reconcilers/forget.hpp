// Rule 24: a deletion without a credential ends, and says what it leaves behind.
#pragma once

#include <string>

#include "reconcilers/reconciler.hpp"

namespace trainyard::reconcilers {

/// Makes trainyard_forgotten_total exist at zero.
void register_forgotten(Metrics& metrics, std::string_view kind);

/// Why that Workspace will not become usable by itself: it is missing, or Stalled. "" if it may.
std::string lost_because(ObjectStore const& store, ObjectKey const& workspace);

/// How long the deletion of `object` still waits for a lost Workspace; zero when it need not wait any longer.
Duration forget_in(StoredObject const& object, WallTime now);

/// A Warning event and the counter: `what` (an ARM id where there is one) may be left in Azure.
void tell_forgotten(Parts const& parts, ObjectKey const& about, std::string const& what,
                    std::string const& why);

}  // namespace trainyard::reconcilers
