// What a pass needs around it: an object store, a runner and sources that live in memory.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "reconcilers/conditions.hpp"
#include "reconcilers/reconciler.hpp"
#include "tests/azure/scripted_transport.hpp"

namespace trainyard::reconcilers {

/// Keeps the contract of an ObjectStore: a write that rests on an older version is a Conflict.
class FakeStore final : public ObjectStore {
 public:
  explicit FakeStore(Clock const& clock) : clock_(clock) {}

  [[nodiscard]] ObjectPtr get(ObjectKey const& key) const override {
    auto const found = objects_.find(key);
    return found == objects_.end() ? nullptr : found->second;
  }
  [[nodiscard]] std::vector<ObjectPtr> list(std::string_view kind) const override {
    std::vector<ObjectPtr> all;
    for (auto const& [key, object] : objects_)
      if (key.kind == kind) all.push_back(object);
    return all;
  }
  Result<ObjectPtr> put_status(StoredObject const& read, Json status, Context const&) override {
    if (before_status) before_status();
    if (broken)
      return Error{.kind = ErrorKind::Transient, .reason = "DiskFull", .message = "the disk is full"};
    if (stale(read)) return conflict();
    if (get(read.key)->status == status) return get(read.key);
    ++status_writes;
    return change(read.key, [&](StoredObject& object) { object.status = std::move(status); });
  }
  Result<ObjectPtr> add_finalizer(StoredObject const& read, std::string_view name, Context const&) override {
    if (stale(read)) return conflict();
    return change(read.key, [&](StoredObject& object) { object.finalizers.emplace_back(name); });
  }
  Result<Done> remove_finalizer(StoredObject const& read, std::string_view name, Context const&) override {
    if (stale(read)) return conflict();
    change(read.key, [&](StoredObject& object) { std::erase(object.finalizers, name); });
    if (get(read.key)->deleted_at && get(read.key)->finalizers.empty()) objects_.erase(read.key);
    return Done{};
  }
  void record(Event event) override { events.push_back(std::move(event)); }
  Result<std::string> secret(std::string_view, std::string_view name, std::string_view key,
                             Context const&) override {
    if (secrets_fail) return *secrets_fail;
    auto const found = secrets.find(std::string(name) + "/" + std::string(key));
    if (found != secrets.end()) return found->second;
    return Error{.kind = ErrorKind::NotFound,
                 .reason = "SecretNotFound",
                 .message = "there is no Secret '" + std::string(name) + "'"};
  }
  std::vector<ObjectKey> take_changes() override { return std::exchange(changes, {}); }

  // ---- what a user does

  ObjectKey apply(std::string kind, std::string name, Json spec) {
    ObjectKey const key{std::move(kind), "default", std::move(name)};
    if (!get(key))
      objects_[key] = std::make_shared<StoredObject const>(StoredObject{.key = key, .generation = 0});
    change(key, [&](StoredObject& object) {
      object.spec = std::move(spec);
      object.annotations = Json::object();
      ++object.generation;
    });
    return key;
  }
  void annotate(ObjectKey const& key, std::string_view name, std::string value) {
    change(key, [&](StoredObject& object) { object.annotations[name] = std::move(value); });
  }
  void remove(ObjectKey const& key) {
    change(key, [&](StoredObject& object) { object.deleted_at = clock_.wall(); });
    if (get(key)->finalizers.empty()) objects_.erase(key);
  }
  void set_status(ObjectKey const& key, Json status) {
    change(key, [&](StoredObject& object) { object.status = std::move(status); });
  }

  std::vector<Event> events;
  std::vector<ObjectKey> changes;              // that the next take_changes() tells of
  std::map<std::string, std::string> secrets;  // "name/key"
  std::optional<Error> secrets_fail;           // why none can be read
  bool broken = false;                         // no status can be written
  std::function<void()> before_status;         // what somebody else does just before a status write
  int status_writes = 0;

 private:
  [[nodiscard]] bool stale(StoredObject const& read) const {
    ObjectPtr const now = get(read.key);
    return !now || now->resource_version != read.resource_version;
  }
  static Error conflict() {
    return {.kind = ErrorKind::Conflict, .reason = "Changed", .message = "the object changed"};
  }
  template <class Change>
  ObjectPtr change(ObjectKey const& key, Change const& apply) {
    auto object = std::make_shared<StoredObject>(*objects_.at(key));
    apply(*object);
    object->resource_version = std::to_string(++version_);
    return objects_[key] = object;
  }

