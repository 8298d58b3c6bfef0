#include "controller/kube/service_account.hpp"

#include "controller/kube/text_file.hpp"

namespace trainyard::kube {
namespace {

constexpr char const* kRemedy =
    "set automountServiceAccountToken: true in the pod or its service account, or give a kubeconfig by "
    "--kubeconfig";

std::string value_of(std::map<std::string, std::string> const& environment, std::string const& name) {
  auto const found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

Error invalid(Error const& why) {
  return {
      .kind = ErrorKind::Invalid, .reason = "InvalidServiceAccount", .message = why.message + "; " + kRemedy};
}

}  // namespace

Result<std::optional<ClusterAccess>> service_account_access(
    std::map<std::string, std::string> const& environment, std::filesystem::path const& folder) {
  std::string host = value_of(environment, "KUBERNETES_SERVICE_HOST");
  std::string const port = value_of(environment, "KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) return std::optional<ClusterAccess>();
  if (host.find(':') != std::string::npos)
    host = "kubernetes.default.svc";  // IPv6, which our transport cannot take
  ClusterAccess access;
  access.server = "https://" + host + ":" + port;
  access.token_file = folder / "token";
  if (Result<std::string> const token = bearer_token(access); !token) return invalid(token.error());
  Result<std::string> ca = read_text_file(folder / "ca.crt");
  if (!ca) return invalid(ca.error());
  access.ca_pem = std::move(*ca);
  Result<std::string> const ns = read_text_file(folder / "namespace");
  access.ns = ns && !ns->empty() ? trimmed(*ns) : "default";
  return std::optional(std::move(access));
}

}  // namespace trainyard::kube
