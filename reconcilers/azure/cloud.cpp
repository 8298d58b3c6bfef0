#include "reconcilers/azure/cloud.hpp"

#include <algorithm>
#include <array>

#include "controller/base/http.hpp"
#include "controller/base/yaml.hpp"

namespace trainyard::azure {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         std::equal(end.begin(), end.end(), text.end() - static_cast<std::ptrdiff_t>(end.size()),
                    [](char a, char b) { return lower(a) == lower(b); });
}

bool is_within(std::string_view host, std::vector<std::string> const& suffixes) {
  return std::any_of(suffixes.begin(), suffixes.end(), [&](std::string const& suffix) {
    if (!ends_with(host, suffix)) return false;
    return host.size() == suffix.size() || host[host.size() - suffix.size() - 1] == '.';
  });
}

constexpr std::array<std::string_view, 7> kFields{"name",         "resourceManager", "authority", "audience",
                                                  "hostSuffixes", "storageSuffixes", "ca"};

/// Reads the clouds of one document; the first thing wrong is told with its place.
class Reader {
 public:
  Reader(std::string_view file, YamlDocument const& document) : file_(file), document_(document) {}

  Result<std::vector<Cloud>> read() {
    if (!document_.value.is_object()) return wrong("", "must be a mapping with the one field clouds");
    for (auto const& [name, value] : document_.value.members())
      if (name != "clouds") return wrong(name, "is not a field of this file; it has the one field clouds");
    Json const& list = document_.value.at("clouds");
    if (!list.is_array()) return wrong("clouds", "must be a list of clouds");
    std::vector<Cloud> clouds;
    for (std::size_t i = 0; i < list.items().size(); ++i) {
      Result<Cloud> cloud = read_cloud(list.items()[i], "clouds[" + std::to_string(i) + "]");
      if (!cloud) return cloud.error();
      clouds.push_back(std::move(*cloud));
    }
    return clouds;
  }

 private:
  Error wrong(std::string const& path, std::string const& why) const {
    std::string where(file_);
    auto const place = document_.places.find(path);
    SourcePlace const& at = place == document_.places.end() ? document_.place : place->second;
    where += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
    return {.kind = ErrorKind::Invalid,
            .reason = "InvalidCloud",
            .message = where + ": " + (path.empty() ? "the file" : path) + " " + why};
  }

  Result<Cloud> read_cloud(Json const& value, std::string const& path) const {
    if (!value.is_object()) return wrong(path, "must be a mapping");
    for (auto const& [name, member] : value.members())
      if (std::find(kFields.begin(), kFields.end(), name) == kFields.end())
        return wrong(path + "." + name,
                     "is not a field of a cloud; there are name, resourceManager, authority, audience, "
                     "hostSuffixes, storageSuffixes, ca");
    Cloud cloud;
    for (auto const& [field, to] : {std::pair{"name", &cloud.name},
                                    {"resourceManager", &cloud.resource_manager},
                                    {"authority", &cloud.authority},
                                    {"audience", &cloud.audience}}) {
      *to = value.text(field);
      if (to->empty())
        return wrong(value.find(field) == nullptr ? path : path + "." + field,
                     std::string("must have ") + field + ", a text that is not empty");
    }
    for (auto const& [field, to] :
         {std::pair{"resourceManager", &cloud.resource_manager}, {"authority", &cloud.authority}}) {
      Result<Url> const url = parse_url(*to);
      if (!url) return wrong(path + "." + field, "cannot be used: " + url.error().message);
      if (url->path != "/" || !url->query.empty())
        return wrong(path + "." + field,
                     "must be an origin, such as " + url->origin() + ", without a path or a query");
      *to = url->origin();
    }
    while (cloud.audience.ends_with('/')) cloud.audience.pop_back();
    Result<std::vector<std::string>> hosts = read_suffixes(value, path, "hostSuffixes");
    if (!hosts) return hosts.error();
    if (hosts->empty()) return wrong(path, "must have hostSuffixes, a list of one host name or more");
    cloud.host_suffixes = std::move(*hosts);
    Result<std::vector<std::string>> storage = read_suffixes(value, path, "storageSuffixes");
    if (!storage) return storage.error();
    cloud.storage_suffixes = storage->empty() ? cloud.host_suffixes : std::move(*storage);
    if (Json const& ca = value.at("ca"); !ca.is_null()) {
      cloud.ca_pem = ca.string_or("");
      if (cloud.ca_pem.find("-----BEGIN CERTIFICATE-----") == std::string::npos)
        return wrong(path + ".ca", "must be the PEM text of one certificate or more, not the name of a file");
    }
    return cloud;
  }

