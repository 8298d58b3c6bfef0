#include "tests/azsim/addresses.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::string_view kBlob = ".blob.", kPublicStorage = "core.windows.net";
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
  if (options.public_names) return "https://" + std::string(account).append(kBlob).append(kPublicStorage);
  return options.base_url + std::string(kBlobRoot) + std::string(account);
}

std::string storage_suffix(Options const& options) {
  if (options.public_names) return std::string(kPublicStorage);
  // azure-storage finds the account by the `core`, which every cloud has.
  return "core." + options.base_url.substr(options.base_url.find("//") + 2);
}

std::string served_path(Url const& url) {
  std::size_t const blob = url.host.find(kBlob);
  if (blob == std::string::npos) return url.path;
  return std::string(kBlobRoot) + url.host.substr(0, blob) + url.path;
}

std::vector<std::string> host_names(Options const& options) {
  std::vector<std::string> names{"localhost", "*.blob.core.localhost"};
  if (options.public_names)
    for (char const* name :
         {"management.azure.com", "login.microsoftonline.com", "*.api.azureml.ms", "*.blob.core.windows.net"})
      names.emplace_back(name);
  return names;
}

}  // namespace trainyard::azsim
