// The operator killed, its disk full, its files gone: nothing is lost, and nothing is trained twice.
#include <array>

#include <boost/test/unit_test.hpp>
#include <sys/resource.h>

#include "tests/e2e/fixture.hpp"

namespace trainyard::tests {

namespace {

/// Leaves a line in the file that is its argument, so that trainings can be counted.
constexpr char kCounting[] =
    "import sys\nwith open(sys.argv[1], 'a') as file:\n    file.write('trained\\n')\n";

/// Goes on when the file that is its argument is there.
constexpr char kWaiting[] =
    "import os, sys, time\n"
    "for _ in range(3000):\n"
    "    if os.path.exists(sys.argv[1]): break\n"
    "    time.sleep(0.02)\n"
    "print('went on', flush=True)\n";

/// What a submission does, in its order; the answer to the first call of each takes longer than any test.
constexpr std::array kMoments{"computes.put", "codes.start_pending_upload", "blobs.put",
                              "codes.put",    "environments.put",           "jobs.put"};
std::string slow_moments() {
  std::string rules;
  for (char const* moment : kMoments)
    rules += std::string(rules.empty() ? "" : ", ") + R"({"operation": ")" + moment +
             R"(", "kind": "Slow", "delaySeconds": 600})";
  return R"({"requests": [)" + rules + "]}";
}

/// No file may grow beyond it; with the signal ignored, writes fail as on a full disk.
constexpr rlim_t kFull = 4096;

/// As `trainyard`, but the signal of that limit is ignored.
std::vector<std::string> heedless(std::vector<std::string> const& arguments) {
  std::vector<std::string> shell{"-c", "trap '' XFSZ; exec \"$@\"", "sh", kTrainyard};
  shell.insert(shell.end(), arguments.begin(), arguments.end());
  return shell;
}

