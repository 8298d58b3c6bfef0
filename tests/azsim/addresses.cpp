#include "tests/azsim/addresses.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::string_view kBlobSuffix = ".blob.core.windows.net";
// As an emulator of one host has it: the account stands in the path.
constexpr std::string_view kBlobRoot = "/blob/";

}  // namespace

std::string authority_url(Options const& options) {
  return options.public_names ? "https://login.microsoftonline.com" : options.base_url;
}

std::string data_plane_url(Options const& options) {
  return options.public_names ? "https://" + options.location + ".api.azureml.ms" : options.base_url;
}

std::string blob_url(Options const& options, std::string_view account) {
  if (options.public_names) return "https://" + std::string(account) + std::string(kBlobSuffix);
  return options.base_url + std::string(kBlobRoot) + std::string(account);
}

std::string served_path(Url const& url) {
  if (!url.host.ends_with(kBlobSuffix)) return url.path;
  return std::string(kBlobRoot) + url.host.substr(0, url.host.size() - kBlobSuffix.size()) + url.path;
}

std::vector<std::string> public_host_names() {
  return {std::string(Url(*parse_url(kPublicResourceManager)).host), "login.microsoftonline.com",
          "*.api.azureml.ms", "*" + std::string(kBlobSuffix)};
}

}  // namespace trainyard::azsim
