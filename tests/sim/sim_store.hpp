// The object store as an operator of a world calls it: others go on meanwhile, and a kill makes it dead.
#pragma once

#include <functional>
#include <utility>

#include "controller/base/object_store.hpp"
#include "tests/sim/directory_site.hpp"
#include "tests/sim/judge.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

class SimStore final : public ObjectStore {
 public:
  SimStore(DirectorySite& site, Stage& stage, Judge& judge, Pulse& whose)
      : site_(site), stage_(stage), judge_(judge), whose_(whose) {}

  [[nodiscard]] ObjectPtr get(ObjectKey const& key) const override { return site_.store().get(key); }
  [[nodiscard]] std::vector<ObjectPtr> list(std::string_view kind) const override {
    return site_.store().list(kind);
  }
  std::vector<ObjectKey> take_changes() override { return site_.take_changes(whose_); }
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
  Result<T> write(ObjectKey const& key, std::string const& what, std::function<Result<T>()> const& act);

  DirectorySite& site_;
  Stage& stage_;
  Judge& judge_;
  Pulse& whose_;
};

}  // namespace trainyard::sim
