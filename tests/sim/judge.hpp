// Watches a world and says which promise was broken (design, section 7, "What is promised"). A breach that
// only a window W1 to W12 allows is counted, and told as such.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/base/object_store.hpp"
#include "tests/azsim/azsim.hpp"
#include "tests/sim/sim_machine.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

/// How old what the service tells may be; the worlds' faults have no older.
inline constexpr Duration kOldestLie = std::chrono::minutes(4);

class Judge {
 public:
  Judge(Stage& stage, azsim::AzureSim& azure, SimMachine& machine, std::string workspace);

  /// All objects of all stores, as they are now.
  void look_at(std::function<std::vector<ObjectPtr>()> objects) { objects_ = std::move(objects); }
  void forbid(std::string secret) { secrets_.push_back(std::move(secret)); }

  // What happened.
  void saw_request(azsim::Logged const& logged);
  void saw_start(reconcilers::LocalStart const& start);
  void saw_status(StoredObject const& before, StoredObject const& after);
  void saw_output(std::string_view text);
  void saw_log(std::string_view line);
  /// An answer about computes that reached an operator, asked for at `began`.
  void saw_answer(SteadyTime began, std::string const& method, std::string const& path, int status,
                  Json const& body);
  void saw_unheard(std::string const& path) { unheard_.insert(path); }
  void saw_late_landing(std::string const& path, Duration late);
  void store_was_lost();
  void has_two_stores() { two_stores_ = true; }
  void operator_began() { began_ = stage_.clock.steady(); }
  /// What is asked of Azure meanwhile is asked by another person.
  void somebody_acts(bool acts) { somebody_ = acts; }

  // What must hold at any time.
  void check_objects();
  /// Nothing of an object that is gone lives on.
  void check_left_behind();
  /// Nothing is called Ready by what was seen too long ago.
  void check_freshness();

  [[nodiscard]] std::vector<std::string> const& verdicts() const { return verdicts_; }
  [[nodiscard]] std::map<std::string, int> const& windows() const { return windows_; }  // how often met
  [[nodiscard]] bool store_lost() const { return !losses_.empty(); }
  [[nodiscard]] std::map<std::string, int> const& created() const { return created_; }  // by run name

 private:
  struct RunState {
    std::string owner, revision, reason;
    bool live = false, completed = false, failed = false;
  };
  struct Excuse {
    char const* window;
    bool holds;
  };
  struct Observation {
    SteadyTime began, heard;
    bool usable = false;
  };
  struct Cluster {  // one that is, or was, in Azure
    bool ours = false;
    SteadyTime made{}, there{};  // there: when it was so last
    std::string since = {};      // its tag: who puts it renews it
  };
  /// A breach of a promise, unless one of the windows holds.
  void broken(std::string const& promise, std::initializer_list<Excuse> excuses = {});
  [[nodiscard]] bool lost_with(std::string const& run) const;
  void began(std::string const& name, std::string const& owner, std::string const& revision);
  [[nodiscard]] std::int64_t retries_of(std::string const& owner) const;
  void job_written(std::string const& name);
  void compute_deleted(std::string const& name);
  void check_ready(StoredObject const& after);
  [[nodiscard]] std::map<std::string, RunState> runs() const;
  [[nodiscard]] std::set<std::string> owners() const;  // marks of the objects that have our finalizer

  Stage& stage_;
  azsim::AzureSim& azure_;
  SimMachine& machine_;
  std::string workspace_;
  std::function<std::vector<ObjectPtr>()> objects_ = [] { return std::vector<ObjectPtr>{}; };
  std::vector<std::string> secrets_;

  bool somebody_ = false, two_stores_ = false;
  std::vector<SteadyTime> losses_;                  // of the store
  std::map<std::string, SteadyTime> made_;          // runs, by name
  std::set<std::string> late_, touched_, unheard_;  // names; jobs by hand; paths
  SteadyTime began_{}, listed_{};
  std::map<std::string, std::vector<Observation>> observed_;  // of computes, by name
  std::map<std::string, Cluster> clusters_;                   // by name
  std::map<std::string, std::string> reasons_;                // of jobs, by name
  std::map<std::string, int> created_, windows_;
  std::set<std::string> told_;
  std::vector<std::string> verdicts_;
};

}  // namespace trainyard::sim
