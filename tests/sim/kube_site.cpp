#include "tests/sim/kube_site.hpp"

#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "controller/base/encoding.hpp"
#include "controller/base/yaml.hpp"
#include "controller/cluster/config_map_source.hpp"
#include "controller/kube/kube_store.hpp"
#include "controller/manager/documents.hpp"
#include "manifests/kinds.hpp"
#include "reconcilers/references.hpp"
#include "tests/folders.hpp"
#include "tests/sim/strand_loops.hpp"

namespace trainyard::sim {

namespace fs = std::filesystem;

namespace {

constexpr char const* kServer = "https://kube.world";
constexpr char const* kToken = "token-of-the-operator";

std::string text_of(fs::path const& path) {
  std::ifstream const file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct CustomType {
  kube::ResourceType type;
  Json schema;
};

/// Ours, with the schemas of their CRDs.
std::vector<CustomType> const& custom_types() {
  static std::vector<CustomType> const all = [] {
    std::vector<CustomType> types;
    std::size_t const slash = manifests::kGroupVersion.find('/');
    for (manifests::Kind const& kind : manifests::kinds()) {
      Result<std::vector<YamlDocument>> const crd =
          parse_yaml(text_of(source_folder() + "/crds/" + std::string(kind.plural) + ".yaml"));
      check(crd.has_value() && crd->size() == 1, "a CRD cannot be read");
      Json const& version = crd->front().value.at({"spec", "versions"}).items().front();
      types.push_back({.type = {.group = manifests::kGroupVersion.substr(0, slash),
                                .version = manifests::kGroupVersion.substr(slash + 1),
                                .plural = kind.plural,
                                .kind = kind.kind},
                       .schema = version.at({"schema", "openAPIV3Schema"})});
    }
    return types;
  }();
  return all;
}

kube::ResourceType const& type_of(std::string_view kind) {
  for (CustomType const& custom : custom_types())
    if (custom.type.kind == kind) return custom.type;
  throw std::logic_error("no such kind: " + std::string(kind));
}

std::vector<kube::ResourceType> types() {
  std::vector<kube::ResourceType> all;
  for (CustomType const& custom : custom_types()) all.push_back(custom.type);
  return all;
}

class KubeDoor final : public Door {
 public:
  KubeDoor(Visitor const& visitor, KubeServer& server, KubeFaults const& faults, Stage& stage, Judge& judge)
      : log_(stage.clock, scrubber_, LogFormat::Text, LogLevel::Debug,
             [&judge](std::string_view line) { judge.saw_log(line); }),
        transport_(server, faults, stage, visitor.pulse,
                   [&judge](std::string_view text) { judge.saw_output(text); }),
        api_({.server = kServer, .token = kToken}, transport_, stage.clock, scrubber_, visitor.metrics),
        store_(
            {.kinds = types(), .ns = "", .instance = visitor.pulse.name, .refers_to = reconcilers::refers_to},
            {.api = api_,
             .clock = stage.clock,
             .random = visitor.random,
             .log = log_,
             .scrubber = scrubber_,
             .changed =
                 [&stage, changed = visitor.changed] {
                   changed();
                   stage.fibers.stir();
                 },
             .run = on_strands(stage.fibers, stage.clock, visitor.pulse.name)}) {
    store_.start();
  }
  reconcilers::SourceReader& sources() override { return sources_; }
  ObjectStore& store() override { return store_; }
  Scrubber& scrubber() override { return scrubber_; }
  Logger& log() override { return log_; }
  [[nodiscard]] bool ready() const override { return store_.synced(); }

 private:
  Scrubber scrubber_;
  Logger log_;
  SimKube transport_;
  kube::ApiClient api_;
  kube::KubeStore store_;
  cluster::ConfigMapSources sources_{store_};
};

}  // namespace

KubeSite::KubeSite(std::string name, Stage& stage, Judge& judge, KubeFaults const& faults, bool streams_lists)
    : Site(std::move(name), stage, judge), faults_(faults), streams_lists_(streams_lists) {
  judge_.forbid(kToken);
  fresh_server();
}

void KubeSite::fresh_server() {
  parsed_.clear();
  server_ = std::make_unique<KubeServer>(stage_.clock);
  server_->streams_lists = streams_lists_;
  for (CustomType const& custom : custom_types()) server_->serve_custom(custom.type, custom.schema);
  for (kube::ResourceType const& type : {kube::kSecrets, kube::kConfigMaps, kube::kEvents})
    server_->serve(type);
  server_->on_gone([this] { asks_for_look = true; });
  server_->on_status([this](Json const& before, Json const& after) {
    kube::ResourceType const& type = type_of(after.text("kind"));
    judge_.saw_status(*parsed(type, before), *parsed(type, after));
  });
}

std::unique_ptr<Door> KubeSite::enter(Visitor const& visitor) {
  return std::make_unique<KubeDoor>(visitor, *server_, faults_, stage_, judge_);
}

void KubeSite::apply(kube::ResourceType const& type, ObjectKey const& key, Json const& object) {
  HttpResponse const answer = server_->handle({.method = "PATCH",
                                               .url = kServer + kube::object_path(type, key.ns, key.name),
                                               .headers = {{"Content-Type", "application/apply-patch+yaml"}},
                                               .body = object.dump()});
  check(answer.ok(), "a user's object was refused");
}

void KubeSite::set_secret(std::string const& text) {
  secret_ = text;
  apply(kube::kSecrets, {"Secret", "default", "azsim-client"},
        Json::object({{"metadata", Json::object({{"name", "azsim-client"}})},
                      {"data", Json::object({{"clientSecret", base64(text)}})}}));
}

/// The cluster is made anew, and what was declared is applied again.
void KubeSite::lose_state() {
  ++states_lost_;
  fresh_server();
  set_secret(secret_);
  look();
}

void KubeSite::look() {
  std::set<fs::path> entries;
  for (fs::directory_entry const& entry : fs::directory_iterator(manifests())) entries.insert(entry.path());
  for (fs::path const& entry : entries) {
    if (fs::is_directory(entry))
      apply_folder(entry);
    else if (entry.extension() == ".yaml")
      apply_file(entry);
  }
}

/// What is a folder of files for a directory store is a ConfigMap of that name in a cluster.
void KubeSite::apply_folder(fs::path const& folder) {
  Json data = Json::object();
  for (fs::directory_entry const& entry : fs::directory_iterator(folder))
    data[entry.path().filename().string()] = text_of(entry.path());
  std::string const name = folder.filename().string();
  apply(kube::kConfigMaps, {"ConfigMap", "default", name},
        Json::object({{"metadata", Json::object({{"name", name}})}, {"data", data}}));
}

void KubeSite::apply_file(fs::path const& file) {
  directory::Declarations const read = manager::document_reader()(file.filename().string(), text_of(file));
  for (std::string const& error : read.errors) stage_.tell("problem: " + error);
  for (directory::Declaration const& document : read.documents) {
    Json const meta = Json::object(
        {{"name", document.key.name}, {"labels", document.labels}, {"annotations", document.annotations}});
    Json spec = document.spec;
    if (Json const folder = spec.at({"source", "directory"}); !folder.is_null())
      spec["source"] = Json::object({{"configMap", Json::object({{"name", folder}})}});
    apply(type_of(document.key.kind), document.key,
          Json::object({{"metadata", meta}, {"spec", std::move(spec)}}));
  }
}

void KubeSite::ask_to_delete(ObjectKey const& key) {
  (void)server_->handle(
      {.method = "DELETE", .url = kServer + kube::object_path(type_of(key.kind), key.ns, key.name)});
}

ObjectPtr KubeSite::parsed(kube::ResourceType const& type, Json const& object) const {
  Result<ObjectPtr> const read = kube::parse_object(type, object);
  check(read.has_value(), "the world's server holds an object without a name");
  return *read;
}

ObjectPtr KubeSite::get(ObjectKey const& key) const {
  kube::ResourceType const& type = type_of(key.kind);
  JsonPtr const found = server_->find(type, key.ns, key.name);
  if (!found) return nullptr;
  ObjectPtr& known = parsed_[key];
  if (!known || known->resource_version != found->text({"metadata", "resourceVersion"}))
    known = parsed(type, *found);
  return known;
}

std::vector<ObjectPtr> KubeSite::list(std::string_view kind) const {
  std::vector<ObjectPtr> objects;
  kube::ResourceType const& type = type_of(kind);
  for (JsonPtr const& object : server_->all(kube::api_version(type) + "/" + std::string(type.plural), ""))
    objects.push_back(get(
        {std::string(kind), object->text({"metadata", "namespace"}), object->text({"metadata", "name"})}));
  return objects;
}

}  // namespace trainyard::sim
