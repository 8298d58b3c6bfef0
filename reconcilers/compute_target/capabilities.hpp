// What each target type can do: data, in one place (design, section 2). A new target type is a row here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/compute_target.hpp"

namespace trainyard::reconcilers {

struct Capabilities {
  std::string_view block;  // of the spec
  bool create, attach, script;
};
std::span<Capabilities const> capability_table();
Capabilities const& capabilities_of(std::string_view block);        // a block the table lacks can do nothing
std::vector<std::string> capability_words(std::string_view block);  // for the status

/// The compute's name in Azure: attach names it, else spec.name, else the object's own name.
std::string compute_name_of(manifests::ComputeTargetSpec const& spec, std::string const& object_name);
/// The same of a spec as it stands, without reading all of it: it is asked of every target.
std::string compute_name_of(Json const& spec, std::string const& object_name);

}  // namespace trainyard::reconcilers
