#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "manifests/field_check.hpp"
#include "manifests/kinds.hpp"

namespace trainyard::manifests {

namespace {

constexpr std::array<std::string_view, 4> kMembers{"apiVersion", "kind", "metadata", "spec"};
constexpr std::array<std::string_view, 4> kMetadata{"name", "namespace", "labels", "annotations"};
// What `get -o yaml` shows beside what a user writes.
constexpr std::array<std::string_view, 9> kWrittenForUsers{
    "status",        "generation", "resourceVersion",   "creationTimestamp", "uid",
    "managedFields", "finalizers", "deletionTimestamp", "ownerReferences"};

bool contains(std::span<std::string_view const> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The place of the path, or of the nearest thing around it that was written.
SourcePlace place_of(YamlDocument const& document, std::string path) {
  for (;;) {
    if (auto const found = document.places.find(path); found != document.places.end()) return found->second;
    std::size_t const end = path.find_last_of(".[");
    if (end == std::string::npos) return document.place;
    path.resize(end);
  }
}

/// One document; what is wrong with it goes to `errors`.
class Reader {
 public:
  Reader(std::string_view file, YamlDocument const& document)
      : document_(document),
        value_(document.value),
        place_(std::string(file) + ":" + std::to_string(document.place.line)) {}

  void read(Documents& result) {
    if (!value_.is_object()) {
      add("", "", "a document must be an object with apiVersion, kind, metadata and spec");
    } else if (std::string const kind = value_.text("kind"); is_for_others(kind)) {
      result.ignored.emplace_back(place_, kind);
      return;
    } else if (Kind const* const known = kind_of_ours()) {
      members();
      Document document = metadata();
      document.kind = known->kind;
      document.place = place_;
      if (Json const* const spec = value_.find("spec")) {
        document.spec = *spec;
        std::vector<FieldError> found = validate(known->kind, document.name, *spec);
        bool const told = !errors_.empty() && document.name.empty();  // metadata() says it better
        std::erase_if(found, [&](FieldError const& e) { return told && e.path == "metadata.name"; });
        errors_.insert(errors_.end(), found.begin(), found.end());
      } else {
        add("spec", "", "is missing; give the fields of a " + std::string(known->kind));
      }
      if (errors_.empty()) result.documents.push_back(std::move(document));
    }
    for (FieldError& error : errors_) error.place = place_of(document_, error.path);
    auto const earlier = [](FieldError const& a, FieldError const& b) {
      return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
    };
    std::stable_sort(errors_.begin(), errors_.end(), earlier);
    result.errors.insert(result.errors.end(), errors_.begin(), errors_.end());
  }

 private:
  /// What may lie beside our manifests in one folder, and is no mistake.
  [[nodiscard]] bool is_for_others(std::string const& kind) const {
    std::string const version = value_.text("apiVersion");
    return (version == "v1" && (kind == "Secret" || kind == "ConfigMap")) ||
           version.starts_with("kustomize.config.k8s.io/");
  }

  Kind const* kind_of_ours() {
    if (text_member("apiVersion", "give " + std::string(kGroupVersion)) &&
        value_.text("apiVersion") != kGroupVersion)
      add("apiVersion", shown(value_.at("apiVersion")),
          "is not known here; give " + std::string(kGroupVersion));
    std::vector<std::string_view> names;
    for (Kind const& kind : kinds()) names.push_back(kind.kind);
    if (!text_member("kind", "give one of " + listed(names))) return nullptr;
    std::string const kind = value_.text("kind");
    if (contains(names, kind)) return find_kind(kind);
    std::string const guess = did_you_mean(kind, names);
    add("kind", shown(Json(kind)),
        "is not a kind of Trainyard" + (guess.empty() ? "; there are " + listed(names) : guess));
    return nullptr;
  }

  void members() {
    for (auto const& [name, member] : value_.members())
      if (!contains(kMembers, name)) unknown("", name, kMembers);
  }

  Document metadata() {
    Document document{.ns = "default", .labels = Json::object(), .annotations = Json::object()};
    Json const* const metadata = value_.find("metadata");
    if (metadata == nullptr || !metadata->is_object()) {
      add("metadata", "",
          metadata == nullptr ? "is missing; give the object's name"
                              : "must be an object with the object's name");
      return document;
    }
    for (auto const& [name, member] : metadata->members()) {
      if (!contains(kMetadata, name)) unknown("metadata", name, kMetadata);
    }
    if (Json const* const name = metadata->find("name"); name == nullptr)
      add("metadata.name", "", "is missing; give the object a name, such as fit-local");
    else if (!name->is_string())
      add("metadata.name", shown(*name), "must be a string; put it in quotes");
    else if (name->string_or("").empty())
      add("metadata.name", "", "is empty; give the object a name, such as fit-local");
    document.name = metadata->text("name");
    ns(*metadata, document);
    document.labels = texts(*metadata, "labels");
    document.annotations = texts(*metadata, "annotations");
    return document;
  }

  void ns(Json const& metadata, Document& document) {
    Json const* const value = metadata.find("namespace");
    if (value == nullptr) return;
    document.ns = value->string_or("");
    Field const label{.path = "metadata.namespace",
                      .type = "string",
                      .pattern = row(*find_kind("TrainingRun"), "spec.computeTarget").pattern,
                      .least = 1,
                      .most = 63,
                      .expects = "lower-case letters, digits and '-', or leave it out for 'default'"};
    if (!value->is_string())
      add("metadata.namespace", shown(*value), "must be a string; put it in quotes");
    else if (std::string const problem = misfit(label, document.ns); !problem.empty())
      add("metadata.namespace", shown(*value), problem);
  }

  Json texts(Json const& metadata, std::string const& name) {
    Json const* const map = metadata.find(name);
    if (map == nullptr || map->is_null()) return Json::object();
    if (!map->is_object()) {
      add("metadata." + name, shown(*map), "must be an object of names and texts");
      return Json::object();
    }
    for (auto const& [key, value] : map->members())
      if (!value.is_string())
        add("metadata." + name + "." + key, shown(value), "must be a string; put it in quotes");
    return *map;
  }

  bool text_member(std::string const& name, std::string const& remedy) {
    Json const* const value = value_.find(name);
    if (value != nullptr && value->is_string()) return true;
    add(name, value == nullptr ? "" : shown(*value),
        (value == nullptr ? "is missing; " : "must be a string; ") + remedy);
    return false;
  }

  void unknown(std::string const& parent, std::string const& name, std::span<std::string_view const> known) {
    std::string const path = parent.empty() ? name : parent + "." + name;
    if (contains(kWrittenForUsers, name)) return add(path, "", "is written by Trainyard; leave it out");
    std::string const guess = did_you_mean(name, known);
    add(path, "",
        (parent.empty() ? "is not a field of a document" : "is not a field of " + parent + " here") +
            (guess.empty() ? "; there are " + listed(known) : guess));
  }

  void add(std::string const& path, std::string const& value, std::string const& problem) {
    errors_.push_back({.path = path, .value = value, .problem = problem, .place = {}});
  }

  YamlDocument const& document_;
  Json const& value_;
  std::string place_;
  std::vector<FieldError> errors_;
};

/// parse_yaml tells the place in front of its message; here it has a field of its own.
FieldError unreadable(std::string_view message) {
  SourcePlace place;
  char const* const end = message.data() + message.size();
  auto const line = std::from_chars(message.data(), end, place.line);
  if (line.ec == std::errc{} && line.ptr != end && *line.ptr == ':') {
    auto const column = std::from_chars(line.ptr + 1, end, place.column);
    std::string_view const rest(column.ptr, static_cast<std::size_t>(end - column.ptr));
    if (column.ec == std::errc{} && rest.starts_with(": "))
      return {.path = "", .value = "", .problem = std::string(rest.substr(2)), .place = place};
  }
  return {.path = "", .value = "", .problem = std::string(message), .place = {}};
}

}  // namespace

Documents parse_documents(std::string_view file, std::string_view text) {
  Documents result;
  Result<std::vector<YamlDocument>> const documents = parse_yaml(text);
  if (!documents) {
    result.errors.push_back(unreadable(documents.error().message));
    return result;
  }
  for (YamlDocument const& document : *documents) Reader(file, document).read(result);
  return result;
}

}  // namespace trainyard::manifests
