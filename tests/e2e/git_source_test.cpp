// A run whose source is a private git repository, in a folder of manifests.
#include <boost/test/unit_test.hpp>

#include "tests/e2e/fixture.hpp"
#include "tests/git/git_server.hpp"

namespace trainyard::tests {

namespace {

struct Git {
  GitServer server;
  Azsim azsim;
  Place place{azsim};

  Git() {
    ::setenv("SSL_CERT_FILE", (server.folder.path() / "ca.pem").c_str(), 1);  // seen by what is started here
    place.write("workspace.yaml", workspace("demo") + cluster("cluster") + local_target("here"));
    write_secret("username", "reader");
    write_secret("password", kGitPassword);
    write_runs("main", "");
  }
  ~Git() { ::unsetenv("SSL_CERT_FILE"); }

  void write_secret(std::string const& key, std::string const& value) const {
    std::filesystem::path const file = place.path("secrets/git/" + key);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << value;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  }
  void write_runs(std::string const& ref, std::string const& restarted_at) const {
    std::string text;
    for (std::string const target : {"cluster", "here"})
      text += "---\napiVersion: trainyard.dev/v1alpha1\nkind: TrainingRun\nmetadata:\n  name: fit-" + target +
              "\n  annotations: {trainyard.dev/restarted-at: '" + restarted_at +
              "'}\nspec:\n  computeTarget: " + target + "\n  source: {git: {url: '" +
              server.url("private/code.git") + "', ref: " + ref +
              ", path: src, secretRef: {name: git}}}\n  script: {file: train.py}\n";
    place.write("runs.yaml", text);
  }
  /// Until all is settled, and well.
  void run() {
    Said const said =
        run_program(place.run_arguments({"--until-settled", "--log-level", "debug", "--log-file",
                                         place.path("log").string(), "--allow-git-hosts", "127.0.0.1"}));
    BOOST_REQUIRE_MESSAGE(said.code == 0, all(said));
  }
  [[nodiscard]] std::size_t local_runs() const {
    std::filesystem::directory_iterator const runs(place.path("state/runs"));
    return static_cast<std::size_t>(std::distance(begin(runs), end(runs)));
  }
  void ran(std::size_t count) const {
    BOOST_TEST(azsim.count("jobs.put") == count);
    BOOST_TEST(local_runs() == count);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(git_source)

BOOST_FIXTURE_TEST_CASE(a_branch_is_trained_once_until_it_is_asked_for_again, Git) {
  run();
  ran(1);
  std::string const first = server.commit_of("main");
  BOOST_TEST(contains(place.ask({"describe", "trainingrun/fit-here"}).out, first));
  BOOST_TEST(contains(place.ask({"logs", "trainingrun/fit-here"}).out, "one"));

  server.commit("second", {{"src/train.py", "print('two')\n"}});
  server.publish();
  std::size_t const asked = server.requests();
  run();
  ran(1);
  BOOST_TEST(server.requests() == asked);  // what is known is not asked for, after a restart either

  write_runs("main", "2026-11-28T08:00:00Z");
  run();
  ran(2);
  BOOST_TEST(contains(place.ask({"logs", "trainingrun/fit-here"}).out, "two"));

  write_runs(first, "");  // what was trained first, by another name
  run();
  ran(2);
  BOOST_TEST(!contains(place.all_written(), kGitPassword));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::tests
