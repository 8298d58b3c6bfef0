// People who change their minds at moments that the seed chooses, while the network fails and the operator is
// killed: a user edits, suspends, moves, deletes and applies again; others cancel, delete and resize by hand.
#include <boost/test/unit_test.hpp>

#include "manifests/condition.hpp"
#include "tests/sim/scenario.hpp"

namespace trainyard::sim {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

ObjectKey key_of(Wishes::Run const& run) { return {"TrainingRun", "default", run.name}; }

class User {
 public:
  explicit User(World& world) : world_(world) { wishes_.write_to(world_); }

  void do_something() {
    Wishes& w = wishes_;
    Wishes::Run& run = draw(2) == 0 ? w.local : w.remote;
    switch (draw(9)) {
      case 0:  // the script as it was once before, or a new one
        w.script = static_cast<int>(draw(3));
        break;
      case 1:
      case 2:
        run.suspended = !run.suspended;
        break;
      case 3:
        run.target = run.target == "cpu-cluster" ? "this-machine" : "cpu-cluster";
        break;
      case 4:
      case 5:
        return toggle(run.declared, key_of(run));
      case 6:
        w.nodes = 1 + static_cast<int>(draw(4));
        break;
      case 7:
        return toggle(w.cluster, kCpuCluster);
      default:
        return world_.restart();
    }
    w.write_to(world_);
  }

  /// What everybody should have in the end.
  void come_to_rest() {
    wishes_ = Wishes{.script = 99};
    wishes_.write_to(world_);
  }

 private:
  std::uint64_t draw(std::uint64_t of) { return world_.stage.random.next() % of; }

  void toggle(bool& declared, ObjectKey const& key) {
    declared = !declared;
    wishes_.write_to(world_);
    if (!declared && world_.object(key)) world_.ask_to_delete(key);
  }

  World& world_;
  Wishes wishes_;
};

/// Another person in the same workspace, and a disk that may be lost.
void meddle(World& world) {
  auto const draw = [&](std::uint64_t of) { return world.stage.random.next() % of; };
  std::vector<std::string> const jobs = world.azure.job_names(kWorkspace);
  std::string const job = jobs.empty() ? "none" : jobs[draw(jobs.size())];
  switch (draw(6)) {
    case 0:
      world.somebody("POST", "/jobs/" + job + "/cancel");
      return;
    case 1:
      world.somebody("DELETE", "/jobs/" + job);
      return;
    case 2:
      world.somebody("DELETE", "/computes/cpu-cluster");
      return;
    case 3:
    case 4:
      world.somebody("PUT", "/computes/cpu-cluster", cluster_body(static_cast<int>(1 + draw(5))));
      return;
    default:
      return world.lose_store();
  }
}

/// W10: a request of the time before the store was lost has landed since, so that the cluster bears that
/// store's mark.
bool is_left_to_the_lost_store(World const& world) {
  if (!world.judge.store_lost()) return false;
  manifests::Conditions const told =
      manifests::conditions_from_json(world.object(kCpuCluster)->status.at("conditions"));
  manifests::Condition const* const stalled = find_condition(told, manifests::kStalled);
  return stalled != nullptr && stalled->status == manifests::ConditionStatus::True &&
         stalled->reason == "AnotherController";
}

/// As all_ready(), but a run may have come to another end than the user wished: who deletes a cluster by hand
/// lets the jobs on it fail, and who cancels one ends it for good.
bool all_ended(World const& world) {
  bool const left = is_left_to_the_lost_store(world);
  for (ObjectKey const& key : {kDemo, kThisMachine, kCpuCluster})
    if (!world.ready(key) && !(left && key == kCpuCluster)) return false;
  for (ObjectKey const& key : {kFitLocal, kFitCluster}) {
    ObjectPtr const run = world.object(key);
    if (!run || run->status.at("observedGeneration").integer_or(0) != run->generation) return false;
    std::string const phase = run->status.text("phase");
    if (left && phase == "Pending") continue;
    if (phase != "Completed" && phase != "Failed" && phase != "Canceled" && phase != "Deleted") return false;
  }
  return true;
}

std::string play_unruly(WorldOptions const& options, bool others, std::map<std::string, int>* windows) {
  World world(options);
  auto const fail = [&](std::string const& what) { return what + "\n" + world.story(); };
  User user(world);
  for (int deed = 0; deed < 12; ++deed) {
    world.run_for(world.stage.between(seconds(1), minutes(4)));
    if (!world.judge.verdicts().empty()) return fail("a promise was broken");
    if (others && world.stage.random.next() % 3 == 0)
      meddle(world);
    else
      user.do_something();
  }
  world.heal();
  user.come_to_rest();
  let_settle(world);                    // Ready may still speak of the script before
  if (others) world.run_for(hours(1));  // the last request lands
  auto const came_to_rest = [&] { return others ? all_ended(world) : all_ready(world); };
  if (!world.run_until(came_to_rest, hours(3))) return fail("it did not come to rest");
  std::string const said = at_rest(world, world.judge.created().size());
  if (!said.empty()) return fail(said);
  bool const ours = world.object(kCpuCluster)->status.text("origin") == "Created";
  bool const left = is_left_to_the_lost_store(world);
  delete_all(world);
  if (!world.run_until([&] { return world.empty(); }, hours(3))) return fail("the objects did not go");
  if (world.azure.compute(kWorkspace, "cpu-cluster").is_null() != ours)
    return fail(ours ? "the cluster was left behind" : "what another made was deleted");
  if (!world.judge.verdicts().empty()) return fail("a promise was broken");
  if (windows != nullptr && left) ++(*windows)["W10"];
  if (windows != nullptr)
    for (auto const& [window, times] : world.judge.windows()) (*windows)[window] += times;
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unruly)

/// Nobody else is there, the store is kept, nothing lands later than `settle`: then there is no window.
BOOST_AUTO_TEST_CASE(user) {
  for_seeds(500, [](std::uint64_t seed) {
    std::map<std::string, int> windows;
    std::string said = play_unruly({.seed = seed, .faults = rough_network()}, false, &windows);
    if (said.empty() && !windows.empty())
      said = "seed " + std::to_string(seed) + " met window " + windows.begin()->first;
    return said;
  });
}

BOOST_AUTO_TEST_CASE(user_of_an_api_server) {
  for_seeds(100, [](std::uint64_t seed) {
    return play_unruly({.seed = seed,
                        .store = StoreKind::ApiServer,
                        .api = rough_api(),
                        .streams_lists = seed % 2 == 1,
                        .faults = rough_network()},
                       false, nullptr);
  });
}

/// What azsim answers need not be so: nothing is made twice, deleted or called Ready for that.
BOOST_AUTO_TEST_CASE(user_of_a_lying_service) {
  for_seeds(60, [](std::uint64_t seed) {
    return play_unruly({.seed = seed, .faults = rough_network(), .lies = lying_service()}, false, nullptr);
  });
}

BOOST_AUTO_TEST_CASE(others_and_late_landings) {
  std::map<std::string, int> windows;
  for_seeds(200, [&](std::uint64_t seed) {
    NetworkFaults faults = rough_network();
    faults.latest = minutes(20);
    return play_unruly({.seed = seed, .faults = faults}, true, &windows);
  });
  std::string told;
  for (auto const& [window, times] : windows) told += " " + window + " x" + std::to_string(times);
  BOOST_TEST_MESSAGE("windows met:" << told);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::sim
