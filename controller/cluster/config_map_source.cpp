#include "controller/cluster/config_map_source.hpp"

#include "controller/base/encoding.hpp"
#include "reconcilers/ignore_rules.hpp"
#include "reconcilers/source_digest.hpp"

namespace trainyard::cluster {

namespace {

using reconcilers::DigestedEntry;
using reconcilers::IgnoreRules;
using reconcilers::SourceFile;
using reconcilers::SourceInfo;
using reconcilers::SourceRef;
using Files = std::map<std::string, std::string, std::less<>>;  // contents by path

ObjectKey key_of(SourceRef const& source) { return {"ConfigMap", source.ns, source.config_map}; }

std::string words_for(SourceRef const& source) { return "ConfigMap " + source.ns + "/" + source.config_map; }

Result<Files> files_of(Json const& config_map) {
  Files files;
  for (auto const& [name, text] : config_map.at("data").members()) files[name] = text.string_or("");
  for (auto const& [name, text] : config_map.at("binaryData").members()) {
    Result<std::string> bytes = base64_decode(text.string_or(""));
    if (!bytes) return bytes.error().while_doing("reading the key " + name);
    files[name] = *std::move(bytes);
  }
  IgnoreRules rules = IgnoreRules::of_a_source();
  for (std::string_view const name : reconcilers::kIgnoreFiles)
    if (auto const file = files.find(name); file != files.end()) {
      rules.add(file->second);
      break;
    }
  std::erase_if(files, [&](auto const& file) { return rules.ignores(file.first, false); });
  return files;
}

std::string digest_of(Files const& files) {
  std::vector<std::string> contents;
  contents.reserve(files.size());  // the entries view them
  std::vector<DigestedEntry> entries;
  for (auto const& [path, content] : files)
    entries.push_back({.path = path, .content = contents.emplace_back(sha256(content))});
  return reconcilers::source_digest(entries);
}

Result<Json> read_map(kube::KubeStore& store, SourceRef const& source, Context const& context) {
  if (source.config_map.empty())
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "SourceNotServed",
                 .message = "spec.source.directory '" + source.directory +
                            "' is on no machine of the cluster; give spec.source.configMap, made by kubectl "
                            "create configmap NAME --from-file=DIR"};
  Result<Json> map = store.config_map(source.ns, source.config_map, context);
  if (!map && map.error().kind == ErrorKind::NotFound)
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "SourceMissing",
                 .message = words_for(source) + " is not there; create it: kubectl create configmap " +
                            source.config_map + " --namespace " + source.ns + " --from-file=DIR"};
  return map;
}

}  // namespace

Result<SourceInfo> ConfigMapSources::scan(SourceRef const& source, Context const& context) {
  ObjectKey const key = key_of(source);
  std::string const seen = store_.seen_version(key);  // outside of the lock
  {
    std::lock_guard const lock(mutex_);
    auto const known = known_.find(key);
    if (known != known_.end() && known->second.version == seen) return known->second.info;
  }
  Result<Json> const map = read_map(store_, source, context);
  if (!map) return map.error();
  Result<Files> const files = files_of(*map);
  if (!files) return files.error().while_doing(words_for(source));
  SourceInfo info{.digest = digest_of(*files)};
  for (auto const& [path, content] : *files) {
    info.bytes += static_cast<std::int64_t>(content.size());
    info.files.push_back(path);
  }
  std::lock_guard const lock(mutex_);
  known_[key] = {map->text({"metadata", "resourceVersion"}), info};
  return info;
}

Result<std::vector<SourceFile>> ConfigMapSources::read(SourceRef const& source, std::string const& digest,
                                                       Context const& context) {
  Result<Json> const map = read_map(store_, source, context);
  if (!map) return map.error();
  Result<Files> const files = files_of(*map);
  if (!files) return files.error().while_doing(words_for(source));
  if (digest_of(*files) != digest)
    return Error{
        .kind = ErrorKind::Transient,
        .reason = "SourceChanged",
        .message = words_for(source) + " changed since the run was decided; the next look takes it as it is"};
  std::vector<SourceFile> read;
  for (auto const& [path, content] : *files) read.push_back({.path = path, .content = content});
  return read;
}

}  // namespace trainyard::cluster
