// What object_store.hpp promises, as cases that run against any store: SQLite's, a simulated and a real API
// server.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "controller/base/log.hpp"
#include "controller/base/object_store.hpp"

namespace trainyard::contract {

/// A store and the hands of its users. Each call returns once the store has seen what it did.
struct World {
  virtual ~World() = default;
  virtual ObjectStore& store() = 0;
  /// A user applies an object; another `variant` is another spec, allowed to follow any other.
  virtual void apply(ObjectKey const& key, int variant, std::map<std::string, std::string> const& labels = {},
                     std::map<std::string, std::string> const& annotations = {}) = 0;
  virtual void request_delete(ObjectKey const& key) = 0;
  virtual void put_secret(std::string const& name, std::string const& key, std::string const& value) = 0;
  virtual std::vector<StoredEvent> events(ObjectKey const& about) = 0;
  virtual Scrubber& scrubber() = 0;
  /// Ends the store and opens it anew on what it kept.
  virtual void restart() = 0;
  /// Does it so many times beside each other: on threads, or on what the world has instead.
  virtual void do_at_once(int times, std::function<void()> const& act) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < times; ++i) threads.emplace_back(act);
  }
};

struct Case {
  char const* name;
  std::function<void(World&)> run;
};
inline std::ostream& operator<<(std::ostream& out, Case const& c) { return out << c.name; }

inline ObjectKey const kOne{"Workspace", "default", "one"};
inline constexpr char const* kFinalizer = "trainyard.dev/contract";

inline ObjectPtr must(Result<ObjectPtr> const& result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().message));
  return *result;
}
inline void must(Result<Done> const& result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().message));
}
inline ObjectPtr must_get(World& world, ObjectKey const& key) {
  ObjectPtr object = world.store().get(key);
  BOOST_REQUIRE_MESSAGE(object, to_string(key) + " is absent");
  return object;
}
inline bool took(World& world, ObjectKey const& key) {
  std::vector<ObjectKey> const changes = world.store().take_changes();
  auto const times = std::count(changes.begin(), changes.end(), key);
  BOOST_TEST(times <= 1);
  return times == 1;
}
template <class T>
void refused(Result<T> const& result, ErrorKind kind) {
  BOOST_REQUIRE(!result.has_value());
  BOOST_TEST((result.error().kind == kind), "refused as " + std::string(to_string(result.error().kind)));
}
inline Json status(char const* phase) { return Json::object({{"phase", phase}}); }

inline void absent_is_null(World& world) {
  BOOST_TEST((world.store().get(kOne) == nullptr));
  BOOST_TEST(world.store().list("Workspace").empty());
  BOOST_TEST(world.store().take_changes().empty());
}

inline void a_new_object(World& world) {
  world.apply(kOne, 1, {{"team", "red"}}, {{"trainyard.dev/reconcile", "paused"}});
  BOOST_TEST(took(world, kOne));
  BOOST_TEST(!took(world, kOne));
  ObjectPtr const object = must_get(world, kOne);
  BOOST_TEST((object->key == kOne));
  BOOST_TEST(object->generation == 1);
  BOOST_TEST(!object->resource_version.empty());
  BOOST_TEST(object->finalizers.empty());
  BOOST_TEST(!object->deleted_at.has_value());
  BOOST_TEST((object->created_at != WallTime{}));
  BOOST_TEST(object->labels.text("team") == "red");
  BOOST_TEST(object->annotation("trainyard.dev/reconcile") == "paused");
  BOOST_TEST(object->spec.is_object());
  BOOST_TEST((object->status == Json::object()));
  BOOST_TEST(!object->orphaned);
}

inline void lists_are_by_key_and_of_one_kind(World& world) {
  std::vector<ObjectKey> const keys{
      {"Workspace", "aaa", "z"}, {"Workspace", "default", "a"}, {"Workspace", "default", "b"}};
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) world.apply(*key, 1);
  std::vector<ObjectKey> listed;
  for (ObjectPtr const& object : world.store().list("Workspace")) listed.push_back(object->key);
  BOOST_TEST((listed == keys));
  BOOST_TEST(world.store().list("TrainingRun").empty());
  BOOST_TEST(world.store().list("Work").empty());
}

inline void generation_counts_changes_of_the_spec(World& world) {
  world.apply(kOne, 1);
  ObjectPtr const first = must_get(world, kOne);
  world.store().take_changes();
  world.apply(kOne, 1);
  BOOST_TEST(must_get(world, kOne)->resource_version == first->resource_version);
  BOOST_TEST(!took(world, kOne));
  world.apply(kOne, 2);
  ObjectPtr const second = must_get(world, kOne);
  BOOST_TEST(second->generation == 2);
  BOOST_TEST(second->resource_version != first->resource_version);
  BOOST_TEST((second->spec != first->spec));
  BOOST_TEST((second->created_at == first->created_at));
  BOOST_TEST(took(world, kOne));
}

