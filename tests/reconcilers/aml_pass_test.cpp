// TrainingRuns and clusters in a workspace, in passes against the Azure simulator.
#include <boost/test/unit_test.hpp>

#include "tests/reconcilers/simulated.hpp"

namespace trainyard::reconcilers {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Kind = azsim::FaultRule::Kind;

/// A cluster that is ready.
struct Aml : Simulated {
  ObjectKey ml = workspace();
  ObjectKey cpu = cluster();
  Aml() {
    go_on(minutes(1));
    BOOST_REQUIRE(is(cpu, "Ready"));
  }
  ObjectKey running(char const* more = "{}") {
    ObjectKey const key = run("fit", more);
    go_on(minutes(1));  // the cluster brings a node first
    BOOST_REQUIRE(status(key, "phase") == "Running");
    return key;
  }
};

BOOST_AUTO_TEST_SUITE(aml_passes)

BOOST_FIXTURE_TEST_CASE(a_run_is_uploaded_submitted_watched_and_ends_ready, Aml) {
  ObjectKey const key = running();
  std::string const job = status(key, "runName");
  BOOST_TEST(jobs() == std::vector<std::string>{job}, boost::test_tools::per_element());
  BOOST_REQUIRE_EQUAL(executor.started.at(job).files.size(), 1U);
  BOOST_TEST(executor.started.at(job).files[0].path == "train.py");
  end_job(job, 0);
  go_on(seconds(15));
  BOOST_TEST(is(key, "Ready"));
  BOOST_TEST(reason(key) == "Completed");
  std::string const version = store.get(key)->resource_version;
  int const puts = asked("PUT", "");
  go_on(minutes(5));
  BOOST_TEST(store.get(key)->resource_version == version);
  BOOST_TEST(asked("PUT", "") == puts);
  BOOST_TEST(jobs().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_target_that_is_deleted_while_the_source_is_uploaded_gets_no_run, Aml) {
  sim.on_request([&](azsim::Logged const& one) {
    if (one.method == "PUT" && one.path.find("/blob/") != std::string::npos && !store.get(cpu)->deleted_at)
      store.remove(cpu);
  });
  ObjectKey const key = run();
  go_on(minutes(5));
  BOOST_TEST((store.get(cpu) == nullptr));
  BOOST_TEST(jobs().empty());
  BOOST_TEST(reason(key) == "TargetNotFound");
}

BOOST_FIXTURE_TEST_CASE(a_target_that_is_deleted_just_before_the_intent_is_written_gets_no_run, Aml) {
  bool uploaded = false;
  sim.on_request([&](azsim::Logged const& one) {
    uploaded = uploaded || one.path.find("/codes/") != std::string::npos;
  });
  store.before_status = [&] {
    if (uploaded && !store.get(cpu)->deleted_at) store.remove(cpu);
  };
  run();
  go_on(minutes(1));
  BOOST_TEST(uploaded);
  BOOST_TEST(jobs().empty());
}

BOOST_FIXTURE_TEST_CASE(the_list_shows_a_live_run_without_a_get_of_its_job, Aml) {
  ObjectKey const key = running();
  std::string const job = "/jobs/" + status(key, "runName");
  int const gets = asked("GET", job), details = asked("GET", "/details");
  go_on(minutes(2));
  BOOST_TEST(asked("GET", job) == gets);
  BOOST_TEST(asked("GET", "/details") == details);  // its start is known
  BOOST_TEST(status(key, "phase") == "Running");
}

BOOST_FIXTURE_TEST_CASE(a_queued_run_costs_lists_only, Aml) {
  ObjectKey const key = run();
  visit_all();
  BOOST_REQUIRE(!status(key, "runName").empty());
  int const gets = asked("GET", "/jobs/" + status(key, "runName"));
  visit_all();
  BOOST_TEST(status(key, "phase") != "Running");
  BOOST_TEST(asked("GET", "/jobs/" + status(key, "runName")) == gets);
  BOOST_TEST(asked("GET", "/details") == 0);
}

BOOST_FIXTURE_TEST_CASE(a_job_that_is_there_already_is_found, Aml) {
  ObjectKey const key = running();
  std::string const job = status(key, "runName");
  int const puts = asked("PUT", "/jobs/");
  store.set_status(key, Json::object());  // the state was lost
  go_on(seconds(10));
  BOOST_TEST(status(key, "runName") == job);
  BOOST_TEST(status(key, "phase") == "Running");
  BOOST_TEST(asked("PUT", "/jobs/") == puts);
}

BOOST_FIXTURE_TEST_CASE(two_runs_of_one_source_are_two_jobs_and_one_upload, Aml) {
  ObjectKey const one = run("one"), two = run("two");
  go_on(seconds(30));
  BOOST_TEST(jobs().size() == 2U);
  BOOST_TEST(status(one, "runName") != status(two, "runName"));
  BOOST_TEST(asked("POST", "/startPendingUpload") == 1);
}

BOOST_FIXTURE_TEST_CASE(a_source_that_changed_under_the_read_is_read_again, Aml) {
  sources.changes = 1;
  ObjectKey const key = run();
  settle(key);
  BOOST_TEST(reason(key) == "SourceChanged");
  BOOST_TEST(is(key, "Reconciling"));  // by itself, and soon
  go_on(minutes(1));
  BOOST_TEST(status(key, "phase") == "Running");
}

BOOST_FIXTURE_TEST_CASE(a_forbidden_submission_is_tried_again_though_another_failure_was_told_since, Aml) {
  sim.add_fault({.operation = "jobs.put", .status = 403, .code = "AuthorizationFailed"});
  ObjectKey const key = run();
  go_on(seconds(10));
  BOOST_TEST(reason(key) == "AuthorizationFailed");
  sim.add_fault({.operation = "jobs.get"});
  go_on(minutes(3));
  BOOST_TEST(asked("PUT", "/jobs/") == 2);
  BOOST_TEST(status(key, "phase") == "Running");
}

BOOST_FIXTURE_TEST_CASE(a_submission_that_is_forbidden_is_tried_again_in_time_or_after_a_restart, Aml) {
  sim.add_fault({.operation = "jobs.put", .times = 2, .status = 403, .code = "AuthorizationFailed"});
  ObjectKey const key = run();
  go_on(seconds(10));
  BOOST_TEST(is(key, "Stalled"));
  BOOST_TEST(reason(key) == "AuthorizationFailed");
  BOOST_TEST(!status(key, "nextLook").empty());
  BOOST_TEST(asked("PUT", "/jobs/") == 1);
  bench.started = clock.wall() + seconds(5);
  go_on(seconds(10));
  BOOST_TEST(asked("PUT", "/jobs/") == 2);  // the new process tried at once; now it waits its five minutes
  go_on(minutes(4));
  BOOST_TEST(asked("PUT", "/jobs/") == 2);
  store.annotate(key, "trainyard.dev/reconcile-requested-at", "now");
  go_on(minutes(1));
  BOOST_TEST(asked("PUT", "/jobs/") == 3);
  BOOST_TEST(status(key, "phase") == "Running");
  BOOST_TEST(status(key, "lastHandledReconcileAt") == "now");
}

BOOST_FIXTURE_TEST_CASE(a_refusal_leaves_an_earlier_request_of_that_name_in_doubt, Aml) {
  sim.add_fault({.operation = "jobs.put", .times = 1, .kind = Kind::LostBefore});
  sim.add_fault({.operation = "jobs.put", .times = 1, .status = 403, .code = "AuthorizationFailed"});
  ObjectKey const key = run();
  go_on(seconds(30));
  BOOST_TEST(asked("PUT", "/jobs/") == 2);
  BOOST_TEST(reason(key) == "AuthorizationFailed");
  BOOST_TEST(status(key, "runName").empty());
  BOOST_TEST(store.get(key)->status.at("doubts").items().size() == 1U);  // the first may still land
}

BOOST_FIXTURE_TEST_CASE(a_workspace_out_of_reach_is_told_and_a_live_run_is_kept, Aml) {
  ObjectKey const key = running();
  sim.add_fault({.operation = "*", .times = -1, .kind = Kind::LostBefore});
  go_on(minutes(12));
  BOOST_TEST(!is(ml, "Ready"));
  BOOST_TEST(!is(cpu, "Ready"));
  BOOST_TEST(job_status(status(key, "runName")) == "Running");
  sim.clear_faults();
  go_on(minutes(12));
  BOOST_TEST(is(ml, "Ready"));
  BOOST_TEST(is(cpu, "Ready"));
  BOOST_TEST(jobs().size() == 1U);
  BOOST_TEST(status(key, "phase") == "Running");
}

BOOST_FIXTURE_TEST_CASE(an_edit_supersedes_with_the_reason_on_the_job, Aml) {
  ObjectKey const key = running();
  std::string const before = status(key, "runName");
  run("fit", R"({"script":{"file":"train.py","arguments":["2"]}})");
  go_on(minutes(1));
  BOOST_TEST(job_status(before) == "Canceled");
  BOOST_TEST(sim.job(kWorkspace, before).text({"properties", "properties", "trainyard-cancel-reason"}) ==
             "Superseded");
  BOOST_TEST(jobs().size() == 2U);
  BOOST_TEST(job_status(status(key, "runName")) == "Running");
}

BOOST_FIXTURE_TEST_CASE(suspension_cancels_and_resumption_is_the_next_attempt, Aml) {
  ObjectKey const key = running();
  run("fit", R"({"suspend":true})");
  go_on(minutes(1));
  BOOST_TEST(reason(key) == "Suspended");
  BOOST_TEST(job_status(status(key, "runName")) == "Canceled");
  run();
  go_on(minutes(1));
  BOOST_TEST(jobs().size() == 2U);
  BOOST_TEST(status(key, "runName").ends_with("-a1"));
  BOOST_TEST(status(key, "phase") == "Running");
}

BOOST_FIXTURE_TEST_CASE(a_failure_of_a_listed_class_is_tried_again, Aml) {
  ObjectKey const key = running(R"({"retry":{"limit":1,"onFailure":["UserCode"]}})");
  end_job(status(key, "runName"), 1);
  go_on(minutes(1));
  BOOST_TEST(jobs().size() == 2U);
  BOOST_TEST(status(key, "runName").ends_with("-a1"));
  end_job(status(key, "runName"), 1);
  go_on(minutes(1));
  BOOST_TEST(jobs().size() == 2U);
  BOOST_TEST(is(key, "Stalled"));
  BOOST_TEST(status(key, "failureClass") == "UserCode");
}

BOOST_FIXTURE_TEST_CASE(a_queue_that_takes_too_long_counts_as_capacity, Aml) {
  ObjectKey const key = run("fit", R"({"queueTimeout":"1s","retry":{"limit":1,"onFailure":["Capacity"]}})");
  go_on(minutes(2));
  BOOST_TEST(jobs().size() == 2U);
  BOOST_TEST(is(key, "Stalled"));
  BOOST_TEST(store.get(key)->status.at("history").items().size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(deletion_ends_the_run_then_the_cluster_then_the_workspace, Aml) {
  ObjectKey const key = running();
  std::string const job = status(key, "runName");
  go_on(minutes(6));  // nothing of an earlier process can still land
  for (ObjectKey const& one : {ml, cpu, key}) store.remove(one);
  go_on(minutes(2));
  BOOST_TEST((store.get(key) == nullptr));
  BOOST_TEST((store.get(cpu) == nullptr));
  BOOST_TEST((store.get(ml) == nullptr));
  BOOST_TEST(job_status(job) == "Canceled");
  BOOST_TEST(sim.compute(kWorkspace, "cpu").is_null());
}

BOOST_FIXTURE_TEST_CASE(drift_is_corrected_on_what_is_ours, Aml) {
  cluster(4);
  go_on(minutes(2));
  BOOST_TEST(is(cpu, "Ready"));
  BOOST_TEST(sim.compute(kWorkspace, "cpu")
                 .at({"properties", "properties", "scaleSettings", "maxNodeCount"})
                 .integer_or(0) == 4);
}

BOOST_FIXTURE_TEST_CASE(drift_is_only_reported_where_that_is_asked, Aml) {
  cluster(4, R"({"driftPolicy":"Report"})");
  go_on(minutes(2));
  BOOST_REQUIRE_EQUAL(store.get(cpu)->status.at("drift").items().size(), 1U);
  BOOST_TEST(sim.compute(kWorkspace, "cpu")
                 .at({"properties", "properties", "scaleSettings", "maxNodeCount"})
                 .integer_or(0) == 2);
}

BOOST_FIXTURE_TEST_CASE(a_cluster_that_was_there_is_used_and_never_deleted, Aml) {
  // Its owner's object goes with Retain: the next one finds a compute that it did not make.
  cluster(2, R"({"deletionPolicy":"Retain"})");
  go_on(minutes(6));
  store.remove(cpu);
  go_on(minutes(1));
  BOOST_REQUIRE((store.get(cpu) == nullptr));
  Json spec = *Json::parse(R"({"workspace":"ml","amlCompute":{"create":
    {"vmSize":"Standard_DS3_v2","minNodes":0,"maxNodes":2}},"name":"cpu"})");
  ObjectKey const other = store.apply("ComputeTarget", "other", spec);
  go_on(minutes(1));
  BOOST_REQUIRE(store.get(other));
  BOOST_TEST(status(other, "origin") == "Adopted");
  BOOST_TEST(is(other, "Ready"));
  store.remove(other);
  go_on(minutes(1));
  BOOST_TEST((store.get(other) == nullptr));
  BOOST_TEST(!sim.compute(kWorkspace, "cpu").is_null());
}

BOOST_FIXTURE_TEST_CASE(a_quota_that_fails_a_create_later_is_told_and_tried_again, Simulated) {
  workspace();
  sim.fail_next_compute("QuotaExceeded", "The cores exceed the quota of the family.");
  ObjectKey const cpu = cluster();
  go_on(seconds(40));
  BOOST_TEST(is(cpu, "Stalled"));
  BOOST_TEST(reason(cpu) == "QuotaExceeded");
  int const deletes = asked("DELETE", "/computes/cpu");
  BOOST_TEST(deletes == 0);
  go_on(minutes(3));
  BOOST_TEST(asked("DELETE", "/computes/cpu") == 1);
  BOOST_TEST(is(cpu, "Ready"));
}

BOOST_FIXTURE_TEST_CASE(a_wrong_credential_is_told_and_a_rotated_one_taken, Simulated) {
  ObjectKey const ml = workspace();
  store.secrets["azure/secret"] = "stale";
  go_on(seconds(10));
  BOOST_TEST(is(ml, "Stalled"));
  BOOST_TEST(store.get(ml)->status.at("conditions").dump().find("AADSTS") != std::string::npos);
  store.secrets["azure/secret"] = options.secret;
  go_on(seconds(10));
  BOOST_TEST(is(ml, "Ready"));
}

BOOST_FIXTURE_TEST_CASE(a_secret_that_cannot_be_read_for_a_moment_closes_nothing, Aml) {
  store.secrets_fail = Error{.kind = ErrorKind::Transient, .reason = "InternalError", .message = "try again"};
  auto const scope = scopes.find(ml);
  int const writes = store.status_writes;
  go_on(minutes(1));
  BOOST_TEST((scopes.find(ml) == scope));
  BOOST_TEST(is(ml, "Ready"));
  BOOST_TEST(is(cpu, "Ready"));
  BOOST_TEST(store.status_writes == writes);
  store.secrets_fail.reset();
  store.secrets.clear();  // it is gone
  go_on(seconds(40));
  BOOST_TEST(reason(ml) == "SecretNotFound");
  BOOST_TEST((scopes.find(ml) == nullptr));
}

BOOST_FIXTURE_TEST_CASE(a_workspace_that_is_not_read_is_stale_though_its_secret_is_not_read_either, Aml) {
  store.secrets_fail = Error{.kind = ErrorKind::Transient, .reason = "InternalError", .message = "try again"};
  sim.add_fault({.operation = "*", .times = -1, .status = 503});
  go_on(minutes(5));
  BOOST_TEST(reason(ml) == "ObservationStale");
}

BOOST_FIXTURE_TEST_CASE(what_is_deleted_with_its_secret_is_gone_in_azure_all_the_same, Aml) {
  ObjectKey const fit = running();
  store.secrets.clear();  // as in a namespace that is deleted: the Secret before the Workspace
  go_on(seconds(5));
  BOOST_TEST(reason(ml) == "SecretNotFound");
  int const tokens = asked("POST", "/oauth2/");
  for (ObjectKey const& key : {ml, cpu, fit}) store.remove(key);
  go_on(minutes(6));  // what an earlier process sent has landed by then
  for (ObjectKey const& key : {fit, cpu, ml}) BOOST_TEST((store.get(key) == nullptr), to_string(key));
  BOOST_TEST(job_status(jobs().front()) == "Canceled");
  BOOST_TEST(asked("DELETE", "/computes/cpu") == 1);
  BOOST_TEST(warnings("Forgotten") == 0);
  BOOST_TEST(asked("POST", "/oauth2/") == tokens);
}

BOOST_FIXTURE_TEST_CASE(without_a_token_what_is_deleted_with_its_secret_is_forgotten, Aml) {
  store.secrets.clear();
  for (ObjectKey const& key : {ml, cpu}) store.remove(key);
  go_on(seconds(10));
  BOOST_TEST(reason(ml) == "InUse");
  azure_clock.advance(minutes(90));
  clock.advance(minutes(90));
  go_on(minutes(2));
  for (ObjectKey const& key : {cpu, ml}) BOOST_TEST((store.get(key) == nullptr), to_string(key));
  BOOST_TEST(warnings("Forgotten") == 1);
}

BOOST_FIXTURE_TEST_CASE(a_secret_that_is_gone_opens_nothing_for_long, Aml) {
  go_on(seconds(10));
  store.secrets.clear();
  go_on(seconds(20));
  BOOST_TEST(is(ml, "Stalled"));
  BOOST_TEST((scopes.find(ml) != nullptr));
  go_on(seconds(20));
  BOOST_TEST((scopes.find(ml) == nullptr));
  store.secrets["azure/secret"] = options.secret;
  go_on(seconds(10));
  BOOST_TEST(is(ml, "Ready"));
}

BOOST_FIXTURE_TEST_CASE(a_workspace_of_that_name_that_is_another_is_refused, Aml) {
  Json status = store.get(ml)->status;
  status["workspaceId"] = "11111111-2222-3333-4444-555555555555";
  store.set_status(ml, status);
  go_on(seconds(10));
  BOOST_TEST(is(ml, "Stalled"));
  BOOST_TEST(reason(ml) == "WorkspaceReplaced");
  BOOST_TEST((scopes.find(ml) == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::reconcilers
