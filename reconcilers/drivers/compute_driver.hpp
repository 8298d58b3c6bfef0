// A target type as functions of values: no I/O, no state. docs/adding-a-target.md walks through one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/json.hpp"
#include "manifests/compute_target.hpp"
#include "reconcilers/azure/computes.hpp"

namespace trainyard::reconcilers {

/// How what Azure has differs from what the user wrote; fields the user did not write do not count.
struct ComputeDiff {
  struct Field {
    std::string path, wanted, found;
    bool in_place = true;  // false: Azure cannot change it, only delete and create
  };
  std::vector<Field> fields;
  [[nodiscard]] bool in_place() const;
};

struct ComputeDriver {
  std::string_view block;  // of the spec, and its key in the capability table
  std::string_view type;   // Azure's computeType: computes of all types share one space of names
  /// Does the spec ask for a compute of our making (as against one used and left)?
  bool (*creates)(manifests::ComputeTargetSpec const&);
  /// The body of the create. `location` is the workspace's.
  Json (*create_body)(manifests::ComputeTargetSpec const&, std::string const& location);
  /// The body of an update: what Azure has, with the wanted fields laid over it.
  Json (*update_body)(manifests::ComputeTargetSpec const&, azure::Compute const& found);
  ComputeDiff (*diff)(manifests::ComputeTargetSpec const&, azure::Compute const& found);
};

/// Null for a block that needs no Azure resource (`local`).
ComputeDriver const* compute_driver(std::string_view block);

}  // namespace trainyard::reconcilers
