#include "tests/azsim/jobs_body.hpp"

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/addresses.hpp"
#include "tests/azsim/jobs_automl.hpp"

namespace trainyard::azsim {
namespace {

Json map_of(Json const& sent) { return sent.is_null() ? Json::object() : sent; }

Json service(std::string_view type, std::string endpoint) {
  return Json::object({{"jobServiceType", type},
                       {"port", nullptr},
                       {"endpoint", std::move(endpoint)},
                       {"status", nullptr},
                       {"errorMessage", nullptr},
                       {"properties", nullptr},
                       {"nodes", nullptr}});
}

Json filled_output(Json const& sent) {
  return overlaid(Json::object({{"description", nullptr},
                                {"uri", nullptr},
                                {"assetName", nullptr},
                                {"assetVersion", nullptr},
                                {"mode", "ReadWriteMount"},
                                {"autoDeleteSetting", nullptr}}),
                  sent);
}

Json each(Json const& map, Json (*fill)(Json const&)) {
  if (!map.is_object()) return map;
  Json filled = Json::object();
  for (auto const& [name, value] : map.members()) filled[name] = fill(value);
  return filled;
}

Json resources(Json const& sent, bool with_memory) {
  Json filled = Json::object(
      {{"instanceCount", 1}, {"instanceType", nullptr}, {"locations", nullptr}, {"properties", nullptr}});
  if (with_memory) filled["shmSize"] = "2g";
  filled["dockerArgs"] = nullptr;
  return overlaid(std::move(filled), sent);
}

Json limits(Json const& sent) {
  return sent.is_null() ? Json() : overlaid(Json::object({{"timeout", nullptr}}), sent);
}

/// azureml:NAME:VERSION as an ARM id; others as they are.
Json environment_id(Workspace const& workspace, Json const& sent) {
  constexpr std::string_view kShort = "azureml:";
  std::string const text = sent.string_or("");
  std::size_t const colon = text.rfind(':');
  if (!text.starts_with(kShort) || text.starts_with("azureml://") || colon < kShort.size()) return sent;
  return workspace.id + "/environments/" + text.substr(kShort.size(), colon - kShort.size()) + "/versions/" +
         text.substr(colon + 1);
}

/// What stands behind computeId, in the service's own word.
std::string compute_target_type(Shared const& shared, Workspace const& workspace, Json const& sent) {
  if (is_local(sent)) return "local";
  std::string const id = lower(sent.text("computeId"));
  if (id.find("/virtualclusters/") != std::string::npos) return "singularity";
  std::string const type =
      shared.computes->show(workspace, last_segment(id)).text({"properties", "computeType"});
  return type.empty() || type == "AmlCompute" ? "amlctrain" : lower(type);
}

Json queue_settings(Json const& sent) {
  if (!sent.at("queueSettings").is_null())
    return overlaid(Json::object({{"jobTier", nullptr}, {"priority", nullptr}}), sent.at("queueSettings"));
  bool const serverless = last_segment(sent.text("computeId")).empty();
  return serverless ? Json::object({{"jobTier", "Standard"}, {"priority", nullptr}}) : Json();
}

void add_command(Shared& shared, Workspace const& workspace, std::string const& name, Json const& sent,
                 Json& job) {
  bool const local = is_local(sent);
  job["resources"] = resources(sent.at("resources"), !local);
  job["codeId"] = sent.at("codeId");
  job["command"] = sent.at("command");
  job["environmentId"] = sent.at("environmentId");
  job["inputs"] = each(map_of(sent.at("inputs")), filled_input);
  job["outputs"] = each(map_of(sent.at("outputs")), filled_output);
  if (!local) job["outputs"] = overlaid(std::move(job["outputs"]), default_output(name));
  job["distribution"] = sent.at("distribution");
  job["autologgerSettings"] = nullptr;
  job["limits"] = limits(sent.at("limits"));
  job["environmentVariables"] = sent.at("environmentVariables");
  job["parameters"] = Json::object();
  Json& own = job["properties"];
  if (!local) own["_azureml.ComputeTargetType"] = compute_target_type(shared, workspace, sent);
  if (!sent.text("codeId").empty()) own["ContentSnapshotId"] = shared.guid();
}

Json search_space_of(Json const& sent) { return map_of(sent.at("searchSpace")); }

std::string goal_of(Json const& sent) {
  std::string goal = lower(sent.text({"objective", "goal"}));
  if (!goal.empty()) goal[0] = static_cast<char>(goal[0] - 'a' + 'A');
  return goal;
}

/// The state of a sweep stands in its tags.
void tag_sweep(Json const& sent, Json& job) {
  Json const& sampling = job.at("samplingAlgorithm");
  std::string algorithm = sampling.text("samplingAlgorithmType");
  for (char& c : algorithm) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  Json const generator = Json::object({{"name", algorithm},
                                       {"parameter_space", search_space_of(sent)},
                                       {"properties", Json::object({{"rule", sampling.at("rule")},
                                                                    {"logbase", sampling.at("logbase")},
                                                                    {"seed", sampling.at("seed")}})}});
  Json const metric = Json::object(
      {{"name", sent.at({"objective", "primaryMetric"})}, {"goal", lower(sent.text({"objective", "goal"}))}});
  Result<Duration> const timeout = parse_iso_duration(sent.text({"limits", "timeout"}));
  Json& tags = job["tags"];
  auto const tag = [&](std::string const& name, std::string value) {
    tags["_aml_system_" + name] = std::move(value);
  };
  auto const number = [](Json const& value) { return value.is_null() ? std::string("null") : value.dump(); };
  tag("max_concurrent_jobs", number(sent.at({"limits", "maxConcurrentTrials"})));
  tag("max_total_jobs", number(sent.at({"limits", "maxTotalTrials"})));
  tag("max_duration_minutes",
      timeout ? std::to_string(std::chrono::floor<std::chrono::minutes>(*timeout).count()) : "null");
  tag("policy_config", R"({"name":"Default","properties":{}})");
  tag("generator_config", generator.dump());
  tag("primary_metric_config", metric.dump());
  tag("resume_child_runs", "null");
  tag("all_jobs_generated", "false");
  tag("cancellation_requested", "false");
  Json& own = job["properties"];
  own["primary_metric_config"] = metric.dump();
  own["resume_from"] = "null";
  own["runTemplate"] = "HyperDrive";
  own["azureml.runsource"] = "hyperdrive";
  own["platform"] = "AML";
}

void add_sweep(Shared& shared, Workspace const& workspace, std::string const& name, Json const& sent,
               Json& job) {
  job["services"].erase("Tracking");
  job["searchSpace"] = search_space_of(sent);
  Json sampling = overlaid(Json::object({{"samplingAlgorithmType", nullptr}}), sent.at("samplingAlgorithm"));
  if (sampling.text("samplingAlgorithmType") == "Random")
    sampling = overlaid(Json::object({{"samplingAlgorithmType", "Random"},
                                      {"seed", nullptr},
                                      {"logbase", nullptr},
                                      {"rule", "Random"}}),
                        sampling);
  job["samplingAlgorithm"] = std::move(sampling);
  job["limits"] = overlaid(Json::object({{"timeout", nullptr},
                                         {"jobLimitsType", "Sweep"},
                                         {"maxTotalTrials", nullptr},
                                         {"maxConcurrentTrials", nullptr},
                                         {"trialTimeout", nullptr}}),
                           sent.at("limits"));
  Json const& early = sent.at("earlyTermination");
  job["earlyTermination"] =
      early.is_null() ? Json()
                      : overlaid(Json::object({{"evaluationInterval", 0}, {"delayEvaluation", 0}}), early);
  job["objective"] =
      Json::object({{"primaryMetric", sent.at({"objective", "primaryMetric"})}, {"goal", goal_of(sent)}});
  Json trial = overlaid(Json::object({{"codeId", nullptr},
                                      {"command", nullptr},
                                      {"environmentId", nullptr},
                                      {"environmentVariables", nullptr},
                                      {"distribution", nullptr}}),
                        sent.at("trial"));
  trial["environmentId"] = environment_id(workspace, trial.at("environmentId"));
  trial["resources"] = resources(sent.at({"trial", "resources"}), false);
  job["trial"] = std::move(trial);
  job["inputs"] = each(map_of(sent.at("inputs")), filled_input);
  job["outputs"] = overlaid(each(map_of(sent.at("outputs")), filled_output), default_output(name));
  tag_sweep(sent, job);
  if (!sent.text({"trial", "codeId"}).empty()) job["properties"]["ContentSnapshotId"] = shared.guid();
}

void add_automl(Workspace const& workspace, Json const& sent, Json& job) {
  if (sent.text("computeId").empty()) job["computeId"] = workspace.id + "/computes/";
  job["resources"] = resources(sent.at("resources"), true);
  job["environmentId"] = sent.at("environmentId");
  job["environmentVariables"] = sent.at("environmentVariables");
  job["taskDetails"] = automl_task(sent.at("taskDetails"));
  job["outputs"] = each(map_of(sent.at("outputs")), filled_output);
}

void add_pipeline(Json const& sent, Json& job) {
  job["settings"] = map_of(sent.at("settings"));
  job["jobs"] = sent.at("jobs");
  job["inputs"] = each(sent.at("inputs"), filled_input);
  job["outputs"] = each(sent.at("outputs"), filled_output);
  job["sourceJobId"] = sent.at("sourceJobId");
  Json literals = Json::object();
  for (auto const& [name, input] : sent.at("inputs").members())
    if (!input.at("value").is_null()) literals[name] = input.at("value");
  Json& own = job["properties"];
  own["azureml.runsource"] = "azureml.PipelineRun";
  own["runSource"] = "MFE";
  own["runType"] = "HTTP";
  own["azureml.parameters"] = literals.dump();
  own["azureml.continue_on_step_failure"] =
      sent.at({"settings", "continue_on_step_failure"}).bool_or(false) ? "True" : "False";
  own["azureml.pipelineComponent"] = "pipelinerun";
}

/// Types that were never recorded whole are given back as they were sent.
void add_rest(Json const& sent, Json& job) {
  for (auto const& [name, value] : sent.members())
    if (job.find(name) == nullptr) job[name] = value;
  job["inputs"] = each(map_of(sent.at("inputs")), filled_input);
  job["outputs"] = each(map_of(sent.at("outputs")), filled_output);
}

}  // namespace

std::string tracking_uri(Shared const& shared, Workspace const& workspace) {
  std::string const base = data_plane_url(shared.options);
  return "azureml" + base.substr(base.find("://")) + "/mlflow/v1.0" + workspace.id + "?";
}

bool is_local(Json const& sent) {
  return sent.at({"resources", "properties", "IsLocal", "IsLocal"}).bool_or(false);
}

Json job_services(Shared const& shared, Workspace const& workspace, std::string const& name) {
  std::string const place = "/subscriptions/" + shared.options.subscription + "/resourcegroups/" +
                            workspace.group + "/workspaces/" + workspace.name;
  return Json::object(
      {{"Tracking", service("Tracking", tracking_uri(shared, workspace))},
       {"Studio", service("Studio", "https://ml.azure.com/runs/" + name + "?wsid=" + place)}});
}

Json default_output(std::string const& name) {
  Json const sent =
      Json::object({{"uri", "azureml://datastores/workspaceartifactstore/" + artifact_prefix(name)},
                    {"jobOutputType", "uri_folder"}});
  return Json::object({{"default", filled_output(sent)}});
}

Json job_properties(Shared& shared, Workspace const& workspace, std::string const& name, Json const& sent) {
  std::string const type = sent.text("jobType");
  Json job = Json::object(
      {{"description", sent.at("description")},
       {"tags", map_of(sent.at("tags"))},
       {"properties", map_of(sent.at("properties"))},
       {"displayName", sent.text("displayName").empty() ? Json(name) : sent.at("displayName")},
       {"status", nullptr},
       {"experimentName", sent.text("experimentName").empty() ? Json("Default") : sent.at("experimentName")},
       {"services", job_services(shared, workspace, name)},
       {"computeId", sent.at("computeId")},
       {"isArchived", sent.at("isArchived").bool_or(false)},
       {"identity", sent.at("identity")},
       {"componentId", sent.at("componentId")},
       {"notificationSetting", sent.at("notificationSetting")},
       {"secretsConfiguration", nullptr},
       {"jobType", type}});
  if (is_local(sent))
    job["services"] = Json::object(
        {{"Local", service("Local", data_plane_url(shared.options) + "/execution/v1.0" + workspace.id +
                                        "/experiments/" + percent_encode(job.text("experimentName")) +
                                        "/startlocalrun?runId=" + name)}});
  for (auto const& [own, value] : sent.at("services").members())  // a user's own: a terminal, a notebook
    if (own != "Tracking" && own != "Studio")
      job["services"][own] = overlaid(service(value.text("jobServiceType"), ""), value);
  if (type == "Command")
    add_command(shared, workspace, name, sent, job);
  else if (type == "Sweep")
    add_sweep(shared, workspace, name, sent, job);
  else if (type == "AutoML")
    add_automl(workspace, sent, job);
  else if (type == "Pipeline")
    add_pipeline(sent, job);
  else
    add_rest(sent, job);
  if (type != "Pipeline") job["queueSettings"] = queue_settings(sent);
  return job;
}

Json job_definition(Json const& sent) {
  if (!sent.is_object()) return sent;
  Json job = Json::object({{"description", nullptr},
                           {"tags", nullptr},
                           {"properties", nullptr},
                           {"displayName", nullptr},
                           {"status", "NotStarted"},
                           {"experimentName", "Default"},
                           {"services", nullptr},
                           {"computeId", nullptr},
                           {"isArchived", false},
                           {"identity", nullptr},
                           {"componentId", nullptr},
                           {"notificationSetting", nullptr},
                           {"jobType", nullptr}});
  std::string const type = sent.text("jobType");
  if (type == "Pipeline")
    for (char const* field : {"settings", "jobs", "sourceJobId"}) job[field] = nullptr;
  job = overlaid(std::move(job), sent);
  if (type == "Command") job["resources"] = resources(sent.at("resources"), true);
  job["inputs"] = each(sent.at("inputs"), filled_input);
  job["outputs"] = each(sent.at("outputs"), filled_output);
  return job;
}

Json for_version(Json job, std::string_view api_version) {
  bool const v2022_10 = api_version >= "2022-10-01", v2023_02 = api_version >= "2023-02-01",
             v2023_04 = api_version >= "2023-04-01";
  auto const each_of = [&](char const* map, char const* field) {
    Json* const members = job.find(map) == nullptr ? nullptr : &job[map];
    if (members == nullptr) return;
    for (auto const& [name, value] : Json::Object(members->members()))
      if (value.is_object()) (*members)[name].erase(field);
  };
  if (!v2022_10) {
    job.erase("autologgerSettings");
    each_of("services", "nodes");
    each_of("outputs", "assetName");
    each_of("outputs", "assetVersion");
  }
  if (!v2023_02) {
    job.erase("notificationSetting");
    job.erase("queueSettings");
    if (job.at("resources").is_object()) job["resources"].erase("locations");
    if (job.at({"taskDetails", "validationData"}).is_object() &&
        job.at({"taskDetails", "validationData"}).find("uri") == nullptr)
      job["taskDetails"]["validationData"] = nullptr;
    if (job.at({"taskDetails", "limitSettings"}).is_object())
      for (char const* field : {"maxNodes", "sweepTrials", "sweepConcurrentTrials"})
        job["taskDetails"]["limitSettings"].erase(field);
  }
  if (!v2023_04 || !api_version.ends_with("-preview")) {
    job.erase("secretsConfiguration");
    each_of("outputs", "autoDeleteSetting");
  }
  return job;
}

}  // namespace trainyard::azsim
