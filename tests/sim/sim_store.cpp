#include "tests/sim/sim_store.hpp"

namespace trainyard::sim {

namespace {
Error dead() {
  return {.kind = ErrorKind::Canceled, .reason = "Killed", .message = "the operator was killed"};
}
}  // namespace

template <class T>
Result<T> SimStore::write(ObjectKey const& key, std::string const& what,
                          std::function<Result<T>()> const& act) {
  Result<T> result = dead();
  if (whose_.dead) return result;
  stage_.fibers.sleep(stage_.between(std::chrono::milliseconds(1), std::chrono::milliseconds(20)));
  stage_.effect(whose_, what, [&] {
    result = act();
    if (result) site_.wrote(whose_, key);
  });
  return result;
}

Result<ObjectPtr> SimStore::put_status(StoredObject const& read, Json status, Context const& context) {
  ObjectPtr const now = get(read.key);
  if (now && now->resource_version == read.resource_version && now->status == status) return now;  // no write
  return write<ObjectPtr>(read.key, "status " + to_string(read.key) + " " + status.at("conditions").dump(),
                          [&] {
                            Result<ObjectPtr> written = site_.store().put_status(read, status, context);
                            if (written) judge_.saw_status(read, **written);
                            return written;
                          });
}

Result<ObjectPtr> SimStore::add_finalizer(StoredObject const& read, std::string_view finalizer,
                                          Context const& context) {
  return write<ObjectPtr>(read.key, "finalizer on " + to_string(read.key),
                          [&] { return site_.store().add_finalizer(read, finalizer, context); });
}

Result<Done> SimStore::remove_finalizer(StoredObject const& read, std::string_view finalizer,
                                        Context const& context) {
  return write<Done>(read.key, "finalizer off " + to_string(read.key), [&] {
    Result<Done> removed = site_.store().remove_finalizer(read, finalizer, context);
    site_.asks_for_look = site_.asks_for_look || !get(read.key);
    return removed;
  });
}

void SimStore::record(Event event) {
  std::string const what = "event " + to_string(event.about) + " " + event.reason + ": " + event.message;
  judge_.saw_output(what);
  stage_.effect(whose_, what, [&] { site_.store().record(std::move(event)); });
}

Result<std::string> SimStore::secret(std::string_view ns, std::string_view name, std::string_view key,
                                     Context const& context) {
  if (whose_.dead) return dead();
  stage_.fibers.yield();
  return site_.store().secret(ns, name, key, context);
}

}  // namespace trainyard::sim
