// What the simulated API server answers, as kube-apiserver 1.35 answered the same requests.
#include <boost/test/unit_test.hpp>

#include "tests/sim/kube_watch.hpp"
#include "tests/sim/kube_wire.hpp"

namespace trainyard::sim {

namespace {

constexpr kube::ResourceType kThings{"example.com", "v1", "things", "Thing"};
constexpr char const* kAll = "https://kube.world/apis/example.com/v1/namespaces/default/things";

struct Server {
  FakeClock clock{WallTime{}};
  KubeServer server{clock};
  Server() {
    server.serve_custom(kThings, *Json::parse(R"({"properties":{
      "spec":{"properties":{"size":{"default":3}}},
      "status":{"default":{"observedGeneration":0}}}})"));
    server.serve(kube::kEvents);
  }

  HttpResponse ask(char const* method, std::string const& path, char const* body = "",
                   char const* type = "application/json") {
    return server.handle(
        {.method = method, .url = kAll + path, .headers = {{"Content-Type", type}}, .body = body});
  }
  HttpResponse patch(char const* body) { return ask("PATCH", "/one", body, "application/merge-patch+json"); }
  Json make(std::string const& name = "one") {
    return json(
        ask("POST", "", (R"({"metadata":{"name":")" + name + R"("},"spec":{"color":"red"}})").c_str()));
  }
  static Json json(HttpResponse const& answer) { return *Json::parse(answer.body); }
  static std::string version(Json const& object) { return object.text({"metadata", "resourceVersion"}); }

  /// Every line that a watch has now.
  std::vector<Json> watch(std::string const& query) {
    auto begun = KubeWatch::begin(server, {.url = std::string(kAll) + "?watch=1&timeoutSeconds=600" + query});
    std::vector<Json> lines;
    while (std::optional<KubeWatch::Line> line = std::get<KubeWatch>(begun).next())
      lines.push_back(*Json::parse(line->text));
    return lines;
  }
};

void refused(HttpResponse const& answer, int status, char const* reason) {
  BOOST_TEST(answer.status == status);
  BOOST_TEST(Json::parse(answer.body)->text("kind") == "Status");
  BOOST_TEST(Json::parse(answer.body)->text("reason") == reason);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(kube_server, Server)

BOOST_AUTO_TEST_CASE(a_new_object_has_what_its_type_fills_in) {
  Json const made = make();
  BOOST_TEST(made.at({"spec", "size"}).integer_or(0) == 3);
  BOOST_TEST((made.at("status") == Json::object({{"observedGeneration", 0}})));
  BOOST_TEST(made.at({"metadata", "generation"}).integer_or(0) == 1);
  refused(ask("POST", "", R"({"metadata":{"name":"one"}})"), 409, "AlreadyExists");
  refused(ask("GET", "/none"), 404, "NotFound");
  refused(ask("PATCH", "/none", "{}", "application/merge-patch+json"), 404, "NotFound");
}

BOOST_AUTO_TEST_CASE(writes_that_rest_on_something_else_are_refused) {
  std::string const first = version(make());
  BOOST_TEST(version(json(patch(R"({"metadata":{"labels":{"a":"b"}}})"))) != first);
  refused(patch((R"({"metadata":{"resourceVersion":")" + first + R"("}})").c_str()), 409, "Conflict");
  refused(patch(R"({"metadata":{"uid":"another"}})"), 422, "Invalid");
  refused(ask("PUT", "/one/status", R"({"metadata":{"name":"one","uid":"another","resourceVersion":"1"}})"),
          409, "Conflict");
  refused(ask("PUT", "/one/status", R"({"metadata":{"name":"one"},"status":{}})"), 422, "Invalid");
  refused(ask("PUT", "/none", R"({"metadata":{"name":"one"}})"), 404, "NotFound");
}

BOOST_AUTO_TEST_CASE(spec_and_status_are_written_apart) {
  Json object = make();
  std::string const read = version(object);
  object["spec"]["color"] = "blue";
  object["metadata"]["labels"] = Json::object({{"a", "b"}});
  object["status"] = Json::object({{"observedGeneration", 1}});
  Json const told = json(ask("PUT", "/one/status", object.dump().c_str()));
  BOOST_TEST(told.text({"spec", "color"}) == "red");
  BOOST_TEST(told.at({"metadata", "labels"}).is_null());
  BOOST_TEST((told.at("status") == object.at("status")));
  Json const edited = json(patch(R"({"spec":{"color":"green"},"status":{"observedGeneration":9}})"));
  BOOST_TEST(edited.at({"metadata", "generation"}).integer_or(0) == 2);
  BOOST_TEST((edited.at("status") == object.at("status")));
  BOOST_TEST(version(json(patch(R"({"spec":{"color":"green"}})"))) == version(edited));
}

BOOST_AUTO_TEST_CASE(a_json_patch_puts_the_status_whole_and_rests_on_a_version) {
  Json const made = make();
  auto const patched = [&](std::string const& version) {
    std::string const operations = R"([{"op":"add","path":"/metadata/resourceVersion","value":")" + version +
                                   R"("},{"op":"add","path":"/status","value":{"phase":"Ready"}}])";
    return ask("PATCH", "/one/status", operations.c_str(), "application/json-patch+json");
  };
  Json const told = json(patched(version(made)));
  BOOST_TEST(told.text({"status", "phase"}) == "Ready");
  BOOST_TEST((told.at("spec") == made.at("spec")));
  refused(patched(version(made)), 409, "Conflict");
}

