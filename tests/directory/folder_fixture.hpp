// A folder of manifests of its own, and a reader of documents simple enough for tests of the store.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "controller/base/yaml.hpp"
#include "controller/directory/directory_reader.hpp"
#include "controller/directory/directory_store.hpp"
#include "tests/temp_folder.hpp"

namespace trainyard::directory {

using tests::read_all;
using tests::TempFolder;

/// Any kind; every spec is fine, but spec.fixed must not change.
inline Declarations read_documents(std::string_view file, std::string_view text) {
  Declarations read;
  Result<std::vector<YamlDocument>> const documents = parse_yaml(text);
  if (!documents) {
    read.errors.push_back(std::string(file) + ": " + documents.error().message);
    return read;
  }
  for (YamlDocument const& document : *documents) {
    Json const& value = document.value;
    std::string const place = std::string(file) + ":" + std::to_string(document.place.line);
    std::string const kind = value.text("kind");
    std::string ns = value.text({"metadata", "namespace"});
    if (kind == "Secret") {
      read.ignored.emplace_back(place, kind);
    } else if (kind.empty()) {
      read.errors.push_back(place + ": kind is missing");
    } else {
      Json const& metadata = value.at("metadata");
      read.documents.push_back(
          {.key = {kind, ns.empty() ? "default" : ns, metadata.text("name")},
           .labels = metadata.at("labels").is_object() ? metadata.at("labels") : Json::object(),
           .annotations =
               metadata.at("annotations").is_object() ? metadata.at("annotations") : Json::object(),
           .spec = value.at("spec"),
           .place = place});
    }
  }
  return read;
}

inline std::vector<std::string> check_change(std::string_view, Json const& before, Json const& after) {
  if (before.at("fixed") == after.at("fixed")) return {};
  return {"spec.fixed cannot change"};
}

struct Folder {
  TempFolder temp;
  DirectoryOptions options{.directory = temp.path() / "manifests",
                           .state = temp.path() / "state",
                           .secrets = temp.path() / "secrets"};
  FakeClock clock{WallTime(std::chrono::hours(24 * 365 * 50))};
  Scrubber scrubber;
  std::mutex mutex;
  std::vector<std::string> lines;  // guarded by mutex
  Logger log{clock, scrubber, LogFormat::Text, LogLevel::Debug, [this](std::string_view line) {
               std::lock_guard lock(mutex);
               lines.emplace_back(line);
             }};
  std::unique_ptr<DirectoryStore> store;

  explicit Folder(bool opened = true) {
    std::filesystem::create_directory(options.directory);
    std::filesystem::create_directory(*options.secrets);
    if (opened) open();
  }
  Result<std::unique_ptr<DirectoryStore>> try_open() {
    return DirectoryStore::open(options, {read_documents, check_change, clock, log, scrubber});
  }
  void open() {
    store.reset();
    auto opened = try_open();
    BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().message));
    store = *std::move(opened);
  }
  std::unique_ptr<DirectoryReader> reader() {
    auto opened = DirectoryReader::open(options, read_documents, clock, scrubber);
    BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().message));
    return *std::move(opened);
  }
  void write_at(std::filesystem::path const& path, std::string const& text, unsigned mode = 0644) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
  }
  void write(std::string const& file, std::string const& text, unsigned mode = 0644) {
    write_at(options.directory / file, text, mode);
  }
  void remove(std::string const& file) { std::filesystem::remove(options.directory / file); }
  std::vector<std::string> scan() {
    auto const problems = store->scan({});
    BOOST_REQUIRE_MESSAGE(problems.has_value(), (problems ? "" : problems.error().message));
    std::vector<std::string> texts;
    for (Problem const& problem : *problems) texts.push_back(problem.text);
    return texts;
  }
  ObjectPtr get(ObjectKey const& key) {
    ObjectPtr object = store->get(key);
    BOOST_REQUIRE_MESSAGE(object, to_string(key) + " is absent");
    return object;
  }
  std::vector<std::string> reasons(ObjectKey const& about) {
    auto const events = store->events(about);
    BOOST_REQUIRE(events.has_value());
    std::vector<std::string> reasons;
    for (StoredEvent const& event : *events)
      reasons.push_back(event.event.reason + " x" + std::to_string(event.count));
    return reasons;
  }
};

inline std::string document(std::string const& name, std::string const& spec = "{size: 1}",
                            std::string const& annotations = "{}") {
  return "kind: Thing\nmetadata: {name: " + name + ", annotations: " + annotations + "}\nspec: " + spec +
         "\n";
}
inline ObjectKey thing(std::string const& name) { return {"Thing", "default", name}; }

}  // namespace trainyard::directory
