// The project's own tables of wire facts hold for the simulator, and tell of every operation it serves.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/fact_table.hpp"

namespace trainyard::azsim {
namespace {

namespace data = boost::unit_test::data;

BOOST_DATA_TEST_CASE(a_table_holds, data::make(fact_tables()), table) {
  BOOST_REQUIRE(!table.api_versions.empty());
  BOOST_REQUIRE(!table.source.empty());
  for (std::string const& version : table.api_versions) {
    Story story(version);
    for (Json const& fact : table.facts.items())
      for (std::string const& difference : story.differences(fact))
        BOOST_ERROR(table.name << " " << version << ", " << fact.text("request") << ": " << difference);
  }
}

BOOST_AUTO_TEST_CASE(every_operation_is_in_a_table) {
  std::set<std::string> told;
  for (FactTable const& table : fact_tables())
    for (Json const& fact : table.facts.items()) told.insert(fact.text("operation"));
  for (Served const& operation : Asker().sim.served())
    BOOST_TEST(told.contains(operation.name), operation.name << " is in no table");
}

}  // namespace
}  // namespace trainyard::azsim
