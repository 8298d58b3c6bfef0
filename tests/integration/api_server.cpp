#include "tests/integration/api_server.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <boost/test/unit_test.hpp>
#include <poll.h>

#include "controller/base/http_transport.hpp"
#include "controller/kube/resource.hpp"

namespace trainyard::tests {

namespace {

constexpr kube::ResourceType kNamespaces{"", "v1", "namespaces", "Namespace"};

std::string read(std::string const& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  std::string all = text.str();
  while (!all.empty() && all.back() == '\n') all.pop_back();
  BOOST_REQUIRE_MESSAGE(!all.empty(), path + " is not there or empty");
  return all;
}

}  // namespace

ApiServer& ApiServer::get() {
  static ApiServer server;
  return server;
}

ApiServer::ApiServer() {
  char const* const folder = std::getenv("TRAINYARD_API_SERVER");
  BOOST_REQUIRE_MESSAGE(folder != nullptr,
                        "no API server: run these tests by ctest, or see tests/integration/README.md");
  access_.server = read(std::string(folder) + "/server");
  access_.token_file = std::string(folder) + "/token";
  transport_ =
      make_http_transport({.ca_pem = read(std::string(folder) + "/ca.pem"), .system_roots = false}, clock);
}

HttpResponse ApiServer::call(char const* method, std::string const& path, Json const& body) {
  bool const patch = std::string_view(method) == "PATCH";
  HttpRequest request{.method = method, .url = access_.server + path};
  if (patch)
    request.url +=
        std::string(path.find('?') == std::string::npos ? "?" : "&") + "fieldManager=user&force=true";
  request.headers = {{"Authorization", "Bearer " + read(access_.token_file.string())},
                     {"Content-Type", patch ? "application/apply-patch+yaml" : "application/json"}};
  if (!body.is_null()) request.body = body.dump();
  Result<HttpResponse> const answer =
      transport_->send(request, {.stop = {}, .deadline = clock.steady() + std::chrono::seconds(60)});
  BOOST_REQUIRE_MESSAGE(answer.has_value(), (answer ? "" : answer.error().message));
  return *answer;
}

Json ApiServer::must(char const* method, std::string const& path, Json const& body) {
  HttpResponse const answer = call(method, path, body);
  BOOST_REQUIRE_MESSAGE(answer.ok(), std::string(method) + " " + path + ": " + answer.body);
  Result<Json> const parsed = Json::parse(answer.body);
  BOOST_REQUIRE(parsed.has_value());
  return *parsed;
}

void ApiServer::need_namespace(std::string const& name) {
  must("PATCH", kube::object_path(kNamespaces, "", name),
       Json::object(
           {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", Json::object({{"name", name}})}}));
}

void wait_until(std::function<bool()> const& holds, char const* what) {
  auto const until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!holds()) {
    BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < until, what);
    ::poll(nullptr, 0, 5);
  }
}

}  // namespace trainyard::tests
