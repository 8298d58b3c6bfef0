// Bad documents and what is said about them, word by word; good ones beside them are kept.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "manifests/kinds.hpp"
#include "tests/manifests/table.hpp"

namespace trainyard::manifests::test {

namespace {

Documents read(std::string const& text) { return parse_documents("f.yaml", text); }

void judge(TableCase const& c) {
  Documents const documents = read(c.text);
  std::vector<std::string> lines;
  for (FieldError const& error : documents.errors) lines.push_back(to_string(error, "f.yaml"));
  std::vector<std::string> expected;
  for (std::string const& line : c.lines) expected.push_back("f.yaml:" + line);
  BOOST_TEST(lines == expected, boost::test_tools::per_element());
  BOOST_TEST(documents.documents.empty());
  for (std::string const& line : lines) BOOST_TEST(line.find("hunter") == std::string::npos);
  if (c.good.empty()) return;
  Documents const good = read(c.good);
  BOOST_TEST(good.errors.empty());
  BOOST_TEST(good.documents.size() == 1U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(documents)

namespace data = boost::unit_test::data;
BOOST_DATA_TEST_CASE(bad_document, data::make(cases_of("documents.yaml")), c) { judge(c); }
BOOST_DATA_TEST_CASE(bad_workspace, data::make(cases_of("workspaces.yaml")), c) { judge(c); }
BOOST_DATA_TEST_CASE(bad_compute_target, data::make(cases_of("compute_targets.yaml")), c) { judge(c); }
BOOST_DATA_TEST_CASE(bad_training_run, data::make(cases_of("training_runs.yaml")), c) { judge(c); }

BOOST_AUTO_TEST_CASE(good_documents_are_kept_beside_bad_ones) {
  std::string const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: hunter2}\n";
  std::string const text = good_document("workspaces.yaml", "workspace") + "---\n" +
                           replaced(good_document("compute_targets.yaml", "local"), "{}", "3") + "---\n" +
                           secret + "---\n" +
                           replaced(good_document("training_runs.yaml", "run"), "{name: a-name}",
                                    "{name: fit, namespace: lab, annotations: {a/b: c}, labels: {d: e}}");
  Documents const found = read(text);
  BOOST_REQUIRE(found.documents.size() == 2U);
  BOOST_TEST(found.errors.size() == 1U);
  BOOST_REQUIRE(found.ignored.size() == 1U);
  BOOST_TEST(found.ignored.front().first == "f.yaml:21");
  BOOST_TEST(found.ignored.front().second == "Secret");
  Document const& workspace = found.documents.at(0);
  BOOST_TEST(workspace.kind == "Workspace");
  BOOST_TEST(workspace.ns == "default");
  BOOST_TEST(workspace.name == "a-name");
  BOOST_TEST(workspace.place == "f.yaml:1");
  BOOST_TEST(workspace.annotations.is_object());
  BOOST_TEST(workspace.spec.text("cloud") == "azsim");
  Document const& run = found.documents.at(1);
  BOOST_TEST(run.ns == "lab");
  BOOST_TEST(run.place == "f.yaml:26");
  BOOST_TEST(run.annotations.text("a/b") == "c");
  BOOST_TEST(run.labels.text("d") == "e");
  BOOST_TEST(run.spec.find("readyWhen") == nullptr, "the spec is as written, without defaults");
}

BOOST_AUTO_TEST_CASE(json_is_read_too) {
  Documents const found = read(R"({"apiVersion": "trainyard.dev/v1alpha1", "kind": "ComputeTarget",
    "metadata": {"name": "here"}, "spec": {"local": {}}})");
  BOOST_TEST(found.errors.empty());
  BOOST_REQUIRE(found.documents.size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_error_without_a_place_names_the_file_alone) {
  FieldError const error{.path = "spec.x", .value = "y", .problem = "is wrong", .place = {}};
  BOOST_TEST(to_string(error, "f.yaml") == "f.yaml: spec.x: 'y' is wrong");
  BOOST_TEST(to_string(error, "") == "spec.x: 'y' is wrong");
}

BOOST_AUTO_TEST_CASE(a_kustomization_beside_manifests_is_no_mistake) {
  Documents const found = parse_documents("kustomization.yaml",
                                          "apiVersion: kustomize.config.k8s.io/v1beta1\n"
                                          "kind: Kustomization\n"
                                          "resources: [run.yaml]\n");
  BOOST_TEST(found.errors.empty());
  BOOST_TEST(found.documents.empty());
  BOOST_REQUIRE(found.ignored.size() == 1U);
  BOOST_TEST(found.ignored.front().second == "Kustomization");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::manifests::test
