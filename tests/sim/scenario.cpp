#include "tests/sim/scenario.hpp"

#include <cstdlib>

#include <boost/test/unit_test.hpp>

#include "manifests/condition.hpp"

namespace trainyard::sim {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// What ends a scenario that does not go as it should.
struct Wrong {
  std::string what;
};

void expect(bool holds, std::string const& what) {
  if (!holds) throw Wrong{what};
}

Json cluster(World const& world) { return world.azure.compute(kWorkspace, "cpu-cluster"); }

std::int64_t most_nodes(World const& world) {
  return cluster(world).at({"properties", "properties", "scaleSettings", "maxNodeCount"}).integer_or(0);
}

/// The one remote job that is in this state; "" if there is none.
std::string job_that_is(World const& world, std::string const& status) {
  for (std::string const& name : world.azure.job_names(kWorkspace))
    if (world.azure.job(kWorkspace, name).text({"properties", "status"}) == status) return name;
  return "";
}

void get_ready(World& world, std::string const& when = "first") {
  expect(world.run_until([&] { return all_ready(world); }, hours(3)), "not all became ready: " + when);
}

void rest(World& world, std::size_t runs) {
  std::string const said = at_rest(world, runs);
  expect(said.empty(), said);
}

void wait_for_runs(World& world, std::size_t runs) {
  expect(world.run_until([&] { return world.judge.created().size() >= runs; }, hours(3)),
         "not " + std::to_string(runs) + " runs were made");
}

void leave(World& world) {
  delete_all(world);
  expect(world.run_until([&] { return world.empty(); }, hours(3)), "the objects did not go");
  expect(cluster(world).is_null(), "the cluster was left behind");
}

// ---- what befalls a user

void first_apply(World& world) {
  Wishes().write_to(world);
  get_ready(world);
  rest(world, 2);
}

void edits(World& world) {
  Wishes wishes;
  wishes.write_to(world);
  get_ready(world);
  auto const again = [&](std::size_t runs, std::string const& what) {
    wishes.write_to(world);
    expect(
        world.run_until([&] { return world.judge.created().size() >= runs && all_ready(world); }, hours(3)),
        what + " did not make the runs it should");
  };
  wishes.script = 1;
  again(4, "another script");
  wishes.local.arguments = wishes.remote.arguments = "--rate, \"0.1\"";
  again(6, "other arguments");
  wishes.remote.image = "docker.io/library/python:3.12";
  again(7, "another environment");
  wishes.remote.target = "this-machine";
  again(8, "another target");
  rest(world, 8);
}

void edits_while_it_runs(World& world) {
  Wishes wishes;
  wishes.write_to(world);
  wait_for_runs(world, 2);
  wishes.script = 1;
  wishes.write_to(world);
  wait_for_runs(world, 4);
  wishes.script = 0;  // as it was: what was cancelled for the change runs again
  wishes.write_to(world);
  get_ready(world);
  rest(world, world.judge.created().size());
}

void resumes(World& world) {
  Wishes wishes;
  wishes.write_to(world);
  wait_for_runs(world, 2);
  wishes.local.suspended = wishes.remote.suspended = true;
  wishes.write_to(world);
  auto const stands = [&](ObjectKey const& key) {
    std::string const phase = world.object(key)->status.text("phase");
    return phase == "Suspended" || phase == "Completed";
  };
  expect(world.run_until([&] { return stands(kFitLocal) && stands(kFitCluster); }, hours(3)),
         "suspended runs went on");
  wishes.local.suspended = wishes.remote.suspended = false;
  wishes.write_to(world);
  get_ready(world);
  rest(world, world.judge.created().size());
}

void deletes_while_provisioning(World& world) {
  Wishes().write_to(world);
  expect(world.run_until([&] { return !cluster(world).is_null(); }, hours(3)), "no cluster was made");
  leave(world);
  rest(world, world.judge.created().size());
}

void deletes_while_it_runs(World& world) {
  Wishes().write_to(world);
  wait_for_runs(world, 2);
  leave(world);
  rest(world, 2);
}

void deletes_and_applies_again(World& world) {
  Wishes().write_to(world);
  get_ready(world);
  leave(world);
  Wishes().write_to(world);
  get_ready(world, "again");
  rest(world, 2);
}

void finds_what_exists(World& world) {
  world.somebody("PUT", "/computes/cpu-cluster", cluster_body(2));
  Wishes().write_to(world);
  get_ready(world);
  expect(world.object(kCpuCluster)->status.text("origin") == "Adopted", "what was found is not Adopted");
  rest(world, 2);
  delete_all(world);
  expect(world.run_until([&] { return world.empty(); }, hours(3)), "the objects did not go");
  expect(!cluster(world).is_null(), "what another made was deleted");
  expect(cluster(world).text({"tags", "trainyard-owner"}).empty(), "our mark was left on what is not ours");
  rest(world, 2);
}

void drifts(World& world) {
  Wishes().write_to(world);
  get_ready(world);
  world.somebody("PUT", "/computes/cpu-cluster", cluster_body(5));
  expect(world.run_until([&] { return most_nodes(world) == 2; }, hours(3)), "drift was not corrected");
  world.somebody("DELETE", "/computes/cpu-cluster", Json());
  expect(world.run_until([&] { return cluster(world).is_null(); }, hours(1)), "it was not deleted");
  expect(world.run_until([&] { return !cluster(world).is_null() && all_ready(world); }, hours(3)),
         "what was deleted by hand was not made again");
  rest(world, 2);
  leave(world);
}

void fails_and_retries(World& world) {
  Wishes wishes;
  wishes.local.arguments = "fail";
  wishes.local.retries = 2;
  wishes.remote.retries = 1;
  wishes.write_to(world);
  expect(world.run_until([&] { return !job_that_is(world, "Running").empty(); }, hours(3)),
         "no remote job runs");
  world.azure.end_job(kWorkspace, job_that_is(world, "Running"), "Failed");
  expect(world.run_until([&] { return world.ready(kFitCluster); }, hours(3)), "the second attempt failed");
  expect(world.run_until([&] { return world.object(kFitLocal)->status.text("phase") == "Failed"; }, hours(3)),
         "the last attempt did not end Failed");
  wait_for_runs(world, 5);
  rest(world, 5);
}

void is_preempted(World& world) {
  Wishes().write_to(world);
  expect(world.run_until([&] { return !job_that_is(world, "Running").empty(); }, hours(3)),
         "no remote job runs");
  world.azure.preempt_job(kWorkspace, job_that_is(world, "Running"));
  get_ready(world);
  rest(world, 2);
}

void rotates_the_secret(World& world) {
  Wishes().write_to(world);
  get_ready(world);
  world.change_secret("the-next-secret");
  expect(world.run_until([&] { return !world.ready(kDemo); }, hours(3)),
         "a workspace is Ready by a secret that Azure refuses");
  world.write_secret("the-next-secret");
  get_ready(world, "with the new secret");
  rest(world, 2);
}

void loses_the_workspace(World& world) {
  Wishes().write_to(world);
  get_ready(world);
  world.somebody("DELETE", "", Json());
  expect(world.run_until([&] { return !world.ready(kDemo); }, hours(1)), "a deleted workspace is Ready");
  world.run_for(minutes(30));
  expect(world.count() == 5, "an object went with the workspace");
  world.azure.add_workspace(kGroup, kWorkspace);  // another one, though it bears the name
  expect(world.run_until([&] { return world.not_ready_because(kDemo) == "WorkspaceReplaced"; }, hours(3)),
         "another workspace was taken for the one that was there");
  rest(world, 2);
  expect(cluster(world).is_null(), "something was made in a workspace that is not the one asked for");
}

void cannot_see_the_workspace(World& world) {
  Wishes().write_to(world);
  get_ready(world);
  world.azure.add_fault({.operation = "*",
                         .path_part = "/workspaces/demo",
                         .times = -1,
                         .status = 404,
                         .code = "ResourceNotFound",
                         .message = "The Resource was not found."});
  world.run_for(minutes(40));
  expect(world.count() == 5, "an object went while the workspace was not to be seen");
  expect(!world.ready(kDemo), "a workspace that answers 404 is Ready");
  world.azure.clear_faults();
  get_ready(world, "again");
  rest(world, 2);
}

void loses_the_network(World& world) {
  Wishes().write_to(world);
  get_ready(world);
  world.set_faults({.unreachable = true});
  expect(
      world.run_until([&] { return world.not_ready_because(kCpuCluster) == "ObservationStale"; }, hours(1)),
      "a target that cannot be read is not told to be stale");
  world.heal();
  get_ready(world, "again");
  rest(world, 2);
}

void loses_the_store(World& world) {
  Wishes().write_to(world);
  wait_for_runs(world, 2);
  world.lose_store();
  get_ready(world);
  world.lose_store();
  get_ready(world, "again");
  rest(world, 2);
  leave(world);
}

void has_two_operators_for_a_while(World& world) {
  Wishes().write_to(world);
  world.run_for(seconds(5));
  world.add_operator(0);
  world.run_for(minutes(5));
  world.leave_operators(0, 1);
  get_ready(world);
  rest(world, 2);
  leave(world);
}

void archives_a_running_job(World& world) {
  Wishes wishes;
  wishes.write_to(world);
  expect(world.run_until([&] { return !job_that_is(world, "Running").empty(); }, hours(3)),
         "no remote job runs");
  std::string const job = job_that_is(world, "Running");
  Json archived = world.azure.job(kWorkspace, job).at("properties");
  for (char const* of_the_service : {"status", "services", "parameters"}) archived.erase(of_the_service);
  archived["isArchived"] = true;
  expect(world.somebody("PUT", "/jobs/" + job, Json::object({{"properties", archived}})).ok(),
         "the job was not archived");
  world.lose_store();
  wishes.script = 1;
  wishes.write_to(world);
  get_ready(world);
  expect(world.azure.job(kWorkspace, job).text({"properties", "status"}) == "Canceled",
         "an archived job ran on beside its successor");
  rest(world, world.judge.created().size());
}

/// The answer to its creation is lost, and when it is looked at again another has changed it.
void has_a_clock_that_is_ahead(World& world) {
  world.azure_clock.behind = minutes(10);
  Wishes().write_to(world);
  expect(world.run_until([&] { return !cluster(world).is_null(); }, hours(3)), "no cluster was made");
  world.set_faults({.unreachable = true});
  world.restart();
  world.run_for(minutes(20));
  Json body = cluster_body(2);
  body["tags"] = cluster(world).at("tags");
  expect(world.somebody("PUT", "/computes/cpu-cluster", body).ok(), "the cluster was not changed");
  world.heal();
  get_ready(world);
  leave(world);
}

}  // namespace

