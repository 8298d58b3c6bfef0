// The object store's contract on the simulated API server: what tests/integration asks of a real one.
#include <exception>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "controller/base/encoding.hpp"
#include "controller/kube/kube_store.hpp"
#include "tests/directory/object_store_contract.hpp"
#include "tests/sim/sim_kube.hpp"
#include "tests/sim/strand_loops.hpp"

namespace trainyard::sim {

namespace {

using kube::ResourceType;

constexpr ResourceType kWorkspaces{"contract.trainyard.dev", "v1", "contractworkspaces", "Workspace"};
constexpr ResourceType kRuns{"contract.trainyard.dev", "v1", "contractruns", "TrainingRun"};
constexpr char const* kServer = "https://kube.world";

Json map_of(std::map<std::string, std::string> const& entries) {
  Json map = Json::object();
  for (auto const& [name, value] : entries) map[name] = value;
  return map;
}

class SimulatedWorld final : public contract::World {
 public:
  explicit SimulatedWorld(std::uint64_t seed, bool streams_lists) : stage_(seed) {
    server_.serve_custom(kWorkspaces, {});
    server_.serve_custom(kRuns, {});
    server_.serve(kube::kSecrets);
    server_.serve(kube::kConfigMaps);
    server_.serve(kube::kEvents);
    server_.streams_lists = streams_lists;
  }

  /// What waits must be a strand: the case is one.
  void play(contract::Case const& c) {
    std::exception_ptr wrong;
    bool done = false;
    stage_.fibers.start("test", "case", [&] {
      try {
        restart();
        c.run(*this);
      } catch (Dropped const&) {
        throw;
      } catch (...) {
        wrong = std::current_exception();
      }
      done = true;
    });
    while (!done) step();
    store_.reset();
    if (wrong) std::rethrow_exception(wrong);
  }

  ObjectStore& store() override { return *store_; }
  Scrubber& scrubber() override { return scrubber_; }

  void apply(ObjectKey const& key, int variant, std::map<std::string, std::string> const& labels,
             std::map<std::string, std::string> const& annotations) override {
    Json meta = Json::object({{"name", key.name}});
    if (!labels.empty()) meta["labels"] = map_of(labels);
    if (!annotations.empty()) meta["annotations"] = map_of(annotations);
    put(type_of(key), key,
        Json::object({{"metadata", std::move(meta)}, {"spec", Json::object({{"variant", variant}})}}));
  }

  void request_delete(ObjectKey const& key) override {
    call("DELETE", kube::object_path(type_of(key), key.ns, key.name), {});
    JsonPtr const left = server_.find(type_of(key), key.ns, key.name);
    await(key, left ? left->text({"metadata", "resourceVersion"}) : "");
  }

  void put_secret(std::string const& name, std::string const& key, std::string const& value) override {
    put(kube::kSecrets, {"Secret", "default", name},
        Json::object(
            {{"metadata", Json::object({{"name", name}})}, {"data", Json::object({{key, base64(value)}})}}));
  }

  std::vector<StoredEvent> events(ObjectKey const& about) override {
    stage_.fibers.sleep(std::chrono::minutes(1));  // they are written beside all else
    std::vector<StoredEvent> events;
    for (JsonPtr const& item : server_.all("events.k8s.io/v1/events", about.ns)) {
      ObjectKey const key{item->text({"regarding", "kind"}), item->text({"regarding", "namespace"}),
                          item->text({"regarding", "name"})};
      if (key != about) continue;
      events.push_back({.event = {.about = key,
                                  .warning = item->text("type") == "Warning",
                                  .reason = item->text("reason"),
                                  .message = item->text("note")},
                        .count = static_cast<int>(item->at({"series", "count"}).integer_or(1))});
    }
    return events;
  }

  void restart() override {
    store_.reset();
    store_ = std::make_unique<kube::KubeStore>(
        kube::KubeStoreOptions{.kinds = {kWorkspaces, kRuns}, .ns = "", .instance = "contract"},
        kube::KubeStoreParts{.api = api_,
                             .clock = stage_.clock,
                             .random = stage_.random,
                             .log = log_,
                             .scrubber = scrubber_,
                             .run = on_strands(stage_.fibers, stage_.clock, "store")});
    store_->start();
    wait_until([&] { return store_->synced(); });
    (void)store_->take_changes();
  }

  void do_at_once(int times, std::function<void()> const& act) override {
    int done = 0;
    for (int i = 0; i < times; ++i)
      stage_.fibers.start("test", "act" + std::to_string(i), [&] {
        act();
        ++done;
      });
    wait_until([&] { return done == times; });
  }

 private:
  static ResourceType const& type_of(ObjectKey const& key) {
    return key.kind == "Workspace" ? kWorkspaces : kRuns;
  }

  void step() {
    if (stage_.fibers.step()) return;
    SteadyTime const next = stage_.fibers.next_wake();
    BOOST_REQUIRE((next != SteadyTime::max()));
    stage_.clock.advance(std::max(next - stage_.clock.steady(), Duration(1)));
  }

  void wait_until(std::function<bool()> const& holds) {
    stage_.fibers.wait_for(holds, stage_.clock.steady() + std::chrono::minutes(2));
    BOOST_REQUIRE(holds());
  }

  Json call(char const* method, std::string const& path, Json const& body) {
    HttpResponse const answer = server_.handle({.method = method,
                                                .url = kServer + path,
                                                .headers = {{"Content-Type", "application/apply-patch+yaml"}},
                                                .body = body.is_null() ? "" : body.dump()});
    BOOST_REQUIRE_MESSAGE(answer.ok(), answer.body);
    return *Json::parse(answer.body);
  }

  void put(ResourceType const& type, ObjectKey const& key, Json const& object) {
    Json const put = call("PATCH", kube::object_path(type, key.ns, key.name), object);
    await(key, put.text({"metadata", "resourceVersion"}));
  }

  /// Until the store has seen that version of it.
  void await(ObjectKey const& key, std::string const& version) {
    wait_until([&] { return store_->seen_version(key) == version; });
  }

  Stage stage_;
  KubeServer server_{stage_.clock};
  KubeFaults faults_;
  Scrubber scrubber_;
  Metrics metrics_;
  Pulse pulse_{.name = "store"};
  SimKube transport_{server_, faults_, stage_, pulse_, [](std::string_view) {}};
  Logger log_{stage_.clock, scrubber_, LogFormat::Text, LogLevel::Info,
              [](std::string_view line) { BOOST_TEST_MESSAGE(line); }};
  kube::ApiClient api_{{.server = kServer}, transport_, stage_.clock, scrubber_, metrics_};
  std::unique_ptr<kube::KubeStore> store_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kube_store)

BOOST_DATA_TEST_CASE(keeps_the_contract, boost::unit_test::data::make(contract::cases()), c) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
      SimulatedWorld(seed, seed != 5).play(c);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::sim
