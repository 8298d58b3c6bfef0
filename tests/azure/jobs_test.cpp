#include "reconcilers/azure/jobs.hpp"

#include <boost/test/data/test_case.hpp>

#include "tests/azure/bodies.hpp"
#include "tests/azure/scripted_transport.hpp"

namespace trainyard::azure {
namespace {

namespace data = boost::unit_test::data;

struct Jobs : Scripted {
  JobsClient jobs{arm, id};
};

BOOST_AUTO_TEST_CASE(a_job_is_read) {
  Result<Job> const job = parse_job(job_body("j", "Queued"));
  BOOST_REQUIRE(job.has_value());
  BOOST_TEST(job->name == "j");
  BOOST_TEST(job->has_status("queued"));
  BOOST_TEST(job->tags.text("ty-mark") == "o");
  BOOST_TEST(job->properties.text("trainyard-owner") == "o");
  BOOST_TEST(job->studio_url == "https://ml.azure.com/runs/j");
  BOOST_TEST(job->created_at == "2026-02-01T10:00:00.1Z");
}

BOOST_AUTO_TEST_CASE(a_pipelines_step_has_no_properties_and_is_a_job_all_the_same) {
  Result<Job> const job = parse_job(Json::object({{"name", "g"}, {"id", "/g"}}));
  BOOST_REQUIRE(job.has_value());
  BOOST_TEST(!job->terminal());
}

struct StatusCase {
  std::string status;
  bool terminal;
  friend std::ostream& operator<<(std::ostream& out, StatusCase const& c) { return out << c.status; }
};
std::vector<StatusCase> const kStatuses{{"Completed", true}, {"failed", true},  {"Canceled", true},
                                        {"Running", false},  {"Paused", false}, {"NotResponding", false},
                                        {"Novel", false},    {"", false}};
BOOST_DATA_TEST_CASE(three_words_end_a_job_and_no_other, data::make(kStatuses), c) {
  BOOST_TEST(parse_job(job_body("j", c.status))->terminal() == c.terminal);
}

BOOST_FIXTURE_TEST_CASE(absence_is_the_jobs_own_404, Jobs) {
  wire()
      .expect("GET", "/workspaces/W/jobs/j?api-version=2023-10-01", 404, kJobMissing)
      .expect("GET", "/jobs/j", 404, kWorkspaceMissing);
  Result<std::optional<Job>> const absent = jobs.get("j", Urgency::Edit, {});
  BOOST_REQUIRE(absent.has_value());
  BOOST_TEST(!absent->has_value());
  BOOST_TEST(!jobs.get("j", Urgency::Edit, {}).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_cancel_is_taken_by_202_with_null_and_by_200_with_nothing, Jobs) {
  wire().expect("POST", "/jobs/j/cancel?api-version=", 202, "null").expect("POST", "/jobs/j/cancel", 200, "");
  BOOST_TEST(jobs.cancel("j", {}).has_value());
  BOOST_TEST(jobs.cancel("j", {}).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_cancel_that_is_refused_counts_if_the_job_has_ended, Jobs) {
  std::string const no = R"({"error":{"code":"UserError","message":"it is in terminal status"}})";
  wire().expect("POST", "/cancel", 400, no).expect("GET", "/jobs/j", 200, job_body("j", "Completed").dump());
  BOOST_TEST(jobs.cancel("j", {}).has_value());
  wire().expect("POST", "/cancel", 400, no).expect("GET", "/jobs/j", 200, job_body("j", "Running").dump());
  Result<Done> const refused = jobs.cancel("j", {});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().kind == ErrorKind::Invalid));
}

BOOST_FIXTURE_TEST_CASE(a_list_asks_for_our_tag_and_for_archived_ones, Jobs) {
  std::string const next = "https://management.azure.com/next?$skip=a";
  wire()
      .expect("GET", "/workspaces/W/jobs?tag=ty-mark&listViewType=All&api-version=2023-10-01", 200,
              page_of({job_body("b", "Running")}, next))
      .expect("GET", next, 200, page_of({job_body("a", "Completed")}, next + "2"));
  Result<JobList> const list =
      jobs.list_tagged("ty-mark", [](std::vector<Job> const& so_far) { return so_far.size() < 2; }, {});
  BOOST_REQUIRE(list.has_value());
  BOOST_TEST(list->items.size() == 2U);
  BOOST_TEST(!list->told.complete);
}

BOOST_FIXTURE_TEST_CASE(properties_are_added_to_what_is_there, Jobs) {
  Result<Job> const job = parse_job(job_body("j", "Running"));
  wire().expect("PUT", "/jobs/j?", 200, job_body("j", "Running").dump());
  BOOST_REQUIRE(jobs.add_properties(*job, Json::object({{"reason", "Superseded"}}), {}).has_value());
  Result<Json> const sent = Json::parse(wire().sent.front().body);
  BOOST_REQUIRE(sent.has_value());
  Json const& properties = sent->at("properties");
  BOOST_TEST(properties.text({"properties", "reason"}) == "Superseded");
  BOOST_TEST(properties.text({"properties", "trainyard-owner"}) == "o");
  BOOST_TEST(properties.text("command") == "python a.py");
  for (char const* field : {"status", "services", "identity", "limits", "parameters"})
    BOOST_TEST(properties.find(field) == nullptr);
}

}  // namespace
}  // namespace trainyard::azure