  Result<std::vector<std::string>> read_suffixes(Json const& value, std::string const& path,
                                                 std::string const& field) const {
    Json const& list = value.at(field);
    std::vector<std::string> suffixes;
    if (list.is_null()) return suffixes;
    if (!list.is_array()) return wrong(path + "." + field, "must be a list of host names");
    for (std::size_t i = 0; i < list.items().size(); ++i) {
      std::string const text = list.items()[i].string_or("");
      bool const host =
          !text.empty() && text.front() != '.' && text.find_first_of("/:@*? ") == std::string::npos;
      if (!host)
        return wrong(path + "." + field + "[" + std::to_string(i) + "]",
                     "must be a host name without scheme, port or wildcard, such as blob.core.windows.net");
      suffixes.push_back(text);
    }
    return suffixes;
  }

  std::string_view file_;
  YamlDocument const& document_;
};

}  // namespace

bool Cloud::allows_host(std::string_view host) const { return is_within(host, host_suffixes); }
bool Cloud::allows_storage_host(std::string_view host) const { return is_within(host, storage_suffixes); }

Clouds::Clouds() {
  // Source: azure-identity's authorities, azure-mgmt-core's tables, Azure ML's list of private endpoints'
  // zones.
  for (Cloud cloud : {Cloud{.name = "public",
                     .resource_manager = "https://management.azure.com",
                     .authority = "https://login.microsoftonline.com",
                     .audience = "https://management.azure.com",
                     .host_suffixes = {"api.azureml.ms"},
                     .storage_suffixes = {"blob.core.windows.net"},
                     .ca_pem = ""},
                      Cloud{.name = "usgov",
                      .resource_manager = "https://management.usgovcloudapi.net",
                      .authority = "https://login.microsoftonline.us",
                      .audience = "https://management.core.usgovcloudapi.net",
                      .host_suffixes = {"api.ml.azure.us"},
                      .storage_suffixes = {"blob.core.usgovcloudapi.net"},
                      .ca_pem = ""},
                      Cloud{.name = "china",
                      .resource_manager = "https://management.chinacloudapi.cn",
                      .authority = "https://login.chinacloudapi.cn",
                      .audience = "https://management.chinacloudapi.cn",
                      .host_suffixes = {"api.ml.azure.cn"},
                      .storage_suffixes = {"blob.core.chinacloudapi.cn"},
                      .ca_pem = ""}}) {
    std::string const name = cloud.name;
    clouds_.emplace(name, std::move(cloud));
  }
}

Result<Done> Clouds::add_yaml(std::string_view file, std::string_view text) {
  Result<std::vector<YamlDocument>> const documents = parse_yaml(text);
  if (!documents) return documents.error().while_doing(file);
  for (YamlDocument const& document : *documents) {
    Result<std::vector<Cloud>> clouds = Reader(file, document).read();
    if (!clouds) return clouds.error();
    for (Cloud& cloud : *clouds) {
      std::string const name = cloud.name;
      if (!clouds_.emplace(name, std::move(cloud)).second)
        return Error{
            .kind = ErrorKind::Invalid,
            .reason = "InvalidCloud",
            .message = std::string(file) + ": cloud '" + name + "' is known already; give it another name"};
    }
  }
  return Done{};
}

Result<Cloud> Clouds::find(std::string_view name) const {
  auto const found = clouds_.find(name);
  if (found != clouds_.end()) return found->second;
  std::string names;
  for (auto const& [known, cloud] : clouds_) names += (names.empty() ? "" : ", ") + known;
  return Error{.kind = ErrorKind::Invalid,
               .reason = "UnknownCloud",
               .message = "there is no cloud '" + std::string(name) + "'; known are " + names +
                          ", and others can be described in a file for --clouds"};
}

std::vector<Cloud> Clouds::all() const {
  std::vector<Cloud> clouds;
  for (auto const& [name, cloud] : clouds_) clouds.push_back(cloud);
  return clouds;
}

}  // namespace trainyard::azure
