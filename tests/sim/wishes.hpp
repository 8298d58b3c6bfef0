// What a user has written down, and what another person would put instead.
#pragma once

#include <string>

#include "controller/base/json.hpp"
#include "tests/sim/world.hpp"

namespace trainyard::sim {

/// What a user has written down about the quickstart's objects.
struct Wishes {
  struct Run {
    std::string name, target, arguments = {}, image = {};
    bool declared = true, suspended = false;
    int retries = 0;
  };
  int script = 0, nodes = 2;
  bool cluster = true;
  std::string drift_policy = {};
  Run local{"fit-local", "this-machine"}, remote{"fit-cluster", "cpu-cluster"};

  void write_to(World& world, std::size_t site = 0) const;
};

/// What another person puts to make or change a cluster of at most so many nodes.
Json cluster_body(int nodes);

}  // namespace trainyard::sim
