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

/// Where the next line begins, after a line end at `at`; the end if there is none.
std::size_t after_line(std::string_view bytes, std::size_t at) {
  return at == std::string_view::npos ? bytes.size() : at + 1;
}

/// Of lines that were overwritten (a progress bar's) what stood last.
std::string as_last_seen(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    std::size_t const size = after_line(bytes, bytes.find('\n'));
    std::string_view line = bytes.substr(0, size);
    bytes.remove_prefix(size);
    bool const whole = line.ends_with('\n');
    if (whole) line.remove_suffix(1);
    while (line.ends_with('\r')) line.remove_suffix(1);
    text += line.substr(line.rfind('\r') + 1);  // npos + 1 is 0
    if (whole) text += '\n';
  }
  return text;
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
  Result<LogPart> part = read_log(arm, sas_url, {.most = bytes, .ended = true}, context);
  if (!part) return part.error();
  return std::move(part->text);
}

Result<LogPart> read_log(ArmClient& arm, std::string const& sas_url, LogWanted const& wanted,
                         Context const& context) {
  std::size_t from = wanted.from;
  Result<BlobPart> part = read_blob_end(arm, sas_url, from, wanted.most, context);
  if (part && part->total < from) {
    from = 0;
    part = read_blob_end(arm, sas_url, from, wanted.most, context);
  }
  if (!part && part.error().kind == ErrorKind::NotFound) return LogPart{.next = wanted.from};
  if (!part) return part.error();
  // Whole lines only: of half a line the half of a secret would not be recognised.
  std::string_view const bytes = part->bytes;
  std::size_t const begin = part->from > from ? after_line(bytes, bytes.find('\n')) : 0;
  std::size_t end = wanted.ended ? bytes.size() : bytes.rfind('\n') + 1;  // npos + 1 is 0
  if (end == 0 && bytes.size() >= wanted.most) end = bytes.size();        // one line that is too long
  bool const too_long = begin == 0 && !wanted.ended && bytes.find('\n') == std::string_view::npos;
  std::string_view const lines =
      begin < end && !too_long ? bytes.substr(begin, end - begin) : std::string_view();
  std::size_t const next = part->from + std::max(begin, end);
  return LogPart{.text = arm.parts().scrubber.scrub(readable(as_last_seen(lines))),
                 .skipped = next - from - lines.size(),
                 .next = next};
}

}  // namespace trainyard::azure
