// What of an object may not change.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "manifests/kinds.hpp"

namespace trainyard::manifests::test {

namespace {

struct Case {
  char const *name, *kind, *before, *after;
  std::vector<std::string> errors;
};
std::ostream& operator<<(std::ostream& out, Case const& c) { return out << c.name; }

std::vector<Case> const kCases{
    {"nothing", "Workspace", R"({"name":"demo"})", R"({"name":"demo"})", {}},
    {"a credential may", "Workspace", R"({"name":"demo","credential":{}})", R"({"name":"demo"})", {}},
    {"the default written out", "Workspace", R"({})", R"({"cloud":"public"})", {}},
    {"another cloud",
     "Workspace",
     R"({})",
     R"({"cloud":"usgov"})",
     {"spec.cloud: 'usgov' may not change, it was 'public'; put that back, or delete this Workspace and then "
      "apply the new one"}},
    {"each of the four",
     "Workspace",
     R"({"subscriptionId":"a","resourceGroup":"b","name":"c","cloud":"d"})",
     R"({"subscriptionId":"A","resourceGroup":"B","name":"C","cloud":"D"})",
     {"spec.subscriptionId: 'A' may not change, it was 'a'; put that back, or delete this Workspace and then "
      "apply the new one",
      "spec.resourceGroup: 'B' may not change, it was 'b'; put that back, or delete this Workspace and then "
      "apply the new one",
      "spec.name: 'C' may not change, it was 'c'; put that back, or delete this Workspace and then apply the "
      "new one",
      "spec.cloud: 'D' may not change, it was 'd'; put that back, or delete this Workspace and then apply "
      "the new one"}},
    {"a size may, the reconciler decides",
     "ComputeTarget",
     R"({"workspace":"ml","amlCompute":{"create":{"vmSize":"a"}}})",
     R"({"workspace":"ml","amlCompute":{"create":{"vmSize":"b"}}})",
     {}},
    {"a cluster becomes local",
     "ComputeTarget",
     R"({"workspace":"ml","amlCompute":{"create":{}}})",
     R"({"local":{}})",
     {"spec.workspace: may not change, it was 'ml'; put that back, or delete this ComputeTarget and then "
      "apply the new one"}},
    {"another name in Azure",
     "ComputeTarget",
     R"({"workspace":"ml","amlCompute":{"create":{}}})",
     R"({"workspace":"ml","name":"other","amlCompute":{"create":{}}})",
     {"spec.name: 'other' may not change, it was nothing; put that back, or delete this ComputeTarget and "
      "then apply the new one"}},
    {"create becomes attach",
     "ComputeTarget",
     R"({"workspace":"ml","amlCompute":{"create":{}}})",
     R"({"workspace":"ml","amlCompute":{"attach":{}}})",
     {"spec.amlCompute: may not change between create and attach; delete this ComputeTarget, then apply the "
      "new one"}},
    {"a run may change all",
     "TrainingRun",
     R"({"computeTarget":"a","script":{"file":"a"}})",
     R"({"computeTarget":"b"})",
     {}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(changes)

BOOST_DATA_TEST_CASE(judged, boost::unit_test::data::make(kCases), c) {
  std::vector<std::string> lines;
  for (FieldError const& error : validate_change(c.kind, *Json::parse(c.before), *Json::parse(c.after)))
    lines.push_back(to_string(error, ""));
  BOOST_TEST(lines == c.errors, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::manifests::test
