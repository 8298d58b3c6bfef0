// What a user does, and what must come of it.
#include "tests/sim/deeds.hpp"

namespace trainyard::sim {

using std::chrono::hours;

namespace {

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

}  // namespace

std::vector<Scenario> deeds_of_users() {
  return {
      scenario("first_apply", first_apply),
      scenario("edits", edits),
      scenario("edits_while_it_runs", edits_while_it_runs),
      scenario("resumes", resumes),
      scenario("deletes_while_provisioning", deletes_while_provisioning),
      scenario("deletes_while_it_runs", deletes_while_it_runs),
      scenario("deletes_and_applies_again", deletes_and_applies_again),
      scenario("fails_and_retries", fails_and_retries),
      scenario("rotates_the_secret", rotates_the_secret),
  };
}

}  // namespace trainyard::sim
