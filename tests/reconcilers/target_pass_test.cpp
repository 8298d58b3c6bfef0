// ComputeTargets and Workspaces in passes, with Azure's answers scripted.
#include <boost/test/unit_test.hpp>

#include "reconcilers/compute_target/decide.hpp"
#include "reconcilers/names.hpp"
#include "tests/azure/bodies.hpp"
#include "tests/reconcilers/fakes.hpp"

namespace trainyard::reconcilers {
namespace {

using std::chrono::minutes;

constexpr char const* kCreatedOn = "2026-02-01T10:00:00.2188524+00:00";
constexpr char const* kNoCompute =
    R"({"error":{"code":"ResourceNotFound","message":"The Resource 'Microsoft.MachineLearningServices/workspaces/W/computes/cpu' was not found."}})";

/// A workspace that is open and listed; its object says Ready.
struct Cluster : Bench {
  ObjectKey ml = store.apply("Workspace", "ml", Json::object());
  std::shared_ptr<azure::AzureScope> scope =
      std::make_shared<azure::AzureScope>(parts, cloud, std::make_unique<azure::FixedTokens>(), id,
                                          azure::AzureScope::Options{.job_tag = "ty-mark"});
  Context within{.stop = {}, .deadline = clock.steady() + minutes(1)};

  Cluster() {
    tell_workspace({Verdict::Kind::Ready, "Available", ""});
    script.expect("GET", "/workspaces/W?", 200, azure::workspace_body().dump());
    BOOST_REQUIRE(scope->read_workspace(within).has_value());
    list({});
    scopes.open(ml, "f", scope);
    clock.advance(minutes(6));  // nothing of an earlier process can still land
  }
  void tell_workspace(Verdict const& verdict) {
    manifests::Conditions conditions;
    tell(conditions, verdict, 1, clock.wall());
    store.set_status(
        ml, Json::object({{"observedGeneration", 1}, {"conditions", manifests::to_json(conditions)}}));
  }
  void list(Json::Array computes) {
    script.expect("GET", "/computes?", 200, azure::page_of(std::move(computes)))
        .expect("GET", "/jobs?", 200, azure::page_of({}));
    scope->list_now(true, {.stop = {}, .deadline = clock.steady() + minutes(1)});
  }
  ObjectKey apply() {
    return store.apply(
        "ComputeTarget", "cpu",
        *Json::parse(
            R"({"workspace":"ml","amlCompute":{"create":{"vmSize":"Standard_DS2_v2","maxNodes":2}}})"));
  }
  ObjectKey with_finalizer() {
    ObjectKey const key = apply();
    pass(key);
    return key;
  }
  void expect_get(Json const& body) { script.expect("GET", "/computes/cpu?", 200, body.dump()); }
  void expect_absent() { script.expect("GET", "/computes/cpu?", 404, kNoCompute); }
  ObjectKey created() {
    ObjectKey const key = with_finalizer();
    expect_absent();
    script.expect("PUT", "/computes/cpu?", 201, azure::compute_body("cpu", "Creating", kCreatedOn).dump());
    pass(key);
    return key;
  }
  ObjectKey taken_from_a_lost_store(Json const& answer) {
    ObjectKey const key = with_finalizer();
    Json found = azure::compute_body("cpu");
    found["tags"] = Json::object({{std::string(kOwnerTag), owner_mark("c", key)},
                                  {std::string(kHolderTag), "a lost store"},
                                  {std::string(kCreatedTag), kCreatedOn}});
    list({found});
    expect_get(found);
    script.expect("PUT", "/computes/cpu?", 200, answer.dump());
    pass(key);
    return key;
  }
};

BOOST_AUTO_TEST_SUITE(target_passes)

BOOST_FIXTURE_TEST_CASE(a_create_makes_no_get_while_no_write_may_follow, Cluster) {
  ObjectKey const key = with_finalizer();
  while (!limits.take("S", azure::Verb::Write, false)) continue;
  BOOST_TEST((pass(key).next == Outcome::Next::After));
  BOOST_TEST(store.get(key)->status.at("conditions").items().front().text("reason") == "Throttled");
}

BOOST_FIXTURE_TEST_CASE(the_write_that_follows_a_get_is_not_taken_by_others_meanwhile, Cluster) {
  ObjectKey const key = with_finalizer();
  while (limits.remaining("S", azure::Verb::Write) >= 2) (void)limits.take("S", azure::Verb::Write, false);
  script.expect("GET", "/computes/cpu?", HttpResponse{.status = 404, .body = kNoCompute},
                [&](HttpRequest const&) { BOOST_TEST(!scope->reserve_write().has_value()); });
  script.expect("PUT", "/computes/cpu?", 201, azure::compute_body("cpu", "Creating", kCreatedOn).dump());
  pass(key);
}

BOOST_FIXTURE_TEST_CASE(the_finalizer_comes_first_and_the_intent_before_the_put, Cluster) {
  ObjectKey const key = with_finalizer();
  BOOST_TEST(store.get(key)->has_finalizer(kFinalizer));
  expect_absent();
  std::string intent;
  script.expect(
      "PUT", "/computes/cpu?",
      HttpResponse{
          .status = 201, .headers = {}, .body = azure::compute_body("cpu", "Creating", kCreatedOn).dump()},
      [&](HttpRequest const&) {
        intent = store.get(key)->status.text({"doubt", "act"});
      });
  pass(key);
  BOOST_TEST(intent == "Create");
  BOOST_TEST(store.get(key)->status.text("origin") == "Created");
  BOOST_TEST(store.get(key)->status.at("doubt").is_null());
  BOOST_TEST(is(key, "Reconciling"));
}

BOOST_FIXTURE_TEST_CASE(found_existing_is_used_and_left_behind, Cluster) {
  list({azure::compute_body("cpu")});
  ObjectKey const key = with_finalizer();
  expect_get(azure::compute_body("cpu"));
  settle(key);
  BOOST_TEST(store.get(key)->status.text("origin") == "Adopted");
  BOOST_TEST(is(key, "Ready"));
  store.remove(key);
  expect_get(azure::compute_body("cpu"));
  settle(key);
  BOOST_TEST((store.get(key) == nullptr));
}

BOOST_FIXTURE_TEST_CASE(a_created_one_goes_when_its_absence_was_seen, Cluster) {
  ObjectKey const key = created();
  store.remove(key);
  Json ours = azure::compute_body("cpu", "Succeeded");
  expect_get(ours);
  script.expect("DELETE", "/computes/cpu?", 202);
  pass(key);
  BOOST_TEST((store.get(key) != nullptr));
  list({});
  expect_absent();
  settle(key);
  BOOST_TEST((store.get(key) == nullptr));
}

BOOST_FIXTURE_TEST_CASE(a_take_is_in_doubt_until_it_is_seen, Cluster) {
  ObjectKey const key = taken_from_a_lost_store(azure::compute_body("cpu", "Updating"));
  BOOST_TEST(store.get(key)->status.text({"doubt", "act"}) == "Take");
  BOOST_TEST(store.get(key)->status.text("origin").empty());
}

BOOST_FIXTURE_TEST_CASE(a_take_that_met_another_compute_is_answered_by_that, Cluster) {
  Json another = azure::compute_body("cpu", "Updating");
  another["properties"]["createdOn"] = "2026-02-01T10:00:10.1+00:00";
  ObjectKey const key = taken_from_a_lost_store(another);
  BOOST_TEST(store.get(key)->status.at("doubt").is_null());
  BOOST_TEST(store.get(key)->status.text("origin") == "Adopted");
}

BOOST_FIXTURE_TEST_CASE(a_create_refused_for_its_spec_is_not_sent_again, Cluster) {
  ObjectKey const key = with_finalizer();
  expect_absent();
  script.expect("PUT", "/computes/cpu?", 400,
                R"({"error":{"code":"BadRequest","message":"vmSize is not known"}})");
  pass(key);
  BOOST_TEST(is(key, "Stalled"));
  BOOST_TEST(store.get(key)->status.at("doubt").is_null());
  expect_absent();
  BOOST_TEST((pass(key).next == Outcome::Next::Rest));
  BOOST_TEST(is(key, "Stalled"));
  apply();  // written again: a new generation
  expect_absent();
  script.expect("PUT", "/computes/cpu?", 201, azure::compute_body("cpu", "Creating", kCreatedOn).dump());
  pass(key);
  BOOST_TEST(is(key, "Reconciling"));
}

BOOST_FIXTURE_TEST_CASE(a_forbidden_create_is_tried_again_when_its_time_has_come, Cluster) {
  ObjectKey const key = with_finalizer();
  expect_absent();
  script.expect("PUT", "/computes/cpu?", 403, R"({"error":{"code":"AuthorizationFailed","message":"no"}})");
  Outcome const outcome = pass(key);
  BOOST_TEST((outcome.next == Outcome::Next::After && outcome.delay == minutes(1)));
  expect_absent();
  pass(key);
  clock.advance(minutes(1));
  expect_absent();
  script.expect("PUT", "/computes/cpu?", 201, azure::compute_body("cpu", "Creating", kCreatedOn).dump());
  pass(key);
  BOOST_TEST(is(key, "Reconciling"));
}

BOOST_FIXTURE_TEST_CASE(a_forbidden_create_is_tried_again_though_another_failure_was_told_since, Cluster) {
  ObjectKey const key = with_finalizer();
  expect_absent();
  script.expect("PUT", "/computes/cpu?", 403, R"({"error":{"code":"AuthorizationFailed","message":"no"}})");
  pass(key);
  script.expect("GET", "/computes/cpu?", 500, R"({"error":{"code":"InternalServerError","message":"no"}})");
  pass(key);
  BOOST_TEST(store.get(key)->status.text("nextLook").empty());
  expect_absent();
  script.expect("PUT", "/computes/cpu?", 201, azure::compute_body("cpu", "Creating", kCreatedOn).dump());
  pass(key);
  BOOST_TEST(is(key, "Reconciling"));
}

BOOST_FIXTURE_TEST_CASE(a_restart_tells_nothing_new_of_a_ready_target, Cluster) {
  list({azure::compute_body("cpu")});
  ObjectKey const key = with_finalizer();
  expect_get(azure::compute_body("cpu"));
  settle(key);
  BOOST_REQUIRE(is(key, "Ready"));
  scopes.close(ml);
  int const writes = store.status_writes;
  settle(key);
  BOOST_TEST(is(key, "Ready"));
  BOOST_TEST(store.status_writes == writes);
}

BOOST_FIXTURE_TEST_CASE(a_lost_workspace_lets_a_deletion_go_after_ten_minutes_with_the_arm_id, Cluster) {
  ObjectKey const key = created();
  tell_workspace({Verdict::Kind::Stalled, "SecretNotFound", "there is no Secret"});
  scopes.close(ml);
  store.remove(key);
  pass(key);
  BOOST_REQUIRE(store.get(key));
  clock.advance(minutes(10));
  pass(key);
  BOOST_TEST((store.get(key) == nullptr));
  BOOST_REQUIRE_EQUAL(warnings("Forgotten"), 1);
  BOOST_TEST(store.events.back().message.find("/computes/cpu") != std::string::npos);
  BOOST_TEST(metrics.text().find("trainyard_forgotten_total{kind=\"ComputeTarget\"} 1") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_target_that_never_had_a_workspace_goes_at_once, Bench) {
  ObjectKey const key = store.apply(
      "ComputeTarget", "cpu",
      *Json::parse(R"({"workspace":"typo","amlCompute":{"create":{"vmSize":"S","maxNodes":2}}})"));
  settle(key);
  BOOST_TEST(reason(key) == "WorkspaceNotFound");
  store.remove(key);
  settle(key);
  BOOST_TEST((store.get(key) == nullptr));
  BOOST_TEST(warnings("Forgotten") == 0);
}

BOOST_FIXTURE_TEST_CASE(paused_means_nothing_is_made, Cluster) {
  ObjectKey const key = with_finalizer();
  store.annotate(key, "trainyard.dev/reconcile", "paused");
  expect_absent();
  pass(key);
  BOOST_TEST(reason(key) == "Paused");
}

BOOST_FIXTURE_TEST_CASE(a_workspace_without_its_secret_is_stalled_and_tried_again, Bench) {
  ObjectKey const key =
      store.apply("Workspace", "ml", *Json::parse(R"({"subscriptionId":"S","resourceGroup":"G","name":"W",
    "credential":{"clientSecret":{"tenantId":"T","clientId":"C","secretRef":{"name":"azure","key":"secret"}}}})"));
  Outcome const outcome = settle(key);
  BOOST_TEST((outcome.next == Outcome::Next::After));
  BOOST_TEST(reason(key) == "SecretNotFound");
  BOOST_TEST(is(key, "Stalled"));
  BOOST_TEST((scopes.find(key) == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::reconcilers
