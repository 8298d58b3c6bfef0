// The program itself, as a user's shell sees it: a local target, real processes, real files.
#include <boost/test/unit_test.hpp>

#include "tests/child.hpp"
#include "tests/folders.hpp"

namespace trainyard::tests {

namespace {

constexpr char kTarget[] =
    "apiVersion: trainyard.dev/v1alpha1\nkind: ComputeTarget\nmetadata: {name: here}\nspec: {local: {}}\n";

std::string run_manifest(std::string const& name) {
  return "apiVersion: trainyard.dev/v1alpha1\nkind: TrainingRun\nmetadata: {name: " + name +
         "}\nspec:\n  computeTarget: here\n  source: {directory: src}\n  script: {file: train.py}\n";
}

/// Logs one metric by MLflow's REST API, as any script may.
std::string script(std::string const& metric_value) {
  return "import json, os, urllib.request\n"
         "body = json.dumps({'run_id': os.environ['MLFLOW_RUN_ID'], 'metrics': [\n"
         "    {'key': 'accuracy', 'value': " +
         metric_value +
         ", 'timestamp': 1, 'step': 0}]}).encode()\n"
         "request = urllib.request.Request(os.environ['MLFLOW_TRACKING_URI'] + "
         "'/api/2.0/mlflow/runs/log-batch',\n"
         "    data=body, headers={'Content-Type': 'application/json',\n"
         "    'Authorization': 'Bearer ' + os.environ.get('MLFLOW_TRACKING_TOKEN', '')})\n"
         "urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read()\n"
         "print('the model is fitted')\n";
}

struct Folder : TempFolder {
  [[nodiscard]] std::string directory() const { return path().string(); }
  [[nodiscard]] std::vector<std::string> run(std::vector<std::string> more = {"--until-settled"}) const {
    std::vector<std::string> arguments{"run", "--directory", directory(), "--cluster-name", "test"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  [[nodiscard]] Said ask(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--directory", directory()});
    return run_program(std::move(arguments));
  }
};

/// A message with all that was said, for a check that fails.
std::string all(Said const& said) { return "exit " + std::to_string(said.code) + "\n" + said.out + said.err; }

}  // namespace

BOOST_AUTO_TEST_SUITE(program)

BOOST_AUTO_TEST_CASE(usage) {
  BOOST_TEST(run_program({}).code == 2);
  BOOST_TEST(run_program({"fly"}).code == 2);
  BOOST_TEST(run_program({"get", "--wings"}).code == 2);
  BOOST_TEST(run_program({"--help"}).code == 0);
  Said const version = run_program({"version"});
  BOOST_TEST(version.out.starts_with("trainyard "));
  Folder const folder;
  Said const nameless = run_program({"run", "--directory", folder.directory()});
  BOOST_TEST(nameless.code == 2);
  BOOST_TEST(contains(nameless.err, "--cluster-name is missing"), nameless.err);
  BOOST_TEST(run_program({"run", "--cluster-name", "x"}).code == 2);
  BOOST_TEST(run_program(folder.run({"--workers", "0"})).code == 2);
  folder.write(
      "kubeconfig",
      "{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: "
      "u}}], clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}], users: [{name: u, user: {}}]}");
  for (char const* const user : {"0", "-1", "2147483648", "1000x", ""}) {
    Said const refused = run_program({"run", "--cluster-name", "x", "--kubeconfig",
                                      (folder.path() / "kubeconfig").string(), "--job-user", user});
    BOOST_TEST(refused.code == 2, all(refused));
    BOOST_TEST(contains(refused.err, "--job-user: '" + std::string(user) + "' must be"), refused.err);
  }
  BOOST_TEST(contains(run_program(folder.run({"--job-image", "i"})).err, "--job-image is of a cluster"));
  Said const nothing = folder.ask({"get"});
  BOOST_TEST(nothing.code == 1);
  BOOST_TEST(contains(nothing.err, "no operator has run here"), nothing.err);
}

BOOST_AUTO_TEST_CASE(completion_is_a_script_that_the_shell_takes) {
  TempFolder const folder;
  Said const bash = run_program({"completion", "bash"});
  BOOST_REQUIRE(bash.code == 0);
  folder.write("completion", bash.out);
  BOOST_TEST(std::system(("bash -n " + (folder.path() / "completion").string()).c_str()) == 0);
  BOOST_TEST(contains(run_program({"completion", "zsh"}).out, "bashcompinit"));
  BOOST_TEST(run_program({"completion", "fish"}).code == 2);
}

BOOST_AUTO_TEST_CASE(validate_names_every_error_and_what_is_ignored) {
  Said const good = run_program({"validate", source_folder() + "/manifests/samples", "--recursive"});
  BOOST_TEST(good.code == 0, all(good));
  TempFolder const folder;
  folder.write("bad.yaml", std::string(kTarget) + "---\nkind: Flower\n");
  folder.write("more.yaml",
               std::string(kTarget) + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n");
  Said const bad = run_program({"validate", folder.path().string()});
  BOOST_TEST(bad.code == 1);
  BOOST_TEST(contains(bad.err, "bad.yaml:6:"), bad.err);
  BOOST_TEST(contains(bad.err, "is declared at"), bad.err);
  BOOST_TEST(contains(bad.out, "ConfigMap"), bad.out);
  BOOST_TEST(contains(bad.out, "3 errors"), all(bad));
  BOOST_TEST(run_program({"validate", (folder.path() / "none.yaml").string()}).code == 1);
}

BOOST_AUTO_TEST_CASE(an_empty_folder_is_told) {
  Folder const folder;
  Said const said = run_program(folder.run());
  BOOST_TEST(said.code == 1);
  BOOST_TEST(contains(said.err, "declares nothing"), all(said));
}

BOOST_AUTO_TEST_CASE(a_run_from_apply_to_gone) {
  Folder const folder;
  folder.write("target.yaml", kTarget);
  folder.write("run.yaml", run_manifest("fit"));
  folder.write("src/train.py", script("0.75"));

  Said const first = run_program(folder.run());
  BOOST_REQUIRE_MESSAGE(first.code == 0, all(first));
  BOOST_TEST(contains(first.out, "trainingrun/fit  accuracy=0.75"), all(first));
  BOOST_TEST(contains(first.out, "1 run started, 0 writes to Azure"), all(first));

  Said const second = run_program(folder.run());
  BOOST_TEST(second.code == 0, all(second));
  BOOST_TEST(contains(second.out, "Nothing to do"), all(second));

  folder.write("src/train.py", script("0.875"));
  Said const edited = run_program(folder.run());
  BOOST_TEST(edited.code == 0, all(edited));
  BOOST_TEST(contains(edited.out, "accuracy=0.875"), all(edited));
  BOOST_TEST(contains(edited.out, "1 run started"), all(edited));

  BOOST_TEST(contains(folder.ask({"get"}).out, "trainingrun     fit"));
  Said const json = folder.ask({"get", "TR/fit", "-o", "json"});
  BOOST_TEST(contains(json.out, "\"accuracy\": 0.875"), all(json));
  BOOST_TEST(contains(folder.ask({"get", "-o", "wide"}).out, "run.yaml:1"));
  BOOST_TEST(contains(folder.ask({"get", "-o", "yaml"}).out, "kind: TrainingRun"));
  BOOST_TEST(folder.ask({"get", "tr/none"}).code == 1);
  Said const described = folder.ask({"describe", "trainingrun/fit"});
  BOOST_TEST(contains(described.out, "Completed"), all(described));
  for (std::vector<std::string> const& ask :
       {std::vector<std::string>{"logs", "tr/fit"}, std::vector<std::string>{"logs", "tr/fit", "-f"}}) {
    Said const log = folder.ask(ask);
    BOOST_TEST(contains(log.out, "the model is fitted"), all(log));
  }
  BOOST_TEST(folder.ask({"wait", "tr/fit"}).code == 0);
  BOOST_TEST(folder.ask({"wait", "tr/fit", "--for=phase=Running", "--timeout", "0s"}).code == 1);
  BOOST_TEST(folder.ask({"wait", "tr/fit", "--for=nothing"}).code == 2);

  Said const declared = folder.ask({"delete", "tr/fit"});
  BOOST_TEST(declared.code == 1);
  BOOST_TEST(contains(declared.err, "run.yaml"), all(declared));
  std::filesystem::remove(folder.path() / "run.yaml");
  BOOST_TEST(folder.ask({"delete", "tr/fit"}).code == 0);
  Said const last = run_program(folder.run());
  BOOST_TEST(last.code == 0, all(last));
  BOOST_TEST(folder.ask({"wait", "tr/fit", "--for=delete", "--timeout", "0s"}).code == 0);
}

BOOST_AUTO_TEST_CASE(a_script_that_fails_is_told_with_its_code_and_last_lines) {
  Folder const folder;
  folder.write("all.yaml", std::string(kTarget) + "---\n" + run_manifest("fit"));
  folder.write("src/train.py", "import sys\nprint('no data today', flush=True)\nsys.exit(3)\n");
  Said const said = run_program(folder.run());
  BOOST_TEST(said.code == 1);
  BOOST_TEST(contains(said.out, "exit code: 3"), all(said));
  BOOST_TEST(contains(said.out, "      no data today"), all(said));
  Said const waited = folder.ask({"wait", "tr/fit", "--timeout", "1h"});
  BOOST_TEST(waited.code == 1);  // at once: nobody will try again
  BOOST_TEST(contains(waited.err, "stalled"), all(waited));
}

BOOST_AUTO_TEST_CASE(a_workspace_that_cannot_be_reached_says_what_is_missing) {
  Folder const folder;
  auto const workspace = [&](std::string const& cloud) {
    folder.write(
        "ws.yaml",
        "apiVersion: trainyard.dev/v1alpha1\nkind: Workspace\nmetadata: {name: ml}\nspec:\n  cloud: " +
            cloud +
            "\n  subscriptionId: 12345678-90ab-cdef-1234-567890abcdef\n  resourceGroup: g\n  name: ml-west\n"
            "  credential:\n    clientSecret:\n      tenantId: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee\n"
            "      clientId: abcdef01-2345-6789-abcd-ef0123456789\n"
            "      secretRef: {name: ml-client, key: clientSecret}\n");
  };
  workspace("mars");
  Said const cloud = run_program(folder.run());
  BOOST_TEST(cloud.code == 1);
  BOOST_TEST(contains(cloud.out, "mars"), all(cloud));
  Folder const other;
  std::filesystem::copy(folder.path() / "ws.yaml", other.path() / "ws.yaml");
  std::string text = read_all(other.path() / "ws.yaml");
  other.write("ws.yaml", text.replace(text.find("mars"), 4, "public"));
  Said const secret = run_program(other.run());
  BOOST_TEST(secret.code == 1);
  BOOST_TEST(contains(secret.out, "ml-client"), all(secret));
}

BOOST_AUTO_TEST_CASE(errors_of_manifests_are_told_with_their_place) {
  Folder const folder;
  folder.write("all.yaml", std::string(kTarget) + "  colour: red\n---\n" + kTarget);
  Said const said = run_program(folder.run());
  BOOST_TEST(said.code == 1);
  BOOST_TEST(contains(said.err, "all.yaml:"), all(said));
}

BOOST_AUTO_TEST_CASE(a_second_process_is_refused_and_sigterm_drains_the_first) {
  Folder const folder;
  folder.write("all.yaml", std::string(kTarget) + "---\n" + run_manifest("fit"));
  folder.write("src/train.py", "import signal\nprint('waiting', flush=True)\nsignal.pause()\n");
  Child first(kTrainyard, folder.run({}));
  first.wait_for("trainingrun/fit  Running");
  Said const second = run_program(folder.run());
  BOOST_TEST(second.code == 1);
  BOOST_TEST(contains(second.err, "in use by process"), all(second));
  first.signal(SIGTERM);
  first.signal(SIGTERM);  // a second one changes nothing
  BOOST_TEST(first.wait() == 0);

  // The run went on by itself. Its document goes, and it is deleted: cancelled, then gone.
  Child third(kTrainyard, folder.run({}));
  third.wait_for("trainingrun/fit  Running");
  folder.write("all.yaml", kTarget);
  third.wait_for("Orphaned");
  BOOST_TEST(folder.ask({"delete", "tr/fit"}).code == 0);
  BOOST_TEST(folder.ask({"wait", "tr/fit", "--for=delete", "--timeout", "2m"}).code == 0);
  third.signal(SIGINT);
  BOOST_TEST(third.wait() == 130);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::tests
