// What a revision is made of. The golden digests were computed elsewhere, from the canonical JSON by hand:
// what r1 means may never change, or finished runs would be trained again.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "controller/base/yaml.hpp"
#include "manifests/training_run.hpp"

namespace trainyard::manifests::test {

namespace {

constexpr std::string_view kSpec = R"(
computeTarget: cpu
source: {directory: src}
script: {file: train.py, arguments: [--lr, "0.1"]}
environment: {variables: [{name: A, value: é}], docker: {image: "i:1"}}
)";
constexpr std::string_view kGolden = "r1:399ad1e7d9ded874c9b0c11285193eec6356d2be894184231e2a716a9b2c9ace";

RevisionInputs const kInputs{
    .source_digest = "abc", .workspace_id = "ws-guid", .compute_name = "cpu-cluster", .restart = "now"};

std::string revision(std::string_view spec, RevisionInputs const& inputs = kInputs) {
  Result<std::vector<YamlDocument>> const documents = parse_yaml(spec);
  BOOST_REQUIRE(documents.has_value());
  return training_run_revision(documents->front().value, inputs);
}

struct Case {
  char const* name;
  std::string_view spec;
  bool same;
};
std::ostream& operator<<(std::ostream& out, Case const& c) { return out << c.name; }

std::vector<Case> const kCases{
    {"another order of members", R"(
environment: {docker: {image: "i:1"}, variables: [{value: é, name: A}]}
script: {arguments: [--lr, "0.1"], file: train.py}
source: {directory: src}
computeTarget: cpu
)",
     true},
    {"another word for the same target and folder", R"(
computeTarget: other
source: {directory: ./src}
script: {file: train.py, arguments: [--lr, "0.1"]}
environment: {variables: [{name: A, value: é}], docker: {image: "i:1"}}
)",
     true},
    {"the same files from another place", R"(
computeTarget: cpu
source: {configMap: {name: src}}
script: {file: train.py, arguments: [--lr, "0.1"]}
environment: {variables: [{name: A, value: é}], docker: {image: "i:1"}}
)",
     true},
    {"what only looks after it", R"(
computeTarget: cpu
source: {directory: src}
script: {file: train.py, arguments: [--lr, "0.1"]}
environment: {variables: [{name: A, value: é}], docker: {image: "i:1"}}
experiment: e
suspend: true
readyWhen: Running
retry: {limit: 3, onFailure: [Timeout]}
timeout: 1h
queueTimeout: 1h
onChange: Ignore
)",
     true},
    {"another argument", R"(
script: {file: train.py, arguments: [--lr, "0.10"]}
environment: {variables: [{name: A, value: é}], docker: {image: "i:1"}}
)",
     false},
    {"another order of arguments", R"(
script: {file: train.py, arguments: ["0.1", --lr]}
environment: {variables: [{name: A, value: é}], docker: {image: "i:1"}}
)",
     false},
    {"another script", R"(
script: {file: fit.py, arguments: [--lr, "0.1"]}
environment: {variables: [{name: A, value: é}], docker: {image: "i:1"}}
)",
     false},
    {"another variable", R"(
script: {file: train.py, arguments: [--lr, "0.1"]}
environment: {variables: [{name: A, value: e}], docker: {image: "i:1"}}
)",
     false},
    {"no environment", R"(
script: {file: train.py, arguments: [--lr, "0.1"]}
)",
     false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(revisions)

BOOST_AUTO_TEST_CASE(golden) {
  BOOST_TEST(revision(kSpec) == kGolden);
  BOOST_TEST(revision("{computeTarget: here, source: {directory: src}, script: {file: train.py}}",
                      {.source_digest = "abc", .compute_name = "local"}) ==
             "r1:692f68c4a85edab10a6728168189da437d52ffbf4665a775d957ba67bbef1426");
}

BOOST_DATA_TEST_CASE(spec, boost::unit_test::data::make(kCases), c) {
  BOOST_TEST((revision(c.spec) == kGolden) == c.same);
}

BOOST_AUTO_TEST_CASE(each_input_counts) {
  for (std::string RevisionInputs::*const input :
       {&RevisionInputs::source_digest, &RevisionInputs::workspace_id, &RevisionInputs::compute_name,
        &RevisionInputs::restart}) {
    RevisionInputs other = kInputs;
    other.*input += "x";
    BOOST_TEST(revision(kSpec, other) != kGolden);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::manifests::test