inline void labels_and_annotations_change_no_generation(World& world) {
  world.apply(kOne, 1, {{"team", "red"}});
  ObjectPtr const first = must_get(world, kOne);
  world.store().take_changes();
  world.apply(kOne, 1, {{"team", "blue"}});
  ObjectPtr const second = must_get(world, kOne);
  BOOST_TEST(second->generation == 1);
  BOOST_TEST(second->labels.text("team") == "blue");
  BOOST_TEST(second->resource_version != first->resource_version);
  BOOST_TEST(took(world, kOne));
  world.apply(kOne, 1, {{"team", "blue"}}, {{"trainyard.dev/reconcile", "paused"}});
  BOOST_TEST(must_get(world, kOne)->generation == 1);
  BOOST_TEST(must_get(world, kOne)->annotation("trainyard.dev/reconcile") == "paused");
  BOOST_TEST(took(world, kOne));
}

inline void status_is_written_beside_the_spec(World& world) {
  world.apply(kOne, 1, {{"team", "red"}});
  ObjectPtr const read = must_get(world, kOne);
  world.store().take_changes();
  ObjectPtr const after = must(world.store().put_status(*read, status("Ready"), {}));
  BOOST_TEST((after->status == status("Ready")));
  BOOST_TEST(after->generation == 1);
  BOOST_TEST(after->resource_version != read->resource_version);
  BOOST_TEST((after->spec == read->spec));
  BOOST_TEST((after->labels == read->labels));
  BOOST_TEST((must_get(world, kOne)->status == status("Ready")));
  BOOST_TEST(!took(world, kOne), "our own status is no change");
  BOOST_TEST((read->status == Json::object()), "a snapshot does not change");
  world.apply(kOne, 2);
  BOOST_TEST((must_get(world, kOne)->status == status("Ready")));
}

inline void equal_status_is_not_written_twice(World& world) {
  world.apply(kOne, 1);
  Json const first = Json::object({{"a", 1}, {"b", Json::array({"x", 2.5})}});
  ObjectPtr const written = must(world.store().put_status(*must_get(world, kOne), first, {}));
  Json const same = Json::object({{"b", Json::array({"x", 2.5})}, {"a", 1}});
  ObjectPtr const again = must(world.store().put_status(*written, same, {}));
  BOOST_TEST(again->resource_version == written->resource_version);
  BOOST_TEST(must_get(world, kOne)->resource_version == written->resource_version);
}

inline void writes_on_an_old_read_are_refused(World& world) {
  world.apply(kOne, 1);
  ObjectPtr const old = must_get(world, kOne);
  must(world.store().put_status(*old, status("Creating"), {}));
  refused(world.store().put_status(*old, status("Ready"), {}), ErrorKind::Conflict);
  refused(world.store().put_status(*old, status("Creating"), {}), ErrorKind::Conflict);
  refused(world.store().add_finalizer(*old, kFinalizer, {}), ErrorKind::Conflict);
  BOOST_TEST((must_get(world, kOne)->status == status("Creating")));
  ObjectPtr const before_edit = must_get(world, kOne);
  world.apply(kOne, 2);
  refused(world.store().put_status(*before_edit, status("Ready"), {}), ErrorKind::Conflict);
  ObjectPtr const with = must(world.store().add_finalizer(*must_get(world, kOne), kFinalizer, {}));
  must(world.store().put_status(*with, status("Ready"), {}));
  refused(world.store().remove_finalizer(*with, kFinalizer, {}), ErrorKind::Conflict);
  BOOST_TEST(must_get(world, kOne)->has_finalizer(kFinalizer));
}

inline void finalizers_come_and_go(World& world) {
  world.apply(kOne, 1);
  ObjectPtr const first = must(world.store().add_finalizer(*must_get(world, kOne), kFinalizer, {}));
  BOOST_TEST(first->has_finalizer(kFinalizer));
  BOOST_TEST(first->generation == 1);
  ObjectPtr const again = must(world.store().add_finalizer(*first, kFinalizer, {}));
  BOOST_TEST(again->resource_version == first->resource_version);
  BOOST_TEST(again->finalizers.size() == 1U);
  ObjectPtr const both = must(world.store().add_finalizer(*again, "trainyard.dev/other", {}));
  must(world.store().remove_finalizer(*both, kFinalizer, {}));
  BOOST_TEST((must_get(world, kOne)->finalizers == std::vector<std::string>{"trainyard.dev/other"}));
  world.apply(kOne, 2);
  BOOST_TEST(must_get(world, kOne)->has_finalizer("trainyard.dev/other"));
}