bool all_ready(World const& world, std::size_t site) {
  for (ObjectKey const& key : {kDemo, kThisMachine, kCpuCluster, kFitLocal, kFitCluster})
    if (!world.ready(key, site)) return false;
  return true;
}

void delete_all(World& world) {
  for (char const* file : {"runs.yaml", "compute.yaml", "workspace.yaml"}) world.remove(file);
  for (ObjectKey const& key : {kFitLocal, kFitCluster, kCpuCluster, kThisMachine, kDemo})
    if (world.object(key)) world.ask_to_delete(key);
}

void let_settle(World& world) { world.run_for(minutes(15)); }

std::string at_rest(World& world, std::size_t runs) {
  world.heal();
  let_settle(world);
  if (!world.is_quiet_for(hours(1))) return "something was written though nothing was to do";
  if (!world.judge.verdicts().empty()) return "a promise was broken";
  std::size_t const made = world.judge.created().size();
  return made == runs ? "" : "not " + std::to_string(runs) + " runs were made, but " + std::to_string(made);
}

std::vector<Scenario> const& scenarios() {
  auto const of = [](char const* name, void (*acts)(World&)) {
    return Scenario{name, [acts](World& world) {
                      try {
                        acts(world);
                      } catch (Wrong const& wrong) {
                        return wrong.what;
                      }
                      return std::string();
                    }};
  };
  static std::vector<Scenario> const all{
      of("first_apply", first_apply),
      of("edits", edits),
      of("edits_while_it_runs", edits_while_it_runs),
      of("resumes", resumes),
      of("deletes_while_provisioning", deletes_while_provisioning),
      of("deletes_while_it_runs", deletes_while_it_runs),
      of("deletes_and_applies_again", deletes_and_applies_again),
      of("finds_what_exists", finds_what_exists),
      of("drifts", drifts),
      of("fails_and_retries", fails_and_retries),
      of("is_preempted", is_preempted),
      of("rotates_the_secret", rotates_the_secret),
      of("loses_the_workspace", loses_the_workspace),
      of("cannot_see_the_workspace", cannot_see_the_workspace),
      of("loses_the_network", loses_the_network),
      of("loses_the_store", loses_the_store),
      of("has_two_operators_for_a_while", has_two_operators_for_a_while),
      of("archives_a_running_job", archives_a_running_job),
      of("has_a_clock_that_is_ahead", has_a_clock_that_is_ahead),
  };
  return all;
}

std::string play(Scenario const& scenario, WorldOptions const& options,
                 std::function<void(World const&)> const& world_seen) {
  World world(options);
  std::string said = scenario.play(world);
  if (said.empty() && !world.judge.verdicts().empty()) said = "a promise was broken";
  if (world_seen) world_seen(world);
  return said.empty() ? "" : std::string(scenario.name) + ": " + said + "\n" + world.story();
}

std::uint64_t number(char const* variable, std::uint64_t other) {
  char const* const text = std::getenv(variable);
  return text == nullptr ? other : std::strtoull(text, nullptr, 10);
}

void for_seeds(std::uint64_t count, std::function<std::string(std::uint64_t seed)> const& play) {
  std::uint64_t const one = number("TRAINYARD_SEED", 0);
  std::uint64_t const first = one != 0 ? one : 1, last = one != 0 ? one : number("TRAINYARD_SEEDS", count);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    std::string const said = play(seed);
    BOOST_REQUIRE_MESSAGE(said.empty(), said);
  }
}

}  // namespace trainyard::sim
