// Stores that are lost, and more than one operator.
#include "tests/sim/deeds.hpp"

namespace trainyard::sim {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

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
  std::size_t const before = world.stage.effects();
  world.run_for(minutes(5));
  std::size_t const done = world.stage.effects() - before;
  expect(done < 1000, "two operators answered each other " + std::to_string(done) + " times");
  world.leave_operators(0, 1);
  get_ready(world);
  rest(world, 2);
  leave(world);
}

/// What happens meanwhile is not told by its watches either.
void cannot_reach_the_store_for_a_while(World& world) {
  Wishes wishes;
  wishes.write_to(world);
  get_ready(world);
  world.set_api_faults({.unreachable = true});
  wishes.script = 1;
  wishes.nodes = 3;
  wishes.write_to(world);
  world.run_for(minutes(3));
  world.forget_history();
  world.heal();
  wait_for_runs(world, 4);
  get_ready(world, "again");
  expect(world.run_until([&] { return most_nodes(world) == 3; }, hours(1)), "an edit was not seen");
  rest(world, 4);
  leave(world);
}

// ---- two stores, one cluster name: each with its own folder of the same names

/// `this-machine` is another one for each store, so the run is a remote one.
Wishes shared_wishes() {
  Wishes wishes;
  wishes.local.declared = false;
  return wishes;
}

bool both_ready(World const& world) {
  for (std::size_t site = 0; site < 2; ++site)
    for (ObjectKey const& key : {kDemo, kCpuCluster, kFitCluster})
      if (!world.ready(key, site)) return false;
  return true;
}

/// Who may not write says that it would: by its words, or as an owner that is one no more.
bool says_it_differs(World const& world, std::size_t site) {
  return world.not_ready_because(kCpuCluster, site) == "AnotherController" ||
         world.words(kCpuCluster, site).find("differs") != std::string::npos;
}

/// The site that owns the cluster; the other one says whose it is.
std::size_t owner_of_two(World& world) {
  auto const owns = [&](std::size_t site) {
    return world.object(kCpuCluster, site)->status.text("origin") == "Created";
  };
  auto const says = [&](std::size_t site) {
    return world.words(kCpuCluster, site).find(world.holder(1 - site)) != std::string::npos;
  };
  expect(world.run_until([&] { return owns(0) != owns(1) && (owns(0) ? says(1) : says(0)); }, hours(1)),
         "not one of two stores owns the cluster, while the other says so");
  return owns(0) ? 0 : 1;
}

void delete_all_at(World& world, std::size_t site) {
  for (char const* file : {"runs.yaml", "compute.yaml", "workspace.yaml"}) world.remove(file, site);
  for (ObjectKey const& key : {kFitCluster, kCpuCluster, kThisMachine, kDemo})
    if (world.object(key, site)) world.ask_to_delete(key, site);
}

/// What two stores come to: one of them writes, and the other says why it does not.
void live_on_as_two(World& world, Wishes wishes) {
  std::size_t const owner = owner_of_two(world), other = 1 - owner;
  wishes.nodes += 1;
  wishes.write_to(world, other);
  expect(world.run_until([&] { return says_it_differs(world, other); }, hours(1)),
         "who may not write does not say why");
  let_settle(world);
  expect(most_nodes(world) == 2, "who does not own the cluster has changed it");
  wishes.write_to(world, owner);
  expect(world.run_until([&] { return most_nodes(world) == 3 && both_ready(world); }, hours(1)),
         "the owner could not change the cluster");
  let_settle(world);
  auto const gone_at = [&](std::size_t site) {
    delete_all_at(world, site);
    return world.run_until([&] { return world.count_at(site) == 0; }, hours(3));
  };
  expect(gone_at(other), "the objects of who does not own the cluster did not go");
  expect(!cluster(world).is_null(), "who does not own the cluster has deleted it");
  expect(gone_at(owner), "the objects of the owner did not go");
  expect(cluster(world).is_null(), "the cluster was left behind");
}

void has_two_stores(World& world) {
  world.add_operator(world.add_site());
  for (std::size_t site = 0; site < 2; ++site) shared_wishes().write_to(world, site);
  expect(world.run_until([&] { return both_ready(world); }, hours(3)), "not both became ready");
  rest(world, 1);
  live_on_as_two(world, shared_wishes());
}

void gets_a_second_store(World& world) {
  shared_wishes().write_to(world);
  expect(world.run_until([&] { return world.ready(kFitCluster); }, hours(3)), "the run was not done");
  world.add_operator(world.add_site());
  shared_wishes().write_to(world, 1);
  expect(world.run_until([&] { return both_ready(world); }, hours(3)), "not both became ready");
  rest(world, 1);
  live_on_as_two(world, shared_wishes());
}

void has_two_stores_that_disagree(World& world) {
  world.add_operator(world.add_site());
  Wishes wishes = shared_wishes();
  wishes.write_to(world, 0);
  wishes.nodes = 4;
  wishes.script = 1;
  wishes.write_to(world, 1);
  world.run_for(minutes(30));
  rest(world, world.judge.created().size());
  std::size_t const owner = owner_of_two(world);
  expect(world.ready(kFitCluster, owner), "the owner's run was not done");
  expect(most_nodes(world) == (owner == 0 ? 2 : 4), "the cluster is not as its owner wants it");
  expect(says_it_differs(world, 1 - owner), "who may not write does not say why");
}

/// One of them wants the run to stand still, the other that it goes on.
void has_two_stores_and_suspends_at_one(World& world) {
  world.add_operator(world.add_site());
  Wishes wishes = shared_wishes();
  for (std::size_t site = 0; site < 2; ++site) wishes.write_to(world, site);
  wait_for_runs(world, 1);
  world.run_for(seconds(20));
  wishes.remote.suspended = true;
  wishes.write_to(world, 1);
  expect(world.run_until([&] { return world.ready(kFitCluster, 0); }, hours(3)),
         "the run was not done where it is wanted");
  rest(world, world.judge.created().size());
  expect(world.judge.created().size() <= 3, "one ended what the other began, again and again");
}

}  // namespace

std::vector<Scenario> deeds_with_stores() {
  return {
      scenario("loses_the_store", loses_the_store),
      scenario("has_two_operators_for_a_while", has_two_operators_for_a_while),
      scenario("cannot_reach_the_store_for_a_while", cannot_reach_the_store_for_a_while),
      scenario("has_two_stores", has_two_stores),
      scenario("gets_a_second_store", gets_a_second_store),
      scenario("has_two_stores_that_disagree", has_two_stores_that_disagree),
      scenario("has_two_stores_and_suspends_at_one", has_two_stores_and_suspends_at_one),
  };
}

}  // namespace trainyard::sim