  Clock const& clock_;
  std::map<ObjectKey, ObjectPtr> objects_;
  int version_ = 0;
};

/// Runs are what the test says they are.
class FakeRunner final : public LocalRunner {
 public:
  Result<std::optional<LocalRun>> find(std::string const&, std::string const& name, Context const&) override {
    auto const found = runs.find(name);
    return found == runs.end() ? std::optional<LocalRun>{} : std::optional<LocalRun>{found->second};
  }
  Result<Done> start(LocalStart const& what, Context const&) override {
    if (before_start) before_start();
    if (runs.contains(what.name))
      return Error{.kind = ErrorKind::Conflict, .reason = "NameClaimed", .message = "claimed"};
    runs[what.name] = {.owner = what.owner,
                       .revision = what.revision,
                       .holder = what.holder,
                       .started_at = "2026-03-01T00:00:00Z"};
    started.push_back(what);
    return Done{};
  }
  Result<Done> cancel(std::string const&, std::string const& name, std::string const& reason,
                      Context const&) override {
    if (runs.at(name).state == LocalRun::State::Running) runs.at(name).cancel_reason = reason;
    return Done{};
  }
  Result<std::vector<std::string>> list(std::string const&, std::string const& owner,
                                        Context const&) override {
    std::vector<std::string> names;
    for (auto const& [name, run] : runs)
      if (run.owner == owner) names.push_back(name);
    return names;
  }
  [[nodiscard]] Duration pace() const override { return std::chrono::seconds(1); }
  LocalRun& last() { return runs.at(started.back().name); }
  void end(int code) {
    last().state = LocalRun::State::Ended;
    last().exit_code = code;
    last().ended_at = "2026-03-01T00:01:00Z";
  }

  std::map<std::string, LocalRun> runs;
  std::vector<LocalStart> started;
  std::function<void()> before_start;
};

struct FakeSources final : SourceReader {
  std::string digest = "d1";
  bool missing = false;
  int changes = 0;  // so many reads find other files than the scan did
  Result<SourceInfo> scan(SourceRef const&, Context const&) override {
    if (missing)
      return Error{.kind = ErrorKind::Invalid, .reason = "SourceMissing", .message = "no such folder"};
    return SourceInfo{.digest = digest, .bytes = 1, .files = {"train.py"}, .warnings = {}};
  }
  Result<std::vector<SourceFile>> read(SourceRef const&, std::string const&, Context const&) override {
    if (changes > 0) {
      --changes;
      return Error{.kind = ErrorKind::Transient, .reason = "SourceChanged", .message = "the files changed"};
    }
    return std::vector<SourceFile>{{"train.py", "print(1)"}};
  }
};

/// Reconcilers over fakes, and any way to Azure.
struct Passes : azure::Surroundings {
  using Surroundings::Surroundings;
  FakeStore store{clock};
  Scopes scopes;
  FakeRunner runner;
  FakeSources sources;
  azure::Clouds clouds;
  Parts bench{.store = store,
              .scopes = scopes,
              .local = runner,
              .sources = sources,
              .clouds = clouds,
              .azure = parts,
              .transport_for = [this](azure::Cloud const&) -> HttpTransport& { return transport; },
              .cluster = "c",
              .holder = "h",
              .started = clock.wall()};
  std::unique_ptr<Reconciler> workspaces = make_workspace_reconciler(bench);
  std::unique_ptr<Reconciler> targets = make_compute_target_reconciler(bench);
  std::unique_ptr<Reconciler> runs = make_training_run_reconciler(bench);

  Outcome pass(ObjectKey const& key) {
    Reconciler& reconciler = key.kind == "Workspace"       ? *workspaces
                             : key.kind == "ComputeTarget" ? *targets
                                                           : *runs;
    return reconciler.reconcile(store.get(key),
                                {.stop = {}, .deadline = clock.steady() + std::chrono::minutes(10)});
  }
  /// Passes until nothing is to be looked at soon.
  Outcome settle(ObjectKey const& key) {
    for (int i = 0; i < 20 && store.get(key); ++i)
      if (Outcome const outcome = pass(key); outcome.next != Outcome::Next::Soon) return outcome;
    return Outcome::rest();
  }
  std::string reason(ObjectKey const& key) { return ready(key).reason; }
  std::string message(ObjectKey const& key) { return ready(key).message; }
  manifests::Condition ready(ObjectKey const& key) {
    manifests::Conditions const conditions =
        manifests::conditions_from_json(store.get(key)->status.at("conditions"));
    auto const* const found = find_condition(conditions, manifests::kReady);
    return found == nullptr ? manifests::Condition{} : *found;
  }
  bool is(ObjectKey const& key, std::string_view type) {
    manifests::Conditions const conditions =
        manifests::conditions_from_json(store.get(key)->status.at("conditions"));
    auto const* const found = find_condition(conditions, type);
    return found != nullptr && found->status == manifests::ConditionStatus::True;
  }
  int warnings(std::string_view about) {
    return static_cast<int>(std::count_if(store.events.begin(), store.events.end(),
                                          [&](Event const& e) { return e.warning && e.reason == about; }));
  }
};

/// Azure's answers are scripted.
struct Bench : azure::Wire, Passes {
  Bench() : Passes(script) {}
};

}  // namespace trainyard::reconcilers
