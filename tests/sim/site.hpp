// Where operators of a world keep their objects, and where its users write what they want.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/base/log.hpp"
#include "controller/base/metrics.hpp"
#include "controller/base/object_store.hpp"
#include "controller/base/random.hpp"
#include "reconcilers/source.hpp"
#include "tests/sim/judge.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

/// An operator that comes to a site; all of it outlives its door.
struct Visitor {
  Pulse& pulse;
  Random& random;
  Metrics& metrics;
  std::function<void()> changed;  // the store has changes
};

/// The store as one operator has it, for as long as it is there.
struct Door {
  virtual ~Door() = default;
  virtual ObjectStore& store() = 0;
  virtual reconcilers::SourceReader& sources() = 0;
  virtual Scrubber& scrubber() = 0;
  virtual Logger& log() = 0;
  /// Everything that is there is known: passes may begin.
  [[nodiscard]] virtual bool ready() const = 0;
};

/// Outlives the operators on it. A folder of what its users declare; the kinds of site differ in where that
/// is kept and what becomes of it.
class Site {
 public:
  Site(std::string name, Stage& stage, Judge& judge);
  virtual ~Site();
  Site(Site const&) = delete;
  Site& operator=(Site const&) = delete;

  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] std::filesystem::path manifests() const { return folder_ / "manifests"; }
  void write(std::string const& path, std::string const& text);  // below manifests()
  [[nodiscard]] std::string read(std::string const& path) const;
  void remove(std::string const& path);

  /// The identity of the state: another one once the state was lost.
  [[nodiscard]] std::string holder() const { return name_ + "-" + std::to_string(states_lost_); }
  virtual void set_secret(std::string const& text) = 0;
  /// All that the store knew is gone, as by a lost disk. Nobody may live here then.
  virtual void lose_state() = 0;
  /// What users wrote comes to the store.
  virtual void look() = 0;
  /// Who watched the store cannot go on from where he was; nothing where that is not so.
  virtual void forget_history() {}
  virtual void ask_to_delete(ObjectKey const& key) = 0;
  virtual std::unique_ptr<Door> enter(Visitor const& visitor) = 0;

  // As it is, whatever an operator has seen of it; nothing while the store is closed.
  [[nodiscard]] virtual ObjectPtr get(ObjectKey const& key) const = 0;
  [[nodiscard]] virtual std::vector<ObjectPtr> list(std::string_view kind) const = 0;

  /// An object has gone, and its document may be back: whoever applies it does so again.
  bool asks_for_look = false;

 protected:
  /// Whole or not at all, and for nobody else to read.
  static void write_file(std::filesystem::path const& path, std::string const& text);

  std::string const name_;
  Stage& stage_;
  Judge& judge_;
  std::filesystem::path const folder_;
  int states_lost_ = 0;
};

}  // namespace trainyard::sim
