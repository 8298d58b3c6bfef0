#include "controller/kube/resource.hpp"

#include "controller/base/encoding.hpp"

namespace trainyard::kube {

std::string api_version(ResourceType const& type) {
  return (type.group.empty() ? "" : std::string(type.group) + "/") + std::string(type.version);
}

std::string collection_path(ResourceType const& type, std::string_view ns) {
  std::string path = (type.group.empty() ? "/api/" : "/apis/") + api_version(type);
  if (!ns.empty()) path += "/namespaces/" + percent_encode(ns);
  return path + "/" + std::string(type.plural);
}

std::string object_path(ResourceType const& type, std::string_view ns, std::string_view name,
                        std::string_view subresource) {
  std::string path = collection_path(type, ns) + "/" + percent_encode(name);
  if (!subresource.empty()) path += "/" + std::string(subresource);
  return path;
}

std::string query(std::initializer_list<std::pair<std::string_view, std::string_view>> parameters) {
  std::string text;
  for (auto const& [name, value] : parameters)
    if (!value.empty()) text += (text.empty() ? "?" : "&") + std::string(name) + "=" + percent_encode(value);
  return text;
}

}  // namespace trainyard::kube
