// The operator's --clouds file: whom it makes us send tokens to.
#include <algorithm>

#include "controller/base/http.hpp"
#include "reconcilers/azure/cloud.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

void clouds(std::string_view input) {
  azure::Clouds clouds;
  if (Result<Done> const added = clouds.add_yaml("clouds.yaml", input); !added) {
    require(added.error().message.find("clouds.yaml") != std::string::npos, "an error names the file",
            added.error().message);
    return;
  }
  for (azure::Cloud const& cloud : clouds.all()) {
    for (std::string const& origin : {cloud.resource_manager, cloud.authority}) {
      Result<Url> const url = parse_url(origin);
      require(url && url->origin() == origin, "an endpoint is an origin", origin);
    }
    require(!cloud.host_suffixes.empty() && !cloud.storage_suffixes.empty(), "a cloud has hosts", cloud.name);
    for (std::string const& suffix : cloud.host_suffixes) {
      require(cloud.allows_host(suffix) && cloud.allows_host("a." + suffix), "its own hosts are allowed",
              suffix);
    }
    bool const named = std::find(cloud.host_suffixes.begin(), cloud.host_suffixes.end(), "invalid") !=
                       cloud.host_suffixes.end();
    require(named || !cloud.allows_host(cloud.host_suffixes.front() + ".x.invalid"), "no other is",
            cloud.name);
    require(!cloud.allows_host(""), "no host is none");
    Result<azure::Cloud> const found = clouds.find(cloud.name);
    require(found && found->resource_manager == cloud.resource_manager, "a cloud is found", cloud.name);
  }
}

}  // namespace trainyard::fuzz
