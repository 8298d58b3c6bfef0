// The object store's contract on a real API server.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "controller/kube/kube_store.hpp"
#include "tests/directory/object_store_contract.hpp"
#include "tests/integration/api_server.hpp"

namespace trainyard::tests {
namespace {

namespace data = boost::unit_test::data;
using kube::ResourceType;

constexpr ResourceType kCrds{"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                             "CustomResourceDefinition"};
// Kinds that allow any spec: the contract is about stores, not about our kinds.
constexpr ResourceType kWorkspaces{"contract.trainyard.dev", "v1", "contractworkspaces", "Workspace"};
constexpr ResourceType kRuns{"contract.trainyard.dev", "v1", "contractruns", "TrainingRun"};
constexpr std::array<char const*, 3> kNames{"default", "aaa", "other"};

Json definition_of(ResourceType const& type) {
  Json const any = Json::object({{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}});
  Json const schema =
      Json::object({{"type", "object"}, {"properties", Json::object({{"spec", any}, {"status", any}})}});
  Json const version = Json::object({{"name", type.version},
                                     {"served", true},
                                     {"storage", true},
                                     {"subresources", Json::object({{"status", Json::object()}})},
                                     {"schema", Json::object({{"openAPIV3Schema", schema}})}});
  return Json::object(
      {{"apiVersion", kube::api_version(kCrds)},
       {"kind", kCrds.kind},
       {"metadata", Json::object({{"name", std::string(type.plural) + "." + std::string(type.group)}})},
       {"spec", Json::object({{"group", type.group},
                              {"scope", "Namespaced"},
                              {"names", Json::object({{"kind", type.kind},
                                                      {"plural", type.plural},
                                                      {"singular", type.plural}})},
                              {"versions", Json::array({version})}})}});
}

Json map_of(std::map<std::string, std::string> const& entries) {
  Json map = Json::object();
  for (auto const& [name, value] : entries) map[name] = value;
  return map;
}

/// CRDs and namespaces, once.
void prepare(ApiServer& server) {
  for (ResourceType const& type : {kWorkspaces, kRuns}) {
    Json const definition = definition_of(type);
    server.must("PATCH", kube::object_path(kCrds, "", definition.text({"metadata", "name"})), definition);
    wait_until([&] { return server.call("GET", kube::collection_path(type, "")).ok(); },
               "the CRD is not served");
  }
  for (char const* const name : kNames) server.need_namespace(name);
}

class KubeWorld final : public contract::World {
 public:
  KubeWorld() {
    static bool const prepared = (prepare(server_), true);
    BOOST_REQUIRE(prepared);
    for (char const* const ns : kNames) {
      for (ResourceType const& type : {kWorkspaces, kRuns}) clear(type, ns);
      server_.must("DELETE", kube::collection_path(kube::kEvents, ns));
      server_.must("DELETE", kube::collection_path(kube::kSecrets, ns));
    }
    restart();
  }

  ObjectStore& store() override { return *store_; }
  Scrubber& scrubber() override { return server_.scrubber; }

  void apply(ObjectKey const& key, int variant, std::map<std::string, std::string> const& labels,
             std::map<std::string, std::string> const& annotations) override {
    ResourceType const& type = type_of(key);
    Json meta = Json::object({{"name", key.name}});
    if (!labels.empty()) meta["labels"] = map_of(labels);
    if (!annotations.empty()) meta["annotations"] = map_of(annotations);
    Json const applied = server_.must("PATCH", kube::object_path(type, key.ns, key.name),
                                      Json::object({{"apiVersion", kube::api_version(type)},
                                                    {"kind", type.kind},
                                                    {"metadata", std::move(meta)},
                                                    {"spec", Json::object({{"variant", variant}})}}));
    await(key, applied.text({"metadata", "resourceVersion"}));
  }

  void request_delete(ObjectKey const& key) override {
    std::string const path = kube::object_path(type_of(key), key.ns, key.name);
    server_.must("DELETE", path);
    HttpResponse const left = server_.call("GET", path);
    await(key, left.ok() ? Json::parse(left.body)->text({"metadata", "resourceVersion"}) : "");
  }

  void put_secret(std::string const& name, std::string const& key, std::string const& value) override {
    Json const put = server_.must("PATCH", kube::object_path(kube::kSecrets, "default", name),
                                  Json::object({{"apiVersion", "v1"},
                                                {"kind", "Secret"},
                                                {"metadata", Json::object({{"name", name}})},
                                                {"data", Json::object({{key, base64(value)}})}}));
    await({"Secret", "default", name}, put.text({"metadata", "resourceVersion"}));
  }

  std::vector<StoredEvent> events(ObjectKey const& about) override {
    store_->flush_events({.stop = {}, .deadline = server_.clock.steady() + std::chrono::seconds(30)});
    std::vector<StoredEvent> events;
    Json const list = server_.must("GET", kube::collection_path(kube::kEvents, about.ns));
    for (Json const& item : list.at("items").items()) {
      ObjectKey const key{item.text({"regarding", "kind"}), item.text({"regarding", "namespace"}),
                          item.text({"regarding", "name"})};
      if (key != about) continue;
      events.push_back({.event = {.about = key,
                                  .warning = item.text("type") == "Warning",
                                  .reason = item.text("reason"),
                                  .message = item.text("note")},
                        .count = static_cast<int>(item.at({"series", "count"}).integer_or(1))});
    }
    return events;
  }

  void restart() override {
    store_.reset();
    store_ = std::make_unique<kube::KubeStore>(
        kube::KubeStoreOptions{.kinds = {kWorkspaces, kRuns}, .ns = "", .instance = "contract"},
        kube::KubeStoreParts{.api = api_,
                             .clock = server_.clock,
                             .random = server_.random,
                             .log = log_,
                             .scrubber = server_.scrubber});
    store_->start();
    wait_until([&] { return store_->synced(); }, "the store does not see the API server");
    (void)store_->take_changes();
  }

 private:
  static ResourceType const& type_of(ObjectKey const& key) {
    return key.kind == "Workspace" ? kWorkspaces : kRuns;
  }

  void clear(ResourceType const& type, std::string const& ns) {
    Json const list = server_.must("GET", kube::collection_path(type, ns));
    for (Json const& item : list.at("items").items()) {
      Json freed = item;
      freed["metadata"].erase("finalizers");
      std::string const path = kube::object_path(type, ns, item.text({"metadata", "name"}));
      server_.must("PUT", path, freed);
      (void)server_.call("DELETE", path);
    }
  }

  /// Until the store has seen that version of it.
  void await(ObjectKey const& key, std::string const& version) {
    wait_until([&] { return store_->seen_version(key) == version; }, "the store does not see a change");
  }

  ApiServer& server_ = ApiServer::get();
  Logger log_{server_.clock, server_.scrubber, LogFormat::Text, LogLevel::Info,
              [](std::string_view line) { BOOST_TEST_MESSAGE(line); }};
  kube::ApiClient api_{server_.access(), server_.transport(), server_.clock, server_.scrubber,
                       server_.metrics};
  std::unique_ptr<kube::KubeStore> store_;
};

BOOST_AUTO_TEST_SUITE(kube_store)

BOOST_DATA_TEST_CASE(keeps_the_contract, data::make(contract::cases()), c) {
  KubeWorld world;
  c.run(world);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::tests
