#include "tests/azsim/executor.hpp"

#include <cstdlib>
#include <filesystem>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace trainyard::azsim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Processes {
  Processes() {
    std::string name = (std::filesystem::temp_directory_path() / "azsim-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    begin();
  }
  ~Processes() {
    executor.reset();
    std::filesystem::remove_all(folder);
  }
  Processes(Processes const&) = delete;
  Processes& operator=(Processes const&) = delete;

  void begin(Duration grace = seconds(5)) {
    executor =
        make_process_executor({.folder = folder, .environment = {{"FROM_US", "1"}}, .grace = grace}, clock);
  }
  void start(std::string const& command, std::vector<JobFile> files = {}) {
    executor->start(
        {.name = "j", .command = command, .files = std::move(files), .environment = {{"OWN", "2"}}});
  }
  /// Asks until it holds of the answer, or a minute is over.
  template <class Holds>
  JobProgress wait(Holds const& holds) {
    SteadyTime const limit = clock.steady() + seconds(60);
    for (Wakeup pause; clock.steady() < limit;) {
      JobProgress progress = executor->progress("j");
      if (holds(progress)) return progress;
      pause.wait_until(clock.steady() + milliseconds(5), {});
    }
    BOOST_FAIL("the process did not get there");
    return {};
  }
  JobProgress wait_for_end() {
    return wait([](JobProgress const& p) { return p.exit_code.has_value(); });
  }
  JobProgress wait_for_log(std::string const& text) {
    return wait([&](JobProgress const& p) { return p.log.find(text) != std::string::npos; });
  }
  static bool alive(std::string const& pid) { return ::kill(std::stoi(pid), 0) == 0; }

  SystemClock clock;
  std::string folder;
  std::unique_ptr<JobExecutor> executor;
};

BOOST_FIXTURE_TEST_CASE(a_job_runs_in_its_snapshot_and_tells_all_it_said, Processes) {
  start("cat lib/data.txt; echo oops >&2; exit 3", {{"lib/data.txt", "hello\n"}});
  JobProgress const end = wait_for_end();
  BOOST_TEST(end.log == "hello\noops\n");
  BOOST_TEST(*end.exit_code == 3);
}

BOOST_FIXTURE_TEST_CASE(outputs_are_collected_and_the_folder_goes, Processes) {
  start("mkdir -p outputs/deep && echo m > outputs/deep/model && ln -s /etc/passwd outputs/link");
  JobProgress const end = wait_for_end();
  BOOST_REQUIRE(end.outputs.size() == 1U);
  BOOST_TEST(end.outputs[0].path == "deep/model");
  BOOST_TEST(end.outputs[0].content == "m\n");
  for (auto const& entry : std::filesystem::directory_iterator(folder))
    BOOST_TEST(!entry.path().filename().string().starts_with("run-"));
}

BOOST_FIXTURE_TEST_CASE(named_outputs_have_a_place_of_their_own, Processes) {
  executor->start({.name = "j",
                   .command = "echo a > '${{outputs.folder}}/a' && echo b > ${{outputs.file}} && "
                              "echo c > $AZURE_ML_OUTPUT_folder/c && ls",
                   .files = {},
                   .environment = {},
                   .outputs = {{"folder"}, {"file", true}, {"none", true}}});
  JobProgress const end = wait_for_end();
  BOOST_TEST(end.log == "");
  BOOST_TEST(end.named_outputs.at("folder").size() == 2U);
  BOOST_REQUIRE(end.named_outputs.at("file").size() == 1U);
  BOOST_TEST(end.named_outputs.at("file")[0].path == "");
  BOOST_TEST(end.named_outputs.at("file")[0].content == "b\n");
  BOOST_TEST(end.named_outputs.at("none").empty());
}

