// What no single field decides: the rules between the fields of one object, and between its old and new spec.
#pragma once

#include <string_view>
#include <vector>

#include "manifests/kinds.hpp"

namespace trainyard::manifests {

void check_rules(Kind const& kind, std::string_view name, Json const& spec, std::vector<FieldError>& errors);
void check_change_rules(Kind const& kind, Json const& before, Json const& after,
                        std::vector<FieldError>& errors);

}  // namespace trainyard::manifests
