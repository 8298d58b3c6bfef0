// Requests to an API server: credentials, deadlines, and what a failed answer means.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/http.hpp"
#include "controller/base/json.hpp"
#include "controller/base/log.hpp"
#include "controller/base/metrics.hpp"
#include "controller/kube/config.hpp"

namespace trainyard::kube {

/// What an answer has of each object. Source: API concepts, metadata-only fetches.
enum class Shape { Whole, Metadata, ListOfMetadata };

/// Safe from any thread. Never retries; the callers do. A write may reach the server twice all the same,
/// since it takes a connection that was used before (a new one for each costs ten times its price): each has
/// a name or a version that makes the second a Conflict, or says the same again. Errors: NotFound (404),
/// Conflict (409; reason AlreadyExists or Conflict), Throttled (429), Unauthorized, Forbidden, Invalid (400,
/// 422), Transient (410 with reason Expired, 5xx, and what the transport has).
class ApiClient {
 public:
  /// `access` is asked for a token at each request, since it may rotate.
  ApiClient(ClusterAccess access, StreamingTransport& transport, Clock const& clock, Scrubber& scrubber,
            Metrics& metrics);

  Result<Json> get(std::string const& path, Context const& context, Shape shape = Shape::Whole) {
    return send("GET", path, "", {}, context, shape);
  }
  Result<Json> post(std::string const& path, Json const& body, Context const& context) {
    return send("POST", path, "application/json", body, context);
  }
  Result<Json> put(std::string const& path, Json const& body, Context const& context) {
    return send("PUT", path, "application/json", body, context);
  }
  Result<Json> merge_patch(std::string const& path, Json const& body, Context const& context) {
    return send("PATCH", path, "application/merge-patch+json", body, context);
  }
  /// A list of operations. Source: RFC 6902.
  Result<Json> json_patch(std::string const& path, Json const& operations, Context const& context) {
    return send("PATCH", path, "application/json-patch+json", operations, context);
  }
  /// For what is no JSON: a pod's log. As it came, not scrubbed.
  Result<std::string> get_text(std::string const& path, Context const& context);
  /// Hands over the lines of a watch until it ends; `quiet` is the longest wait for one.
  Result<Done> watch(std::string const& path, std::function<void(std::string line)> const& on_line,
                     Duration quiet, Context const& context, Shape shape = Shape::Whole);

 private:
  Result<Json> send(char const* method, std::string const& path, char const* content_type, Json const& body,
                    Context const& context, Shape shape = Shape::Whole);
  /// A 2xx answer.
  Result<HttpResponse> exchange(char const* method, std::string const& path, char const* content_type,
                                Json const& body, Context const& context, Shape shape);
  Result<HttpRequest> request(char const* method, std::string const& path, Shape shape);
  Error error_of(HttpResponse const& response, char const* method) const;
  void count(char const* method, Result<HttpResponse> const& answer) const;

  ClusterAccess const access_;
  std::string host_;  // for the metric
  StreamingTransport& transport_;
  Clock const& clock_;
  Scrubber& scrubber_;
  Metrics& metrics_;
  std::mutex mutex_;
  std::string hidden_token_;  // guarded by mutex_: the last one the scrubber was told of
};

/// The reason of a write's error that is refused since its namespace is being deleted. As admission has it.
inline constexpr char const* kNamespaceTerminating = "NamespaceTerminating";

/// What a Status, the body of a failed answer or of a watch's ERROR event, says.
Error error_of_status(int code, Json const& status, Scrubber const& scrubber);

}  // namespace trainyard::kube
