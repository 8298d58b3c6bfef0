// How an API server's requests and answers look: addresses, Status, the metadata alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controller/base/http.hpp"
#include "controller/base/json.hpp"

namespace trainyard::sim {

struct KubeAddress {
  std::string collection;  // "v1/secrets", "trainyard.dev/v1alpha1/workspaces"
  std::string ns, name, subresource;
  Url url;
};
std::optional<KubeAddress> kube_address(std::string const& url);

HttpResponse kube_answer(int status, Json const& body);
/// A Status, as the body of a failed answer and of a watch's last event.
Json kube_status(int code, std::string_view reason, std::string_view message);
HttpResponse kube_failure(int code, std::string_view reason, std::string_view message);

/// The client wants the metadata alone.
bool wants_metadata(HttpRequest const& request);
Json metadata_of(Json const& object);

/// RFC 7386.
Json merged(Json target, Json const& patch);
/// By a JSON patch (RFC 6902) whose operations are all `add`, to members.
Json patched(Json target, Json const& operations);
/// With what an OpenAPI schema fills in where the value has nothing.
Json with_defaults(Json value, Json const& schema);

}  // namespace trainyard::sim
