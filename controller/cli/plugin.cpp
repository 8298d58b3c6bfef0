// The program as a plugin of kubectl: `kubectl trainyard logs run/mnist`.
#include <algorithm>
#include <array>
#include <iostream>

#include "controller/cli/commands.hpp"
#include "controller/cli/folder.hpp"
#include "controller/cli/run_flags.hpp"

namespace trainyard::cli {

namespace {

constexpr std::array kLogsFlags{kKubeconfig, kContext, kRunNamespace, kFollow, kHelp};
constexpr std::array kHelpFlags{kHelp};

int show_help(Parsed const& parsed) {
  if (!parsed.words().empty()) return dispatch_plugin({parsed.words().front(), "--help"});
  std::cout << help_of(plugin_commands(), kPlugin);
  return kExitOk;
}

constexpr std::array kCommands{
    Command{.name = "logs",
            .summary = "print the log of a training run",
            .words = "run/NAME",
            .about =
                "Of a run in the cluster its pod's log. Of one in Azure the operator is asked, by an "
                "annotation of the "
                "run,\n"
                "to keep the last 256 KiB in a ConfigMap beside it: that needs the right to edit the run.\n\n"
                "Exit codes: 0; 1 there is no such run, or no log; 2 usage.",
            .examples = "kubectl trainyard logs run/mnist -f\n"
                        "kubectl trainyard logs tr/mnist -n research",
            .flags = kLogsFlags,
            .least_words = 1,
            .most_words = 1,
            .run = logs,
            .program = kPlugin},
    Command{.name = "rerun",
            .summary = "run a training run again",
            .words = "run/NAME",
            .about = kAboutRerun,
            .examples = "kubectl trainyard rerun run/mnist",
            .flags = kEditFlags,
            .least_words = 1,
            .most_words = 1,
            .run = rerun,
            .program = kPlugin},
    Command{.name = "cancel",
            .summary = "end a training run",
            .words = "run/NAME",
            .about = kAboutCancel,
            .examples = "kubectl trainyard cancel run/mnist",
            .flags = kEditFlags,
            .least_words = 1,
            .most_words = 1,
            .run = cancel,
            .program = kPlugin},
    Command{.name = "version",
            .summary = "print the version",
            .about = "Exit code: 0.",
            .examples = "kubectl trainyard version",
            .flags = kHelpFlags,
            .run = show_version,
            .program = kPlugin},
    Command{.name = "help",
            .summary = "tell about the commands, or about one",
            .words = "[COMMAND]",
            .about = "Exit code: 0.",
            .examples = "kubectl trainyard help logs",
            .flags = kHelpFlags,
            .most_words = 1,
            .run = show_help,
            .program = kPlugin},
};

/// What kubectl does itself.
constexpr std::array<std::string_view, 4> kOfKubectl{"get", "describe", "wait", "delete"};

}  // namespace

std::span<Command const> plugin_commands() { return kCommands; }

int dispatch_plugin(std::vector<std::string> const& arguments) {
  std::string const name = arguments.empty() ? "" : arguments.front();
  if (std::find(kOfKubectl.begin(), kOfKubectl.end(), name) != kOfKubectl.end())
    return fail(usage_error("use kubectl " + name + ", such as kubectl " + name + " trainingrun/mnist" +
                            (name == "wait" ? " --for=condition=Ready" : "")));
  return run_command(plugin_commands(), kPlugin, arguments);
}

}  // namespace trainyard::cli
