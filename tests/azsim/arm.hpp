// What every service of the simulator may use: the clock, workspaces, ids, error bodies, long-running
// operations, and the other services by what they offer each other.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/azsim/core.hpp"

namespace trainyard::azsim {

inline constexpr std::string_view kProvider = "Microsoft.MachineLearningServices";
/// The pattern of a workspace; routing.cpp answers for an absent {sub}, {rg} or {ws} before a handler is
/// called.
inline constexpr std::string_view kWorkspacePattern =
    "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.MachineLearningServices/workspaces/{ws}";
/// What an operation address begins with.
inline constexpr std::string_view kLocationPattern =
    "/subscriptions/{sub}/providers/Microsoft.MachineLearningServices/locations/{loc}";

// Names and ids are compared without case; answers keep the case that was given when the resource was made.
std::string lower(std::string_view text);
bool same_name(std::string_view a, std::string_view b);
/// The last segment of an ARM id or path.
std::string last_segment(std::string_view id);

// Times as the services write them.
std::string seven_digits(WallTime time);    // 2023-02-26T12:31:58.1234560+00:00
std::string seven_digits_z(WallTime time);  // 2023-02-26T12:31:58.1234560Z

struct Workspace {
  std::string group, name;  // as written at creation
  std::string id;           // its ARM id
  std::string guid;         // properties.workspaceId; stays for life
  std::string location;
  std::string storage_account;  // the name; the host of its blobs is told by Blobs::url
  [[nodiscard]] std::string blob_container() const { return "azureml-blobstore-" + guid; }
  [[nodiscard]] std::string artifact_container() const { return "azureml"; }
};

struct Groups : Service {
  [[nodiscard]] virtual bool has(std::string_view group) const = 0;
  virtual void add(std::string const& group) = 0;
};

struct Workspaces : Service {
  /// Null if absent or being deleted.
  [[nodiscard]] virtual Workspace const* find(std::string_view group, std::string_view name) const = 0;
  [[nodiscard]] virtual Workspace const* find_by_guid(std::string_view guid) const = 0;
  [[nodiscard]] virtual std::vector<Workspace const*> all() const = 0;
  /// As GET shows it, by its ARM id; null if absent.
  [[nodiscard]] virtual Json show(std::string_view id) const = 0;
  /// As another person would make it: at once, with its group.
  virtual void add(std::string const& group, std::string const& name) = 0;
  /// With all that is below it; for when its group is deleted.
  virtual void remove_all_of(std::string_view group) = 0;
};

struct Datastores : Service {
  /// The `properties` as GET shows them, or null. The defaults are there as soon as the workspace is.
  [[nodiscard]] virtual Json properties(Workspace const& workspace, std::string_view name) const = 0;
  /// The container (or file share, or filesystem) behind it; nothing if there is no such datastore.
  [[nodiscard]] virtual std::optional<std::string> container(Workspace const& workspace,
                                                             std::string_view name) const = 0;
};

/// Computes, and which jobs are on which cluster. A job asks for nodes, waits until they are granted, and
/// releases them.
struct Computes : Service {
  enum class State { Absent, Creating, Usable, Failed, Deleting };
  [[nodiscard]] virtual State state(Workspace const& workspace, std::string_view name) const = 0;
  /// As GET shows it; null if absent.
  [[nodiscard]] virtual Json show(Workspace const& workspace, std::string_view name) const = 0;
  /// All of them, as the list shows them.
  [[nodiscard]] virtual Json::Array all(Workspace const& workspace) const = 0;
  /// `job` is the job's ARM id. Asking again for the same job changes nothing. The grant comes when the
  /// cluster has grown (first come, first served); a job that wants more nodes than the cluster may have is
  /// never granted.
  virtual void request_nodes(Workspace const& workspace, std::string_view name, std::string const& job,
                             int nodes) = 0;
  [[nodiscard]] virtual bool granted(std::string const& job) const = 0;
  virtual void release_nodes(std::string const& job) = 0;
  virtual void fail_next(std::string const& code, std::string const& message) = 0;
};

/// Containers of the workspaces' storage accounts. A container is there as soon as something is put into it.
struct Blobs : Service {
  virtual void make_container(std::string const& account, std::string const& container) = 0;
  virtual void put(std::string const& account, std::string const& container, std::string const& path,
                   std::string content) = 0;
  [[nodiscard]] virtual std::optional<std::string> get(std::string const& account,
                                                       std::string const& container,
                                                       std::string const& path) const = 0;
  /// Paths that begin with `prefix`, in order.
  [[nodiscard]] virtual std::vector<std::string> list(std::string const& account,
                                                      std::string const& container,
                                                      std::string const& prefix) const = 0;
  /// Without a SAS. `path` may be "" (the container).
  [[nodiscard]] virtual std::string url(std::string const& account, std::string const& container,
                                        std::string const& path) const = 0;
  /// With a SAS; permissions as in `sp`: "rl", "rcwl".
  [[nodiscard]] virtual std::string signed_url(std::string const& account, std::string const& container,
                                               std::string const& path, std::string_view permissions) = 0;
};

struct Assets : Service {
  /// The `properties` of a version as GET shows them, or null. `kind`: "codes", "environments", "data",
  /// "models".
  [[nodiscard]] virtual Json properties(Workspace const& workspace, std::string_view kind,
                                        std::string_view name, std::string_view version) const = 0;
  /// A container as GET shows it, or null; and its versions, newest first.
  [[nodiscard]] virtual Json container(Workspace const& workspace, std::string_view kind,
                                       std::string_view name) const = 0;
  [[nodiscard]] virtual Json versions(Workspace const& workspace, std::string_view kind,
                                      std::string_view name) const = 0;
  [[nodiscard]] virtual std::vector<std::string> names(Workspace const& workspace,
                                                       std::string_view kind) const = 0;
  /// As a PUT of the container, or with a version of that, would make it. `sent`: properties.
  virtual void put(Workspace const& workspace, std::string_view kind, std::string const& name,
                   std::string const& version, Json const& sent) = 0;
  /// A version, or ("") the container with all of them.
  virtual void remove(Workspace const& workspace, std::string_view kind, std::string_view name,
                      std::string_view version) = 0;
};

struct Jobs : Service {
  [[nodiscard]] virtual Json show(Workspace const& workspace,
                                  std::string_view name) const = 0;  // null if absent
  [[nodiscard]] virtual std::vector<std::string> names(Workspace const& workspace) const = 0;
  virtual void end(Workspace const& workspace, std::string_view name, std::string const& status) = 0;
  virtual void preempt(Workspace const& workspace, std::string_view name) = 0;
  /// What run history adds: {startTimeUtc, endTimeUtc, error, cancelationReason}, each null if not (yet)
  /// known, and outputs. Null if there is no such job.
  [[nodiscard]] virtual Json history(Workspace const& workspace, std::string_view name) const = 0;
  /// Adds tags and properties, sets displayName, description and isArchived, as far as `changes` has them.
  virtual void change(Workspace const& workspace, std::string_view name, Json const& changes) = 0;
};

/// Virtual machines and networks.
struct Infrastructure : Service {
  struct Machine {
    std::string size, address;  // address: the public one; "" if there is none
  };
  [[nodiscard]] virtual std::optional<Machine> machine(std::string_view id) const = 0;
  /// For when its group is deleted.
  virtual void remove_all_of(std::string_view group) = 0;
};

/// One long-running operation: over when `ends` has come, or when its service says so.
struct LongOperation {
  std::string family;            // the path segment: "computeOperationsStatus", "mfeOperationResults", ..
  std::string id;                // the last segment of its address
  std::string target;            // ARM id of the resource, or "" when nothing is shown at the end
  std::optional<WallTime> ends;  // nothing: until end() is called
  Json error;                    // {code, message, ..}: it fails when it ends; null: it succeeds
  std::string meanwhile = "InProgress";          // its status until it is over
  std::optional<WallTime> began = std::nullopt;  // where its status tells that
};

class LongOperations {
 public:
  /// Begins one, or begins it anew if that family has this id already.
  void begin(LongOperation operation);
  void end(std::string_view family, std::string_view id, WallTime now, Json error = {});
  [[nodiscard]] LongOperation const* find(std::string_view family, std::string_view id) const;
  static bool over(LongOperation const& operation, WallTime now) {
    return operation.ends && *operation.ends <= now;
  }
  [[nodiscard]] Json snapshot() const;
  Result<Done> restore(Json const& state);

