// Credentials that a program gives.
#include "controller/kube/exec_credential.hpp"

#include <filesystem>
#include <fstream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/temp_folder.hpp"

namespace trainyard::kube {
namespace {

constexpr char const* kHead =
    R"({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", )";

Json exec_of(std::string const& script, char const* version = "v1") {
  return Json::object({{"apiVersion", std::string("client.authentication.k8s.io/") + version},
                       {"command", "sh"},
                       {"args", Json::array({"-c", script})},
                       {"installHint", "install it"}});
}

Result<ExecCredential> run(Json const& exec, std::filesystem::path const& folder = "/") {
  return exec_credential(exec, folder, Json::object({{"server", "https://s"}}),
                         {"PATH=/usr/bin:/bin", "KEPT=kept", "REPLACED=old"});
}

std::string prints(std::string const& status) { return "echo '" + (kHead + status) + "}'"; }

BOOST_AUTO_TEST_SUITE(exec_credentials)

BOOST_AUTO_TEST_CASE(a_token_or_a_certificate) {
  Result<ExecCredential> const token = run(exec_of(prints(R"("status": {"token": "t"})")));
  BOOST_REQUIRE_MESSAGE(token.has_value(), (token ? "" : token.error().message));
  BOOST_TEST(token->token == "t");
  Result<ExecCredential> const both =
      run(exec_of(prints(R"("status": {"clientCertificateData": "c", "clientKeyData": "k"})")));
  BOOST_REQUIRE(both.has_value());
  BOOST_TEST(both->client_certificate_pem == "c");
  BOOST_TEST(both->client_key_pem == "k");
}

BOOST_AUTO_TEST_CASE(what_the_program_is_told) {
  Json exec = exec_of(
      R"(echo "{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\",
      \"status\": {\"token\": \"$KEPT $REPLACED $(echo "$KUBERNETES_EXEC_INFO" | grep -o 'https:[^\"]*')\"}}")");
  exec["env"] = Json::array({Json::object({{"name", "REPLACED"}, {"value", "new"}})});
  BOOST_TEST(run(exec)->token == "kept new ");
  exec["provideClusterInfo"] = true;
  BOOST_TEST(run(exec)->token == "kept new https://s");
}

BOOST_AUTO_TEST_CASE(a_path_starts_at_the_kubeconfigs_folder) {
  tests::TempFolder const folder;
  std::filesystem::path const program = folder.path() / "give";
  std::ofstream(program) << "#!/bin/sh\n" << prints(R"("status": {"token": "t"})") << "\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  Json exec = exec_of("");
  exec["command"] = "./give";
  BOOST_TEST(run(exec, folder.path())->token == "t");
  BOOST_TEST(run(exec).error().message.find("could not be started; install it") != std::string::npos);
}

struct Failure {
  char const* name;
  std::string script;
  std::string says;
  friend std::ostream& operator<<(std::ostream& out, Failure const& f) { return out << f.name; }
};
std::vector<Failure> const kFailures{
    {"it fails", prints(R"("status": {"token": "hidden"})") + "; exit 3", "ended with exit code 3"},
    {"it is killed", "kill $$", "was ended by a signal"},
    {"it prints something else", "echo hidden", "printed no ExecCredential"},
    {"another version", "echo '{\"kind\": \"ExecCredential\", \"apiVersion\": \"v2\"}'",
     "printed no ExecCredential"},
    {"nothing in it", prints(R"("status": {})"), "gave no credential"},
    {"half a certificate", prints(R"("status": {"clientCertificateData": "hidden"})"), "not both"},
};
BOOST_DATA_TEST_CASE(a_failure_is_told_without_secrets, boost::unit_test::data::make(kFailures), f) {
  Result<ExecCredential> const got = run(exec_of(f.script));
  BOOST_REQUIRE(!got);
  BOOST_TEST(got.error().message.find(f.says) != std::string::npos, got.error().message);
  BOOST_TEST(got.error().message.find("hidden") == std::string::npos, got.error().message);
}

BOOST_AUTO_TEST_CASE(versions_that_are_not_known_are_refused) {
  BOOST_TEST(
      run(exec_of(prints(R"("status": {"token": "t"})"), "v1alpha1")).error().message.find("v1alpha1") !=
      std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::kube
