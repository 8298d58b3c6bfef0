// What Azure refuses, and what fails there: told in words, in one folder, by one operator.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/e2e/fixture.hpp"

namespace trainyard::tests {

namespace {

constexpr char kForbidden[] = R"({
  "requests": [{"operation": "workspaces.get", "path": "/workspaces/forbidden", "times": -1, "status": 403,
    "code": "AuthorizationFailed",
    "message": "The client '22222222-2222-2222-2222-222222222222' does not have authorization to perform action."}]})";
constexpr char kNoQuota[] = R"({
  "computes": [{"code": "ClusterMinNodesExceedCoreQuota",
    "message": "The specified subscription has a Standard NC family vCPU quota of 0."}]})";
constexpr std::string_view kWrongSecret = "planted-3e81d0-a-wrong-secret";

/// One operator's run over all that goes wrong; each case looks at its own part.
struct Troubles {
  Azsim azsim{kForbidden};
  Place place{azsim};
  Said said;

  Troubles() {
    place.write_secret("wrong", kWrongSecret);
    place.write("workspaces.yaml", workspace("demo") + workspace("forbidden", "forbidden") +
                                       workspace("nowhere", "nowhere") +
                                       workspace("misspelt", "demo", "wrong"));
    place.write("targets.yaml", cluster("unheard-of", "Standard_Nothing_v9") + cluster("cluster"));
    place.write("run.yaml", training("broken", "cluster"));
    place.write("src/train.py", "import sys\nprint('no data today', flush=True)\nsys.exit(3)\n");
    said = place.run();
  }
  static Troubles& once() {
    static Troubles all;
    return all;
  }
};

struct Trouble {
  char const* object;
  std::vector<std::string> told;
};
std::ostream& operator<<(std::ostream& out, Trouble const& trouble) { return out << trouble.object; }

Trouble const kTroubles[] = {
    {"workspace/misspelt", {"AADSTS7000215", "the client secret is wrong"}},
    {"workspace/nowhere", {"ResourceNotFound", "workspaces/nowhere"}},
    {"workspace/forbidden", {"AuthorizationFailed", "does not have authorization"}},
    {"computetarget/unheard-of", {"InvalidPropertyValue", "Standard_Nothing_v9", "not a supported VM size"}},
    {"trainingrun/broken", {"status code 3", "no data today"}}};

/// The verdict tells it, and so does `describe`.
void check_told(Place& place, Said const& said, Trouble const& trouble) {
  BOOST_TEST(said.code == 1, all(said));
  std::size_t const failed = said.out.find("\nFailed:\n");
  BOOST_REQUIRE_MESSAGE(failed != std::string::npos, all(said));
  std::size_t const begin = said.out.find(std::string("  ") + trouble.object + "  ", failed);
  BOOST_REQUIRE_MESSAGE(begin != std::string::npos, all(said));
  std::string const verdict = said.out.substr(begin, said.out.find("    next: ", begin) - begin);
  Said const described = place.ask({"describe", trouble.object});
  for (std::string const& part : trouble.told) {
    BOOST_TEST(contains(verdict, part), "no '" << part << "' in " << all(said));
    BOOST_TEST(contains(described.out, part), "no '" << part << "' in " << all(described));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(e2e)

BOOST_DATA_TEST_CASE(a_refusal_is_told_in_words, boost::unit_test::data::make(kTroubles), c) {
  check_told(Troubles::once().place, Troubles::once().said, c);
}

BOOST_AUTO_TEST_CASE(a_quota_that_is_exceeded_is_told) {
  Azsim const azsim(kNoQuota);
  Place place(azsim);
  place.write("all.yaml", workspace("demo") + cluster("large"));
  Said const said = place.run();
  check_told(place, said,
             {"computetarget/large", {"QuotaExceeded", "ClusterMinNodesExceedCoreQuota", "vCPU quota of 0"}});
  BOOST_TEST(azsim.count("computes.put") == 1U);
}

BOOST_AUTO_TEST_CASE(the_log_of_a_script_that_failed_on_the_cluster_is_there) {
  Said const log = Troubles::once().place.ask({"logs", "trainingrun/broken"});
  BOOST_TEST(contains(log.out, "no data today\n"), all(log));
  BOOST_TEST(Troubles::once().azsim.count("jobs.put", 201) == 1U);
}

BOOST_AUTO_TEST_CASE(no_secret_is_in_what_is_written_about_refusals) {
  Troubles& troubles = Troubles::once();
  troubles.place.ask({"get", "-o", "json"});
  for (std::string_view const secret : {kClientSecret, kWrongSecret}) {
    BOOST_TEST(occurrences(troubles.place.all_written(), secret) == 0U, secret);
    BOOST_TEST(occurrences(troubles.azsim.log(), secret) == 0U, secret);
  }
}

BOOST_AUTO_TEST_CASE(azure_out_of_reach_is_told_and_made_up_for) {
  Azsim azsim;
  Place place(azsim);
  place.write("all.yaml", workspace("demo"));
  azsim.stop();
  Child first(kTrainyard, place.run_arguments({}));
  first.wait_for("no connection could be made");
  first.signal(SIGTERM);
  BOOST_TEST(first.wait() == 0);

  Child second(kTrainyard, place.run_arguments({}));
  second.wait_for("no connection could be made");
  azsim.start();
  second.wait_for("workspace/demo  Available");
  second.signal(SIGTERM);
  BOOST_TEST(second.wait() == 0);
}

BOOST_AUTO_TEST_CASE(azsim_names_what_it_does_not_know_in_a_file_of_faults) {
  TempFolder const folder;
  for (auto const& [text, told] : {std::pair{R"({"requests": [{"operation": "*"}, {"kind": "Flood"}]})",
                                             "requests[1].kind cannot be \"Flood\""},
                                   {R"({"requests": [{"colour": 1}]})", "colour is no field of a fault"},
                                   {R"({"computes": [{"code": 7}]})", "computes[0].code cannot be 7"},
                                   {R"({"disks": []})", "disks is neither requests nor computes"}}) {
    folder.write("faults.json", text);
    Child azsim(kAzsim, {"--listen", "127.0.0.1:0", "--faults", (folder.path() / "faults.json").string()});
    BOOST_TEST(azsim.wait() == 1);
    BOOST_TEST(contains(azsim.err(), told), azsim.err());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::tests
