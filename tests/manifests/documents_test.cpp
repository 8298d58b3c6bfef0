// Bad documents and what is said about them, word by word; good ones beside them are kept.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "manifests/kinds.hpp"

namespace trainyard::manifests::test {

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(Documents const& documents) {
  Lines lines;
  for (FieldError const& error : documents.errors) lines.push_back(to_string(error, "f.yaml"));
  return lines;
}

Documents read(std::string const& text) { return parse_documents("f.yaml", text); }

std::string document(std::string const& kind, std::string const& rest) {
  return "apiVersion: trainyard.dev/v1alpha1\nkind: " + kind + "\nmetadata: {name: a-name}\nspec:\n" +
         rest;  // spec from line 5
}

std::string replaced(std::string text, std::string const& from, std::string const& to) {
  std::size_t const at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, "the case replaces what is not there: " << from);
  return text.replace(at, from.size(), to);
}

std::string const kWorkspace = document("Workspace", R"(  subscriptionId: 00000000-0000-0000-0000-000000000001
  resourceGroup: group
  name: demo
  cloud: azsim
  credential:
    clientSecret:
      tenantId: 11111111-1111-1111-1111-111111111111
      clientId: 22222222-2222-2222-2222-222222222222
      secretRef: {name: azsim-client, key: clientSecret}
)");
std::string const kCluster = document("ComputeTarget", R"(  workspace: demo
  amlCompute:
    create:
      vmSize: Standard_DS3_v2
      maxNodes: 2
)");
std::string const kLocal = document("ComputeTarget", "  local: {}\n");
std::string const kRun = document("TrainingRun", R"(  computeTarget: cpu
  source: {directory: src}
  script: {file: train.py}
)");

struct Case {
  std::string name, text;
  Lines errors;
};
std::ostream& operator<<(std::ostream& out, Case const& c) { return out << c.name; }

Case change(std::string name, std::string const& good, std::string const& from, std::string const& to,
            Lines errors) {
  return {std::move(name), replaced(good, from, to), std::move(errors)};
}
Case add(std::string name, std::string const& good, std::string const& lines, Lines errors) {
  return {std::move(name), good + lines, std::move(errors)};
}

std::vector<Case> envelope() {
  return {
      {"no object",
       "- a\n",
       {"f.yaml:1:1: a document must be an object with apiVersion, kind, metadata and spec"}},
      {"no YAML", "a: [1\n", {"f.yaml:2:1: end of sequence flow not found"}},
      {"a key twice", "a: 1\na: 2\n", {"f.yaml:2:1: the key 'a' stands twice"}},
      change("other group", kLocal, "trainyard.dev/v1alpha1", "trainyard.dev/v2",
             {"f.yaml:1:1: apiVersion: 'trainyard.dev/v2' is not known here; give trainyard.dev/v1alpha1"}),
      {"no kind",
       "apiVersion: trainyard.dev/v1alpha1\n",
       {"f.yaml:1:1: kind: is missing; give one of Workspace, ComputeTarget, TrainingRun"}},
      change("kind misspelt", kLocal, "ComputeTarget", "Computetarget",
             {"f.yaml:2:1: kind: 'Computetarget' is not a kind of Trainyard; did you mean 'ComputeTarget'?"}),
      change("foreign kind", kLocal, "ComputeTarget", "Deployment",
             {"f.yaml:2:1: kind: 'Deployment' is not a kind of Trainyard; there are Workspace, "
              "ComputeTarget, TrainingRun"}),
      change("name missing", kLocal, "{name: a-name}", "{labels: {a: b}}",
             {"f.yaml:3:1: metadata.name: is missing; give the object a name, such as fit-local"}),
      change("name empty", kLocal, "{name: a-name}", "{name: ''}",
             {"f.yaml:3:12: metadata.name: is empty; give the object a name, such as fit-local"}),
      change("name a number", kLocal, "{name: a-name}", "{name: 7}",
             {"f.yaml:3:12: metadata.name: '7' must be a string; put it in quotes"}),
      change("name in capitals", kLocal, "a-name", "MyMachine",
             {"f.yaml:3:12: metadata.name: 'MyMachine' does not fit; give a name of lower-case letters, "
              "digits and '-', such as "
              "fit-local"}),
      change("no metadata", kLocal, "metadata: {name: a-name}\n", "",
             {"f.yaml:1:1: metadata: is missing; give the object's name"}),
      change("namespace", kLocal, "{name: a-name}", "{name: a-name, namespace: A}",
             {"f.yaml:3:26: metadata.namespace: 'A' does not fit; give lower-case letters, digits and '-', "
              "or leave it out for "
              "'default'"}),
      change("annotation a boolean", kLocal, "{name: a-name}",
             "{name: a, annotations: {trainyard.dev/protect: true}}",
             {"f.yaml:3:35: metadata.annotations.trainyard.dev/protect: 'true' must be a string; put it in "
              "quotes"}),
      change("label's map misspelt", kLocal, "{name: a-name}", "{name: a-name, label: {a: b}}",
             {"f.yaml:3:26: metadata.label: is not a field of metadata here; did you mean 'labels'?"}),
      add("status", kLocal, "status: {}\n", {"f.yaml:6:1: status: is written by Trainyard; leave it out"}),
      add("member", kLocal, "data: {}\n",
          {"f.yaml:6:1: data: is not a field of a document; there are apiVersion, kind, metadata, spec"}),
      change("no spec", kLocal, "spec:\n  local: {}\n", "",
             {"f.yaml:1:1: spec: is missing; give the fields of a ComputeTarget"}),
      change("spec a list", kLocal, "  local: {}", "  - local",
             {"f.yaml:4:1: spec: must be an object with the fields of a ComputeTarget"}),
  };
}