 private:
  std::map<std::string, LongOperation> by_address_;  // key: lower-case family/id
};

struct Shared {
  Clock const& clock;
  Random& random;
  Options options;
  JobExecutor* executor;  // null: jobs end by the clock
  /// Signs tokens: a secret that changes later leaves them valid.
  std::string const token_key = options.tenant + ":" + options.secret;
  LongOperations operations = {};
  // Set by azsim.cpp before the first call.
  Groups* groups = nullptr;
  Workspaces* workspaces = nullptr;
  Datastores* datastores = nullptr;
  Computes* computes = nullptr;
  Blobs* blobs = nullptr;
  Jobs* jobs = nullptr;
  Infrastructure* infrastructure = nullptr;
  Assets* assets = nullptr;  // set by make_assets

  [[nodiscard]] WallTime now() const { return clock.wall(); }
  [[nodiscard]] std::string guid() const { return uuid4(random); }
  /// The workspace of the call's {rg} and {ws}: routing.cpp has seen that it is there.
  [[nodiscard]] Workspace const& workspace(Call const& call) const;
  /// {createdBy, createdByType, createdAt, lastModifiedAt[, lastModifiedBy, lastModifiedByType]}, by the
  /// application.
  [[nodiscard]] Json system_data(WallTime created, WallTime modified) const;
  /// Absolute; signed as Azure does since 2024 (3 KB and more). `query` begins the query:
  /// "api-version=..&type=async".
  [[nodiscard]] std::string operation_address(std::string_view family, std::string_view id,
                                              std::string_view query) const;
  /// W/"..", as assets and networks have it.
  [[nodiscard]] std::string etag() const;
};

/// A bearer token as Entra ID gives it: a JWT that only this tenant's secret could have signed, so it
/// outlives a restart.
std::string issue_token(Shared const& shared, std::string_view audience, Duration lifetime);
enum class TokenState { Good, Malformed, Expired };
TokenState check_token(Shared const& shared, std::string_view token);

/// Nothing if the call has a well-formed api-version.
std::optional<HttpResponse> refuse_version(Call const& call);

HttpResponse json_reply(int status, Json const& body);
HttpResponse empty_reply(int status);

/// Form (a): refused by ARM itself, before the service saw it.
HttpResponse gateway_error(int status, std::string_view code, std::string_view message);
/// 404 for the call's {rg} and {ws}.
HttpResponse workspace_not_found(Call const& call);

/// Form (b): of Azure ML's own services, with additionalInfo.
struct MlError {
  int status = 400;
  std::string code = "UserError";
  std::string message;
  std::vector<std::string> inner = {};  // innerError codes, outermost first
  std::string target = {};
  Json details = Json::array();
  std::string component = "managementfrontend";
  std::vector<std::pair<std::string, Json>> more = {};  // further additionalInfo: type and value
};
HttpResponse ml_error(Shared& shared, Call const& call, MlError const& error);

/// A query parameter that is a count; `other` if it is absent or no number.
std::size_t count_parameter(Call const& call, std::string_view name, std::size_t other);

/// {"value":[..],"nextLink"?}: `page_size` items from where $skip (a number, or the token of a nextLink)
/// says. The next address is the call's own with another $skip.
Json page(Shared const& shared, Call const& call, Json::Array const& items, std::size_t page_size);

// The services. Those of assets, jobs, blobs and run history are in their own files.
std::unique_ptr<Service> make_entra(Shared& shared);
std::unique_ptr<Service> make_imds(Shared& shared);
std::unique_ptr<Service> make_clouds(Shared& shared);    // what ARM tells of its cloud
std::unique_ptr<Service> make_capacity(Shared& shared);  // sizes, usages, quotas
std::unique_ptr<Service> make_operations(Shared& shared);
std::unique_ptr<Groups> make_groups(Shared& shared);  // and subscriptions
std::unique_ptr<Workspaces> make_workspaces(Shared& shared);
std::unique_ptr<Datastores> make_datastores(Shared& shared);
std::unique_ptr<Computes> make_computes(Shared& shared);
std::unique_ptr<Assets> make_assets(Shared& shared);      // codes, environments, data, models
std::unique_ptr<Service> make_asset_ids(Shared& shared);  // their addresses, by id
std::unique_ptr<Blobs> make_blobs(Shared& shared);
std::unique_ptr<Jobs> make_jobs(Shared& shared);
std::unique_ptr<Infrastructure> make_infrastructure(Shared& shared);
std::unique_ptr<Service> make_schedules(Shared& shared);
std::unique_ptr<Service> make_run_history(Shared& shared);  // run history and MLflow

}  // namespace trainyard::azsim
