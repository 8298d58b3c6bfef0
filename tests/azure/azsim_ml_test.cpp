// Our clients of Azure ML, unchanged, against the simulator.
#include <boost/test/unit_test.hpp>

#include "reconcilers/azure/assets.hpp"
#include "reconcilers/azure/jobs.hpp"
#include "reconcilers/azure/run_history.hpp"
#include "tests/azsim/azsim.hpp"
#include "tests/azsim/sim_transport.hpp"
#include "tests/azsim_facts/scripted_executor.hpp"
#include "tests/azure/scripted_transport.hpp"

namespace trainyard::azure {
namespace {

/// As `trainyard --clouds` would be told of a simulator.
Cloud simulated_cloud(azsim::Options const& options) {
  return {.name = "azsim",
          .resource_manager = options.base_url,
          .authority = options.base_url,
          .audience = options.base_url,
          .host_suffixes = {"localhost"},
          .storage_suffixes = {"localhost"},
          .ca_pem = ""};
}

struct SimulatedWire {
  FakeClock time{at("2026-03-01T00:00:00Z")};
  SeededRandom chance{3};
  azsim::Options options = azsim::default_options();
  azsim::ScriptedExecutor executor;
  azsim::AzureSim sim{time, chance, options, &executor};
  azsim::SimTransport transport_{[this](HttpRequest const& request) { return sim.handle(request); }, time,
                                 [this](Duration by) { time.advance(by); }};
};
struct Simulated : SimulatedWire, Surroundings {
  Simulated() : Surroundings(transport_) { sim.add_workspace(id.group, id.name); }

  void pass(Duration by) {
    time.advance(by);
    sim.tick();
    clock.advance(by);
  }
  /// Submits a job with one file and lets it start.
  void submit() {
    Result<std::string> const code =
        upload_code(arm, id, "ty-code", {{"train.py", "print()"}, {"a b/c.txt", "x"}}, {});
    BOOST_REQUIRE_MESSAGE(code.has_value(), (code ? "" : code.error().message));
    Result<std::string> const environment = ensure_environment(arm, id, "debian:12", {});
    BOOST_REQUIRE(environment.has_value());
    Json const properties = Json::object({{"jobType", "Command"},
                                          {"command", "python train.py"},
                                          {"codeId", *code},
                                          {"environmentId", *environment},
                                          {"tags", Json::object({{"ty-mark", "o"}})}});
    Result<Job> const job = jobs.put("j", Json::object({{"properties", properties}}), {});
    BOOST_REQUIRE_MESSAGE(job.has_value(), (job ? "" : job.error().message));
    BOOST_TEST(job->status == "Starting");
    pass(options.queue);
  }

  WorkspaceId id{options.subscription, "G", "W"};
  Cloud cloud = simulated_cloud(options);
  std::unique_ptr<TokenSource> tokens = client_secret_tokens(
      transport_, clock, scrubber, cloud, {options.tenant, options.client, options.secret});
  ArmClient arm{parts, cloud, *tokens, options.subscription};
  JobsClient jobs{arm, id};
};

BOOST_FIXTURE_TEST_CASE(code_is_uploaded_once_and_found_by_name, Simulated) {
  BOOST_TEST(find_code(arm, id, "ty-code", {})->empty());
  Result<std::string> const made = upload_code(arm, id, "ty-code", {{"train.py", "print()"}}, {});
  BOOST_REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
  BOOST_TEST(*find_code(arm, id, "ty-code", {}) == *made);
  // Another upload under the name finds the first one.
  BOOST_TEST(*upload_code(arm, id, "ty-code", {{"train.py", "other"}}, {}) == *made);
}

BOOST_FIXTURE_TEST_CASE(a_run_is_submitted_seen_and_read_back, Simulated) {
  submit();
  BOOST_REQUIRE(executor.started.contains("j"));
  BOOST_TEST(executor.started.at("j").files.size() == 2U);
  Result<std::optional<Job>> const job = jobs.get("j", Urgency::Edit, {});
  BOOST_REQUIRE((job && job->has_value()));
  BOOST_TEST((*job)->status == "Running");
  Result<JobList> const list = jobs.list_tagged("ty-mark", [](auto const&) { return true; }, {});
  BOOST_REQUIRE(list.has_value());
  BOOST_TEST(list->items.size() == 1U);

  executor.running["j"] = {.log = "all is\nwell\n", .exit_code = 0, .outputs = {}};
  pass(std::chrono::seconds(1));
  Result<AmlWorkspace> const workspace = get_workspace(arm, id, {});
  BOOST_REQUIRE_MESSAGE(workspace.has_value(), (workspace ? "" : workspace.error().message));
  Result<RunDetails> const details = get_run_details(arm, id, *workspace, "j", {});
  BOOST_REQUIRE_MESSAGE(details.has_value(), (details ? "" : details.error().message));
  BOOST_TEST(!details->started_at.empty());
  BOOST_TEST(!details->ended_at.empty());
  BOOST_REQUIRE(details->log_files.contains("user_logs/std_log.txt"));
  BOOST_TEST(*read_log_tail(arm, details->log_files.at("user_logs/std_log.txt"), 6, {}) == "well\n");
  BOOST_TEST(get_metrics(arm, id, *workspace, "j", {})->empty());
  BOOST_TEST(get_run_details(arm, id, *workspace, "unknown", {})->started_at.empty());
}

BOOST_FIXTURE_TEST_CASE(a_mark_is_added_and_a_cancel_taken, Simulated) {
  submit();
  Result<std::optional<Job>> const job = jobs.get("j", Urgency::Edit, {});
  BOOST_REQUIRE((job && job->has_value()));
  Result<Job> const marked = jobs.add_properties(**job, Json::object({{"trainyard-reason", "Canceled"}}), {});
  BOOST_REQUIRE_MESSAGE(marked.has_value(), (marked ? "" : marked.error().message));
  BOOST_TEST(marked->properties.text("trainyard-reason") == "Canceled");
  BOOST_TEST(jobs.cancel("j", {}).has_value());
  pass(std::chrono::seconds(1));
  BOOST_TEST((*jobs.get("j", Urgency::Edit, {}))->terminal());
  BOOST_TEST(jobs.cancel("j", {}).has_value());
}

}  // namespace
}  // namespace trainyard::azure
