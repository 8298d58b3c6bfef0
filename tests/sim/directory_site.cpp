#include "tests/sim/directory_site.hpp"

#include <utility>

#include "controller/local/directory_source.hpp"
#include "controller/manager/documents.hpp"
#include "tests/sim/sim_store.hpp"

namespace trainyard::sim {

namespace fs = std::filesystem;

namespace {

class DirectoryDoor final : public Door {
 public:
  DirectoryDoor(DirectorySite& site, Stage& stage, Judge& judge, Pulse& whose)
      : site_(site),
        whose_(whose),
        store_(site, stage, judge, whose),
        sources_(local::make_directory_sources({.root = site.manifests()}, stage.clock)) {
    site_.come(whose_);
  }
  ~DirectoryDoor() override { site_.go(whose_); }
  ObjectStore& store() override { return store_; }
  reconcilers::SourceReader& sources() override { return *sources_; }
  Scrubber& scrubber() override { return site_.scrubber(); }
  Logger& log() override { return site_.log(); }
  [[nodiscard]] bool ready() const override { return true; }

 private:
  DirectorySite& site_;
  Pulse& whose_;
  SimStore store_;
  std::unique_ptr<local::DirectorySources> sources_;
};

}  // namespace

std::unique_ptr<Door> DirectorySite::enter(Visitor const& visitor) {
  return std::make_unique<DirectoryDoor>(*this, stage_, judge_, visitor.pulse);
}

ObjectPtr DirectorySite::get(ObjectKey const& key) const { return store_ ? store_->get(key) : nullptr; }

std::vector<ObjectPtr> DirectorySite::list(std::string_view kind) const {
  return store_ ? store_->list(kind) : std::vector<ObjectPtr>{};
}

void DirectorySite::ask_to_delete(ObjectKey const& key) {
  check(store_->request_delete(key).has_value(), "the deletion was refused");
}

void DirectorySite::set_secret(std::string const& text) {
  write_file(folder_ / "secrets" / "azsim-client" / "clientSecret", text);
}

void DirectorySite::lose_state() {
  check(store_ == nullptr, "the state is lost while an operator lives");
  fs::remove_all(folder_ / "state");
  ++states_lost_;
}

void DirectorySite::come(Pulse const& whose) {
  unread_[&whose] = {};
  if (store_) return;
  scrubber_ = std::make_unique<Scrubber>();
  log_ = std::make_unique<Logger>(stage_.clock, *scrubber_, LogFormat::Text, LogLevel::Debug,
                                  [this](std::string_view line) { judge_.saw_log(line); });
  Result<std::unique_ptr<directory::DirectoryStore>> store = directory::DirectoryStore::open(
      {.directory = manifests(), .state = folder_ / "state", .secrets = folder_ / "secrets"},
      {.read = manager::document_reader(),
       .check_change = manager::change_check(),
       .clock = stage_.clock,
       .log = *log_,
       .scrubber = *scrubber_});
  check(store.has_value(), "the world's store did not open");
  store_ = *std::move(store);
  look();
}

void DirectorySite::go(Pulse const& whose) {
  unread_.erase(&whose);
  if (unread_.empty()) store_.reset();
}

void DirectorySite::look() {
  if (!store_) return;  // it looks when it is opened
  Result<std::vector<directory::Problem>> const problems = store_->scan({});
  check(problems.has_value(), "the world's folder could not be read");
  for (directory::Problem const& problem : *problems) stage_.tell("problem: " + problem.text);
  store_->sources_changed();
}

std::vector<ObjectKey> DirectorySite::take_changes(Pulse const& whose) {
  for (ObjectKey const& key : store_->take_changes())
    for (auto& [reader, keys] : unread_) keys.push_back(key);
  return std::exchange(unread_[&whose], {});
}

void DirectorySite::wrote(Pulse const& whose, ObjectKey const& key) {
  for (auto& [reader, keys] : unread_)
    if (reader != &whose) keys.push_back(key);
}

}  // namespace trainyard::sim
