// Where the API server is and who we are to it, found by the rules of kubectl.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/http_transport.hpp"
#include "controller/base/result.hpp"

namespace trainyard::kube {

struct ClusterAccess {
  std::string
      server;  // http[s]://host:port[/prefix], no slash at the end; by http nobody's credentials are given
  std::string ca_pem, client_certificate_pem, client_key_pem;
  std::string token;
  std::filesystem::path
      token_file;               // instead of token, and read again on use, since it rotates: bearer_token()
  std::string tls_server_name;  // verified instead of the server's host
  bool insecure = false;        // any certificate of the server is accepted
  std::string proxy_url;        // http://[user:password@]host[:port]
  std::string ns;               // the default namespace
  std::string context;          // its name; empty for a pod's service account
};

struct ConfigSource {
  std::optional<std::string> file = std::nullopt;  // --kubeconfig
  std::string context = {};                        // --context; empty: the current one
  std::map<std::string, std::string> environment = {};
  std::filesystem::path home = {};
  /// Of the program that a user's `exec` names; nullopt: none is run.
  std::optional<std::vector<std::string>> exec_environment = std::nullopt;
  std::filesystem::path service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
};

/// By --kubeconfig, else $KUBECONFIG (files that are not there are left out; of a name that stands in several
/// files the first counts), else ~/.kube/config, else the pod's service account. An Error (Invalid;
/// InvalidKubeconfig, InvalidServiceAccount, NoKubeconfig) names file, field and remedy, and no secret.
Result<ClusterAccess> cluster_access(ConfigSource const& source);

/// `proxies` has those of the environment, which proxy-url replaces.
HttpTransportOptions transport_options(ClusterAccess const& access, HttpTransportOptions proxies);

/// The token as it is now; "" if there is none.
Result<std::string> bearer_token(ClusterAccess const& access);

}  // namespace trainyard::kube
