#include "controller/local/process_runner.hpp"

#include <atomic>
#include <thread>

#include <signal.h>

#include "controller/base/json.hpp"
#include "controller/local/run_folder.hpp"
#include "tests/folders.hpp"
#include "tests/local/local_fixture.hpp"

namespace trainyard::local {
namespace {

using reconcilers::LocalRun;
using reconcilers::LocalStart;
using State = LocalRun::State;

struct Runs {
  TempFolder manifests, state;
  SystemClock clock;
  SystemRandom random;
  Scrubber scrubber;
  std::filesystem::path const folder = state.path() / "runs";
  std::unique_ptr<DirectorySources> sources = make_directory_sources({.root = manifests.path()}, clock);
  std::unique_ptr<reconcilers::LocalRunner> runner = make();

  std::unique_ptr<reconcilers::LocalRunner> make() {
    return make_process_runner(
        {.runs = folder, .executable = build_folder() + "/bin/local_supervisor", .ssl_cert_file = {}},
        *sources, clock, random, scrubber);
  }

  LocalStart script(std::string const& name, std::string const& text) {
    manifests.write(name + "/train.py", text);
    LocalStart start{
        .name = name, .owner = "owner", .revision = "r1:x", .holder = "holder", .experiment = "fits"};
    start.source = {.declared_in = "runs.yaml:1", .directory = name};
    start.source_digest = sources->scan(start.source, {})->digest;
    start.script_file = "train.py";
    start.interpreter = "python3";
    return start;
  }
  LocalRun find(std::string const& name) {
    Result<std::optional<LocalRun>> const run = runner->find("default", name, {});
    BOOST_REQUIRE(run);
    BOOST_REQUIRE(run->has_value());
    return **run;
  }
  LocalRun await_end(std::string const& name) {
    BOOST_REQUIRE(eventually([&] { return find(name).state != State::Running; }));
    return find(name);
  }
  /// The script says that it is there by making a file "ready" in its working folder.
  void await_ready(std::string const& name) {
    BOOST_REQUIRE(eventually([&] { return std::filesystem::exists(folder / name / "work/ready"); }));
  }
};

constexpr char kWaits[] =
    "import time\nopen('ready', 'w').close()\nprint('waiting', flush=True)\ntime.sleep(600)\n";

BOOST_FIXTURE_TEST_CASE(a_script_runs_in_a_copy_of_its_source_and_its_end_is_told, Runs) {
  LocalStart start =
      script("fit-a0", "import sys\nprint('hello', sys.argv[1])\nopen('outputs/model', 'w').close()\n");
  start.arguments = {"world"};
  BOOST_REQUIRE(runner->start(start, {}));
  LocalRun const run = await_end("fit-a0");
  BOOST_TEST((run.state == State::Ended));
  BOOST_TEST(run.exit_code.value() == 0);
  BOOST_TEST(run.log_tail == std::vector<std::string>{"hello world"}, boost::test_tools::per_element());
  BOOST_TEST(run.owner == "owner");
  BOOST_TEST(!run.ended_at.empty());
  BOOST_TEST(std::filesystem::exists(folder / "fit-a0/work/outputs/model"));
  BOOST_TEST(!std::filesystem::exists(manifests.path() / "fit-a0/outputs"));
}

BOOST_FIXTURE_TEST_CASE(a_script_that_fails_leaves_its_code_and_the_end_of_its_log, Runs) {
  scrubber.add_secret("hunter22");
  BOOST_REQUIRE(runner->start(script("bad-a0",
                                     "import os, sys\nfor i in range(30): print(i, flush=True)\n"
                                     "print('hunter22', os.environ['MLFLOW_TRACKING_TOKEN'], flush=True)\n"
                                     "os.write(2, b'\\xff bytes\\n')\nsys.exit(3)\n"),
                              {}));
  LocalRun const run = await_end("bad-a0");
  BOOST_TEST(run.exit_code.value() == 3);
  BOOST_REQUIRE(run.log_tail.size() == 20U);
  BOOST_TEST(run.log_tail[18] == "[hidden] [hidden]");
  BOOST_TEST(run.log_tail[19] == "\xEF\xBF\xBD bytes");
}

BOOST_FIXTURE_TEST_CASE(a_script_sees_an_allow_listed_environment, Runs) {
  ::setenv("TRAINYARD_TEST_SECRET", "x", 1);
  LocalStart start = script("env-a0",
                            "import json, os\njson.dump(dict(os.environ), open('outputs/env', 'w'))\n"
                            "print(sorted(os.listdir('/proc/self/fd')))\n"
                            "import resource\nassert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
                            "assert os.getpgid(0) == os.getpid()\n");
  start.variables = {{"EPOCHS", "3"}};
  BOOST_REQUIRE(runner->start(start, {}));
  LocalRun const run = await_end("env-a0");
  ::unsetenv("TRAINYARD_TEST_SECRET");
  BOOST_TEST(run.exit_code.value() == 0);
  Result<std::string> const text = read_file(folder / "env-a0/work/outputs/env");
  BOOST_REQUIRE(text);
  Json const seen = *Json::parse(*text);
  BOOST_TEST(seen.text("EPOCHS") == "3");
  BOOST_TEST(seen.text("MLFLOW_RUN_ID") == "env-a0");
  BOOST_TEST(seen.text("MLFLOW_EXPERIMENT_NAME") == "fits");
  BOOST_TEST(seen.text("AZUREML_RUN_ID") == "env-a0");
  BOOST_TEST(!seen.text("PATH").empty());
  BOOST_TEST(seen.find("TRAINYARD_TEST_SECRET") == nullptr);
  BOOST_TEST(run.log_tail.at(0) == "['0', '1', '2', '3']");  // 3 is the listing itself
}

BOOST_FIXTURE_TEST_CASE(the_sample_s_metrics_arrive_by_mlflow, Runs) {
  std::filesystem::copy(source_folder() + "/manifests/samples/quickstart/src", manifests.path() / "sample-a0",
                        std::filesystem::copy_options::recursive);
  std::ifstream file(manifests.path() / "sample-a0/train.py");
  LocalStart start = script("sample-a0", std::string(std::istreambuf_iterator<char>(file), {}));
  start.arguments = {"--epochs", "100"};
  BOOST_REQUIRE(runner->start(start, {}));
  LocalRun const run = await_end("sample-a0");
  BOOST_TEST(run.exit_code.value() == 0);
  BOOST_TEST(run.metrics.size() == 3U);
  BOOST_TEST(run.metrics.at("test_accuracy") > 0.8);
  for (auto const& [name, value] : run.metrics) BOOST_TEST_MESSAGE(name << " " << value);
}

BOOST_FIXTURE_TEST_CASE(a_name_is_claimed_once_by_whoever_comes_first, Runs) {
  LocalStart const start = script("race-a0", "open('outputs/ran', 'a').write('x')\n");
  std::atomic<int> started = 0, refused = 0;
  {
    std::vector<std::jthread> claimants;
    for (int i = 0; i < 4; ++i)
      claimants.emplace_back([&] {
        Result<Done> const done = runner->start(start, {});
        ++(done ? started : refused);
      });
  }
  BOOST_TEST(started == 1);
  BOOST_TEST(refused == 3);
  await_end("race-a0");
  BOOST_TEST(*read_file(folder / "race-a0/work/outputs/ran") == "x");
  Result<Done> const again = make()->start(start, {});
  BOOST_REQUIRE(!again);
  BOOST_TEST((again.error().kind == ErrorKind::Conflict));
}

BOOST_FIXTURE_TEST_CASE(a_run_outlives_the_runner_and_is_cancelled_by_another, Runs) {
  BOOST_REQUIRE(runner->start(script("long-a0", kWaits), {}));
  await_ready("long-a0");
  runner = make();
  BOOST_TEST((find("long-a0").state == State::Running));
  BOOST_REQUIRE(runner->cancel("default", "long-a0", "Superseded", {}));
  runner.reset();  // who asked has gone; the supervisor goes on
  runner = make();
  LocalRun const run = await_end("long-a0");
  BOOST_TEST((run.state == State::Ended));
  BOOST_TEST(run.exit_code.value() == 128 + SIGTERM);
  BOOST_TEST(run.cancel_reason == "Superseded");
}

BOOST_FIXTURE_TEST_CASE(who_does_not_heed_sigterm_is_killed, Runs) {
  BOOST_REQUIRE(runner->start(
      script("deaf-a0",
             "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + std::string(kWaits)),
      {}));
  await_ready("deaf-a0");
  BOOST_REQUIRE(runner->cancel("default", "deaf-a0", "Timeout", {}));
  BOOST_TEST(await_end("deaf-a0").exit_code.value() == 128 + SIGKILL);
}

BOOST_FIXTURE_TEST_CASE(a_killed_supervisor_leaves_an_interrupted_run_of_which_nothing_lives, Runs) {
  // The script's child has a session of its own: no signal to a group reaches it.
  BOOST_REQUIRE(runner->start(script("gone-a0",
                                     "import os, subprocess\n"
                                     "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
                                     "open('pids', 'w').write(f'{os.getpid()} {child.pid}')\n" +
                                         std::string(kWaits)),
                              {}));
  await_ready("gone-a0");
  RunFolder const run(folder / "gone-a0");
  Result<Supervisor> const supervisor = run.read_supervisor();
  BOOST_REQUIRE(supervisor);
  BOOST_REQUIRE(::kill(static_cast<pid_t>(supervisor->process), SIGKILL) == 0);
  BOOST_TEST((await_end("gone-a0").state == State::Interrupted));
  std::ifstream pids(folder / "gone-a0/work/pids");
  for (pid_t process = 0; pids >> process;) BOOST_TEST(::kill(process, 0) != 0);
  BOOST_REQUIRE(runner->cancel("default", "gone-a0", "User", {}));
  BOOST_TEST(find("gone-a0").cancel_reason.empty());  // it had ended before
}

BOOST_FIXTURE_TEST_CASE(a_claim_that_never_started_is_interrupted_and_stays_claimed, Runs) {
  LocalStart const start = script("dead-a0", "open('outputs/ran', 'w')\n");
  std::filesystem::create_directories(folder / "dead-a0");
  RunFolder const claimed(folder / "dead-a0");
  BOOST_REQUIRE(claimed.write_claim({.start = start, .token = "t", .claimed_at = "2026-01-01T00:00:00Z"}));
  BOOST_REQUIRE(take_lock(claimed.lock()));  // and let go, as by a claimant's death
  BOOST_TEST((find("dead-a0").state == State::Interrupted));
  Result<Done> const again = runner->start(start, {});
  BOOST_REQUIRE(!again);
  BOOST_TEST((again.error().kind == ErrorKind::Conflict));
  std::string const by_hand =
      build_folder() + "/bin/local_supervisor exec-run " + (folder / "dead-a0").string() + " 2>/dev/null";
  BOOST_TEST(std::system(by_hand.c_str()) != 0);
  BOOST_TEST((find("dead-a0").state == State::Interrupted));
}

BOOST_FIXTURE_TEST_CASE(what_a_claimant_left_that_was_killed_before_its_claim_is_taken_away, Runs) {
  std::filesystem::create_directories(folder / ".claim-left");
  std::filesystem::create_directories(folder / ".claim-live");
  BOOST_REQUIRE(take_lock(folder / ".claim-left/lock"));
  Result<Fd> const held = take_lock(folder / ".claim-live/lock");
  BOOST_REQUIRE(held);
  runner = make();
  BOOST_TEST(!std::filesystem::exists(folder / ".claim-left"));
  BOOST_TEST(std::filesystem::exists(folder / ".claim-live"));
}

BOOST_FIXTURE_TEST_CASE(an_owner_s_runs_are_listed_oldest_first, Runs) {
  BOOST_TEST(runner->list("default", "owner", {})->empty());
  for (char const* const name : {"b-a0", "a-a0"}) {
    BOOST_REQUIRE(runner->start(script(name, ""), {}));
    await_end(name);
  }
  LocalStart other = script("c-a0", "");
  other.owner = "another";
  BOOST_REQUIRE(runner->start(other, {}));
  await_end("c-a0");
  BOOST_TEST(*runner->list("default", "owner", {}) == (std::vector<std::string>{"b-a0", "a-a0"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_missing_interpreter_is_told_in_the_log, Runs) {
  LocalStart start = script("none-a0", "");
  start.interpreter = "no-such-python";
  BOOST_REQUIRE(runner->start(start, {}));
  LocalRun const run = await_end("none-a0");
  BOOST_TEST(run.exit_code.value() == 127);
  BOOST_TEST(run.log_tail.at(0).find("no-such-python") != std::string::npos);
}

}  // namespace
}  // namespace trainyard::local
