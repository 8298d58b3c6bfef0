#include "reconcilers/azure/scope.hpp"

#include <algorithm>

#include "tests/azure/bodies.hpp"
#include "tests/azure/scripted_transport.hpp"

namespace trainyard::azure {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Names = std::vector<std::string>;

constexpr char const* kComputes = "/computes?api-version";
constexpr char const* kJobs = "/jobs?tag=ty-mark";
constexpr char const* kNext = "https://management.azure.com/more?$skip=";

struct Scope : Scripted {
  AzureScope scope{parts, cloud, std::make_unique<FixedTokens>(), id, {.job_tag = "ty-mark"}};

  Names list(Json::Array computes, Json::Array jobs = {}) {
    wire()
        .expect("GET", kComputes, 200, page_of(std::move(computes)))
        .expect("GET", kJobs, 200, page_of(std::move(jobs)));
    return list_now();
  }
  Names list_now() {
    Names changed = scope.list_now(true, {});
    std::sort(changed.begin(), changed.end());
    clock.advance(seconds(5));
    return changed;
  }
  std::string state(std::string const& name) {
    Compute const* const compute = scope.view()->compute(name);
    return compute == nullptr ? "absent" : compute->provisioning_state;
  }
  std::string status(std::string const& name) {
    Job const* const job = scope.view()->job(name);
    return job == nullptr ? "absent" : job->status;
  }
};

void check_equal(Names const& is, Names const& wanted) {
  BOOST_CHECK_EQUAL_COLLECTIONS(is.begin(), is.end(), wanted.begin(), wanted.end());
}

BOOST_FIXTURE_TEST_CASE(a_list_fills_the_cache_and_tells_what_changed, Scope) {
  BOOST_TEST(!scope.view()->computes_listed.has_value());
  check_equal(list({compute_body("A"), compute_body("b")}, {job_body("j", "Running")}),
              {"compute/A", "compute/b", "job/j"});
  BOOST_TEST(state("a") == "Succeeded");  // names have no case
  BOOST_TEST(status("j") == "Running");
  BOOST_TEST((*scope.view()->computes_listed == at("2026-03-01T00:00:00Z")));
  BOOST_TEST((*scope.view()->jobs_listed == at("2026-03-01T00:00:00Z")));
  check_equal(list({compute_body("A"), compute_body("b")}, {job_body("j", "Running")}), {});
  check_equal(list({compute_body("A", "Failed")}, {job_body("j", "Completed")}),
              {"compute/A", "compute/b", "job/j"});
  BOOST_TEST(state("b") == "absent");
}

BOOST_FIXTURE_TEST_CASE(what_other_calls_brought_is_told_by_the_next_list_too, Scope) {
  list({compute_body("a")});
  wire().expect("GET", "/computes/a?", 200, compute_body("a", "Failed").dump());
  BOOST_REQUIRE(scope.get_compute("a", {}).has_value());
  check_equal(list({compute_body("a", "Failed")}), {"compute/a"});
}

BOOST_FIXTURE_TEST_CASE(lists_are_due_at_once_then_by_whether_work_is_under_way, Scope) {
  BOOST_TEST((scope.next_list() == SteadyTime{}));
  wire()
      .expect("GET", kComputes, HttpResponse{.status = 200, .body = page_of({})},
              [&](HttpRequest const&) {
                BOOST_TEST((scope.next_list() > clock.steady()));  // nobody starts another meanwhile
                clock.advance(seconds(7));
              })
      .expect("GET", kJobs, 200, page_of({}));
  scope.list_now(true, {});
  BOOST_TEST((scope.next_list() == clock.steady() + seconds(60)));
  scope.set_busy("x", true);
  scope.set_busy("y", true);
  BOOST_TEST((scope.next_list() == clock.steady() + seconds(5)));
  scope.set_busy("x", false);
  BOOST_TEST((scope.next_list() == clock.steady() + seconds(5)));
  scope.set_busy("y", false);
  BOOST_TEST((scope.next_list() == clock.steady() + seconds(60)));
}

BOOST_FIXTURE_TEST_CASE(a_list_follows_the_last_of_several_writes_soon, Scope) {
  auto const list_now = [&] {
    wire().expect("GET", kComputes, 200, page_of({})).expect("GET", kJobs, 200, page_of({}));
    scope.list_now(true, {});
    return clock.steady();
  };
  SteadyTime const listed = list_now();
  scope.set_busy("x", true);
  for (int i = 1; i <= 2; ++i) {
    clock.advance(std::chrono::milliseconds(500));
    wire().expect("PUT", "/computes/a?", 201, compute_body("a", "Creating").dump());
    BOOST_REQUIRE(scope.put_compute("a", Json::object(), {}).has_value());
    BOOST_TEST((scope.next_list() == clock.steady() + seconds(1)));
  }
  clock.advance(std::chrono::milliseconds(3500));
  wire().expect("DELETE", "/computes/a?", 202);
  BOOST_REQUIRE(scope.delete_compute("a", {}).has_value());
  BOOST_TEST((scope.next_list() == listed + seconds(5)));  // it makes none later
  clock.advance(std::chrono::milliseconds(500));
  SteadyTime const early = list_now();  // half a second after that write, as a list of every 5 s may
  BOOST_TEST((scope.next_list() == early + seconds(1)));
  for (int waited : {1500, 3000}) {  // as long again as since the write
    clock.advance(scope.next_list() - clock.steady());
    SteadyTime const again = list_now();
    BOOST_TEST((scope.next_list() == again + std::chrono::milliseconds(waited)));
  }
  clock.advance(seconds(3));
  SteadyTime const again = list_now();
  BOOST_TEST((scope.next_list() == again + seconds(5)));
  scope.set_busy("x", false);
  BOOST_TEST((scope.next_list() == again + seconds(60)));
}

// Rule 1: the answer that counts is that of the request that began last. The clock stands still in these
// cases.

BOOST_FIXTURE_TEST_CASE(an_older_list_does_not_replace_a_newer_answer, Scope) {
  list({compute_body("a")}, {job_body("j", "Running")});
  wire().expect("GET", kComputes, HttpResponse{.status = 200, .body = page_of({compute_body("a")})},
                [&](HttpRequest const&) {
                  wire().expect("PUT", "/computes/a?", 201,
                                compute_body("a", "Creating", "2026-02-01T10:00:30.1323011+00:00").dump());
                  BOOST_REQUIRE(scope.put_compute("a", Json::object(), {}).has_value());
                  wire().expect("GET", kJobs,
                                HttpResponse{.status = 200, .body = page_of({job_body("j", "Queued")})},
                                [&](HttpRequest const&) {
                                  wire().expect("GET", "/jobs/j?", 200, job_body("j", "Running").dump());
                                  BOOST_REQUIRE(scope.get_job("j", {}).has_value());
                                });
                });
  list_now();
  BOOST_TEST(state("a") == "Creating");
  BOOST_TEST(status("j") == "Running");
}

BOOST_FIXTURE_TEST_CASE(an_older_list_does_not_bring_back_what_was_seen_gone, Scope) {
  list({compute_body("a")}, {job_body("j", "Running")});
  wire().expect("GET", kComputes, HttpResponse{.status = 200, .body = page_of({compute_body("a")})},
                [&](HttpRequest const&) {
                  wire().expect("GET", "/computes/a?", 404);
                  BOOST_REQUIRE(scope.get_compute("a", {}).has_value());
                  wire().expect("GET", kJobs,
                                HttpResponse{.status = 200, .body = page_of({job_body("j", "Running")})},
                                [&](HttpRequest const&) {
                                  wire().expect("GET", "/jobs/j?", 404, kJobMissing);
                                  BOOST_REQUIRE(scope.get_job("j", {}).has_value());
                                });
                });
  check_equal(list_now(), {"compute/a", "job/j"});
  BOOST_TEST(state("a") == "absent");
  BOOST_TEST(status("j") == "absent");
  check_equal(list({compute_body("a")}), {"compute/a"});  // one that began later does
}

BOOST_FIXTURE_TEST_CASE(a_list_does_not_drop_what_was_made_while_it_ran, Scope) {
  wire().expect("GET", kComputes, HttpResponse{.status = 200, .body = page_of({})}, [&](HttpRequest const&) {
    wire().expect("PUT", "/computes/a?", 201, compute_body("a", "Creating").dump());
    BOOST_REQUIRE(scope.put_compute("a", Json::object(), {}).has_value());
    wire().expect("GET", kJobs, HttpResponse{.status = 200, .body = page_of({})}, [&](HttpRequest const&) {
      wire().expect("PUT", "/jobs/j?", 201, job_body("j", "Starting").dump());
      BOOST_REQUIRE(scope.put_job("j", Json::object(), {}).has_value());
    });
  });
  list_now();
  BOOST_TEST(state("a") == "Creating");
  BOOST_TEST(status("j") == "Starting");
}

BOOST_FIXTURE_TEST_CASE(a_slow_get_does_not_replace_a_newer_list, Scope) {
  wire().expect("GET", "/computes/a?",
                HttpResponse{.status = 200, .body = compute_body("a", "Creating").dump()},
                [&](HttpRequest const&) { list({compute_body("a", "Succeeded")}); });
  Result<std::optional<Compute>> const answer = scope.get_compute("a", {});
  BOOST_TEST((*answer)->provisioning_state == "Creating");
  BOOST_TEST(state("a") == "Succeeded");
}

BOOST_FIXTURE_TEST_CASE(an_index_that_lags_shows_itself, Scope) {
  list({compute_body("a", "Succeeded", "2026-02-01T11:00:00Z")}, {job_body("j", "Completed")});
  check_equal(
      list({compute_body("a", "Updating", "2026-02-01T10:59:59.999+00:00")}, {job_body("j", "Running")}), {});
  BOOST_TEST(state("a") == "Succeeded");
  BOOST_TEST(status("j") == "Completed");
}

// Rule 5

BOOST_FIXTURE_TEST_CASE(nulls_in_a_list_are_filled_by_a_get_of_the_same_list, Scope) {
  Json lacking = compute_body("a");
  lacking["properties"]["properties"] = nullptr;
  wire()
      .expect("GET", kComputes, 200, page_of({lacking, compute_body("b")}))
      .expect("GET", "/computes/a?", 200, compute_body("a").dump())
      .expect("GET", kJobs, 200, page_of({}));
  list_now();
  BOOST_TEST(scope.view()->compute("a")->complete);
}

BOOST_FIXTURE_TEST_CASE(lists_that_fail_are_counted_and_the_cache_stays, Scope) {
  list({compute_body("a")});
  for (int missed = 1; missed <= 3; ++missed) {
    wire().expect("GET", kComputes, 503).expect("GET", kJobs, 200, page_of({}));
    check_equal(list_now(), {});
    BOOST_TEST(scope.view()->missed_lists == missed);
  }
  BOOST_TEST((scope.view()->last_error.kind == ErrorKind::Transient));
  BOOST_TEST(scope.view()->last_error.message.find("listing computes") == 0U);
  BOOST_TEST(state("a") == "Succeeded");
  wire().expect("GET", kComputes, 200, page_of({})).expect("GET", kJobs, 404, kWorkspaceMissing);
  list_now();
  BOOST_TEST(scope.view()->missed_lists == 4);
  list({compute_body("a")});
  BOOST_TEST(scope.view()->missed_lists == 0);
  BOOST_TEST(scope.view()->last_error.message.empty());
}

BOOST_FIXTURE_TEST_CASE(once_a_list_was_missed_absence_counts_in_that_very_workspace_only, Scope) {
  wire().expect("GET", "/workspaces/W?", 200, workspace_body().dump());
  BOOST_REQUIRE(scope.read_workspace({}).has_value());
  wire().expect("GET", kComputes, 503).expect("GET", kJobs, 200, page_of({}));
  list_now();
  for (char const* const now : {"guid-1", "guid-2"}) {
    Json found = workspace_body();
    bool const counts = found.text({"properties", "workspaceId"}) == now;
    found["properties"]["workspaceId"] = now;
    wire().expect("GET", "/computes/a?", 404).expect("GET", "/workspaces/W?", 200, found.dump());
    BOOST_TEST(scope.get_compute("a", {}).has_value() == counts);
    wire().expect("GET", "/jobs/j?", 404, kJobMissing).expect("GET", "/workspaces/W?", 200, found.dump());
    BOOST_TEST(scope.get_job("j", {}).has_value() == counts);
  }
}

BOOST_FIXTURE_TEST_CASE(a_throttled_list_asks_nothing_more_and_waits_as_told, Scope) {
  scope.set_busy("x", true);
  wire().expect("GET", kComputes, 429, "", {{"Retry-After", "90"}});
  scope.list_now(true, {});
  BOOST_TEST(scope.view()->missed_lists == 1);
  BOOST_TEST((scope.next_list() == clock.steady() + seconds(90)));
}

BOOST_FIXTURE_TEST_CASE(a_list_that_we_stopped_is_not_missed, Scope) {
  std::stop_source stop;
  wire().expect(
      "GET", kComputes,
      Result<HttpResponse>(Error{.kind = ErrorKind::Canceled, .reason = "Stopped", .message = "stopped"}),
      [&](HttpRequest const&) { stop.request_stop(); });
  scope.list_now(true, {.stop = stop.get_token()});
  BOOST_TEST(scope.view()->missed_lists == 0);
}

// Rule 3

BOOST_FIXTURE_TEST_CASE(later_lists_read_jobs_as_far_as_the_oldest_live_one, Scope) {
  wire()
      .expect("GET", kComputes, 200, page_of({}))
      .expect("GET", kJobs, 200,
              page_of({job_body("d", "Running", "2026-02-04T00:00:00Z"),
                       job_body("c", "Completed", "2026-02-03T00:00:00Z")},
                      kNext + std::string("1")))
      .expect("GET", "skip=1", 200,
              page_of({job_body("b", "Running", "2026-02-02T00:00:00Z")}, kNext + std::string("2")))
      .expect("GET", "skip=2", 200, page_of({job_body("a", "Completed", "2026-02-01T00:00:00Z")}));
  list_now();
  WallTime const full = *scope.view()->jobs_listed;
  wire()
      .expect("GET", kComputes, 200, page_of({}))
      .expect("GET", kJobs, 200,
              page_of({job_body("d", "Running", "2026-02-04T00:00:00Z"),
                       job_body("c", "Completed", "2026-02-03T00:00:00Z")},
                      kNext + std::string("1")))
      .expect("GET", "skip=1", 200,
              page_of({job_body("b", "Completed", "2026-02-02T00:00:00Z")}, kNext + std::string("2")));
  check_equal(list_now(), {"job/b"});
  BOOST_TEST((*scope.view()->jobs_listed == full));  // it was no complete list
  BOOST_TEST(status("a") == "Completed");            // and drops nothing
  // Only d lives now: the first page is enough.
  wire()
      .expect("GET", kComputes, 200, page_of({}))
      .expect("GET", kJobs, 200,
              page_of({job_body("d", "Running", "2026-02-04T00:00:00Z")}, kNext + std::string("1")));
  check_equal(list_now(), {});
}

BOOST_FIXTURE_TEST_CASE(a_live_job_that_a_list_does_not_show_is_read_by_name, Scope) {
  list({}, {job_body("j", "Running"), job_body("k", "Running"), job_body("old", "Completed")});
  wire()
      .expect("GET", kComputes, 200, page_of({}))
      .expect("GET", kJobs, 200, page_of({}))
      .expect("GET", "/jobs/j?", 200, job_body("j", "Completed").dump())
      .expect("GET", "/jobs/k?", 404, kJobMissing);
  check_equal(list_now(), {"job/j", "job/k", "job/old"});
  BOOST_TEST(status("j") == "Completed");
  BOOST_TEST(status("k") == "absent");
  BOOST_TEST(status("old") == "absent");
}

BOOST_FIXTURE_TEST_CASE(jobs_past_the_oldest_live_one_are_not_paged_through_for_one_that_is_missing, Scope) {
  list({}, {job_body("live", "Running", "2026-02-04T00:00:00Z")});
  wire()
      .expect("GET", kComputes, 200, page_of({}))
      .expect("GET", kJobs, 200,
              page_of({job_body("x", "Completed", "2026-02-03T00:00:00Z")}, kNext + std::string("1")))
      .expect("GET", "/jobs/live?", 200, job_body("live", "Running", "2026-02-04T00:00:00Z").dump());
  list_now();
  BOOST_TEST(status("live") == "Running");
}

BOOST_FIXTURE_TEST_CASE(all_jobs_are_listed_at_the_start_after_settling_and_hourly, Scope) {
  std::string const one = page_of({job_body("a", "Completed")}, kNext + std::string("1"));
  auto const full = [&] {
    wire()
        .expect("GET", kComputes, 200, page_of({}))
        .expect("GET", kJobs, 200, one)
        .expect("GET", "skip=1", 200, page_of({}));
    list_now();
  };
  auto const partial = [&] {
    wire().expect("GET", kComputes, 200, page_of({})).expect("GET", kJobs, 200, one);
    list_now();
  };
  full();
  partial();
  clock.advance(minutes(5));
  full();
  partial();
  clock.advance(minutes(59));
  partial();
  clock.advance(minutes(1));
  full();
}

BOOST_FIXTURE_TEST_CASE(without_runs_jobs_are_not_listed_and_what_was_known_is_forgotten, Scope) {
  list({compute_body("a")}, {job_body("j", "Running")});
  wire().expect("GET", kComputes, 200, page_of({compute_body("a")}));
  check_equal(scope.list_now(false, {}), {"job/j"});
  BOOST_TEST(status("j") == "absent");
  BOOST_TEST(!scope.view()->jobs_listed.has_value());
  BOOST_TEST((scope.next_list() == clock.steady() + seconds(60)));
}

BOOST_FIXTURE_TEST_CASE(who_wants_jobs_that_were_left_out_gets_them_all_at_once, Scope) {
  list({}, {job_body("j", "Completed")});
  wire().expect("GET", kComputes, HttpResponse{.status = 200, .body = page_of({})},
                [&](HttpRequest const&) { scope.want_jobs(); });  // too late for this one
  scope.list_now(false, {});
  clock.advance(Duration(1));
  BOOST_TEST((scope.next_list() <= clock.steady()));
  wire()
      .expect("GET", kComputes, 200, page_of({}))
      .expect("GET", kJobs, 200, page_of({job_body("j", "Completed")}, kNext + std::string("1")))
      .expect("GET", "skip=1", 200, page_of({}));
  scope.list_now(false, {});
  BOOST_TEST(status("j") == "Completed");
  BOOST_TEST((*scope.view()->jobs_listed == clock.wall()));
  scope.want_jobs();  // they are listed already
  BOOST_TEST((scope.next_list() == clock.steady() + seconds(60)));
}

// Own writes

BOOST_FIXTURE_TEST_CASE(a_delete_that_was_taken_shows_at_once, Scope) {
  list({compute_body("a")});
  wire().expect("DELETE", "/computes/a?underlyingResourceAction=Delete", 202);
  BOOST_REQUIRE(scope.delete_compute("a", {}).has_value());
  BOOST_TEST(state("a") == "Deleting");
  wire().expect("DELETE", "/computes/b?", 204);
  BOOST_REQUIRE(scope.delete_compute("b", {}).has_value());
  BOOST_TEST(state("b") == "absent");
}

BOOST_FIXTURE_TEST_CASE(azures_clock_is_that_of_the_newest_answer_about_a_compute, Scope) {
  BOOST_TEST((scope.azure_date() == WallTime{}));
  wire().expect("GET", "/computes/a?", 404, "", {{"Date", "Sun, 01 Mar 2026 07:00:00 GMT"}});
  BOOST_REQUIRE(scope.get_compute("a", {}).has_value());
  BOOST_TEST((scope.azure_date() == at("2026-03-01T07:00:00Z")));
  wire().expect("GET", "/computes/a?",
                HttpResponse{.status = 404, .headers = {{"Date", "Sun, 01 Mar 2026 07:00:01 GMT"}}},
                [&](HttpRequest const&) {
                  wire().expect("PUT", "/computes/b?", 201, compute_body("b", "Creating").dump(),
                                {{"Date", "Sun, 01 Mar 2026 07:00:02 GMT"}});
                  BOOST_REQUIRE(scope.put_compute("b", Json::object(), {}).has_value());
                });
  BOOST_REQUIRE(scope.get_compute("a", {}).has_value());
  BOOST_TEST((scope.azure_date() == at("2026-03-01T07:00:02Z")));
  BOOST_TEST((scope.view()->compute("b")->date == at("2026-03-01T07:00:02Z")));
}

BOOST_FIXTURE_TEST_CASE(the_workspace_is_read_when_it_is_first_needed, Scope) {
  BOOST_TEST(!scope.workspace().has_value());
  wire()
      .expect("GET", "/workspaces/W?api-version", 200, workspace_body().dump())
      .expect("GET", "/mlflow/v2.0/", 200, "{}");
  BOOST_TEST(scope.metrics("j", {})->empty());
  BOOST_TEST(scope.workspace()->workspace_id == "guid-1");
  wire().expect("GET", "/history/v1.0/", 200, "{}");
  BOOST_TEST(scope.run_details("j", {}).has_value());
}

}  // namespace
}  // namespace trainyard::azure
