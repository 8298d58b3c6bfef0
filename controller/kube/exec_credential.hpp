// Credentials that a program gives, named by a kubeconfig's `exec`. Source: client-go credential plugins, v1.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "controller/base/json.hpp"
#include "controller/base/result.hpp"

namespace trainyard::kube {

struct ExecCredential {
  std::string token, client_certificate_pem, client_key_pem;
};

/// Runs the program on this process's terminal, and waits for its end. `folder` is the kubeconfig's,
/// `cluster` what it says of the cluster, `environment` "NAME=value" texts. Errors (Invalid, ExecFailed) name
/// the program and no secret.
Result<ExecCredential> exec_credential(Json const& exec, std::filesystem::path const& folder,
                                       Json const& cluster, std::vector<std::string> environment);

}  // namespace trainyard::kube
