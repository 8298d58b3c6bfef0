#include "controller/kube/config.hpp"

#include <filesystem>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "controller/base/encoding.hpp"
#include "tests/base/why.hpp"
#include "tests/temp_folder.hpp"

namespace data = boost::unit_test::data;
using namespace trainyard;
using namespace trainyard::kube;
using trainyard::test::why;
using trainyard::tests::TempFolder;

namespace {

std::string pem(std::string const& what) { return "-----BEGIN " + what + "-----\n"; }

/// A kubeconfig of one cluster, user and context called `name`.
std::string kubeconfig(std::string const& name, std::string const& cluster, std::string const& user,
                       std::string const& context = "", std::string const& current = "") {
  return "apiVersion: v1\nkind: Config\n" + (current.empty() ? "" : "current-context: " + current + "\n") +
         "clusters:\n- name: " + name + "\n  cluster: {" + cluster + "}\n" + "users:\n- name: " + name +
         "\n  user: {" + user + "}\n" + "contexts:\n- name: " + name + "\n  context: {cluster: " + name +
         ", user: " + name + (context.empty() ? "" : ", " + context) + "}\n";
}

std::string const kKey = "client-key-data: " + base64(pem("PRIVATE KEY"));
std::string const kCertificate = "client-certificate-data: " + base64(pem("CERTIFICATE"));
constexpr char const* kServer = "server: https://api.test:6443";

struct Disk : TempFolder {
  [[nodiscard]] ConfigSource source() const {
    return {.environment = {}, .home = path() / "home", .service_account = path() / "account"};
  }
  [[nodiscard]] ConfigSource by_environment(std::vector<std::string> const& files) const {
    ConfigSource all = source();
    for (std::string const& file : files) {
      std::string& list = all.environment["KUBECONFIG"];
      list += (list.empty() ? "" : ":") + (file.empty() ? file : (path() / file).string());
    }
    return all;
  }
  [[nodiscard]] ConfigSource by_flag(std::string const& file) const {
    ConfigSource all = source();
    all.file = (path() / file).string();
    return all;
  }
  void make_service_account() const {
    write("account/token", "first\n");
    write("account/ca.crt", pem("CERTIFICATE"));
    write("account/namespace", "ours\n");
  }
  [[nodiscard]] ConfigSource in_pod(std::string const& host = "10.96.0.1") const {
    ConfigSource all = source();
    all.environment = {{"KUBERNETES_SERVICE_HOST", host}, {"KUBERNETES_SERVICE_PORT", "443"}};
    return all;
  }
};

void check_wrong(Result<ClusterAccess> const& access, std::vector<std::string> const& told) {
  BOOST_REQUIRE(!access);
  BOOST_TEST(to_string(access.error().kind) == "Invalid");
  for (std::string const& text : told)
    BOOST_TEST(access.error().message.find(text) != std::string::npos,
               "'" << text << "' is not in: " << access.error().message);
  BOOST_TEST(access.error().message.find("hidden") == std::string::npos, access.error().message);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(everything_that_a_kubeconfig_says) {
  Disk const disk;
  disk.write("etc/config",
             kubeconfig("prod",
                        "server: 'https://api.test:6443/prefix/', certificate-authority: pki/ca.pem, "
                        "tls-server-name: kubernetes, proxy-url: 'http://proxy.test:3128'",
                        "client-certificate-data: " + base64(pem("CERTIFICATE") + "mine") +
                            ", client-key: ../key.pem, tokenFile: token",
                        "namespace: training", "prod"));
  disk.write("etc/pki/ca.pem", pem("CERTIFICATE") + "ca");
  disk.write("key.pem", pem("PRIVATE KEY"));
  disk.write("etc/token", " abc\n");
  auto const access = cluster_access(disk.by_flag("etc/config"));
  BOOST_REQUIRE_MESSAGE(access, why(access));
  BOOST_TEST(access->server == "https://api.test:6443/prefix");
  BOOST_TEST(access->ca_pem == pem("CERTIFICATE") + "ca");
  BOOST_TEST(access->client_certificate_pem == pem("CERTIFICATE") + "mine");
  BOOST_TEST(access->client_key_pem == pem("PRIVATE KEY"));
  BOOST_TEST(access->token == "");
  BOOST_TEST(bearer_token(*access).value() == "abc");
  BOOST_TEST(access->tls_server_name == "kubernetes");
  BOOST_TEST(access->proxy_url == "http://proxy.test:3128");
  BOOST_TEST(access->ns == "training");
  BOOST_TEST(access->context == "prod");
  BOOST_TEST(!access->insecure);
}

BOOST_AUTO_TEST_CASE(little_suffices) {
  Disk const disk;
  disk.write("config",
             "current-context: a\nclusters: [{name: a, cluster: {server: 'http://127.0.0.1:8001', "
             "insecure-skip-tls-verify: true}}]\ncontexts: [{name: a, context: {cluster: a}}]\n");
  auto const access = cluster_access(disk.by_flag("config"));
  BOOST_REQUIRE_MESSAGE(access, why(access));
  BOOST_TEST(access->server == "http://127.0.0.1:8001");
  BOOST_TEST(access->insecure);
  BOOST_TEST(access->ns == "default");
  BOOST_TEST(bearer_token(*access).value() == "");
}

BOOST_AUTO_TEST_CASE(no_credential_goes_over_plain_http) {
  Disk const disk;
  disk.write("config", kubeconfig("a", "server: 'http://api.test'",
                                  "token: abc, " + kKey + ", " + kCertificate, "", "a"));
  auto const access = cluster_access(disk.by_flag("config"));
  BOOST_REQUIRE_MESSAGE(access, why(access));
  BOOST_TEST(access->token == "");
  BOOST_TEST(access->client_key_pem == "");
}

BOOST_AUTO_TEST_CASE(data_counts_before_a_file_and_may_be_folded) {
  Disk const disk;
  std::string data = base64(pem("CERTIFICATE") + std::string(90, 'x'));
  data.insert(60, "\\n");
  disk.write("config", kubeconfig("a",
                                  std::string(kServer) + ", certificate-authority: missing.pem, " +
                                      "certificate-authority-data: \"" + data + "\"",
                                  "token: abc", "", "a"));
  auto const access = cluster_access(disk.by_flag("config"));
  BOOST_REQUIRE_MESSAGE(access, why(access));
  BOOST_TEST(access->ca_pem == pem("CERTIFICATE") + std::string(90, 'x'));
  BOOST_TEST(bearer_token(*access).value() == "abc");
}

BOOST_AUTO_TEST_CASE(the_flag_counts_before_the_environment_and_that_before_the_home) {
  Disk const disk;
  for (std::string const file : {"flag", "listed", "home/.kube/config"})
    disk.write(file, kubeconfig("a", kServer, "token: " + (file.size() > 6 ? "home" : file), "", "a"));
  disk.make_service_account();
  ConfigSource source = disk.by_environment({"listed"});
  source.environment.merge(disk.in_pod().environment);
  auto const token = [&] {
    auto const access = cluster_access(source);
    return access ? bearer_token(*access).value() : why(access);
  };
  BOOST_TEST(token() == "listed");
  source.file = (disk.path() / "flag").string();
  BOOST_TEST(token() == "flag");
  source.file.reset();
  source.environment["KUBECONFIG"] = "";
  BOOST_TEST(token() == "home");
  std::filesystem::remove_all(disk.path() / "home");
  BOOST_TEST(token() == "first");
  source.environment.clear();
  check_wrong(cluster_access(source), {"--kubeconfig", "KUBECONFIG", "home/.kube/config"});
}

BOOST_AUTO_TEST_CASE(of_several_files_the_first_counts) {
  Disk const disk;
  disk.write("one", kubeconfig("shared", kServer, "token: one") +
                        "- name: both\n  context: {cluster: second, user: shared}\n");
  disk.write("sub/two",
             kubeconfig("shared", kServer, "token: two", "", "both") + "- name: unused\n  context: {}\n");
  disk.write("sub/three", kubeconfig("second", std::string(kServer) + ", certificate-authority: ca.pem",
                                     "token: three", "", "second"));
  disk.write("sub/ca.pem", pem("CERTIFICATE"));
  disk.write("empty", "");
  ConfigSource source = disk.by_environment({"missing", "", "empty", "one", "sub/two", "sub/three"});
  auto const access = cluster_access(source);
  BOOST_REQUIRE_MESSAGE(access, why(access));
  BOOST_TEST(access->context == "both");             // two's: the first that says one
  BOOST_TEST(access->token == "one");                // not two's
  BOOST_TEST(access->ca_pem == pem("CERTIFICATE"));  // beside three
  source.context = "second";
  BOOST_TEST(cluster_access(source).value().token == "three");
  source.context = "third";
  check_wrong(cluster_access(source),
              {"no context third", "there are: shared, both, unused, second", "sub/two"});
}

BOOST_AUTO_TEST_CASE(a_pod_has_its_service_account) {
  Disk const disk;
  disk.make_service_account();
  auto const access = cluster_access(disk.in_pod());
  BOOST_REQUIRE_MESSAGE(access, why(access));
  BOOST_TEST(access->server == "https://10.96.0.1:443");
  BOOST_TEST(access->ca_pem == pem("CERTIFICATE"));
  BOOST_TEST(access->ns == "ours");
  BOOST_TEST(access->context == "");
  BOOST_TEST(bearer_token(*access).value() == "first");
  disk.write("account/token", "second\n");  // as it rotates
  BOOST_TEST(bearer_token(*access).value() == "second");
  BOOST_TEST(cluster_access(disk.in_pod("fd00::1")).value().server == "https://kubernetes.default.svc:443");

  ConfigSource named = disk.in_pod();
  named.context = "prod";
  check_wrong(cluster_access(named), {"no kubeconfig"});
  std::filesystem::remove(disk.path() / "account/namespace");
  BOOST_TEST(cluster_access(disk.in_pod()).value().ns == "default");
  std::filesystem::remove(disk.path() / "account/ca.crt");
  check_wrong(cluster_access(disk.in_pod()), {"account/ca.crt", "automountServiceAccountToken"});
  disk.write("account/token", "\n");
  check_wrong(cluster_access(disk.in_pod()), {"account/token", "holds no token"});
  std::filesystem::remove(disk.path() / "account/token");
  check_wrong(cluster_access(disk.in_pod()), {"account/token", "automountServiceAccountToken"});
  BOOST_TEST(!bearer_token(*access));
}

namespace {

struct Refused {
  std::string name, cluster, user;
  std::vector<std::string> told;
};
std::ostream& operator<<(std::ostream& out, Refused const& c) { return out << c.name; }

Refused const kRefused[] = {
    {"exec",
     kServer,
     "exec: {command: hidden, apiVersion: v1}",
     {"users[a].user.exec", "kubectl create token"}},
    {"auth provider", kServer, "auth-provider: {name: hidden}", {"users[a].user.auth-provider", "token"}},
    {"username", kServer, "username: hidden", {"users[a].user.username", "client certificate"}},
    {"password", kServer, "password: hidden", {"users[a].user.password", "client certificate"}},
    {"as", kServer, "as: hidden, token: hidden", {"users[a].user.as", "impersonation"}},
    {"groups", kServer, "as-groups: [hidden]", {"users[a].user.as-groups", "impersonation"}},
    {"extra", kServer, "as-user-extra: {hidden: [hidden]}", {"users[a].user.as-user-extra", "impersonation"}},
    {"uid", kServer, "as-uid: hidden", {"users[a].user.as-uid", "impersonation"}},
    {"no key", kServer, kCertificate, {"users[a].user.client-key", "both"}},
    {"no certificate", kServer, kKey, {"users[a].user.client-certificate", "both"}},
    {"a key that is none",
     kServer,
     kCertificate + ", client-key-data: " + base64("hidden"),
     {"users[a].user.client-key-data", "PEM"}},
    {"not Base64",
     kServer,
     kKey + ", client-certificate-data: 'hidden!'",
     {"users[a].user.client-certificate-data", "Base64"}},
    {"a file that is not there",
     kServer,
     kKey + ", client-certificate: missing.pem",
     {"users[a].user.client-certificate:", "missing.pem", "No such file"}},
    {"a folder",
     kServer,
     kKey + ", client-certificate: .",
     {"users[a].user.client-certificate:", "directory"}},
    {"a token file that is not there",
     kServer,
     "tokenFile: missing",
     {"users[a].user.tokenFile", "No such file"}},
    {"a token that is a number", kServer, "token: 123", {"users[a].user.token", "quote it"}},
    {"no server", "", "", {"clusters[a].cluster.server", "https://host:port"}},
    {"a server without a scheme",
     "server: 'hidden.test:6443'",
     "",
     {"clusters[a].cluster.server", "https://host:port"}},
    {"a server with a password", "server: 'https://me:hidden@api.test'", "", {"clusters[a].cluster.server"}},
    {"an IPv6 server",
     "server: 'https://[fd00::1]:6443'",
     "",
     {"clusters[a].cluster.server", "tls-server-name"}},
    {"a proxy of another kind",
     std::string(kServer) + ", proxy-url: 'socks5://hidden'",
     "",
     {"clusters[a].cluster.proxy-url", "http://"}},
    {"insecure, with an authority",
     std::string(kServer) +
         ", insecure-skip-tls-verify: true, certificate-authority-data: " + base64(pem("CERTIFICATE")),
     "",
     {"clusters[a].cluster.insecure-skip-tls-verify", "remove"}},
    {"insecure, in quotes",
     std::string(kServer) + ", insecure-skip-tls-verify: 'true'",
     "",
     {"clusters[a].cluster.insecure-skip-tls-verify", "without quotes"}},
};

}  // namespace

BOOST_DATA_TEST_CASE(what_is_refused_is_named, data::make(kRefused), c) {
  Disk const disk;
  disk.write("config", kubeconfig("a", c.cluster, c.user, "", "a"));
  auto const access = cluster_access(disk.by_flag("config"));
  check_wrong(access, c.told);
  BOOST_TEST(access.error().message.starts_with((disk.path() / "config").string() + ": "));
}

BOOST_AUTO_TEST_CASE(a_kubeconfig_that_is_none_is_told) {
  Disk const disk;
  std::pair<std::string, std::vector<std::string>> const cases[] = {
      {"", {"current-context", "there are: none"}},
      {"just hidden text", {"no kubeconfig"}},
      {"kind: Secret\ndata: {a: hidden}", {"no kubeconfig"}},
      {"a: 1\n---\nb: 2", {"several documents"}},
      {"users: [", {":"}},
      {"users: &x []\ncontexts: *x", {"alias"}},
      {"users: {name: hidden}", {"users: must be a list"}},
      {"users: [{name: a, user: {token: hidden}}, {name: a, user: {}}]", {"users[a]: stands twice"}},
      {"users: [{user: {token: hidden}}]", {"users: an entry has no name"}},
      {"users: [{name: a, user: hidden}]", {"users[a].user: must be an object"}},
      {"contexts: [{name: a}, {name: b}]", {"current-context: is not set", "there are: a, b", "--context"}},
      {"current-context: c\ncontexts: [{name: a}, {name: b}]",
       {"current-context: there is no context c", "a, b"}},
      {"current-context: a\ncontexts: [{name: a}]", {"contexts[a].context.cluster: is missing"}},
      {"current-context: a\ncontexts: [{name: a, context: {cluster: x}}]",
       {"contexts[a].context.cluster: there is no cluster x"}},
      {"current-context: a\ncontexts: [{name: a, context: {cluster: x, user: y}}]\nclusters: [{name: x, "
       "cluster: "
       "{server: 'https://api.test'}}]\nusers: [{name: z}]",
       {"contexts[a].context.user: there is no user y", "there are: z"}},
  };
  for (auto const& [text, told] : cases) BOOST_TEST_CONTEXT(text) {
      disk.write("config", text);
      check_wrong(cluster_access(disk.by_flag("config")), told);
    }
  check_wrong(cluster_access(disk.by_flag("missing")), {"missing", "No such file", "--kubeconfig"});
  check_wrong(cluster_access(disk.by_environment({"missing", "."})), {"directory"});
}

BOOST_AUTO_TEST_CASE(whoever_may_read_it_is_no_concern) {
  Disk const disk;
  disk.write("config", kubeconfig("a", kServer, "token: abc", "", "a"));
  std::filesystem::permissions(disk.path() / "config", std::filesystem::perms::all);
  BOOST_TEST(bool(cluster_access(disk.by_flag("config"))));
}

BOOST_AUTO_TEST_SUITE_END()
