#include "controller/cli/commands.hpp"

#include <algorithm>
#include <array>
#include <iostream>

#include "controller/cli/folder.hpp"
#include "controller/cli/run_flags.hpp"
#include "controller/local/exec_run.hpp"

namespace trainyard::cli {

namespace {

constexpr Flag kDirectory{"directory", 'd', "DIR", "folder of manifests (default: the current one)"};
constexpr Flag kState{"state", 0, "DIR", "folder of the operator's state (default: DIRECTORY/.trainyard)"};
constexpr Flag kNamespace{"namespace", 'n', "NAME", "namespace of the object (default: default)"};

constexpr std::array kRunFlags{
    Flag{"directory", 'd', "DIR", "serve this folder of manifests: its *.yaml, *.yml and *.json"},
    Flag{"kubeconfig", 0, "FILE",
         "without --directory: of the cluster to serve (default: as kubectl's, then the pod's)"},
    Flag{"context", 0, "NAME", "of the kubeconfig (default: its current one)"},
    Flag{"namespace", 'n', "NAME", "of the cluster: serve this one only (default: all)"},
    Flag{"lease-namespace", 0, "NAME",
         "of the cluster: where the leader's Lease is (default: --namespace, else the context's or the "
         "pod's)"},
    Flag{"lease-duration", 0, "DURATION",
         "of the cluster: a leader that did not renew its Lease for so long is replaced (default: 15s)"},
    Flag{"job-image", 0, "IMAGE",
         "of the cluster: in which local runs that name no image run (default: python:3.11-slim)"},
    Flag{"job-user", 0, "UID", "of the cluster: as which local runs run, never root (default: 1000)"},
    Flag{"cluster-name", 0, "NAME",
         "whose marks and run names these are; never change it for a folder or cluster (required)"},
    kState,
    Flag{"secrets", 0, "DIR", "folder of secrets: DIR/SECRET/KEY, files of mode 0600"},
    Flag{"recursive", 'r', "", "read the manifests of sub-folders too"},
    Flag{"clouds", 0, "FILE", "further clouds: endpoints, audience, hosts, CA (YAML)"},
    Flag{"allow-git-hosts", 0, "HOST,...",
         "hosts of git sources that may be loopback, link-local or the cluster's own (default: none)"},
    Flag{"until-settled", 0, "", "exit when all is ready (0) or what is not ready cannot go on (1)"},
    Flag{"timeout", 0, "DURATION",
         "with --until-settled: exit (1) when it is not settled by then, such as 30m"},
    Flag{"prune", 0, "",
         "at the start, delete what no manifest declares any more; refused for more than half"},
    Flag{"workers", 0, "N", "passes at the same time, 1 to 64 (default: 20)"},
    Flag{"log-format", 0, "FORMAT", "of the log", "text|json"},
    Flag{"log-level", 0, "LEVEL", "least level that is logged (default: warning; with --log-file: info)",
         "debug|info|warning|error"},
    Flag{"log-file", 0, "FILE", "of a folder: append the log to FILE (default: stderr)"},
    Flag{"metrics-address", 0, "ADDR:PORT",
         "serve /metrics, /healthz and /readyz there (default: not at all)"},
    Flag{"plain", 0, "", "a line for each change, no live table, no colours (as when there is no terminal)"},
    kHelp};
constexpr std::array kGetFlags{kDirectory, kState,
                               Flag{"namespace", 'n', "NAME", "only of this namespace (default: all)"},
                               Flag{"output", 'o', "FORMAT", "more than the table", "json|yaml|wide"}, kHelp};
constexpr std::array kObjectFlags{kDirectory, kState, kNamespace, kHelp};
constexpr std::array kLogsFlags{kDirectory, kState, kKubeconfig, kContext, kRunNamespace, kFollow, kHelp};
constexpr std::array kWaitFlags{
    kDirectory,
    kState,
    kNamespace,
    Flag{"for", 0, "WHAT",
         "condition=TYPE[=True|False|Unknown], phase=PHASE or delete (default: condition=Ready)"},
    Flag{"timeout", 0, "TIME", "give up after this long: 90s, 10m, 1h (default: 10m)"},
    kHelp};
constexpr std::array kDeleteFlags{kDirectory, kState, kNamespace,
                                  Flag{"recursive", 'r', "", "manifests of sub-folders count too"}, kHelp};
constexpr std::array kValidateFlags{Flag{"recursive", 'r', "", "sub-folders too"}, kHelp};
constexpr std::array kHelpFlags{kHelp};

int run_either(Parsed const& parsed) {
  if (!parsed.has("directory")) return run_cluster(parsed);
  for (std::string const flag :
       {"kubeconfig", "context", "namespace", "lease-namespace", "lease-duration", "job-image", "job-user"})
    if (parsed.has(flag))
      return fail(
          usage_error("--" + flag + " is of a cluster, --directory serves a folder: leave one of them out"));
  return run_folder(parsed);
}

int show_completion(Parsed const& parsed) {
  Result<std::string> const text = completion(commands(), parsed.words().front());
  if (!text) return fail(text.error());
  std::cout << *text;
  return kExitOk;
}

int show_help(Parsed const& parsed) {
  if (!parsed.words().empty()) return dispatch({parsed.words().front(), "--help"});
  std::cout << help_of(commands());
  return kExitOk;
}

constexpr std::array kCommands{
    Command{.name = "run",
            .summary = "make Azure and this machine match a folder of manifests, or a Kubernetes cluster",
            .about =
                "With --directory: reads the manifests, makes what they declare, and goes on watching the "
                "folder until it "
                "is stopped. A\n"
                "file that vanishes deletes nothing: see trainyard delete, and --prune. SIGTERM and SIGINT "
                "let the\n"
                "passes under way end; local runs go on by themselves and are found again.\n\n"
                "Without: serves the objects of a cluster, in a pod by its ServiceAccount. Of several "
                "processes one "
                "acts, by a Lease;\n"
                "SIGTERM gives it back.\n\n"
                "Exit codes: 0 all is ready, or SIGTERM; 1 something is stalled or failed, a manifest has "
                "errors,\n"
                "nothing is declared, --timeout has passed, or the API server refuses; 2 usage; 3 the Lease "
                "was lost;\n"
                "130 interrupted (SIGINT, or SIGTERM with --until-settled).",
            .examples =
                "trainyard run --directory manifests --cluster-name laptop\n"
                "trainyard run --directory manifests --cluster-name ci --until-settled --timeout 2h --plain\n"
                "trainyard run --kubeconfig ~/.kube/config --cluster-name research",
            .flags = kRunFlags,
            .run = run_either},
    Command{.name = "get",
            .summary = "list objects and how they stand",
            .words = "[KIND[/NAME]...]",
            .about = "Kinds go by name, plural or short name: workspaces (ws), computetargets (ct), "
                     "trainingruns (tr).\n\n"
                     "Exit codes: 0; 1 an object that was named is not there; 2 usage.",
            .examples = "trainyard get --directory manifests\n"
                        "trainyard get tr -o wide\n"
                        "trainyard get trainingrun/fit-local -o json",
            .flags = kGetFlags,
            .most_words = 64,
            .run = get},
    Command{.name = "describe",
            .summary = "tell all about one object: conditions, attempts, last log lines, events",
            .words = "KIND/NAME",
            .about = "Exit codes: 0; 1 it is not there; 2 usage.",
            .examples = "trainyard describe trainingrun/fit-local --directory manifests",
            .flags = kObjectFlags,
            .least_words = 1,
            .most_words = 1,
            .run = describe_object},
    Command{.name = "logs",
            .summary = "print the log of a training run",
            .words = "run/NAME",
            .about = "Of a run on this machine the whole log; of one in Azure the last lines that the status "
                     "holds.\n"
                     "With --kubeconfig or --context of a run of a cluster, as kubectl trainyard logs.\n\n"
                     "Exit codes: 0; 1 there is no such run, or no log yet; 2 usage.",
            .examples = "trainyard logs run/fit-local --directory manifests\n"
                        "trainyard logs run/fit-local -f\n"
                        "trainyard logs run/mnist -f --context research",
            .flags = kLogsFlags,
            .least_words = 1,
            .most_words = 1,
            .run = logs},
    Command{
        .name = "wait",
        .summary = "wait until an object is ready, in a phase, or gone",
        .words = "KIND/NAME",
        .about =
            "Exit codes: 0 it is so; 1 not in time, not there, or stalled with nobody to try again; 2 usage.",
        .examples = "trainyard wait trainingrun/fit-local --timeout 30m\n"
                    "trainyard wait ct/cpu-cluster --for=condition=Ready\n"
                    "trainyard wait tr/fit-local --for=phase=Running\n"
                    "trainyard wait tr/fit-local --for=delete",
        .flags = kWaitFlags,
        .least_words = 1,
        .most_words = 1,
        .run = wait},
    Command{.name = "delete",
            .summary = "delete an object that no manifest declares any more",
            .words = "KIND/NAME",
            .about = "Leaves the request in the state; the operator does it at once, or when it runs next. "
                     "Refused while a\n"
                     "manifest declares the object: remove the document first.\n\n"
                     "Exit codes: 0 asked for; 1 refused, or not there; 2 usage.",
            .examples = "trainyard delete trainingrun/fit-local --directory manifests",
            .flags = kDeleteFlags,
            .least_words = 1,
            .most_words = 1,
            .run = delete_object},
    Command{.name = "rerun",
            .summary = "run a training run of a cluster again",
            .words = "run/NAME",
            .about = kAboutRerun,
            .examples = "trainyard rerun run/mnist --context research",
            .flags = kEditFlags,
            .least_words = 1,
            .most_words = 1,
            .run = rerun},
    Command{.name = "cancel",
            .summary = "end a training run of a cluster",
            .words = "run/NAME",
            .about = kAboutCancel,
            .examples = "trainyard cancel run/mnist --context research",
            .flags = kEditFlags,
            .least_words = 1,
            .most_words = 1,
            .run = cancel},
    Command{.name = "validate",
            .summary = "check manifests without running anything",
            .words = "FILE|DIR...",
            .about =
                "Tells every error with file, line, column and remedy, and which documents are ignored.\n\n"
                "Exit codes: 0 all are good; 1 errors, or nothing to check; 2 usage.",
            .examples = "trainyard validate manifests\n"
                        "trainyard validate run.yaml compute.yaml",
            .flags = kValidateFlags,
            .least_words = 1,
            .most_words = 1024,
            .run = validate},
    Command{.name = "version",
            .summary = "print the version",
            .about = "Exit code: 0.",
            .examples = "trainyard version",
            .flags = kHelpFlags,
            .run = show_version},
    Command{.name = "completion",
            .summary = "print a completion script for bash or zsh",
            .words = "bash|zsh",
            .about = "Exit codes: 0; 2 for another shell.",
            .examples = "source <(trainyard completion bash)",
            .flags = kHelpFlags,
            .least_words = 1,
            .most_words = 1,
            .run = show_completion},
    Command{.name = "help",
            .summary = "tell about the commands, or about one",
            .words = "[COMMAND]",
            .about = "Exit code: 0.",
            .examples = "trainyard help run",
            .flags = kHelpFlags,
            .most_words = 1,
            .run = show_help},
};

}  // namespace

std::span<Command const> commands() { return kCommands; }

int show_version(Parsed const&) {
  std::cout << "trainyard " TRAINYARD_VERSION "\n";
  return kExitOk;
}

int run_command(std::span<Command const> known, std::string_view program,
                std::vector<std::string> const& arguments) {
  std::string name = arguments.empty() ? "" : arguments.front();
  if (name == "--help" || name == "-h") name = "help";
  if (name == "--version") name = "version";
  auto const command =
      std::find_if(known.begin(), known.end(), [&](Command const& c) { return c.name == name; });
  if (command == known.end()) {
    std::cerr << program << ": " << (name.empty() ? "a command is missing" : "'" + name + "' is no command")
              << "\n\n"
              << help_of(known, program);
    return kExitUsage;
  }
  Result<Parsed> const parsed = parse(*command, {arguments.begin() + 1, arguments.end()});
  if (!parsed) return fail(parsed.error());
  if (parsed->has("help")) {
    std::cout << help_of(*command);
    return kExitOk;
  }
  return command->run(*parsed);
}

int dispatch(std::vector<std::string> const& arguments) {
  // Not in the table: the operator starts the supervisors of local runs this way, no person does.
  if (arguments.size() == 2 && arguments.front() == "exec-run") return local::exec_run(arguments.back());
  return run_command(commands(), kProgram, arguments);
}

}  // namespace trainyard::cli
