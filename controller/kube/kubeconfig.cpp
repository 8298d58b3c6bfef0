#include "controller/kube/kubeconfig.hpp"

#include <algorithm>
#include <utility>

#include "controller/base/yaml.hpp"
#include "controller/kube/text_file.hpp"

namespace trainyard::kube {
namespace {

/// `kind` is the member that holds an entry's value: "cluster", "context" or "user".
Result<Done> add_entries(std::vector<KubeconfigEntry>& entries, Json const& document, std::string const& kind,
                         std::filesystem::path const& file) {
  Json const& list = document.at(kind + "s");
  if (!list.is_null() && !list.is_array())
    return invalid_kubeconfig(file, kind + "s", "must be a list; write each as \"- name: ...\"");
  auto const before = static_cast<std::ptrdiff_t>(entries.size());
  for (Json const& item : list.items()) {
    if (!item.at("name").is_string())
      return invalid_kubeconfig(file, kind + "s", "an entry has no name, or one that is no text; quote it");
    std::string const name = item.text("name");
    Json const& value = item.at(kind);
    if (!value.is_null() && !value.is_object())
      return invalid_kubeconfig(file, kind + "s[" + name + "]." + kind, "must be an object");
    auto const other =
        std::find_if(entries.begin(), entries.end(), [&](auto const& e) { return e.name == name; });
    if (other != entries.end() && other - entries.begin() >= before)
      return invalid_kubeconfig(file, kind + "s[" + name + "]", "stands twice; keep one");
    if (other == entries.end()) entries.push_back({name, value, file});
  }
  return Done{};
}

Result<Json> parse(std::string const& text, std::filesystem::path const& file) {
  Result<std::vector<YamlDocument>> documents = parse_yaml(text);
  if (!documents)
    return invalid_kubeconfig(file, documents.error().message, "it is read as YAML 1.2, without aliases");
  if (documents->empty()) return Json::object();
  if (documents->size() > 1) return invalid_kubeconfig(file, "", "it holds several documents; keep one");
  Json document = std::move(documents->front().value);
  if (!document.is_object() || (document.find("kind") != nullptr && document.text("kind") != "Config"))
    return invalid_kubeconfig(file, "kind", "it is no kubeconfig (kind: Config)");
  return document;
}

}  // namespace

Error invalid_kubeconfig(std::filesystem::path const& file, std::string const& field,
                         std::string const& wrong) {
  return {.kind = ErrorKind::Invalid,
          .reason = "InvalidKubeconfig",
          .message = file.string() + ": " + (field.empty() ? "" : field + ": ") + wrong};
}

Result<Done> add_file(Kubeconfig& config, std::filesystem::path const& file) {
  Result<std::string> const text = read_text_file(file);
  if (!text) return text.error();
  Result<Json> const document = parse(*text, file);
  if (!document) return document.error();
  config.files += (config.files.empty() ? "" : ":") + file.string();
  if (config.current_context.empty()) config.current_context = document->text("current-context");
  std::pair<std::vector<KubeconfigEntry>*, char const*> const lists[] = {
      {&config.clusters, "cluster"}, {&config.contexts, "context"}, {&config.users, "user"}};
  for (auto const& [entries, kind] : lists)
    if (Result<Done> const added = add_entries(*entries, *document, kind, file); !added) return added.error();
  return Done{};
}

}  // namespace trainyard::kube