std::vector<Case> workspaces() {
  return {
      change("guid", kWorkspace, "00000000-0000-0000-0000-000000000001", "abcd",
             {"f.yaml:5:3: spec.subscriptionId: 'abcd' is too short; give the subscription's id, a GUID"}),
      change("not hexadecimal", kWorkspace, "00000000-0000-0000-0000-000000000001",
             "0000000g-0000-0000-0000-000000000001",
             {"f.yaml:5:3: spec.subscriptionId: '0000000g-0000-0000-0000-000000000001' does not fit; give "
              "the subscription's id, "
              "a GUID"}),
      change("group", kWorkspace, "resourceGroup: group", "resourceGroup: my group.",
             {"f.yaml:6:3: spec.resourceGroup: 'my group.' does not fit; give a resource group's name: "
              "letters, digits and . _ - "
              "( ), no '.' last"}),
      change("name", kWorkspace, "name: demo", "name: ml",
             {"f.yaml:7:3: spec.name: 'ml' is too short; give the workspace's name in Azure: 3 to 33 "
              "letters, digits, '_' and "
              "'-', a letter or digit first"}),
      change("cloud", kWorkspace, "azsim", "https://management.azure.com",
             {"f.yaml:8:3: spec.cloud: 'https://management.azure.com' does not fit; give public, usgov, "
              "china or the name of a "
              "cloud from the operator's --clouds file"}),
      // None of these repeats what may be the secret itself.
      change("secret in place of the block", kWorkspace,
             kWorkspace.substr(kWorkspace.find("    clientSecret:")), "    clientSecret: hunter2\n",
             {"f.yaml:10:5: spec.credential.clientSecret: must be an object, not a string; give tenantId, "
              "clientId and secretRef"}),
      change("secret as client id", kWorkspace, "22222222-2222-2222-2222-222222222222", "hunter2",
             {"f.yaml:12:7: spec.credential.clientSecret.clientId: is too short; give the application's "
              "(client's) id, a GUID; the "
              "secret itself stands in a Secret"}),
      change("secret as key", kWorkspace, "key: clientSecret", "key: hunter~2",
             {"f.yaml:13:39: spec.credential.clientSecret.secretRef.key: does not fit; give the key in the "
              "Secret's data, such as "
              "clientSecret"}),
      change("secret given", kWorkspace, "secretRef: {name: azsim-client, key: clientSecret}",
             "secret: hunter2",
             {"f.yaml:10:5: spec.credential.clientSecret.secretRef: is missing; give name and key of a "
              "Secret in the namespace",
              "f.yaml:13:7: spec.credential.clientSecret.secret: is not a field of "
              "spec.credential.clientSecret; there are "
              "tenantId, clientId, secretRef"}),
  };
}

