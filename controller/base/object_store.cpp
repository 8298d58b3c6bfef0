#include "controller/base/object_store.hpp"

#include <algorithm>

namespace trainyard {

std::string to_string(ObjectKey const& key) { return key.kind + "/" + key.ns + "/" + key.name; }

bool StoredObject::has_finalizer(std::string_view name) const {
  return std::find(finalizers.begin(), finalizers.end(), name) != finalizers.end();
}

}  // namespace trainyard
