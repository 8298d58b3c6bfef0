#include "reconcilers/drivers/aml_run.hpp"

#include "controller/base/time_text.hpp"
#include "reconcilers/names.hpp"

namespace trainyard::reconcilers {

namespace {

// What a job carries of ours (design, rules 6, 10 and 15). A job's properties are add-only.
constexpr std::string_view kOwner = "trainyard-owner", kHolder = "trainyard-holder",
                           kRevision = "trainyard-revision", kAttempt = "trainyard-attempt",
                           kReason = "trainyard-cancel-reason";
constexpr std::string_view kDefaultImage = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest";
constexpr char const* kLog = "user_logs/std_log.txt";  // what the script prints
constexpr std::size_t kTailBytes = std::size_t{16} << 10U, kTailLines = 20;

std::string const& image_of(manifests::TrainingRunSpec const& spec) {
  static std::string const kDefault(kDefaultImage);
  return spec.docker_image.empty() ? kDefault : spec.docker_image;
}

std::string quoted(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string text = "'";
  for (char c : word) {
    if (c == '\'')
      text += "'\\''";
    else
      text += c;
  }
  return text + "'";
}

/// Experiment names are letters, digits, dashes and underscores (REST, Jobs, experimentName).
std::string experiment_name(std::string text) {
  for (char& c : text)
    if (c == '.') c = '-';
  return text;
}

RunSeen seen_of(azure::Job const& job) {
  RunSeen seen{.name = job.name,
               .status = job.status,
               .owner = job.properties.text(kOwner),
               .holder = job.properties.text(kHolder),
               .revision = job.properties.text(kRevision),
               .reason = job.properties.text(kReason),
               .submitted_at = job.created_at,
               .link = job.studio_url};
  using State = RunSeen::State;
  if (job.has_status("Completed"))
    seen.state = State::Completed;
  else if (job.has_status("Failed"))
    seen.state = State::Failed;
  else if (job.has_status("Canceled"))
    seen.state = State::Canceled;
  else if (job.has_status("CancelRequested"))
    seen.state = State::Canceling;
  bool const running =
      job.has_status("Running") || job.has_status("Finalizing") || job.has_status("NotResponding");
  seen.queued = seen.live() && !running;
  return seen;
}

/// Sheet of failure classes: what the reason of a Failed job says about trying again.
std::string failure_class_of(azure::RunDetails const& details) {
  std::string const& message = details.error_message;
  auto const says = [&](std::string_view word) { return message.find(word) != std::string::npos; };
  if (says("preempt")) return "Preempted";
  if (says("quota") || says("Quota") || says("failed state and thus not ready")) return "Capacity";
  if (details.error_code == "UserError") return "UserCode";
  return "Platform";
}

std::optional<int> exit_code_of(std::string const& message) {
  // Source: the service's words "exited with status code 1".
  constexpr std::string_view kWords = "status code ";
  std::size_t const at = message.find(kWords);
  if (at == std::string::npos) return std::nullopt;
  int code = 0;
  bool any = false;
  for (std::size_t i = at + kWords.size();
       i < message.size() && message[i] >= '0' && message[i] <= '9' && code < 1000; ++i) {
    code = code * 10 + (message[i] - '0');
    any = true;
  }
  return any ? std::optional<int>(code) : std::nullopt;
}

std::vector<std::string> last_lines(std::string const& text) {
  std::vector<std::string> lines;
  std::size_t end = text.size();
  while (end > 0 && lines.size() < kTailLines) {
    std::size_t const start = text.rfind('\n', end - 1);
    std::size_t const from = start == std::string::npos ? 0 : start + 1;
    if (end > from) lines.push_back(text.substr(from, end - from));
    if (start == std::string::npos) break;
    end = start;
  }
  return {lines.rbegin(), lines.rend()};
}

}  // namespace

std::string owner_of(azure::Job const& job) { return job.properties.text(kOwner); }

std::string command_line(manifests::TrainingRunSpec const& spec) {
  std::string line = quoted(spec.interpreter_path.empty() ? "python" : spec.interpreter_path) + " " +
                     quoted(spec.script_file);
  for (std::string const& argument : spec.arguments) line += " " + quoted(argument);
  return line;
}

Json job_body(RunRequest const& request, std::string const& job_tag, std::string const& compute_id,
              std::string const& code_id, std::string const& environment_id) {
  Json variables = Json::object();
  for (auto const& [name, value] : request.spec.variables) variables[name] = value;
  Json properties = Json::object({{"jobType", "Command"},
                                  {"displayName", request.display_name},
                                  {"experimentName", experiment_name(request.experiment)},
                                  {"computeId", compute_id},
                                  {"codeId", code_id},
                                  {"environmentId", environment_id},
                                  {"command", command_line(request.spec)},
                                  {"environmentVariables", std::move(variables)}});
  if (request.spec.timeout)
    properties["limits"] =
        Json::object({{"jobLimitsType", "Command"}, {"timeout", to_iso_duration(*request.spec.timeout)}});
  properties["tags"] = Json::object({{job_tag, request.owner}});
  properties["properties"] = Json::object({{std::string(kOwner), request.owner},
                                           {std::string(kHolder), request.holder},
                                           {std::string(kRevision), request.revision},
                                           {std::string(kAttempt), std::to_string(request.attempt)}});
  return Json::object({{"properties", std::move(properties)}});
}

AmlRunDriver::AmlRunDriver(std::shared_ptr<azure::AzureScope> scope, std::string job_tag, Parts parts)
    : scope_(std::move(scope)), job_tag_(std::move(job_tag)), parts_(std::move(parts)) {}

Result<std::optional<RunSeen>> AmlRunDriver::get(std::string const& name, WallTime& began,
                                                 Context const& context) {
  began = parts_.clock.wall();
  Result<std::optional<azure::Job>> const job = scope_->get_job(name, context);
  if (!job) return job.error().while_doing("reading job " + name);
  if (!job->has_value()) return std::optional<RunSeen>{};
  return std::optional<RunSeen>{seen_of(**job)};
}

std::optional<RunSeen> AmlRunDriver::cached(std::string const& name) const {
  std::shared_ptr<azure::AzureView const> const view = scope_->view();
  azure::Job const* const job = view->missed_lists == 0 ? view->job(name) : nullptr;
  return job == nullptr ? std::nullopt : std::optional<RunSeen>(seen_of(*job));
}

Result<PreparedRun> AmlRunDriver::prepare(RunRequest const& request, Context const& context) {
  std::string const code = code_name(request.source_digest);
  Result<std::string> code_id = scope_->find_code(code, context);
  if (!code_id) return code_id.error().while_doing("looking for the snapshot");
  if (code_id->empty()) {
    Result<std::vector<SourceFile>> files =
        parts_.sources.read(request.source, request.source_digest, context);
    if (!files) return files.error();
    std::vector<azure::SnapshotFile> snapshot;
    for (SourceFile& file : *files) snapshot.push_back({std::move(file.path), std::move(file.content)});
    code_id = scope_->upload_code(code, snapshot, context);
    if (!code_id) return code_id.error().while_doing("uploading the snapshot");
  }
  Result<std::string> environment = scope_->ensure_environment(image_of(request.spec), context);
  if (!environment) return environment.error().while_doing("preparing the environment");
  return PreparedRun{.code_id = std::move(*code_id), .environment_id = std::move(*environment)};
}

Result<RunSeen> AmlRunDriver::submit(RunRequest const& request, PreparedRun const& prepared,
                                     Context const& context) {
  std::string const compute_id = scope_->id().path() + "/computes/" + request.compute_name;
  Json const body = job_body(request, job_tag_, compute_id, prepared.code_id, prepared.environment_id);
  Result<azure::Job> const job = scope_->put_job(request.name, body, context);
  if (!job) return job.error().while_doing("submitting job " + request.name);
  return seen_of(*job);
}

Result<Done> AmlRunDriver::write_reason(std::string const& name, std::string const& reason,
                                        Context const& context) {
  Result<std::optional<azure::Job>> const job = scope_->get_job(name, context);
  if (!job) return job.error();
  if (!job->has_value() || (*job)->terminal()) return Done{};  // the next look sees it
  Result<azure::Job> const written =
      scope_->add_job_properties(**job, Json::object({{std::string(kReason), reason}}), context);
  if (!written) return written.error().while_doing("writing the reason on job " + name);
  return Done{};
}

Result<Done> AmlRunDriver::cancel(std::string const& name, Context const& context) {
  Result<Done> const canceled = scope_->cancel_job(name, context);
  if (!canceled) return canceled.error().while_doing("cancelling job " + name);
  return Done{};
}

Result<Done> AmlRunDriver::add_details(RunSeen& seen, Context const& context) {
  if (seen.live() && seen.queued) return Done{};
  Result<Done> told = Done{};
  if (!seen.live() || seen.started_at.empty()) told = add_times(seen, context);
  Result<std::map<std::string, double>> metrics = scope_->metrics(seen.name, context);
  if (metrics) seen.metrics = std::move(*metrics);
  if (!told) return told;
  if (!metrics) return metrics.error().while_doing("reading metrics of " + seen.name);
  return Done{};
}

Result<Done> AmlRunDriver::add_times(RunSeen& seen, Context const& context) {
  Result<azure::RunDetails> const details = scope_->run_details(seen.name, context);
  if (!details) return details.error().while_doing("reading details of " + seen.name);
  seen.started_at = details->started_at;
  seen.ended_at = details->ended_at;
  if (seen.state == RunSeen::State::Failed) add_failure(seen, *details, context);
  return Done{};
}

void AmlRunDriver::add_failure(RunSeen& seen, azure::RunDetails const& details, Context const& context) {
  seen.failure_class = failure_class_of(details);
  seen.failure_message =
      details.error_message.empty() ? "the job failed and gave no reason" : details.error_message;
  seen.exit_code = exit_code_of(details.error_message);
  auto const log = details.log_files.find(kLog);
  if (log == details.log_files.end()) return;
  Result<std::string> const tail = scope_->log_tail(log->second, kTailBytes, context);
  if (tail) seen.log_tail = last_lines(*tail);  // a log that cannot be read hides no failure
}

Result<azure::LogPart> AmlRunDriver::log(std::string const& name, azure::LogWanted const& wanted,
                                         Context const& context) {
  Result<azure::RunDetails> const details = scope_->run_details(name, context);
  if (!details) return details.error().while_doing("looking for the log of " + name);
  auto const log = details->log_files.find(kLog);
  if (log == details->log_files.end()) return azure::LogPart{.next = wanted.from};
  Result<azure::LogPart> part = scope_->log(log->second, wanted, context);
  if (!part) return part.error().while_doing("reading the log of " + name);
  return part;
}

Result<std::optional<RunListing>> AmlRunDriver::listing(std::string const& owner, Context const&) {
  std::shared_ptr<azure::AzureView const> const view = scope_->view();
  if (!view->jobs_listed) return std::optional<RunListing>{};
  RunListing listing{.complete = true, .settled = *view->jobs_listed >= parts_.started + parts_.settle};
  for (auto const& [name, job] : view->jobs) {
    RunSeen const seen = seen_of(*job);
    if (seen.owner != owner) continue;
    listing.items.push_back({.name = name,
                             .revision = seen.revision,
                             .place = parts_.place,
                             .live = seen.live(),
                             .failed = seen.counts_as_failure(),
                             .holder = seen.holder});
  }
  return std::optional<RunListing>{std::move(listing)};
}

}  // namespace trainyard::reconcilers
