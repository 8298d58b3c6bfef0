#include "reconcilers/azure/run_history.hpp"

#include <cmath>

#include "controller/base/encoding.hpp"
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

/// Length of the UTF-8 character at the start of the text, 0 if there is none. Source: Unicode, table 3-7.
std::size_t character_at(std::string_view text) {
  auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  unsigned const first = byte(0);
  if (first < 0x80) return 1;
  std::size_t const size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  unsigned const least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  unsigned const most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < least || byte(1) > most) return 0;
  for (std::size_t i = 2; i < size; ++i)
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  return size;
}

/// A log may hold any bytes, and a status (JSON) may not: what is no UTF-8 becomes a question mark.
std::string readable(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    std::size_t const size = character_at(bytes);
    text += size == 0 ? std::string_view("?") : bytes.substr(0, size);
    bytes.remove_prefix(size == 0 ? 1 : size);
  }
  return text;
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
  Result<std::string> const tail = read_blob_tail(arm, sas_url, bytes, context);
  if (tail) return arm.parts().scrubber.scrub(readable(*tail));
  if (tail.error().kind == ErrorKind::NotFound) return std::string();
  return tail.error();
}

}  // namespace trainyard::azure
