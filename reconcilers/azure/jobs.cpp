#include "reconcilers/azure/jobs.hpp"

#include "controller/base/encoding.hpp"
#include "reconcilers/azure/api_versions.hpp"

namespace trainyard::azure {

namespace {

Result<Job> from_answer(ArmAnswer answer, bool written) {
  Result<Job> job = parse_job(answer.body);
  if (!job) {
    Error error = job.error();
    error.maybe_applied = written;
    return error;
  }
  job->began = answer.began;
  job->order = answer.order;
  return job;
}

}  // namespace

bool Job::terminal() const {
  return has_status("Completed") || has_status("Failed") || has_status("Canceled");
}

Result<Job> parse_job(Json const& body) {
  Job job;
  job.name = body.text("name");
  if (job.name.empty())
    return Error{.kind = ErrorKind::Transient,
                 .reason = "MalformedAnswer",
                 .message = "Azure's answer about a job has no name"};
  Json const& properties = body.at("properties");  // a pipeline's step has none
  job.status = properties.text("status");
  job.display_name = properties.text("displayName");
  job.experiment = properties.text("experimentName");
  job.compute_id = properties.text("computeId");
  job.studio_url = properties.text({"services", "Studio", "endpoint"});
  job.tracking_endpoint = properties.text({"services", "Tracking", "endpoint"});
  if (properties.at("tags").is_object()) job.tags = properties.at("tags");
  if (properties.at("properties").is_object()) job.properties = properties.at("properties");
  job.archived = properties.at("isArchived").bool_or(false);
  job.created_at = body.text({"systemData", "createdAt"});
  job.body = body;
  return job;
}

std::string JobsClient::path(std::string const& name) const {
  return id_.path() + "/jobs/" + percent_encode(name);
}

Result<std::optional<Job>> JobsClient::get(std::string const& name, Urgency urgency, Context const& context,
                                           ArmTold* told) {
  Result<ArmAnswer> answer =
      arm_.send("GET", path(name), kMachineLearningVersion, Json(), urgency, context, told);
  if (!answer) {
    bool const absent = answer.error().kind == ErrorKind::NotFound && !parent_is_missing(answer.error());
    if (absent) return std::optional<Job>{};
    return answer.error();
  }
  Result<Job> job = from_answer(std::move(*answer), false);
  if (!job) return job.error();
  return std::optional<Job>(std::move(*job));
}

Result<Job> JobsClient::put(std::string const& name, Json const& body, Context const& context) {
  Result<ArmAnswer> answer =
      arm_.send("PUT", path(name), kMachineLearningVersion, body, Urgency::Edit, context);
  if (!answer) return answer.error();
  return from_answer(std::move(*answer), true);
}

Result<Done> JobsClient::cancel(std::string const& name, Context const& context) {
  Result<ArmAnswer> const answer =
      arm_.send("POST", path(name) + "/cancel", kMachineLearningVersion, Json(), Urgency::Edit, context);
  if (answer) return Done{};
  if (answer.error().status ==
      400) {  // how the service says of some types that there is nothing left to cancel
    Result<std::optional<Job>> const job = get(name, Urgency::Edit, context);
    if (job && job->has_value() && (*job)->terminal()) return Done{};
  }
  return answer.error();
}

Result<JobList> JobsClient::list_tagged(std::string const& tag_key,
                                        std::function<bool(std::vector<Job> const& so_far)> const& more,
                                        Context const& context) {
  JobList list;
  auto const on_page = [&](ArmAnswer const& page) {
    for (Json const& item : page.body.at("value").items()) {
      Result<Job> job = parse_job(item);
      if (!job) continue;
      job->began = page.began;
      job->order = page.order;
      list.items.push_back(std::move(*job));
    }
    return more(list.items);
  };
  std::string const path = id_.path() + "/jobs?tag=" + percent_encode(tag_key) + "&listViewType=All";
  Result<ArmList> const told = arm_.list(path, kMachineLearningVersion, Urgency::Periodic, on_page, context);
  if (!told) return told.error();
  list.told = *told;
  return list;
}

Result<Job> JobsClient::add_properties(Job const& job, Json const& properties, Context const& context) {
  Json body = Json::object();
  for (auto const& [name, value] : job.body.at("properties").members()) {
    bool const of_the_service = name == "status" || name == "services" || name == "parameters";
    if (!value.is_null() && !of_the_service) body[name] = value;
  }
  Json& own = body["properties"];
  own = job.properties;
  for (auto const& [name, value] : properties.members()) own[name] = value;
  return put(job.name, Json::object({{"properties", std::move(body)}}), context);
}

}  // namespace trainyard::azure