void limit_files(Child const& child, rlim_t limit) {
  rlimit const limits{limit, RLIM_INFINITY};
  BOOST_REQUIRE(::prlimit(child.pid(), RLIMIT_FSIZE, &limits, nullptr) == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(e2e)

BOOST_AUTO_TEST_CASE(killed_at_each_moment_of_a_submission_it_trains_once) {
  Azsim const azsim(slow_moments());
  Place place(azsim);
  std::filesystem::path const trained = place.path("trained");
  place.write("all.yaml",
              workspace("demo") + cluster("cluster") + training("fit", "cluster", trained.string()));
  place.write("src/train.py", kCounting);
  for (char const* const moment : kMoments) {
    Child doomed(kTrainyard, place.run_arguments({}));
    azsim.wait_for(moment, 1);  // its effect is there; the answer is not
    doomed.signal(SIGKILL);
    BOOST_TEST(doomed.wait() == 128 + SIGKILL);
    BOOST_TEST(place.integrity() == "ok", moment);
  }
  Said const last = place.run();
  BOOST_TEST(last.code == 0, all(last));
  BOOST_TEST(contains(place.ask({"get", "tr/fit"}).out, "Completed"));
  BOOST_TEST(azsim.count("computes.put", 201) == 1U, azsim.log());
  BOOST_TEST(azsim.count("jobs.put", 201) == 1U, azsim.log());
  BOOST_TEST(read_all(trained) == "trained\n");
}

BOOST_AUTO_TEST_CASE(killed_while_a_local_run_is_started_it_trains_once) {
  Place place;
  std::filesystem::path const trained = place.path("trained");
  place.write("all.yaml", local_target("here") + training("fit", "here", trained.string()));
  place.write("src/train.py", kCounting);
  Child doomed(kTrainyard, place.run_arguments({}));
  doomed.wait_for("trainingrun/fit  ");  // in whichever phase it is seen first
  doomed.signal(SIGKILL);
  BOOST_TEST(doomed.wait() == 128 + SIGKILL);
  BOOST_TEST(place.integrity() == "ok");
  Said const last = place.run();
  BOOST_TEST(last.code == 0, all(last));
  BOOST_TEST(read_all(trained) == "trained\n");
}

BOOST_AUTO_TEST_CASE(a_disk_that_fills_up_is_told_and_made_up_for) {
  Place place;
  std::filesystem::path const go = place.path("go");
  place.write("all.yaml", local_target("here") + training("fit", "here", go.string()));
  place.write("src/train.py", kWaiting);
  Child process("/bin/sh", heedless(place.run_arguments({})));
  process.wait_for("trainingrun/fit  Running");
  limit_files(process, kFull);
  std::ofstream(go) << "";
  process.wait_for("the state cannot be written");
  process.wait_for("is the disk full");
  BOOST_TEST(place.integrity() == "ok");
  limit_files(process, RLIM_INFINITY);
  process.wait_for("trainingrun/fit  Completed");
  BOOST_TEST(contains(process.err(), "the state is written again"));
  process.signal(SIGTERM);
  BOOST_TEST(process.wait() == 0);
  Said const after = place.run();
  BOOST_TEST(contains(after.out, "Nothing to do"), all(after));
}

BOOST_AUTO_TEST_CASE(a_start_on_a_full_disk_is_refused_and_loses_nothing) {
  Place place;
  std::filesystem::path const trained = place.path("trained");
  place.write("all.yaml", local_target("here") + training("fit", "here", trained.string()));
  place.write("src/train.py", kCounting);
  Said const before = place.run();
  BOOST_REQUIRE_MESSAGE(before.code == 0, all(before));

  place.write("more.yaml", training("again", "here", trained.string()));
  std::vector<std::string> limited = heedless(place.run_arguments({"--until-settled"}));
  limited[1] = "ulimit -f " + std::to_string(kFull / 512) + "; " + limited[1];
  Child full("/bin/sh", limited);
  BOOST_TEST(full.wait() == 1);
  BOOST_TEST(occurrences(full.err(), "is the disk full") == 1U, full.out() + full.err());
  BOOST_TEST(place.integrity() == "ok");

  Said const after = place.run();
  BOOST_TEST(after.code == 0, all(after));
  BOOST_TEST(contains(after.out, "1 run started"), all(after));
  BOOST_TEST(read_all(trained) == "trained\ntrained\n");
}

BOOST_AUTO_TEST_CASE(a_file_that_vanishes_ends_no_run) {
  Place place;
  std::filesystem::path const go = place.path("go");
  place.write("target.yaml", local_target("here"));
  place.write("run.yaml", training("fit", "here", go.string()));
  place.write("src/train.py", kWaiting);
  Child process(kTrainyard, place.run_arguments({}));
  process.wait_for("trainingrun/fit  Running");
  std::filesystem::remove(place.path("manifests/run.yaml"));
  process.wait_for("Orphaned");
  std::ofstream(go) << "";
  wait_until(
      [&] {
        return contains(place.ask({"get", "tr/fit", "-o", "json"}).out, "\"phase\": \"Completed\"");
      },
      [&] { return process.out() + process.err(); });
  BOOST_TEST(contains(place.ask({"get", "tr/fit"}).out, "Orphaned"));
  BOOST_TEST(contains(place.ask({"logs", "tr/fit"}).out, "went on"));
  process.signal(SIGTERM);
  BOOST_TEST(process.wait() == 0);
}

BOOST_AUTO_TEST_CASE(bad_sources_are_told_each_with_its_own_words) {
  Place place;
  std::string runs;
  for (char const* source : {"missing", "outside", "loop", "large"})
    runs += training(source, "here", "", source);
  place.write("all.yaml", local_target("here") + runs);
  for (char const* source : {"outside", "loop", "large"})
    place.write(std::string(source) + "/train.py", "print('trained')\n");
  std::filesystem::create_symlink("/etc/hostname", place.path("manifests/outside/link"));
  place.write("loop/data/here", "");
  std::filesystem::create_directory_symlink("..", place.path("manifests/loop/data/up"));
  place.write("large/data", "");
  std::filesystem::resize_file(place.path("manifests/large/data"), std::uintmax_t{301} << 20U);
  Said const said = place.run();
  BOOST_TEST(said.code == 1);
  BOOST_TEST(contains(said.out, "nothing was run"), all(said));
  for (auto const& [run, reason] : {std::pair{"missing", "SourceMissing"},
                                    {"outside", "SourceLinkOutside"},
                                    {"loop", "SourceLinkLoop"},
                                    {"large", "SourceTooLarge"}}) {
    Said const described = place.ask({"describe", std::string("tr/") + run});
    BOOST_TEST(contains(described.out, reason), all(described));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::tests
