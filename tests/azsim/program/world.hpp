// The simulator as the program holds it: behind a lock, with its certificate authority, its log and its state
// file.
#pragma once

#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "tests/azsim/azsim.hpp"
#include "tests/azsim/certificate.hpp"
#include "tests/azsim/program/fault_file.hpp"

namespace trainyard::azsim {

/// What is kept in --state FILE: the authority, so that clients which trust it go on to, and the world.
struct SavedWorld {
  Certificate authority;
  Json world;  // null: begin with an empty one
};
/// A fresh authority and no world if `path` is "" or there is no such file.
Result<SavedWorld> load_world(std::string const& path);

class World {
 public:
  /// `path`: of the state file, "" for none. `log`: of the request log, "" for none.
  World(Certificate authority, std::string path, std::string log)
      : authority_(std::move(authority)), path_(std::move(path)), log_path_(std::move(log)) {}

  /// Before this, requests wait. The simulator needs its own address, which the listener knows first.
  Result<Done> begin(std::unique_ptr<AzureSim> sim, Json const& saved);
  /// From any thread.
  ServerReply handle(HttpRequest const& request);
  void add_workspace(std::string const& group, std::string const& name);
  void add_faults(FaultPlan const& plan);
  /// Lets time have its effects, and writes the state file if anything has changed.
  Result<Done> step();

 private:
  Certificate authority_;
  std::string path_, log_path_;
  std::string written_;  // what the state file holds; used by step() alone
  std::mutex mutex_;
  std::unique_ptr<AzureSim> sim_;  // guarded by mutex_
  std::ofstream log_;              // guarded by mutex_
};

}  // namespace trainyard::azsim