BOOST_FIXTURE_TEST_CASE(an_output_stays_in_its_place, Processes) {
  for (char const* name : {"../escaped", "a/b", ""}) {
    executor->start({.name = "j", .command = "true", .files = {}, .environment = {}, .outputs = {{name}}});
    JobProgress const end = wait_for_end();
    BOOST_TEST(*end.exit_code != 0);
    BOOST_TEST(end.log.find("no folder can have") != std::string::npos);
  }
}

BOOST_FIXTURE_TEST_CASE(a_job_sees_its_own_variables_and_few_of_ours, Processes) {
  ::setenv("AZSIM_TEST_SECRET", "never", 1);
  begin();
  start("env");
  std::string const log = wait_for_end().log;
  ::unsetenv("AZSIM_TEST_SECRET");
  BOOST_TEST(log.find("OWN=2\n") != std::string::npos);
  BOOST_TEST(log.find("FROM_US=1\n") != std::string::npos);
  BOOST_TEST(log.find("AZSIM_TEST_SECRET") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_job_inherits_no_open_file, Processes) {
  int const leak = ::fcntl(STDOUT_FILENO, F_DUPFD, 100);  // not close-on-exec; no shell uses that number
  start("for f in /proc/$$/fd/*; do echo $(basename $f); done");
  std::string const log = wait_for_end().log;
  ::close(leak);
  BOOST_TEST(log.find("\n" + std::to_string(leak) + "\n") == std::string::npos);
  BOOST_TEST(log.starts_with("0\n1\n2\n"));
}

BOOST_FIXTURE_TEST_CASE(the_scripts_interpreter_is_found_as_python, Processes) {
  start("python -c 'print(6 * 7)'");
  BOOST_TEST(wait_for_end().log == "42\n");
}

BOOST_FIXTURE_TEST_CASE(a_canceled_job_may_tidy_up, Processes) {
  start("trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.05; done");
  wait_for_log("ready");
  executor->cancel("j");
  JobProgress const end = wait_for_end();
  BOOST_TEST(end.log.find("bye") != std::string::npos);
  BOOST_TEST(*end.exit_code == 9);
}

BOOST_FIXTURE_TEST_CASE(a_job_that_will_not_end_is_killed, Processes) {
  begin(milliseconds(50));
  start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
  wait_for_log("ready");
  executor->cancel("j");
  BOOST_TEST(*wait_for_end().exit_code == 128 + SIGKILL);
}

BOOST_FIXTURE_TEST_CASE(what_a_job_leaves_running_ends_with_it, Processes) {
  start("sleep 600 & echo $!");
  std::string const pid = wait_for_end().log;
  SteadyTime const limit = clock.steady() + seconds(60);
  for (Wakeup pause; alive(pid) && clock.steady() < limit;)
    pause.wait_until(clock.steady() + milliseconds(5), {});
  std::string const state =
      std::filesystem::exists("/proc/" + std::to_string(std::stoi(pid))) ? "there" : "gone";
  // A zombie is reaped by whoever adopted it, in its own time.
  BOOST_TEST(
      (state == "gone" || !std::filesystem::exists("/proc/" + std::to_string(std::stoi(pid)) + "/exe")));
}

BOOST_FIXTURE_TEST_CASE(nothing_outlives_the_executor, Processes) {
  start("echo $$; while :; do sleep 0.05; done");
  std::string const pid = wait_for_log("\n").log;
  BOOST_TEST(alive(pid));
  executor.reset();
  BOOST_TEST(!alive(pid));
}

BOOST_FIXTURE_TEST_CASE(a_snapshot_that_leads_outside_is_not_unpacked, Processes) {
  start("true", {{"../escaped", "x"}});
  JobProgress const end = wait_for_end();
  BOOST_TEST(*end.exit_code == 126);
  BOOST_TEST(end.log.find("../escaped") != std::string::npos);
  BOOST_TEST(!std::filesystem::exists(folder + "/escaped"));
}

}  // namespace
}  // namespace trainyard::azsim
