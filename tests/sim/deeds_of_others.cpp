// What other people and Azure itself do to what a user has.
#include "tests/sim/deeds.hpp"

namespace trainyard::sim {

using std::chrono::hours;
using std::chrono::minutes;

namespace {

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

void is_preempted(World& world) {
  Wishes().write_to(world);
  expect(world.run_until([&] { return !job_that_is(world, "Running").empty(); }, hours(3)),
         "no remote job runs");
  world.azure.preempt_job(kWorkspace, job_that_is(world, "Running"));
  get_ready(world);
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
  world.set_lies({{.operation = "*",
                   .path_part = "/workspaces/demo",
                   .times = -1,
                   .status = 404,
                   .code = "ResourceNotFound",
                   .message = "The Resource was not found."}});
  world.run_for(minutes(40));
  expect(world.count() == 5, "an object went while the workspace was not to be seen");
  expect(!world.ready(kDemo), "a workspace that answers 404 is Ready");
  world.set_lies({});
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

}  // namespace

std::vector<Scenario> deeds_of_others() {
  return {
      scenario("finds_what_exists", finds_what_exists),
      scenario("drifts", drifts),
      scenario("is_preempted", is_preempted),
      scenario("loses_the_workspace", loses_the_workspace),
      scenario("cannot_see_the_workspace", cannot_see_the_workspace),
      scenario("loses_the_network", loses_the_network),
  };
}

}  // namespace trainyard::sim
