// Flags and words of the commands about a run, which the program and the kubectl plugin share.
#pragma once

#include <array>

#include "controller/cli/options.hpp"

namespace trainyard::cli {

inline constexpr Flag kHelp{"help", 'h', "", "show this help"};
inline constexpr Flag kKubeconfig{"kubeconfig", 0, "FILE",
                                  "of the cluster (default: $KUBECONFIG, then ~/.kube/config)"};
inline constexpr Flag kContext{"context", 0, "NAME", "of the kubeconfig (default: its current one)"};
inline constexpr Flag kRunNamespace{"namespace", 'n', "NAME",
                                    "namespace of the run (of a cluster the default is the context's)"};
inline constexpr Flag kFollow{"follow", 'f', "", "go on until the run has ended"};
inline constexpr std::array kEditFlags{kKubeconfig, kContext, kRunNamespace, kHelp};

inline constexpr std::string_view kAboutRerun =
    "Sets the annotation trainyard.dev/restarted-at to the present time, which makes another run of it. What "
    "still\n"
    "runs is cancelled first. Refused while the run is suspended, paused or being deleted, and for "
    "spec.onChange\n"
    "Ignore.\n\n"
    "Exit codes: 0 asked for; 1 refused, or not there; 2 usage.";
inline constexpr std::string_view kAboutCancel =
    "Names the present attempt in the annotation trainyard.dev/cancel: it is ended, and for good. A rerun "
    "and an\n"
    "edit of the run begin another one. To hold all of them back, set spec.suspend to true.\n\n"
    "Exit codes: 0 asked for; 1 refused, not there, or nothing runs; 2 usage.";

}  // namespace trainyard::cli
