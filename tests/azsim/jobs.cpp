// Jobs of a workspace. Source: recordings command_job, sweep_job, automl_job, spark_job; sheet 3, section 1.
#include <algorithm>
#include <array>
#include <set>

#include "controller/base/time_text.hpp"
#include "tests/azsim/jobs_body.hpp"
#include "tests/azsim/jobs_state.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::size_t kPageSize = 100;
constexpr std::string_view kNewest = "2099-12-31-preview", kOwnTags = "_aml_system_";
// Those that only the first PUT can set.
constexpr std::array kImmutable{"jobType", "command", "codeId", "computeId", "experimentName"};

bool legal_name(std::string_view name) {
  constexpr std::size_t kLongest = 255;
  auto const alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !name.empty() && name.size() <= kLongest && alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return alphanumeric(c) || c == '-' || c == '_'; });
}

Json optional_time(std::optional<WallTime> const& time) { return time ? Json(to_rfc3339(*time)) : Json(); }
std::optional<WallTime> time_of(Json const& value) {
  Result<WallTime> const time = parse_rfc3339(value.string_or(""));
  return time ? std::optional(*time) : std::nullopt;
}

Json to_json(Job const& job) {
  return Json::object({{"workspace", job.workspace},
                       {"name", job.name},
                       {"status", job.status},
                       {"properties", job.properties},
                       {"created", to_rfc3339(job.created)},
                       {"takenUp", optional_time(job.taken_up)},
                       {"started", optional_time(job.started)},
                       {"ended", optional_time(job.ended)},
                       {"canceledAt", optional_time(job.canceled_at)},
                       {"executing", job.executing},
                       {"error", job.error},
                       {"cancelationReason", job.cancelation_reason},
                       {"outputs", job.outputs}});
}

/// A job whose process went down with the simulator is like one whose node was preempted: queued again under
/// its name, or canceled if that was asked for.
Job from_json(Json const& state) {
  Job job{.workspace = state.text("workspace"),
          .name = state.text("name"),
          .status = state.text("status"),
          .properties = state.at("properties"),
          .created = time_of(state.at("created")).value_or(WallTime{}),
          .taken_up = time_of(state.at("takenUp")),
          .started = time_of(state.at("started")),
          .ended = time_of(state.at("ended")),
          .canceled_at = time_of(state.at("canceledAt")),
          .log = {},
          .error = state.at("error"),
          .cancelation_reason = state.text("cancelationReason"),
          .outputs = state.at("outputs")};
  if (state.at("executing").bool_or(false)) {
    job.started.reset();
    if (!job.canceled_at) job.status = "Queued";
  }
  return job;
}

/// Of "${{parent.X..}}" the first X that is neither inputs, outputs nor jobs; "" if there is none.
std::string wrong_binding(Json const& jobs) {
  constexpr std::string_view kOpen = "${{parent.";
  std::string const text = jobs.dump();
  for (std::size_t at = text.find(kOpen); at != std::string::npos; at = text.find(kOpen, at + 1)) {
    std::string_view const rest = std::string_view(text).substr(at + kOpen.size());
    std::string_view const word = rest.substr(0, rest.find_first_of(".}[ "));
    if (word != "inputs" && word != "outputs" && word != "jobs") return std::string(word);
  }
  return "";
}

