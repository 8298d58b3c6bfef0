// Objects of an API server as the rest of the program knows them.
#pragma once

#include "controller/base/json.hpp"
#include "controller/base/object_store.hpp"
#include "controller/kube/resource.hpp"

namespace trainyard::kube {

/// What is not used is left out, since thousands of them stay in memory: managedFields, and the copy of the
/// manifest that `kubectl apply` keeps in an annotation. Invalid for what has no name, uid or
/// resourceVersion.
Result<ObjectPtr> parse_object(ResourceType const& type, Json const& object);

/// Whether `a` is a later state than `b` of one object. Source: API concepts, resource versions (since 1.35
/// they are decimal numbers that grow); others count as later, for what comes last is most likely so.
bool is_later(std::string const& a, std::string const& b);

/// MicroTime, with its six digits of a second: 2026-11-24T08:30:00.123000Z
std::string micro_time(WallTime time);

}  // namespace trainyard::kube
