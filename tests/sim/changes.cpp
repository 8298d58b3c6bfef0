#include "tests/sim/acts.hpp"

namespace trainyard::sim {

namespace {

using std::chrono::hours;

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
  wait_for_a_running_job(world);
  world.azure.end_job(kWorkspace, job_that_is(world, "Running"), "Failed");
  expect(world.run_until([&] { return world.ready(kFitCluster); }, hours(3)), "the second attempt failed");
  expect(world.run_until([&] { return world.object(kFitLocal)->status.text("phase") == "Failed"; }, hours(3)),
         "the last attempt did not end Failed");
  wait_for_runs(world, 5);
  rest(world, 5);
}

void is_preempted(World& world) {
  Wishes().write_to(world);
  wait_for_a_running_job(world);
  world.azure.preempt_job(kWorkspace, job_that_is(world, "Running"));
  get_ready(world);
  rest(world, 2);
}

}  // namespace

std::vector<Scenario> changes() {
  return {
      scenario("first_apply", first_apply),
      scenario("edits", edits),
      scenario("edits_while_it_runs", edits_while_it_runs),
      scenario("resumes", resumes),
      scenario("deletes_while_provisioning", deletes_while_provisioning),
      scenario("deletes_while_it_runs", deletes_while_it_runs),
      scenario("deletes_and_applies_again", deletes_and_applies_again),
      scenario("finds_what_exists", finds_what_exists),
      scenario("drifts", drifts),
      scenario("fails_and_retries", fails_and_retries),
      scenario("is_preempted", is_preempted),
  };
}

}  // namespace trainyard::sim
