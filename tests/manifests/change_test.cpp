// What of an object may not change.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "manifests/kinds.hpp"
#include "tests/manifests/table.hpp"

namespace trainyard::manifests::test {

namespace {

Document read(std::string const& text) {
  Documents const found = parse_documents("f.yaml", text);
  BOOST_REQUIRE_MESSAGE(found.errors.empty(), "both sides of a change are valid: " << text);
  BOOST_REQUIRE(found.documents.size() == 1U);
  return found.documents.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(changes)

BOOST_DATA_TEST_CASE(judged, boost::unit_test::data::make(cases_of("changes.yaml")), c) {
  Document const before = read(c.good);
  Document const after = read(c.text);
  std::vector<std::string> lines;
  for (FieldError const& error : validate_change(after.kind, before.spec, after.spec))
    lines.push_back(to_string(error, ""));
  BOOST_TEST(lines == c.lines, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::manifests::test