class JobService final : public Jobs {
 public:
  explicit JobService(Shared& shared) : shared_(shared), clockwork_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    std::string const all = std::string(kWorkspacePattern) + "/jobs", one = all + "/{name}";
    auto const add = [&](char const* act, char const* method, std::string const& pattern,
                         HttpResponse (JobService::*serve)(Call const&),
                         Operation::Door door = Operation::Door::Arm) {
      operations.push_back({.name = std::string("jobs.") + act,
                            .method = method,
                            .pattern = pattern,
                            .door = door,
                            .handler = [this, serve](Call const& call) { return (this->*serve)(call); }});
    };
    add("list", "GET", all, &JobService::list);
    add("get", "GET", one, &JobService::get);
    add("put", "PUT", one, &JobService::put);
    add("delete", "DELETE", one, &JobService::remove);
    add("cancel", "POST", one + "/cancel", &JobService::cancel);
    add("operation", "GET", std::string(kLocationPattern) + "/mfeOperationResults/{id}",
        &JobService::operation);
    add("start_local", "POST",
        "/execution/v1.0" + std::string(kWorkspacePattern) + "/experiments/{experiment}/startlocalrun",
        &JobService::start_local, Operation::Door::DataPlane);
  }

  void tick(WallTime now) override {
    for (auto at = live_.begin(); at != live_.end();) {
      Job& job = jobs_.at(*at);
      Workspace const* const workspace = shared_.workspaces->find_by_guid(job.workspace);
      if (workspace == nullptr) {  // it was deleted, with all that is below it
        if (job.executing) shared_.executor->cancel(job.name);
        jobs_.erase(*at);
        at = live_.erase(at);
        continue;
      }
      clockwork_.step(*workspace, job, now);
      at = job.terminal() ? live_.erase(at) : std::next(at);
    }
  }

  [[nodiscard]] Json show(Workspace const& workspace, std::string_view name) const override {
    Job const* const job = find(workspace, name);
    return job == nullptr ? Json() : show(workspace, *job, kNewest);
  }
  [[nodiscard]] std::vector<std::string> names(Workspace const& workspace) const override {
    std::vector<std::string> all;
    for (Job const* job : newest_first(workspace)) all.push_back(job->name);
    return all;
  }
  void end(Workspace const& workspace, std::string_view name, std::string const& status) override {
    Job* const job = find(workspace, name);
    check(job != nullptr, "a job that is made to end is there");
    if (status == "Failed") return clockwork_.fail_by_script(workspace, *job, 1, shared_.now());
    clockwork_.end(workspace, *job, status, shared_.now());
  }
  void preempt(Workspace const& workspace, std::string_view name) override {
    Job* const job = find(workspace, name);
    check(job != nullptr, "a job that is preempted is there");
    clockwork_.preempt(workspace, *job, shared_.now());
  }
  [[nodiscard]] Json history(Workspace const& workspace, std::string_view name) const override {
    Job const* const job = find(workspace, name);
    if (job == nullptr) return {};
    auto const told = [](std::optional<WallTime> const& time) {
      return time ? Json(seven_digits(*time)) : Json();
    };
    return Json::object(
        {{"startTimeUtc", told(job->started)},
         {"endTimeUtc", told(job->ended)},
         {"error", job->error},
         {"cancelationReason", job->cancelation_reason.empty() ? Json() : Json(job->cancelation_reason)},
         {"outputs", job->outputs}});
  }
  void change(Workspace const& workspace, std::string_view name, Json const& changes) override {
    Job* const job = find(workspace, name);
    if (job == nullptr) return;
    for (char const* map : {"tags", "properties"})
      for (auto const& [key, value] : changes.at(map).members()) job->properties[map][key] = value;
    for (char const* field : {"displayName", "description", "isArchived"})
      if (Json const* const value = changes.find(field)) job->properties[field] = *value;
  }

  [[nodiscard]] Json snapshot() const override {
    Json saved = Json::array();
    for (auto const& [key, job] : jobs_) saved.push_back(to_json(job));
    return saved;
  }
  Result<Done> restore(Json const& state) override {
    jobs_.clear();
    live_.clear();
    for (Json const& item : state.items()) keep(from_json(item));
    return Done{};
  }

 private:
  static std::string key(std::string_view workspace, std::string_view name) {
    return std::string(workspace) + "/" + lower(name);
  }
  [[nodiscard]] Job const* find(Workspace const& workspace, std::string_view name) const {
    auto const found = jobs_.find(key(workspace.guid, name));
    return found == jobs_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] Job* find(Workspace const& workspace, std::string_view name) {
    return const_cast<Job*>(std::as_const(*this).find(workspace, name));
  }
  Job& keep(Job job) {
    std::string const where = key(job.workspace, job.name);
    if (!job.terminal()) live_.insert(where);
    return jobs_[where] = std::move(job);
  }
  [[nodiscard]] std::vector<Job const*> newest_first(Workspace const& workspace) const {
    std::vector<Job const*> found;
    std::string const prefix = workspace.guid + "/";
    for (auto at = jobs_.lower_bound(prefix); at != jobs_.end() && at->first.starts_with(prefix); ++at)
      found.push_back(&at->second);
    std::stable_sort(found.begin(), found.end(),
                     [](Job const* a, Job const* b) { return a->created > b->created; });
    return found;
  }

  [[nodiscard]] Json show(Workspace const& workspace, Job const& job, std::string_view api_version) const {
    Json properties = for_version(job.properties, api_version);
    properties["status"] = job.status;
    Json const whole = shared_.system_data(job.created, job.created);
    Json made = Json::object();  // a job's has these three only
    for (char const* field : {"createdAt", "createdBy", "createdByType"}) made[field] = whole.at(field);
    return Json::object({{"id", workspace.id + "/jobs/" + job.name},
                         {"name", job.name},
                         {"type", std::string(kProvider) + "/workspaces/jobs"},
                         {"properties", std::move(properties)},
                         {"systemData", std::move(made)}});
  }

  HttpResponse absent(Call const& call) {
    std::string const& name = call.name("name");
    return ml_error(shared_, call,
                    {.status = 404,
                     .message = "Job " + name + " not found.",
                     .inner = {"NotFound", "JobNotFound"},
                     .more = {{"MessageFormat", "Job {jobId} not found."},
                              {"MessageParameters", Json::object({{"jobId", name}})}}});
  }
  HttpResponse bad_argument(Call const& call, std::string message,
                            std::vector<std::string> inner = {"BadArgument"}) {
    return ml_error(shared_, call, {.status = 400, .message = std::move(message), .inner = std::move(inner)});
  }

  HttpResponse get(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    Job const* const job = find(workspace, call.name("name"));
    return job == nullptr ? absent(call) : json_reply(200, show(workspace, *job, call.api_version));
  }

  static bool has_pair(Json const& map, std::string const& wanted) {
    std::size_t const equals = wanted.find('=');
    Json const* const value = map.find(wanted.substr(0, equals));
    return value != nullptr &&
           (equals == std::string::npos || value->string_or("") == wanted.substr(equals + 1));
  }

  HttpResponse list(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const view = call.url.parameter("listViewType").value_or("ActiveOnly");
    std::optional<std::string> const type = call.url.parameter("jobType"), tag = call.url.parameter("tag");
    std::string const properties = call.url.parameter("properties").value_or("");
    auto const matches = [&](Job const& job) {
      bool const archived = job.properties.at("isArchived").bool_or(false);
      if (!same_name(view, "All") && archived != same_name(view, "ArchivedOnly")) return false;
      if (type && !same_name(job.type(), *type)) return false;
      if (tag && !has_pair(job.properties.at("tags"), *tag)) return false;
      for (std::size_t from = 0; from < properties.size();) {
        std::size_t const comma = std::min(properties.find(',', from), properties.size());
        if (!has_pair(job.properties.at("properties"), properties.substr(from, comma - from))) return false;
        from = comma + 1;
      }
      return true;
    };
    Json::Array items;
    for (Job const* job : newest_first(workspace))
      if (matches(*job)) items.push_back(show(workspace, *job, call.api_version));
    return json_reply(200, page(shared_, call, items, kPageSize));
  }

  HttpResponse put(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    Json const& sent = call.body.at("properties");
    if (!sent.is_object()) return bad_argument(call, "The Properties field is required.");
    if (Job* const job = find(workspace, call.name("name"))) return put_again(call, workspace, *job, sent);
    if (std::optional<HttpResponse> refused = refuse(call, workspace, sent)) return *refused;
    Job made{.workspace = workspace.guid,
             .name = call.name("name"),
             .status = first_status(sent),
             .properties = job_properties(shared_, workspace, call.name("name"), sent),
             .created = call.now};
    Job& job = keep(std::move(made));
    HttpResponse reply = json_reply(201, show(workspace, job, call.api_version));
    reply.headers.emplace_back("Location",
                               shared_.options.base_url + call.url.path + "?api-version=" + call.api_version);
    if (job.type() == "AutoML") {  // seen from the first GET on
      job.properties["properties"]["runTemplate"] = "AutoML";
      job.properties["properties"]["azureml.runsource"] = "automl";
    }
    clockwork_.begin(workspace, job);
    return reply;
  }

  /// No rerun: tags are replaced, properties added, a few fields changed; the rest must be as it was.
  HttpResponse put_again(Call const& call, Workspace const& workspace, Job& job, Json const& sent) {
    for (char const* field : kImmutable)
      if (Json const* const value = sent.find(field);
          value != nullptr && !value->is_null() &&
          !same_name(value->string_or(""), job.properties.text(field)))
        return bad_argument(
            call,
            std::string("Failed to update job ") + job.name + " since field \"" + field + "\" is immutable.",
            {"BadArgument", "ArgumentInvalid"});
    for (auto const& [name, value] : sent.at("properties").members())
      if (Json const* const old = job.properties.at("properties").find(name);
          old != nullptr && !(*old == value))
        return bad_argument(
            call, "Failed to update job " + job.name + " since property \"" + name + "\" is immutable.",
            {"BadArgument", "ArgumentInvalid"});
    if (sent.at("tags").is_object()) {
      Json tags = sent.at("tags");
      for (auto const& [name, value] : job.properties.at("tags").members())
        if (name.starts_with(kOwnTags) && tags.find(name) == nullptr) tags[name] = value;
      job.properties["tags"] = std::move(tags);
    }
    Json changes = Json::object({{"properties", sent.at("properties")}});
    for (char const* field : {"displayName", "description", "isArchived"})
      if (!sent.at(field).is_null()) changes[field] = sent.at(field);
    change(workspace, job.name, changes);
    return json_reply(200, show(workspace, job, call.api_version));
  }

  std::optional<HttpResponse> refuse(Call const& call, Workspace const& workspace, Json const& sent) {
    std::string const type = sent.text("jobType");
    if (!legal_name(call.name("name")))
      return bad_argument(call, "The job name '" + call.name("name") +
                                    "' is not valid. It may have letters, digits, '-' and '_', "
                                    "begins with a letter or digit and has at most 255 characters.");
    if (type.empty()) return bad_argument(call, "The JobType field is required.");
    if (type == "Command")
      for (auto const& [field, label] : {std::pair{"command", "Command"}, {"environmentId", "EnvironmentId"}})
        if (sent.text(field).empty())
          return bad_argument(call, std::string("The ") + label + " field is required.");
    if (type == "Pipeline")
      if (std::string const word = wrong_binding(sent.at("jobs")); !word.empty())
        return bad_argument(
            call,
            "Invalid expression parent." + word +
                ". Only parent.inputs, parent.jobs.[source_job_name].outputs or parent.outputs can be used "
                "for binding.",
            {"BadArgument", "ArgumentInvalid", "InvalidPipelineJob", "InvalidExpressionInJob"});
    if (std::optional<HttpResponse> refused = refuse_identity(call, workspace, sent)) return refused;
    std::string const id = sent.text("computeId"), compute = last_segment(id);
    bool const named = lower(id).find("/computes/") != std::string::npos && !compute.empty();
    if (named && shared_.computes->state(workspace, compute) == Computes::State::Absent)
      return ml_error(
          shared_, call,
          {.status = 404,
           .message = "Compute with name " + compute + " was not found in workspace " + workspace.name + ".",
           .inner = {"NotFound", "ComputeNotFound"}});
    return std::nullopt;
  }

  /// Serverless Spark runs as an identity of the workspace's when the job names none of its caller.
  std::optional<HttpResponse> refuse_identity(Call const& call, Workspace const& workspace,
                                              Json const& sent) {
    std::string const identity = sent.text({"identity", "identityType"});
    if (sent.text("jobType") != "Spark" || (!identity.empty() && identity != "Managed")) return std::nullopt;
    std::string const attached = shared_.workspaces->show(workspace.id).text({"identity", "type"});
    if (attached.find("UserAssigned") != std::string::npos) return std::nullopt;
    return ml_error(
        shared_, call,
        {.status = 404,
         .message = "User assigned identity  is not attached to AML workspace " + workspace.name + ".",
         .inner = {"NotFound", "UserAssignedIdentityNotFound"}});
  }

  [[nodiscard]] std::string operation_location(Call const& call, Workspace const& workspace,
                                               std::string_view prefix, std::string const& name) const {
    return shared_.options.base_url + "/subscriptions/" + shared_.options.subscription + "/providers/" +
           std::string(kProvider) + "/locations/" + workspace.location + "/mfeOperationResults/" +
           std::string(prefix) + ":" + workspace.guid + ":" + name + "?api-version=" + call.api_version;
  }

  HttpResponse cancel(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    Job* const job = find(workspace, call.name("name"));
    if (job == nullptr) return absent(call);
    if (job->terminal() && job->type() == "Pipeline")
      return bad_argument(call,
                          "The pipeline run " + job->name + " is in terminal status, it can't be canceled.",
                          {"BadArgument", "ArgumentInvalid", "CancelPipelineRunInTerminalStatus"});
    if (job->terminal()) return empty_reply(200);
    clockwork_.cancel(*job, "user requested to cancel the job", call.now);
    HttpResponse reply = json_reply(202, Json());
    reply.headers.emplace_back("Location", operation_location(call, workspace, "jc", job->name));
    reply.headers.emplace_back("x-ms-async-operation-timeout", "PT1H");
    return reply;
  }

  HttpResponse remove(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    Job const* const job = find(workspace, call.name("name"));
    if (job == nullptr) return empty_reply(204);
    std::string const name = job->name;
    if (!job->terminal())
      return ml_error(
          shared_, call,
          {.status = 409,
           .message = "Job " + name + " is in status " + job->status + "; cancel it before it is deleted.",
           .inner = {"Conflict"}});
    jobs_.erase(key(workspace.guid, name));
    HttpResponse reply = empty_reply(202);
    reply.headers = {{"Location", operation_location(call, workspace, "jd", name)}, {"Retry-After", "1"}};
    return reply;
  }

  /// {id}: jc:WORKSPACE:JOB of a cancel, jd:.. of a delete; or what tells its status elsewhere too.
  HttpResponse operation(Call const& call) {
    std::string const& id = call.name("id");
    if (LongOperation const* operation = shared_.operations.find("mfeOperationsStatus", id)) {
      if (LongOperations::over(*operation, call.now)) return empty_reply(200);
      HttpResponse reply = json_reply(202, Json::object());
      reply.headers.emplace_back("Location", shared_.options.base_url + call.url.path + "?" + call.url.query);
      return reply;
    }
    std::size_t const first = id.find(':'), last = id.rfind(':');
    Workspace const* const workspace =
        first == last ? nullptr : shared_.workspaces->find_by_guid(id.substr(first + 1, last - first - 1));
    if (workspace == nullptr)
      return ml_error(shared_, call,
                      {.status = 404, .message = "Operation " + id + " not found.", .inner = {"NotFound"}});
    Job const* const job = find(*workspace, id.substr(last + 1));
    if (job == nullptr || job->terminal()) return empty_reply(200);
    HttpResponse reply = json_reply(202, Json::object());
    reply.headers.emplace_back("Location",
                               operation_location(call, *workspace, id.substr(0, first), job->name));
    return reply;
  }

  /// A local run's own machine asks what to run: an archive (here an empty one), and the job is on its way.
  HttpResponse start_local(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const name = call.url.parameter("runId").value_or("");
    Job* const job = find(workspace, name);
    if (job == nullptr)
      return ml_error(shared_, call,
                      {.status = 404, .message = "Run " + name + " not found.", .inner = {"NotFound"}});
    if (!job->taken_up) {
      job->taken_up = call.now;
      job->status = "Starting";
      job->properties["services"] = job_services(shared_, workspace, job->name);
      job->properties["properties"]["_azureml.ComputeTargetType"] = "local";
      job->properties["limits"] = Json::object({{"timeout", nullptr}, {"jobLimitsType", "Command"}});
      job->properties["outputs"] = default_output(job->name);
    }
    constexpr std::size_t kEndRecord = 22;
    std::string archive = "PK\x05\x06";
    archive.resize(kEndRecord, '\0');
    return {.status = 200, .headers = {{"Content-Type", "application/octet-stream"}}, .body = archive};
  }

  Shared& shared_;
  JobClockwork clockwork_;
  std::map<std::string, Job> jobs_;  // by workspace's guid and name
  std::set<std::string> live_;       // those that are not over
};

}  // namespace

std::unique_ptr<Jobs> make_jobs(Shared& shared) { return std::make_unique<JobService>(shared); }

}  // namespace trainyard::azsim