std::vector<Case> compute_targets() {
  return {
      change("no block", kLocal, "  local: {}", "  {}",
             {"f.yaml:4:1: spec: has no target block; give exactly one of local, amlCompute"}),
      add("two blocks", kCluster, "  local: {}\n",
          {"f.yaml:4:1: spec: has two target blocks; give exactly one of local, amlCompute"}),
      change("block without value", kLocal, "local: {}",
             "local:", {"f.yaml:5:3: spec.local: has no value; give {}, or leave the field out"}),
      change("block with a field", kLocal, "{}", "{gpu: true}",
             {"f.yaml:5:11: spec.local.gpu: is not a field of spec.local, which has none; leave it out"}),
      add("local with more", kLocal, "  workspace: ml\n  deletionPolicy: Retain\n",
          {"f.yaml:6:3: spec.workspace: 'ml' has no meaning for a local target; leave it out",
           "f.yaml:7:3: spec.deletionPolicy: 'Retain' has no meaning for a local target; leave it out"}),
      change("block misspelt", kCluster, "amlCompute:", "amlcompute:",
             {"f.yaml:4:1: spec: has no target block; give exactly one of local, amlCompute",
              "f.yaml:6:3: spec.amlcompute: is not a field of spec; did you mean 'amlCompute'?"}),
      change(
          "no workspace", kCluster, "  workspace: demo\n", "",
          {"f.yaml:4:1: spec.workspace: is missing; give the metadata.name of a Workspace in the namespace"}),
      add("create and attach", kCluster, "    attach: {name: other}\n",
          {"f.yaml:6:3: spec.amlCompute: has both create and attach; give exactly one of create, attach"}),
      change(
          "neither", kCluster, kCluster.substr(kCluster.find("    create:")), "    {}\n",
          {"f.yaml:6:3: spec.amlCompute: has neither create nor attach; give exactly one of create, attach"}),
      change("name beside attach", kCluster, kCluster.substr(kCluster.find("    create:")),
             "    attach: {name: shared}\n  name: mine\n",
             {"f.yaml:8:3: spec.name: 'mine' has no meaning beside attach; give spec.amlCompute.attach.name "
              "alone"}),
      add("more least than most", kCluster, "      minNodes: 3\n",
          {"f.yaml:10:7: spec.amlCompute.create.minNodes: '3' is more than maxNodes, 2; give at most that"}),
      change("no nodes", kCluster, "maxNodes: 2", "maxNodes: 0",
             {"f.yaml:9:7: spec.amlCompute.create.maxNodes: '0' is too small; give 1 to 65000, the most "
              "nodes the cluster may have"}),
      change("nodes in quotes", kCluster, "maxNodes: 2", "maxNodes: '2'",
             {"f.yaml:9:7: spec.amlCompute.create.maxNodes: '2' must be an integer, not a string; write the "
              "most nodes the cluster "
              "may have, without quotes"}),
      change("half a node", kCluster, "maxNodes: 2", "maxNodes: 2.5",
             {"f.yaml:9:7: spec.amlCompute.create.maxNodes: '2.5' must be an integer, not a number; give "
              "the most nodes the "
              "cluster may have"}),
      change("too large for an integer", kCluster, "maxNodes: 2", "maxNodes: 99999999999999999999",
             {"f.yaml:9:7: spec.amlCompute.create.maxNodes: '99999999999999999999' must be an integer, not "
              "a string; write the "
              "most nodes the cluster may have, without quotes"}),
      add("ISO duration", kCluster, "      idleTimeBeforeScaleDown: PT5M\n",
          {"f.yaml:10:7: spec.amlCompute.create.idleTimeBeforeScaleDown: 'PT5M' does not fit; give a "
           "duration in hours, minutes "
           "and seconds, such as 90s, 20m or 1h30m"}),
      add("priority", kCluster, "      vmPriority: lowpriority\n",
          {"f.yaml:10:7: spec.amlCompute.create.vmPriority: 'lowpriority' is not one of Dedicated, "
           "LowPriority; did you mean "
           "'LowPriority'?"}),
      add("old word", kCluster, "      vm_size: x\n",
          {"f.yaml:10:7: spec.amlCompute.create.vm_size: is not a field of spec.amlCompute.create; did you "
           "mean 'vmSize'?"}),
      change("name no name in Azure", kCluster, "a-name", "a",
             {"f.yaml:3:12: metadata.name: 'a' cannot be the compute's name in Azure; give spec.name: 3 to "
              "32 letters, digits and "
              "'-', a letter first and no '-' last, such as cpu-cluster"}),
      add("name in Azure", kCluster, "  name: cpu_cluster\n",
          {"f.yaml:10:3: spec.name: 'cpu_cluster' does not fit; give 3 to 32 letters, digits and '-', a "
           "letter first and no '-' "
           "last, such as cpu-cluster"}),
  };
}

