#include "tests/sim/sim_store.hpp"

namespace trainyard::sim {

namespace {
Error dead() {
  return {.kind = ErrorKind::Canceled, .reason = "Killed", .message = "the operator was killed"};
}
}  // namespace

template <class T>
Result<T> SimStore::write(std::string const& what, std::function<Result<T>()> const& act) {
  Result<T> result = dead();
  stage_.effect(what, [&] { result = act(); });
  return result;
}

Result<ObjectPtr> SimStore::put_status(StoredObject const& read, Json status, Context const& context) {
  ObjectPtr const now = store_.get(read.key);
  if (now && now->resource_version == read.resource_version && now->status == status) return now;  // no write
  return write<ObjectPtr>("status " + to_string(read.key) + " " + status.at("conditions").dump(),
                          [&] { return store_.put_status(read, std::move(status), context); });
}

Result<ObjectPtr> SimStore::add_finalizer(StoredObject const& read, std::string_view finalizer,
                                          Context const& context) {
  return write<ObjectPtr>("finalizer on " + to_string(read.key),
                          [&] { return store_.add_finalizer(read, finalizer, context); });
}

Result<Done> SimStore::remove_finalizer(StoredObject const& read, std::string_view finalizer,
                                        Context const& context) {
  return write<Done>("finalizer off " + to_string(read.key),
                     [&] { return store_.remove_finalizer(read, finalizer, context); });
}

void SimStore::record(Event event) {
  std::string const what = "event " + to_string(event.about) + " " + event.reason + ": " + event.message;
  stage_.effect(what, [&] { store_.record(std::move(event)); });
}

Result<std::string> SimStore::secret(std::string_view ns, std::string_view name, std::string_view key,
                                     Context const& context) {
  if (stage_.dead()) return dead();
  stage_.fibers.yield();
  return store_.secret(ns, name, key, context);
}

}  // namespace trainyard::sim
