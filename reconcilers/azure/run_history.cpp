#include "reconcilers/azure/run_history.hpp"

#include <algorithm>
#include <cmath>

#include "controller/base/encoding.hpp"
#include "controller/base/text.hpp"
#include "controller/base/time_text.hpp"
#include "reconcilers/azure/blob.hpp"

namespace trainyard::azure {

namespace {

std::string time_of(Json const& value) {
  Result<WallTime> const time = parse_rfc3339(value.string_or(""));
  return time ? to_rfc3339(*time) : "";
}

/// MLflow's address for REST calls of its versions 2 and 3; the workspace names that of version 1.
std::string mlflow_url(AmlWorkspace const& workspace) {
  constexpr std::string_view kOld = "/mlflow/v1.0/", kNew = "/mlflow/v2.0/";
  std::string url = workspace.tracking_uri;
  if (std::size_t const at = url.find(kOld); at != std::string::npos) url.replace(at, kOld.size(), kNew);
  return url + "/api/2.0/mlflow/";
}

bool is_unknown_run(Error const& error) {
  return error.kind == ErrorKind::NotFound && !parent_is_missing(error);
}

}  // namespace

Result<RunDetails> get_run_details(ArmClient& arm, WorkspaceId const& id, AmlWorkspace const& workspace,
                                   std::string const& run, Context const& context) {
  Result<Url> const discovery = arm.data_plane_url(workspace.discovery_url);
  if (!discovery) return discovery.error();
  std::string const url =
      discovery->origin() + "/history/v1.0" + id.path() + "/runs/" + percent_encode(run) + "/details";
  Result<ArmAnswer> const answer = arm.send_data_plane("GET", url, Json(), Urgency::Periodic, context);
  if (!answer) {
    if (is_unknown_run(answer.error())) return RunDetails{};
    return answer.error();
  }
  Json const& body = answer->body;
  Json const& error = body.at({"error", "error"});  // twice: the outer one carries where and when
  Scrubber const& scrubber = arm.parts().scrubber;
  RunDetails details{.started_at = time_of(body.at("startTimeUtc")),
                     .ended_at = time_of(body.at("endTimeUtc")),
                     .error_code = error.text("code"),
                     .error_message = scrubber.scrub(error.text("message")),
                     .cancelation_reason = scrubber.scrub(body.text("cancelationReason"))};
  for (auto const& [path, address] : body.at("logFiles").members())
    if (address.is_string()) details.log_files[path] = address.string_or("");
  return details;
}

Result<std::map<std::string, double>> get_metrics(ArmClient& arm, WorkspaceId const&,
                                                  AmlWorkspace const& workspace, std::string const& run,
                                                  Context const& context) {
  std::string const url = mlflow_url(workspace) + "runs/get?run_id=" + percent_encode(run);
  Result<ArmAnswer> const answer = arm.send_data_plane("GET", url, Json(), Urgency::Periodic, context);
  std::map<std::string, double> metrics;
  if (!answer) {
    if (is_unknown_run(answer.error())) return metrics;
    return answer.error();
  }
  for (Json const& metric : answer->body.at({"run", "data", "metrics"}).items()) {
    Json const& value = metric.at("value");  // NaN and the infinities come as texts: no number to show
    if (value.is_number() && std::isfinite(value.number_or(0)))
      metrics[metric.text("key")] = value.number_or(0);
  }
  return metrics;
}

Result<std::string> read_log_tail(ArmClient& arm, std::string const& sas_url, std::size_t bytes,
                                  Context const& context) {
  Result<std::string> tail = read_blob_tail(arm, sas_url, bytes, context);
  // Of a log that was cut the first line may be half of one, and half a secret is not recognised.
  if (tail && tail->size() == bytes) tail->erase(0, std::min(tail->find('\n'), tail->size() - 1) + 1);
  if (tail) return arm.parts().scrubber.scrub(readable(*tail));
  if (tail.error().kind == ErrorKind::NotFound) return std::string();
  return tail.error();
}

}  // namespace trainyard::azure