std::vector<Case> training_runs() {
  return {
      change("no target", kRun, "  computeTarget: cpu\n", "",
             {"f.yaml:4:1: spec.computeTarget: is missing; give the metadata.name of a ComputeTarget in the "
              "namespace"}),
      change("target misspelt", kRun, "computeTarget", "compute_target",
             {"f.yaml:4:1: spec.computeTarget: is missing; give the metadata.name of a ComputeTarget in the "
              "namespace",
              "f.yaml:5:3: spec.compute_target: is not a field of spec; did you mean 'computeTarget'?"}),
      change("absolute source", kRun, "directory: src", "directory: /etc",
             {"f.yaml:6:12: spec.source.directory: '/etc' is an absolute path; give a path from the "
              "manifest's own folder, such as "
              "src"}),
      change("no source", kRun, "{directory: src}", "{}",
             {"f.yaml:6:3: spec.source: has neither directory nor configMap; give exactly one of directory, "
              "configMap"}),
      change("two sources", kRun, "{directory: src}", "{directory: src, configMap: {name: src}}",
             {"f.yaml:6:3: spec.source: has both directory and configMap; give exactly one of directory, "
              "configMap"}),
      change("a source without its name", kRun, "{directory: src}", "{configMap: {}}",
             {"f.yaml:6:12: spec.source.configMap.name: is missing; give the name of a ConfigMap in the "
              "namespace"}),
      change("a source's name", kRun, "{directory: src}", "{configMap: {name: My Source}}",
             {"f.yaml:6:24: spec.source.configMap.name: 'My Source' does not fit; give the name of a "
              "ConfigMap in the namespace"}),
      change("empty source", kRun, "directory: src", "directory: ''",
             {"f.yaml:6:12: spec.source.directory: is empty; give a path from the manifest's own folder, "
              "such as src"}),
      change("NUL in source", kRun, "directory: src", "directory: \"s\\0c\"",
             {"f.yaml:6:12: spec.source.directory: 's c' has a NUL character in it; take it out"}),
      change("script elsewhere", kRun, "file: train.py", "file: lib/../../train.py",
             {"f.yaml:7:12: spec.script.file: 'lib/../../train.py' leaves the source; give a path "
              "within it, such as "
              "train.py, without '..'"}),
      change("absolute script", kRun, "file: train.py", "file: /train.py",
             {"f.yaml:7:12: spec.script.file: '/train.py' leaves the source; give a path within "
              "it, such as train.py, "
              "without '..'"}),
      change(
          "a number among the arguments", kRun, "{file: train.py}",
          "{file: train.py, arguments: [--epochs, 3]}",
          {"f.yaml:7:50: spec.script.arguments[1]: '3' must be a string, not an integer; put it in quotes"}),
      change("arguments in one text", kRun, "{file: train.py}", "{file: train.py, arguments: --epochs 3}",
             {"f.yaml:7:28: spec.script.arguments: '--epochs 3' must be an array, not a string; give a list "
              "of strings"}),
      add("reserved variables", kRun,
          "  environment:\n    variables:\n      - {name: MLFLOW_RUN_ID, value: x}\n      - {name: "
          "AZUREML_A, value: x}\n",
          {"f.yaml:10:10: spec.environment.variables[0].name: 'MLFLOW_RUN_ID' is reserved: AZUREML_ and "
           "MLFLOW_ variables are set "
           "for the run; choose another name",
           "f.yaml:11:10: spec.environment.variables[1].name: 'AZUREML_A' is reserved: AZUREML_ and MLFLOW_ "
           "variables are set for "
           "the run; choose another name"}),
      add("a variable twice", kRun,
          "  environment: {variables: [{name: A, value: x}, {name: A, value: y}]}\n",
          {"f.yaml:8:51: spec.environment.variables[1].name: 'A' is given twice; keep one of the two"}),
      add("a variable's name", kRun, "  environment: {variables: [{name: 1A, value: x}]}\n",
          {"f.yaml:8:30: spec.environment.variables[0].name: '1A' does not fit; give letters, digits and "
           "'_', no digit first, such "
           "as BATCH_SIZE"}),
      add("a variable's value is not repeated", kRun, "  environment: {variables: [{name: A, value: 42}]}\n",
          {"f.yaml:8:39: spec.environment.variables[0].value: must be a string, not an integer; put it in "
           "quotes"}),
      add("variables as a map", kRun, "  environment: {variables: {A: x}}\n",
          {"f.yaml:8:17: spec.environment.variables: must be an array, not an object; give a list of name "
           "and value"}),
      add("retry", kRun, "  retry: {limit: 101, onFailure: [Preempted, Timeout, Preempted, Never]}\n",
          {"f.yaml:8:11: spec.retry.limit: '101' is too large; give 0 to 100, how many more attempts a "
           "failed run gets",
           "f.yaml:8:55: spec.retry.onFailure[2]: 'Preempted' is given twice; keep one of the two",
           "f.yaml:8:66: spec.retry.onFailure[3]: 'Never' is not one of Preempted, Capacity, Platform, "
           "UserCode, "
           "Timeout"}),
      add("retry on nothing", kRun, "  retry: {onFailure: []}\n",
          {"f.yaml:8:11: spec.retry.onFailure: has 0 items; give 1 to 5"}),
      add("no time", kRun, "  timeout: 0s\n",
          {"f.yaml:8:3: spec.timeout: '0s' is no time at all; give 1s or more, or leave the field out for "
           "no limit"}),
      add("time without unit", kRun, "  queueTimeout: 90\n",
          {"f.yaml:8:3: spec.queueTimeout: '90' must be a string, not an integer; put it in quotes"}),
      add("time in days", kRun, "  queueTimeout: 2d\n",
          {"f.yaml:8:3: spec.queueTimeout: '2d' does not fit; give a duration in hours, minutes and "
           "seconds, such as 90s, 20m or "
           "1h30m"}),
      add("suspend", kRun, "  suspend: yes\n",
          {"f.yaml:8:3: spec.suspend: 'yes' must be a boolean, not a string; write true or false, without "
           "quotes"}),
      add("readyWhen", kRun, "  readyWhen: Complete\n",
          {"f.yaml:8:3: spec.readyWhen: 'Complete' is not one of Submitted, Running, Completed; did you "
           "mean 'Completed'?"}),
      add("a long text", kRun, "  experiment: " + std::string(300, 'x') + "\n",
          {"f.yaml:8:3: spec.experiment: '" + std::string(60, 'x') +
           "...' is too long: 300 characters, 255 at most"}),
      add("image", kRun, "  environment: {docker: {image: my image}}\n",
          {"f.yaml:8:26: spec.environment.docker.image: 'my image' does not fit; give an image's name with "
           "its tag or digest, such "
           "as python:3.11-slim"}),
  };
}

void judge(Case const& c) {
  Documents const documents = read(c.text);
  BOOST_TEST(lines_of(documents) == c.errors, boost::test_tools::per_element());
  BOOST_TEST(documents.documents.empty());
  for (std::string const& line : lines_of(documents)) BOOST_TEST(line.find("hunter") == std::string::npos);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(documents)

BOOST_DATA_TEST_CASE(bad_envelope, boost::unit_test::data::make(envelope()), c) { judge(c); }
BOOST_DATA_TEST_CASE(bad_workspace, boost::unit_test::data::make(workspaces()), c) { judge(c); }
BOOST_DATA_TEST_CASE(bad_compute_target, boost::unit_test::data::make(compute_targets()), c) { judge(c); }
BOOST_DATA_TEST_CASE(bad_training_run, boost::unit_test::data::make(training_runs()), c) { judge(c); }

BOOST_AUTO_TEST_CASE(good_documents_are_kept_beside_bad_ones) {
  std::string const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: hunter2}\n";
  std::string const text =
      kWorkspace + "---\n" + replaced(kLocal, "{}", "3") + "---\n" + secret + "---\n" +
      replaced(kRun, "{name: a-name}", "{name: fit, namespace: lab, annotations: {a/b: c}, labels: {d: e}}");
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
