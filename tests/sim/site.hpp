// Where operators of a world keep their objects: a folder of manifests, its state and its secrets.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/base/log.hpp"
#include "controller/directory/directory_store.hpp"
#include "tests/sim/judge.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

/// Outlives the operators on it. While one lives the store is open, and two may share it.
class Site {
 public:
  Site(std::string name, Stage& stage, Judge& judge);
  ~Site();
  Site(Site const&) = delete;
  Site& operator=(Site const&) = delete;

  [[nodiscard]] std::string const& name() const { return name_; }
  /// The identity of the state: another one once the state was lost.
  [[nodiscard]] std::string holder() const { return name_ + "-" + std::to_string(states_lost_); }
  [[nodiscard]] std::filesystem::path manifests() const { return folder_ / "manifests"; }
  void write(std::string const& path, std::string const& text);  // below manifests()
  [[nodiscard]] std::string read(std::string const& path) const;
  void remove(std::string const& path);
  void set_secret(std::string const& text);
  /// The state folder is gone, as by a lost disk. Nobody may live here then.
  void lose_state();

  /// An operator comes and goes; the store is opened for the first and closed after the last.
  void come(Pulse const& whose);
  void go(Pulse const& whose);
  [[nodiscard]] bool is_open() const { return store_ != nullptr; }
  [[nodiscard]] directory::DirectoryStore& store() { return *store_; }
  [[nodiscard]] directory::DirectoryStore const& store() const { return *store_; }
  [[nodiscard]] Scrubber& scrubber() { return *scrubber_; }
  [[nodiscard]] Logger& log() { return *log_; }

  /// Reads what the user wrote, as the watch of the folder would have it done.
  void look();
  /// Changes of objects since this operator took them last; another operator's writes are among them.
  std::vector<ObjectKey> take_changes(Pulse const& whose);
  void wrote(Pulse const& whose, ObjectKey const& key);
  /// An object has gone, and its document may be back: the store asks for a look.
  bool asks_for_look = false;

 private:
  std::string name_;
  Stage& stage_;
  Judge& judge_;
  std::filesystem::path folder_;
  int states_lost_ = 0;
  std::unique_ptr<Scrubber> scrubber_;
  std::unique_ptr<Logger> log_;
  std::unique_ptr<directory::DirectoryStore> store_;
  std::map<Pulse const*, std::vector<ObjectKey>> unread_;  // by operator
};

}  // namespace trainyard::sim
