// Which endpoints a cloud has, and which hosts may ever be given a token (design, rules 22 and 23).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/result.hpp"

namespace trainyard::azure {

struct Cloud {
  std::string name;                        // "public"
  std::string resource_manager;            // origin, "https://management.azure.com"
  std::string authority;                   // origin, "https://login.microsoftonline.com"
  std::string audience;                    // scope is this + "/.default"
  std::vector<std::string> host_suffixes;  // data-plane hosts a bearer token may go to
  std::vector<std::string>
      storage_suffixes;  // blob hosts a SAS may name: no token ever goes there, since anybody can own one
  std::string ca_pem;    // further trusted roots; "" for the system's alone
  [[nodiscard]] bool allows_host(std::string_view host) const;  // equal to a suffix, or ends in "." + suffix
  [[nodiscard]] bool allows_storage_host(std::string_view host) const;
};

class Clouds {
 public:
  Clouds();  // public, usgov, china (sheet: azure-identity's and azure-mgmt-core's own tables)
  /// Adds those of a file: `clouds: [{name, resourceManager, authority, audience, hostSuffixes,
  /// storageSuffixes, ca}]`, where storageSuffixes are hostSuffixes if left out and ca is PEM text. Errors
  /// name file, place, field and remedy.
  Result<Done> add_yaml(std::string_view file, std::string_view text);
  /// NotFound-like Invalid error that lists the known names.
  [[nodiscard]] Result<Cloud> find(std::string_view name) const;
  [[nodiscard]] std::vector<Cloud> all() const;

 private:
  std::map<std::string, Cloud, std::less<>> clouds_;
};

}  // namespace trainyard::azure
