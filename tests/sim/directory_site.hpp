// A site whose store is a folder of manifests, its state and its secrets.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/directory/directory_store.hpp"
#include "tests/sim/site.hpp"

namespace trainyard::sim {

/// While an operator lives the store is open, and two may share it.
class DirectorySite final : public Site {
 public:
  using Site::Site;
  void set_secret(std::string const& text) override;
  void lose_state() override;
  void look() override;
  void ask_to_delete(ObjectKey const& key) override;
  std::unique_ptr<Door> enter(Visitor const& visitor) override;
  [[nodiscard]] ObjectPtr get(ObjectKey const& key) const override;
  [[nodiscard]] std::vector<ObjectPtr> list(std::string_view kind) const override;

  // For who has come here.
  void come(Pulse const& whose);
  void go(Pulse const& whose);
  [[nodiscard]] directory::DirectoryStore& store() { return *store_; }
  [[nodiscard]] Scrubber& scrubber() { return *scrubber_; }
  [[nodiscard]] Logger& log() { return *log_; }
  /// Changes of objects since this operator took them last; another operator's writes are among them.
  std::vector<ObjectKey> take_changes(Pulse const& whose);
  void wrote(Pulse const& whose, ObjectKey const& key);

 private:
  std::unique_ptr<Scrubber> scrubber_;
  std::unique_ptr<Logger> log_;
  std::unique_ptr<directory::DirectoryStore> store_;
  std::map<Pulse const*, std::vector<ObjectKey>> unread_;  // by operator
};

}  // namespace trainyard::sim
