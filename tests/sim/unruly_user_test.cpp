// A user who changes his mind while the network fails and the operator is killed: scripts are edited, runs
// suspended, moved, deleted and applied again, the cluster resized and deleted, at moments that the seed
// chooses.
#include <array>

#include <boost/test/unit_test.hpp>

#include "tests/sim/scenario.hpp"

namespace trainyard::sim {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct RunWish {
  std::string name, target;
  bool declared = true, suspended = false;
};

/// What the user wants at the moment, and how it is written down.
struct Wishes {
  int script = 0, nodes = 2;
  bool cluster = true;
  std::array<RunWish, 2> runs{RunWish{"fit-local", "this-machine"}, RunWish{"fit-cluster", "cpu-cluster"}};

  [[nodiscard]] std::string compute() const {
    std::string const head = "apiVersion: trainyard.dev/v1alpha1\nkind: ComputeTarget\nmetadata:\n  name: ";
    std::string text = head + "this-machine\nspec:\n  local: {}\n";
    if (cluster)
      text += "---\n" + head + "cpu-cluster\nspec:\n  workspace: demo\n  amlCompute:\n    create:\n" +
              "      vmSize: Standard_DS3_v2\n      maxNodes: " + std::to_string(nodes) + "\n";
    return text;
  }
  [[nodiscard]] std::string training() const {
    std::string text = "# runs\n";
    for (RunWish const& run : runs)
      if (run.declared)
        text += "---\napiVersion: trainyard.dev/v1alpha1\nkind: TrainingRun\nmetadata:\n  name: " + run.name +
                "\nspec:\n  computeTarget: " + run.target +
                "\n  suspend: " + (run.suspended ? "true" : "false") +
                "\n  source:\n    directory: src\n  script:\n    file: train.py\n";
    return text;
  }
};

ObjectKey key_of(RunWish const& run) { return {"TrainingRun", "default", run.name}; }

class User {
 public:
  explicit User(World& world) : world_(world) { write_all(); }

  void do_something() {
    Wishes& w = wishes_;
    RunWish& run = w.runs[world_.stage.random.next() % 2];
    switch (world_.stage.random.next() % 9) {
      case 0:  // the script as it was once before, or a new one
        w.script = static_cast<int>(world_.stage.random.next() % 3);
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
        w.nodes = 1 + static_cast<int>(world_.stage.random.next() % 4);
        break;
      case 7:
        return toggle(w.cluster, kCpuCluster);
      default:
        return world_.restart();
    }
    write_all();
  }

  /// What everybody should have in the end.
  void come_to_rest() {
    wishes_ = Wishes{.script = 99};
    write_all();
  }

 private:
  void toggle(bool& declared, ObjectKey const& key) {
    declared = !declared;
    write_all();
    if (!declared && world_.object(key)) world_.ask_to_delete(key);
  }

  void write_all() {
    world_.write("src/train.py", "print(" + std::to_string(wishes_.script) + ")\n");
    world_.write("compute.yaml", wishes_.compute());
    world_.write("runs.yaml", wishes_.training());
  }

  World& world_;
  Wishes wishes_;
};

std::string play(std::uint64_t seed) {
  World world({.seed = seed, .faults = rough_network()});
  auto const fail = [&](std::string const& what) { return what + "\n" + world.story(); };
  apply_quickstart(world);
  User user(world);
  for (int deed = 0; deed < 12; ++deed) {
    world.run_until([] { return false; }, world.stage.between(seconds(1), minutes(4)));
    if (!world.judge.verdicts().empty()) return fail("a promise was broken");
    user.do_something();
  }
  world.heal();
  user.come_to_rest();
  if (!world.run_until([&] { return all_ready(world); }, hours(3))) return fail("it did not come to rest");
  let_settle(world);
  if (!world.is_quiet_for(hours(2))) return fail("something was written though nothing was to do");
  delete_all(world);
  if (!world.run_until([&] { return world.empty(); }, hours(1))) return fail("the objects did not go");
  if (!world.azure.compute(kWorkspace, "cpu-cluster").is_null()) return fail("the cluster was left behind");
  if (!world.judge.verdicts().empty()) return fail("a promise was broken");
  return "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(unruly_user) { for_seeds(100, play); }

}  // namespace trainyard::sim
