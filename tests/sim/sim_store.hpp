// The object store as a strand of a world calls it: others go on meanwhile, and a kill makes it dead.
#pragma once

#include <utility>

#include "controller/base/object_store.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

class SimStore final : public ObjectStore {
 public:
  SimStore(ObjectStore& store, Stage& stage) : store_(store), stage_(stage) {}

  [[nodiscard]] ObjectPtr get(ObjectKey const& key) const override { return store_.get(key); }
  [[nodiscard]] std::vector<ObjectPtr> list(std::string_view kind) const override {
    return store_.list(kind);
  }
  std::vector<ObjectKey> take_changes() override { return store_.take_changes(); }
  Result<ObjectPtr> put_status(StoredObject const& read, Json status, Context const& context) override;
  Result<ObjectPtr> add_finalizer(StoredObject const& read, std::string_view finalizer,
                                  Context const& context) override;
  Result<Done> remove_finalizer(StoredObject const& read, std::string_view finalizer,
                                Context const& context) override;
  void record(Event event) override;
  Result<std::string> secret(std::string_view ns, std::string_view name, std::string_view key,
                             Context const& context) override;

 private:
  template <class T>
  Result<T> write(std::string const& what, std::function<Result<T>()> const& act);

  ObjectStore& store_;
  Stage& stage_;
};

}  // namespace trainyard::sim
