#include "controller/kube/config.hpp"

#include <utility>

#include "controller/kube/kubeconfig.hpp"
#include "controller/kube/service_account.hpp"
#include "controller/kube/text_file.hpp"

namespace trainyard::kube {
namespace {

std::vector<std::filesystem::path> files_of(ConfigSource const& source) {
  auto const listed = source.environment.find("KUBECONFIG");
  std::vector<std::filesystem::path> files;
  if (listed == source.environment.end() || listed->second.empty()) {
    if (!source.home.empty()) files.push_back(source.home / ".kube" / "config");
    return files;
  }
  std::string file;
  for (char const c : listed->second + ":") {
    if (c != ':')
      file += c;
    else if (!file.empty())
      files.emplace_back(std::exchange(file, {}));
  }
  return files;
}

Error unreadable(Error error) {
  if (error.reason == "InvalidKubeconfig") return error;
  return {.kind = ErrorKind::Invalid,
          .reason = "InvalidKubeconfig",
          .message = "the kubeconfig " + error.message + "; check --kubeconfig and KUBECONFIG"};
}

Result<Kubeconfig> load(ConfigSource const& source) {
  Kubeconfig config;
  if (source.file) {
    if (Result<Done> const added = add_file(config, *source.file); !added) return unreadable(added.error());
    return config;
  }
  for (std::filesystem::path const& file : files_of(source))
    if (Result<Done> const added = add_file(config, file);
        !added && added.error().kind != ErrorKind::NotFound)
      return unreadable(added.error());
  return config;
}

}  // namespace

Result<ClusterAccess> cluster_access(ConfigSource const& source) {
  Result<Kubeconfig> const config = load(source);
  if (!config) return config.error();
  if (source.file || !config->empty()) return access_of(*config, source);
  if (source.context.empty()) {
    Result<std::optional<ClusterAccess>> in_pod =
        service_account_access(source.environment, source.service_account);
    if (!in_pod) return in_pod.error();
    if (*in_pod) return std::move(**in_pod);
  }
  return Error{.kind = ErrorKind::Invalid,
               .reason = "NoKubeconfig",
               .message = "there is no cluster to talk to: no kubeconfig by --kubeconfig, KUBECONFIG or " +
                          (source.home / ".kube" / "config").string() +
                          ", and no pod's service account; name one by --kubeconfig"};
}

HttpTransportOptions transport_options(ClusterAccess const& access, HttpTransportOptions proxies) {
  HttpTransportOptions options = std::move(proxies);
  options.ca_pem = access.ca_pem;
  options.system_roots = access.ca_pem.empty();  // a cluster's own authority is the only one it has
  options.client_certificate_pem = access.client_certificate_pem;
  options.client_key_pem = access.client_key_pem;
  options.server_name = access.tls_server_name;
  options.verify = !access.insecure;
  if (!access.proxy_url.empty()) {
    options.https_proxy = options.http_proxy = access.proxy_url;
    options.no_proxy.clear();
  }
  return options;
}

Result<std::string> bearer_token(ClusterAccess const& access) {
  if (access.token_file.empty()) return access.token;
  Result<std::string> const text = read_text_file(access.token_file);
  if (!text) return text.error();
  std::string token = trimmed(*text);
  if (!token.empty()) return token;
  return Error{.kind = ErrorKind::Invalid,
               .reason = "UnreadableFile",
               .message = access.token_file.string() + " holds no token"};
}

}  // namespace trainyard::kube