inline void without_finalizers_deletion_is_at_once(World& world) {
  world.apply(kOne, 1);
  ObjectPtr const last = must_get(world, kOne);
  world.store().take_changes();
  world.request_delete(kOne);
  BOOST_TEST((world.store().get(kOne) == nullptr));
  BOOST_TEST(world.store().list("Workspace").empty());
  BOOST_TEST(took(world, kOne));
  Result<ObjectPtr> const late = world.store().put_status(*last, status("Ready"), {});
  BOOST_REQUIRE(!late.has_value());
  BOOST_TEST((late.error().kind == ErrorKind::NotFound || late.error().kind == ErrorKind::Conflict));
}

inline void deletion_waits_for_finalizers(World& world) {
  world.apply(kOne, 1);
  ObjectPtr object = must(world.store().add_finalizer(*must_get(world, kOne), kFinalizer, {}));
  object = must(world.store().add_finalizer(*object, "trainyard.dev/other", {}));
  world.store().take_changes();
  world.request_delete(kOne);
  BOOST_TEST(took(world, kOne));
  ObjectPtr const deleting = must_get(world, kOne);
  BOOST_REQUIRE(deleting->deleted_at.has_value());
  refused(world.store().put_status(*object, status("Ready"), {}), ErrorKind::Conflict);
  ObjectPtr const told = must(world.store().put_status(*deleting, status("Deleting"), {}));
  Result<ObjectPtr> const added = world.store().add_finalizer(*told, "trainyard.dev/late", {});
  BOOST_TEST(!added.has_value());
  must(world.store().remove_finalizer(*told, kFinalizer, {}));
  BOOST_TEST((must_get(world, kOne)->deleted_at == deleting->deleted_at));
  world.store().take_changes();
  must(world.store().remove_finalizer(*must_get(world, kOne), "trainyard.dev/other", {}));
  BOOST_TEST((world.store().get(kOne) == nullptr));
  BOOST_TEST(took(world, kOne));
}

inline void a_new_object_of_an_old_name_is_another(World& world) {
  world.apply(kOne, 1);
  world.apply(kOne, 2);
  ObjectPtr const old = must(world.store().put_status(*must_get(world, kOne), status("Ready"), {}));
  world.request_delete(kOne);
  BOOST_REQUIRE((world.store().get(kOne) == nullptr));
  world.apply(kOne, 2);
  ObjectPtr const fresh = must_get(world, kOne);
  BOOST_TEST(fresh->generation == 1);
  BOOST_TEST((fresh->status == Json::object()));
  refused(world.store().put_status(*old, status("Stale"), {}), ErrorKind::Conflict);
}

inline void everything_survives_a_restart(World& world) {
  world.apply(kOne, 1, {{"team", "red"}});
  std::string const first_version = must_get(world, kOne)->resource_version;
  world.apply(kOne, 2, {{"team", "red"}}, {{"note", "a \"quoted\" \xC3\xBC"}});
  ObjectPtr object = must(world.store().add_finalizer(*must_get(world, kOne), kFinalizer, {}));
  Json const rich = Json::object({{"text", "line\nline \xE2\x82\xAC"},
                                  {"number", 1.5},
                                  {"big", std::int64_t{9007199254740993}},
                                  {"list", Json::array({nullptr, true, Json::object()})}});
  must(world.store().put_status(*object, rich, {}));
  world.request_delete(kOne);
  ObjectPtr const before = must_get(world, kOne);
  world.restart();
  ObjectPtr const after = must_get(world, kOne);
  BOOST_TEST(after->generation == before->generation);
  BOOST_TEST(after->resource_version == before->resource_version);
  BOOST_TEST((after->finalizers == before->finalizers));
  BOOST_TEST((after->deleted_at == before->deleted_at));
  BOOST_TEST((after->created_at == before->created_at));
  BOOST_TEST((after->spec == before->spec));
  BOOST_TEST((after->labels == before->labels));
  BOOST_TEST((after->annotations == before->annotations));
  BOOST_TEST((after->status == rich));
  ObjectPtr const written = must(world.store().put_status(*before, status("Deleting"), {}));
  BOOST_TEST(written->resource_version != before->resource_version);
  BOOST_TEST(written->resource_version != object->resource_version, "no version is used twice");
  BOOST_TEST(written->resource_version != first_version, "no version is used twice");
}

