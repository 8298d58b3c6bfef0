#include "controller/cli/activity.hpp"

namespace trainyard::cli {

Result<HttpResponse> CountingTransport::send(HttpRequest const& request, Context const& context) {
  Result<Url> const url = parse_url(request.url);
  std::string const path = url ? url->path : "";
  bool const read =
      request.method == "GET" || request.method == "HEAD" || path.ends_with("/oauth2/v2.0/token");
  if (!read) ++activity_.azure_writes;
  Result<HttpResponse> response = next_.send(request, context);
  bool const job = request.method == "PUT" && path.find("/jobs/") != std::string::npos;
  if (job && response && response->status == 201) ++activity_.runs_started;
  return response;
}

Result<Done> CountingRunner::start(reconcilers::LocalStart const& what, Context const& context) {
  Result<Done> started = next_.start(what, context);
  if (started) ++activity_.runs_started;
  return started;
}

}  // namespace trainyard::cli
