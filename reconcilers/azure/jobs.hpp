// Jobs of a workspace. Source: Azure ML REST, Jobs, 2023-10-01, and recorded answers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reconcilers/azure/arm.hpp"

namespace trainyard::azure {

struct Job {
  std::string name, status;  // status as it came
  std::string display_name, experiment, compute_id, studio_url, tracking_endpoint;
  Json tags = Json::object(), properties = Json::object();
  bool archived = false;
  std::string created_at;
  Json body;
  WallTime began{};
  std::uint64_t order = 0;              // ArmAnswer::order of the request that brought it
  [[nodiscard]] bool terminal() const;  // Completed, Failed, Canceled: nothing else is (open enumeration)
  [[nodiscard]] bool has_status(std::string_view word) const { return same_text(status, word); }
};
Result<Job> parse_job(Json const& body);

struct JobList {
  std::vector<Job> items;
  ArmList told;
};

class JobsClient {
 public:
  JobsClient(ArmClient& arm, WorkspaceId id) : arm_(arm), id_(std::move(id)) {}
  /// nullopt: absent, by the 404 of the job itself. A 404 of a parent is an Error (rule 2).
  Result<std::optional<Job>> get(std::string const& name, Urgency urgency, Context const& context,
                                 ArmTold* told = nullptr);
  Result<Job> put(std::string const& name, Json const& body, Context const& context);
  /// 202 and 200 are success; so is 400 when the job is terminal.
  Result<Done> cancel(std::string const& name, Context const& context);
  /// Those whose tags have the key, archived ones too, newest first; further pages while `more` says so of
  /// what came so far.
  Result<JobList> list_tagged(std::string const& tag_key,
                              std::function<bool(std::vector<Job> const& so_far)> const& more,
                              Context const& context);
  /// Adds properties to a job's own (they are add-only) by putting the fetched body again.
  Result<Job> add_properties(Job const& job, Json const& properties, Context const& context);

 private:
  [[nodiscard]] std::string path(std::string const& name) const;

  ArmClient& arm_;
  WorkspaceId id_;
};

}  // namespace trainyard::azure
