// What is on its way, or not to be seen, just when a user acts.
#include "tests/sim/deeds.hpp"

namespace trainyard::sim {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

void wait_for_a_running_job(World& world) {
  expect(world.run_until([&] { return !job_that_is(world, "Running").empty(); }, hours(3)),
         "no remote job runs");
}

void archives_a_running_job(World& world) {
  Wishes wishes;
  wishes.write_to(world);
  wait_for_a_running_job(world);
  std::string const job = job_that_is(world, "Running");
  Json archived = world.azure.job(kWorkspace, job).at("properties");
  for (char const* of_the_service : {"status", "services", "parameters"}) archived.erase(of_the_service);
  archived["isArchived"] = true;
  expect(world.somebody("PUT", "/jobs/" + job, Json::object({{"properties", archived}})).ok(),
         "the job was not archived");
  world.run_for(seconds(8));  // a list would have shown it by now
  world.lose_store();
  wishes.script = 1;
  wishes.write_to(world);
  get_ready(world);
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
  world.run_for(minutes(20));  // seen while it is changed it would count as found existing: W12
  world.heal();
  get_ready(world);
  leave(world);
}

/// For moments only: what is found absent then must not be taken for gone.
void cannot_see_the_workspace_for_a_moment(World& world) {
  azsim::FaultRule const unseen{.operation = "*",
                                .path_part = "/workspaces/demo",
                                .times = -1,
                                .status = 404,
                                .code = "ResourceNotFound",
                                .message = "The Resource was not found."};
  Wishes().write_to(world);
  wait_for_a_running_job(world);
  world.azure.add_fault(unseen);
  world.run_for(minutes(2));
  expect(world.object(kFitCluster)->status.text("phase") != "Deleted", "a run was told to be deleted");
  world.azure.clear_faults();
  get_ready(world);
  rest(world, 2);
  world.azure.add_fault(unseen);
  delete_all(world);
  std::size_t const before = world.stage.calls();
  world.run_for(minutes(2));
  std::size_t const asked = world.stage.calls() - before;
  expect(asked < 100, "what cannot be deleted yet was asked for " + std::to_string(asked) + " times");
  world.azure.clear_faults();
  expect(world.run_until([&] { return world.empty(); }, hours(3)), "the objects did not go");
  expect(cluster(world).is_null(), "the cluster was left behind");
}

/// Its list is not an hour old, but what it shows is not what is there any more.
void finds_what_was_just_made(World& world) {
  Wishes wishes;
  wishes.cluster = false;
  wishes.write_to(world);
  expect(world.run_until([&] { return world.ready(kDemo); }, hours(3)), "the workspace did not become ready");
  world.run_for(minutes(10));
  world.somebody("PUT", "/computes/cpu-cluster", cluster_body(5));
  wishes.cluster = true;
  wishes.write_to(world);
  get_ready(world);
  expect(most_nodes(world) == 5, "what another made was overwritten");
  rest(world, 2);
}

/// The next write to what has this in its path lands a while later.
void send_late(World& world, std::string const& what, Duration latest = seconds(30)) {
  world.set_faults({.late = 1, .late_part = what, .latest = latest});
  expect(world.run_until([&] { return world.on_its_way() > 0; }, hours(3)), "nothing was sent");
  world.heal();
}

void edits_while_a_run_is_on_its_way(World& world) {
  Wishes wishes;
  wishes.write_to(world);
  send_late(world, "/jobs/");
  world.run_for(milliseconds(500));  // that there was no answer is told; it is not tried again yet
  wishes.script = 1;
  wishes.write_to(world);
  get_ready(world);
  rest(world, world.judge.created().size());
}

void is_killed_while_a_run_is_on_its_way(World& world) {
  Wishes wishes;
  wishes.write_to(world);
  send_late(world, "/jobs/");
  world.restart();
  wishes.script = 1;
  wishes.write_to(world);
  get_ready(world);
  rest(world, world.judge.created().size());
}

/// Long after the start, so that nothing but the doubt itself holds the finalizer.
void deletes_while_a_run_is_on_its_way(World& world) {
  Wishes wishes;
  wishes.remote.suspended = true;
  wishes.write_to(world);
  expect(world.run_until([&] { return world.ready(kFitLocal) && world.ready(kCpuCluster); }, hours(3)),
         "not all became ready");
  let_settle(world);
  wishes.remote.suspended = false;
  wishes.write_to(world);
  send_late(world, "/jobs/");
  wishes.remote.declared = false;
  wishes.write_to(world);
  world.ask_to_delete(kFitCluster);
  expect(world.run_until([&] { return !world.object(kFitCluster); }, hours(3)),
         "the run's object did not go");
  rest(world, 2);
}

void deletes_while_the_cluster_is_on_its_way(World& world) {
  Wishes wishes;
  wishes.cluster = false;
  wishes.write_to(world);
  expect(world.run_until([&] { return world.ready(kDemo); }, hours(3)), "the workspace did not become ready");
  let_settle(world);
  wishes.cluster = true;
  wishes.write_to(world);
  send_late(world, "/computes/");
  leave(world);
  let_settle(world);
  expect(cluster(world).is_null(), "the cluster came after its object had gone");
}

/// What runs is found by that list only.
void cannot_list_after_losing_the_store(World& world) {
  Wishes wishes;
  wishes.write_to(world);
  wait_for_a_running_job(world);
  world.run_for(seconds(8));
  world.azure.add_fault({.operation = "jobs.list", .times = -1, .status = 503});
  world.lose_store();
  wishes.script = 1;
  wishes.write_to(world);
  world.run_for(seconds(8));
  world.azure.clear_faults();
  get_ready(world);
  rest(world, world.judge.created().size());
}

/// Ours lands on theirs, whose origin is known by then.
void is_overtaken_by_another(World& world) {
  Wishes wishes;
  wishes.cluster = false;
  wishes.write_to(world);
  expect(world.run_until([&] { return world.ready(kDemo); }, hours(3)), "the workspace did not become ready");
  wishes.cluster = true;
  wishes.write_to(world);
  send_late(world, "/computes/", minutes(4));
  world.somebody("PUT", "/computes/cpu-cluster", cluster_body(2));
  get_ready(world);
  rest(world, 2);
  expect(cluster(world).text({"tags", "trainyard-owner"}).empty(), "our mark was left on what is not ours");
  delete_all(world);
  expect(world.run_until([&] { return world.empty(); }, hours(3)), "the objects did not go");
  expect(!cluster(world).is_null(), "what another made was deleted");
}

/// The cluster is on its way, and nobody knows of it any more.
void deletes_after_losing_the_store(World& world) {
  Wishes().write_to(world);
  send_late(world, "/computes/");
  world.set_faults({.unreachable = true});
  world.lose_store();
  auto const held = [&](ObjectKey const& key) { return !world.object(key)->finalizers.empty(); };
  expect(world.run_until([&] { return held(kDemo) && held(kCpuCluster); }, minutes(1)), "no finalizer came");
  world.heal();
  leave(world);
  let_settle(world);
  expect(cluster(world).is_null(), "the cluster came after its object had gone");
}

}  // namespace

std::vector<Scenario> deeds_in_bad_moments() {
  return {
      scenario("archives_a_running_job", archives_a_running_job),
      scenario("has_a_clock_that_is_ahead", has_a_clock_that_is_ahead),
      scenario("cannot_see_the_workspace_for_a_moment", cannot_see_the_workspace_for_a_moment),
      scenario("finds_what_was_just_made", finds_what_was_just_made),
      scenario("edits_while_a_run_is_on_its_way", edits_while_a_run_is_on_its_way),
      scenario("is_killed_while_a_run_is_on_its_way", is_killed_while_a_run_is_on_its_way),
      scenario("deletes_while_a_run_is_on_its_way", deletes_while_a_run_is_on_its_way),
      scenario("deletes_while_the_cluster_is_on_its_way", deletes_while_the_cluster_is_on_its_way),
      scenario("deletes_after_losing_the_store", deletes_after_losing_the_store),
      scenario("cannot_list_after_losing_the_store", cannot_list_after_losing_the_store),
      scenario("is_overtaken_by_another", is_overtaken_by_another),
  };
}

}  // namespace trainyard::sim
