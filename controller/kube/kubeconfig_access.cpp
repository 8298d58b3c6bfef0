#include <algorithm>
#include <utility>

#include "controller/base/http.hpp"
#include "controller/kube/exec_credential.hpp"
#include "controller/kube/kubeconfig.hpp"
#include "controller/kube/kubeconfig_fields.hpp"
#include "controller/kube/text_file.hpp"

namespace trainyard::kube {
namespace {

std::string names_of(std::vector<KubeconfigEntry> const& entries) {
  std::string all;
  for (KubeconfigEntry const& entry : entries) all += (all.empty() ? "" : ", ") + entry.name;
  return all.empty() ? "none" : all;
}

KubeconfigEntry const* find(std::vector<KubeconfigEntry> const& entries, std::string const& name) {
  auto const found = std::find_if(entries.begin(), entries.end(),
                                  [&](KubeconfigEntry const& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

Result<KubeconfigEntry const*> find_context(Kubeconfig const& config, std::string const& wanted) {
  std::string const there_are = "; there are: " + names_of(config.contexts);
  std::string const& name = wanted.empty() ? config.current_context : wanted;
  if (name.empty())
    return invalid_kubeconfig(config.files, "current-context",
                              "is not set" + there_are + "; name one by --context");
  KubeconfigEntry const* const context = find(config.contexts, name);
  if (context == nullptr)
    return invalid_kubeconfig(config.files, wanted.empty() ? "current-context" : "contexts",
                              "there is no context " + name + there_are);
  return context;
}

/// The cluster or user that a context names.
Result<KubeconfigEntry const*> follow(KubeconfigFields const& context, std::string const& kind,
                                      std::vector<KubeconfigEntry> const& entries) {
  Result<std::string> const name = context.text(kind);
  if (!name) return name.error();
  if (name->empty()) return context.wrong(kind, "is missing; there are: " + names_of(entries));
  KubeconfigEntry const* const entry = find(entries, *name);
  if (entry == nullptr)
    return context.wrong(kind, "there is no " + kind + " " + *name + "; there are: " + names_of(entries));
  return entry;
}

/// What may be copied from a text field as it is.
Result<Done> copy(KubeconfigFields const& fields, std::string const& name, std::string& to) {
  Result<std::string> text = fields.text(name);
  if (!text) return text.error();
  to = std::move(*text);
  return Done{};
}

Result<Done> copy_pem(KubeconfigFields const& fields, std::string const& name, std::string& to) {
  Result<std::string> pem = fields.pem(name);
  if (!pem) return pem.error();
  to = std::move(*pem);
  return Done{};
}

Result<Done> add_server(KubeconfigFields const& cluster, ClusterAccess& access) {
  if (Result<Done> const copied = copy(cluster, "server", access.server); !copied) return copied.error();
  Result<Url> const url = parse_url(access.server);
  if (!url || !url->query.empty() || (url->scheme != "https" && url->scheme != "http"))
    return cluster.wrong("server", "is no address of an API server; write it as https://host:port");
  if (url->host.front() == '[')
    return cluster.wrong(
        "server",
        "IPv6 addresses are not supported; write a name that resolves to it, and a name that its "
        "certificate has as tls-server-name");
  while (access.server.ends_with('/')) access.server.pop_back();
  return Done{};
}

Result<Done> add_proxy(KubeconfigFields const& cluster, ClusterAccess& access) {
  if (Result<Done> const copied = copy(cluster, "proxy-url", access.proxy_url); !copied)
    return copied.error();
  if (!access.proxy_url.empty() && !access.proxy_url.starts_with("http://"))
    return cluster.wrong("proxy-url",
                         "only proxies that are spoken to in plain HTTP are supported; write it as "
                         "http://[user:password@]host[:port]");
  return Done{};
}

Result<Done> add_cluster(KubeconfigFields const& cluster, ClusterAccess& access) {
  if (Result<Done> const added = add_server(cluster, access); !added) return added.error();
  if (Result<Done> const added = add_proxy(cluster, access); !added) return added.error();
  if (Result<Done> const copied = copy(cluster, "tls-server-name", access.tls_server_name); !copied)
    return copied.error();
  if (Result<Done> const copied = copy_pem(cluster, "certificate-authority", access.ca_pem); !copied)
    return copied.error();
  Result<bool> const insecure = cluster.flag("insecure-skip-tls-verify");
  if (!insecure) return insecure.error();
  access.insecure = *insecure;
  if (access.insecure && !access.ca_pem.empty())
    return cluster.wrong("insecure-skip-tls-verify",
                         "contradicts the certificate-authority beside it; remove one of them");
  return Done{};
}

std::optional<Error> refuse(KubeconfigFields const& user, ConfigSource const& source) {
  std::string const instead =
      "; use a client certificate, or a service account's token (kubectl create token) in token or tokenFile";
  if (user.has("auth-provider")) return user.wrong("auth-provider", "is not known any more" + instead);
  if (user.has("exec") && !source.exec_environment)
    return user.wrong("exec", "no programs are run for a credential" + instead);
  for (char const* const basic : {"username", "password"})
    if (user.has(basic)) return user.wrong(basic, "API servers take no passwords any more" + instead);
  for (char const* const other : {"as", "as-uid", "as-groups", "as-user-extra"})
    if (user.has(other))
      return user.wrong(other, "impersonation is not supported; use the credentials of the one who is meant");
  return std::nullopt;
}

Result<Done> add_token(KubeconfigFields const& user, ClusterAccess& access) {
  Result<std::filesystem::path> const file = user.path("tokenFile");
  if (!file) return file.error();
  if (file->empty()) return copy(user, "token", access.token);
  access.token_file = *file;
  if (Result<std::string> const token = bearer_token(access); !token)
    return user.wrong("tokenFile",
                      token.error().message + "; check the path, which starts at the kubeconfig's folder");
  return Done{};
}

/// Beside it a token or a certificate goes first, as with kubectl.
Result<Done> add_exec(KubeconfigEntry const& user, KubeconfigEntry const& cluster, ConfigSource const& source,
                      ClusterAccess& access) {
  Json const& exec = user.value.at("exec");
  if (!exec.is_object() || !access.token.empty() || !access.token_file.empty() ||
      !access.client_certificate_pem.empty())
    return Done{};
  Result<ExecCredential> credential =
      exec_credential(exec, user.file.parent_path(), cluster.value, *source.exec_environment);
  if (!credential) return KubeconfigFields(user, "user").wrong("exec", credential.error().message);
  access.token = std::move(credential->token);
  access.client_certificate_pem = std::move(credential->client_certificate_pem);
  access.client_key_pem = std::move(credential->client_key_pem);
  return Done{};
}

Result<Done> add_user(KubeconfigFields const& user, ConfigSource const& source, ClusterAccess& access) {
  if (std::optional<Error> error = refuse(user, source)) return *error;
  if (Result<Done> const copied = copy_pem(user, "client-certificate", access.client_certificate_pem);
      !copied)
    return copied.error();
  if (Result<Done> const copied = copy_pem(user, "client-key", access.client_key_pem); !copied)
    return copied.error();
  if (access.client_certificate_pem.empty() != access.client_key_pem.empty())
    return user.wrong(access.client_key_pem.empty() ? "client-key" : "client-certificate",
                      "is missing: certificate and key are needed both");
  return add_token(user, access);
}

}  // namespace

Result<ClusterAccess> access_of(Kubeconfig const& config, ConfigSource const& source) {
  Result<KubeconfigEntry const*> const found = find_context(config, source.context);
  if (!found) return found.error();
  KubeconfigFields const context(**found, "context");
  ClusterAccess access;
  access.context = (*found)->name;
  if (Result<Done> const copied = copy(context, "namespace", access.ns); !copied) return copied.error();
  if (access.ns.empty()) access.ns = "default";
  Result<KubeconfigEntry const*> const cluster = follow(context, "cluster", config.clusters);
  if (!cluster) return cluster.error();
  if (Result<Done> const added = add_cluster({**cluster, "cluster"}, access); !added) return added.error();
  // Without a user we are nobody; and, as kubectl, in plain HTTP, which anyone could read a token from.
  if (context.has("user") && access.server.starts_with("https:")) {
    Result<KubeconfigEntry const*> const user = follow(context, "user", config.users);
    if (!user) return user.error();
    if (Result<Done> const added = add_user({**user, "user"}, source, access); !added) return added.error();
    if (Result<Done> const added = add_exec(**user, **cluster, source, access); !added) return added.error();
  }
  return access;
}

}  // namespace trainyard::kube
