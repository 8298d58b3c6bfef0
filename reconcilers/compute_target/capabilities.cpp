#include "reconcilers/compute_target/capabilities.hpp"

#include <array>

namespace trainyard::reconcilers {

namespace {

constexpr std::array kTable{
    Capabilities{.block = "local", .create = true, .attach = false, .script = true},
    Capabilities{.block = "amlCompute", .create = true, .attach = true, .script = true},
};
constexpr Capabilities kNothing{.block = "", .create = false, .attach = false, .script = false};

}  // namespace

std::span<Capabilities const> capability_table() { return kTable; }

Capabilities const& capabilities_of(std::string_view block) {
  for (Capabilities const& row : kTable)
    if (row.block == block) return row;
  return kNothing;
}

std::vector<std::string> capability_words(std::string_view block) {
  Capabilities const& can = capabilities_of(block);
  std::vector<std::string> words;
  if (can.script) words.emplace_back("script");
  return words;
}

std::string compute_name_of(manifests::ComputeTargetSpec const& spec, std::string const& object_name) {
  if (spec.aml_compute && spec.aml_compute->attach) return spec.aml_compute->attach->name;
  return spec.name.empty() ? object_name : spec.name;
}

std::string compute_name_of(Json const& spec, std::string const& object_name) {
  if (Json const* const attach = spec.at("amlCompute").find("attach")) return attach->text("name");
  std::string const name = spec.text("name");
  return name.empty() ? object_name : name;
}

}  // namespace trainyard::reconcilers