inline void equal_events_are_counted(World& world) {
  world.apply(kOne, 1);
  for (int i = 0; i < 3; ++i) world.store().record({kOne, true, "Throttled", "waits for the service"});
  world.store().record({kOne, true, "Throttled", "waits for the quota"});
  world.store().record({kOne, false, "Ready", "usable"});
  std::map<std::string, StoredEvent> events;
  for (StoredEvent const& event : world.events(kOne)) events[event.event.message] = event;
  BOOST_REQUIRE(events.size() == 3U);
  BOOST_TEST(events["waits for the service"].count == 3);
  BOOST_TEST(events["waits for the service"].event.warning);
  BOOST_TEST(events["waits for the service"].event.reason == "Throttled");
  BOOST_TEST(events["waits for the quota"].count == 1);
  BOOST_TEST(!events["usable"].event.warning);
  BOOST_TEST((events["usable"].event.about == kOne));
}

inline void events_hold_no_secret(World& world) {
  world.apply(kOne, 1);
  world.scrubber().add_secret("hunter2hunter2");
  world.store().record({kOne, true, "Failed", "refused with hunter2hunter2"});
  std::vector<StoredEvent> const events = world.events(kOne);
  BOOST_REQUIRE(events.size() == 1U);
  BOOST_TEST(events[0].event.message.find("hunter2hunter2") == std::string::npos);
  BOOST_TEST(events[0].event.message.starts_with("refused with "));
}

inline void secrets_are_read_on_use(World& world) {
  Result<std::string> const absent = world.store().secret("default", "azure", "clientSecret", {});
  refused(absent, ErrorKind::NotFound);
  BOOST_TEST(absent.error().message.find("default/azure") != std::string::npos);
  world.put_secret("azure", "clientSecret", "first value");
  world.store().take_changes();
  Result<std::string> const first = world.store().secret("default", "azure", "clientSecret", {});
  BOOST_REQUIRE(first.has_value());
  BOOST_TEST(*first == "first value");
  BOOST_TEST(world.scrubber().scrub("x first value x").find("first value") == std::string::npos);
  Result<std::string> const no_key = world.store().secret("default", "azure", "password", {});
  refused(no_key, ErrorKind::NotFound);
  BOOST_TEST(no_key.error().message.find("password") != std::string::npos);
  refused(world.store().secret("other", "azure", "clientSecret", {}), ErrorKind::NotFound);
  world.put_secret("azure", "clientSecret", "second value");
  BOOST_TEST(took(world, {"Secret", "default", "azure"}));
  BOOST_TEST(*world.store().secret("default", "azure", "clientSecret", {}) == "second value");
}

inline void no_update_is_lost_between_threads(World& world) {
  world.apply(kOne, 1);
  constexpr int kThreads = 4, kEach = 10;
  auto const count_up = [&] {
    for (int done = 0; done < kEach;) {
      ObjectPtr const read = world.store().get(kOne);
      std::int64_t const next = read->status.at("count").integer_or(0) + 1;
      Result<ObjectPtr> const written = world.store().put_status(*read, Json::object({{"count", next}}), {});
      if (written) ++done;
    }
  };
  world.do_at_once(kThreads, count_up);
  BOOST_TEST(must_get(world, kOne)->status.at("count").integer_or(0) == kThreads * kEach);
}

inline std::vector<Case> cases() {
  return {{"absent is null", absent_is_null},
          {"a new object", a_new_object},
          {"lists are by key and of one kind", lists_are_by_key_and_of_one_kind},
          {"generation counts changes of the spec", generation_counts_changes_of_the_spec},
          {"labels and annotations change no generation", labels_and_annotations_change_no_generation},
          {"status is written beside the spec", status_is_written_beside_the_spec},
          {"equal status is not written twice", equal_status_is_not_written_twice},
          {"writes on an old read are refused", writes_on_an_old_read_are_refused},
          {"finalizers come and go", finalizers_come_and_go},
          {"without finalizers deletion is at once", without_finalizers_deletion_is_at_once},
          {"deletion waits for finalizers", deletion_waits_for_finalizers},
          {"a new object of an old name is another", a_new_object_of_an_old_name_is_another},
          {"everything survives a restart", everything_survives_a_restart},
          {"equal events are counted", equal_events_are_counted},
          {"events hold no secret", events_hold_no_secret},
          {"secrets are read on use", secrets_are_read_on_use},
          {"no update is lost between threads", no_update_is_lost_between_threads}};
}

/// Runs every case on a fresh world; for suites that are not data-driven.
inline void check_object_store(std::function<std::unique_ptr<World>()> const& make) {
  for (Case const& c : cases()) {
    BOOST_TEST_CONTEXT(c.name) { c.run(*make()); }
  }
}

}  // namespace trainyard::contract
