// What quickstart.sh shows, with its own manifests and script: trained once, once only, and once more when
// edited.
#include <boost/test/unit_test.hpp>

#include "tests/e2e/fixture.hpp"
#include "tests/folders.hpp"

namespace trainyard::tests {

namespace {

void replace(std::filesystem::path const& file, std::string const& from, std::string const& to) {
  std::string text = read_all(file);
  std::size_t const at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, file << " does not hold " << from);
  std::ofstream(file) << text.replace(at, from.size(), to);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(e2e)

BOOST_AUTO_TEST_CASE(the_quickstart_trains_once_and_once_more_when_edited) {
  Azsim const azsim;
  Place place(azsim);
  std::filesystem::copy(source_folder() + "/manifests/samples/quickstart", place.path("manifests"),
                        std::filesystem::copy_options::recursive);
  std::filesystem::path const script = place.path("manifests/src/train.py");
  replace(script, "default=2500", "default=120");

  Said const first = place.run();
  BOOST_REQUIRE_MESSAGE(first.code == 0, all(first));
  BOOST_TEST(contains(first.out, "2 runs started"), all(first));
  BOOST_TEST(contains(first.out, "Everything is ready: 5 objects."), all(first));
  BOOST_TEST(azsim.count("computes.put", 201) == 1U);
  BOOST_TEST(azsim.count("jobs.put", 201) == 1U);
  // Both were trained for real, with the same data and seed: the same metrics, by two services of MLflow's.
  std::size_t const local = first.out.find("trainingrun/fit-local  accuracy=0.");
  std::size_t const remote = first.out.find("trainingrun/fit-cluster  accuracy=0.");
  BOOST_REQUIRE_MESSAGE(local != std::string::npos && remote != std::string::npos, all(first));
  auto const values = [&](std::size_t at) {
    std::size_t const begin = first.out.find("accuracy", at);
    return first.out.substr(begin, first.out.find('\n', begin) - begin);
  };
  BOOST_TEST(values(local) == values(remote));

  std::size_t const changes = azsim.changes();
  Said const second = place.run();
  BOOST_TEST(second.code == 0, all(second));
  BOOST_TEST(contains(second.out, "Nothing to do: nothing was written to Azure, and nothing was run."),
             all(second));
  BOOST_TEST(azsim.changes() == changes, azsim.log());

  replace(script, "default=120", "default=160");
  Said const edited = place.run();
  BOOST_TEST(edited.code == 0, all(edited));
  BOOST_TEST(contains(edited.out, "2 runs started"), all(edited));
  BOOST_TEST(azsim.count("jobs.put", 201) == 2U);
  BOOST_TEST(azsim.count("computes.put") == 1U);
  Said const log = place.ask({"logs", "trainingrun/fit-local"});
  BOOST_TEST(contains(log.out, "epoch 160/160"), all(log));
  for (char const* run : {"trainingrun/fit-local", "trainingrun/fit-cluster"})
    BOOST_TEST(contains(place.ask({"describe", run}).out, "Completed"));
  place.ask({"get", "-o", "yaml"});

  BOOST_TEST(occurrences(place.all_written(), kClientSecret) == 0U);
  BOOST_TEST(occurrences(azsim.log(), kClientSecret) == 0U);
  BOOST_TEST(occurrences(place.all_written(), "sig=") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::tests