BOOST_AUTO_TEST_CASE(the_last_finalizer_ends_what_is_being_deleted) {
  std::string const made = version(make());
  patch(R"({"metadata":{"finalizers":["example.com/a"]}})");
  Json const leaving = json(ask("DELETE", "/one"));
  BOOST_TEST(leaving.at({"metadata", "generation"}).integer_or(0) == 2);
  BOOST_TEST(!leaving.text({"metadata", "deletionTimestamp"}).empty());
  BOOST_TEST(version(json(ask("DELETE", "/one"))) == version(leaving));
  refused(patch(R"({"metadata":{"finalizers":["example.com/a","example.com/b"]}})"), 422, "Invalid");
  Json const last = json(patch(R"({"metadata":{"finalizers":[]}})"));
  BOOST_TEST(version(last) == version(leaving));
  BOOST_TEST(last.at({"metadata", "finalizers"}).is_null());
  refused(ask("DELETE", "/one"), 404, "NotFound");
  std::vector<Json> const told = watch("&resourceVersion=" + made);
  BOOST_REQUIRE(told.size() == 3U);
  BOOST_TEST(told[2].text("type") == "DELETED");
  BOOST_TEST(version(told[2].at("object")) > version(leaving));
  BOOST_TEST(told[2].at({"object", "metadata", "finalizers"}).items().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_watch_begins_with_a_list_or_at_a_version) {
  std::string const one = version(make("one")), two = version(make("two"));
  std::vector<Json> const listed = watch("&sendInitialEvents=true&allowWatchBookmarks=true");
  BOOST_REQUIRE(listed.size() == 3U);
  BOOST_TEST(listed[1].text({"object", "metadata", "name"}) == "two");
  BOOST_TEST(listed[2].text("type") == "BOOKMARK");
  BOOST_TEST(listed[2].text({"object", "metadata", "annotations", "k8s.io/initial-events-end"}) == "true");
  BOOST_TEST(version(listed[2].at("object")) == two);
  BOOST_TEST(watch("&resourceVersion=" + one).size() == 1U);
  BOOST_TEST(watch("&resourceVersion=" + two).empty());
  server.compact();
  std::vector<Json> const old = watch("&resourceVersion=" + one);
  BOOST_REQUIRE(old.size() == 1U);
  BOOST_TEST(old[0].text("type") == "ERROR");
  BOOST_TEST(old[0].at({"object", "code"}).integer_or(0) == 410);
  BOOST_TEST(watch("&resourceVersion=" + two).empty());
}

BOOST_AUTO_TEST_CASE(a_list_comes_in_pages_of_one_moment) {
  for (char const* name : {"a", "b", "c"}) make(name);
  Json const first = json(ask("GET", "?limit=2"));
  BOOST_TEST(first.at("items").items().size() == 2U);
  make("d");
  std::string const more = "?limit=2&continue=" + first.text({"metadata", "continue"});
  Json const second = json(ask("GET", more));
  BOOST_TEST(second.at("items").items().size() == 1U);
  BOOST_TEST(version(second) == version(first));
  BOOST_TEST(second.at({"metadata", "continue"}).is_null());
  server.compact();
  refused(ask("GET", more), 410, "Expired");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::sim
