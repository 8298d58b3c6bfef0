#include "tests/sim/kube_wire.hpp"

#include <algorithm>
#include <vector>

#include "controller/base/encoding.hpp"
#include "controller/base/result.hpp"

namespace trainyard::sim {

std::optional<KubeAddress> kube_address(std::string const& url) {
  Result<Url> parsed = parse_url(url);
  if (!parsed) return std::nullopt;
  std::vector<std::string> parts;
  for (std::size_t at = 1; at <= parsed->path.size();) {
    std::size_t const slash = std::min(parsed->path.find('/', at), parsed->path.size());
    parts.push_back(percent_decode(parsed->path.substr(at, slash - at)));
    at = slash + 1;
  }
  bool const core = !parts.empty() && parts[0] == "api";
  std::size_t next = core ? 2 : 3;
  if (parts.size() <= next || (!core && parts[0] != "apis")) return std::nullopt;
  KubeAddress address{.collection = core ? parts[1] : parts[1] + "/" + parts[2],
                      .ns = {},
                      .name = {},
                      .subresource = {},
                      .url = *std::move(parsed)};
  if (parts[next] == "namespaces" && parts.size() > next + 2) {
    address.ns = parts[next + 1];
    next += 2;
  }
  address.collection += "/" + parts[next];
  if (parts.size() > next + 1) address.name = parts[next + 1];
  if (parts.size() > next + 2) address.subresource = parts[next + 2];
  return address;
}

HttpResponse kube_answer(int status, Json const& body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

Json kube_status(int code, std::string_view reason, std::string_view message) {
  return Json::object({{"kind", "Status"},
                       {"apiVersion", "v1"},
                       {"metadata", Json::object()},
                       {"status", code < 400 ? "Success" : "Failure"},
                       {"message", message},
                       {"reason", reason},
                       {"code", code}});
}

HttpResponse kube_failure(int code, std::string_view reason, std::string_view message) {
  return kube_answer(code, kube_status(code, reason, message));
}

bool wants_metadata(HttpRequest const& request) {
  return find_header(request.headers, "Accept").value_or("").find("as=PartialObjectMetadata") !=
         std::string::npos;
}

Json metadata_of(Json const& object) {
  return Json::object({{"kind", "PartialObjectMetadata"},
                       {"apiVersion", "meta.k8s.io/v1"},
                       {"metadata", object.at("metadata")}});
}

Json merged(Json target, Json const& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = Json::object();
  for (auto const& [name, value] : patch.members()) {
    if (value.is_null())
      target.erase(name);
    else
      target[name] = merged(target.at(name), value);
  }
  return target;
}

Json patched(Json target, Json const& operations) {
  for (Json const& operation : operations.items()) {
    check(operation.text("op") == "add", "a JSON patch of that operation is not simulated");
    std::string const path = operation.text("path");
    Json* at = &target;
    for (std::size_t from = 1; from <= path.size();) {
      std::size_t const end = std::min(path.find('/', from), path.size());
      at = &(*at)[path.substr(from, end - from)];
      from = end + 1;
    }
    *at = operation.at("value");
  }
  return target;
}

Json with_defaults(Json value, Json const& schema) {
  if (value.is_object())
    for (auto const& [name, property] : schema.at("properties").members()) {
      Json const* const given = value.find(name);
      if (given == nullptr && property.at("default").is_null()) continue;
      value[name] = with_defaults(given == nullptr ? property.at("default") : *given, property);
    }
  if (!value.is_array()) return value;
  Json items = Json::array();
  for (Json const& item : value.items()) items.push_back(with_defaults(item, schema.at("items")));
  return items;
}

}  // namespace trainyard::sim
