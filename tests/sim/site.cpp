#include "tests/sim/site.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "controller/manager/documents.hpp"

namespace trainyard::sim {

namespace fs = std::filesystem;

namespace {

/// In memory where the machine has such a place: what is tested is not the disk.
fs::path fresh_folder() {
  fs::path const shm = "/dev/shm";
  std::error_code error;
  fs::path const base = fs::is_directory(shm, error) ? shm : fs::temp_directory_path();
  std::string name = (base / "trainyard-world-XXXXXX").string();
  check(::mkdtemp(name.data()) != nullptr, "no folder for a world");
  return name;
}

void write_file(fs::path const& path, std::string const& text) {
  fs::create_directories(path.parent_path());
  fs::path const next = path.string() + ".new";
  std::ofstream(next, std::ios::binary) << text;
  fs::permissions(next, fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(next, path);
}

}  // namespace

Site::Site(std::string name, Stage& stage, Judge& judge)
    : name_(std::move(name)), stage_(stage), judge_(judge), folder_(fresh_folder()) {
  fs::create_directories(manifests());
}

Site::~Site() {
  store_.reset();
  std::error_code error;
  fs::remove_all(folder_, error);
}

void Site::write(std::string const& path, std::string const& text) { write_file(manifests() / path, text); }

std::string Site::read(std::string const& path) const {
  std::ifstream const file(manifests() / path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void Site::remove(std::string const& path) { fs::remove(manifests() / path); }

void Site::set_secret(std::string const& text) {
  write_file(folder_ / "secrets" / "azsim-client" / "clientSecret", text);
}

void Site::lose_state() {
  check(store_ == nullptr, "the state is lost while an operator lives");
  fs::remove_all(folder_ / "state");
  ++states_lost_;
}

void Site::come(Pulse const& whose) {
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

void Site::go(Pulse const& whose) {
  unread_.erase(&whose);
  if (unread_.empty()) store_.reset();
}

void Site::look() {
  Result<std::vector<directory::Problem>> const problems = store_->scan({});
  check(problems.has_value(), "the world's folder could not be read");
  for (directory::Problem const& problem : *problems) stage_.tell("problem: " + problem.text);
  store_->sources_changed();
}

std::vector<ObjectKey> Site::take_changes(Pulse const& whose) {
  for (ObjectKey const& key : store_->take_changes())
    for (auto& [reader, keys] : unread_) keys.push_back(key);
  return std::exchange(unread_[&whose], {});
}

void Site::wrote(Pulse const& whose, ObjectKey const& key) {
  for (auto& [reader, keys] : unread_)
    if (reader != &whose) keys.push_back(key);
}

}  // namespace trainyard::sim
