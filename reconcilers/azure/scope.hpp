// One workspace as reconcilers see it: a cache filled by lists (the Azure informer), and calls whose answers
// enter it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconcilers/azure/assets.hpp"
#include "reconcilers/azure/computes.hpp"
#include "reconcilers/azure/jobs.hpp"
#include "reconcilers/azure/run_history.hpp"
#include "reconcilers/azure/workspaces.hpp"

namespace trainyard::azure {

/// An immutable look at the cache. An item carries the time at which the request that brought it began.
struct AzureView {
  std::map<std::string, std::shared_ptr<Compute const>, std::less<>> computes;  // by lower-case name
  std::map<std::string, std::shared_ptr<Job const>, std::less<>> jobs;          // by name
  std::optional<WallTime> computes_listed, jobs_listed;  // when the last complete list began
  int missed_lists = 0;                                  // in a row; 3 make Ready Unknown (rule 5)
  Error last_error;                                      // of the last missed list
  [[nodiscard]] Compute const* compute(std::string_view name) const;
  [[nodiscard]] Job const* job(std::string_view name) const;
};

/// Safe from any thread; no lock is held across a call.
class AzureScope {
 public:
  struct Options {
    Duration busy_interval = std::chrono::seconds(5), idle_interval = std::chrono::seconds(60);
    // After the last of several writes, since what they brought may be there soon: then each wait is as long as
    // the whole time since that write, until it is a busy interval.
    Duration after_write = std::chrono::seconds(1);
    // Between lists of all jobs with our tag; those between them read the newest only.
    Duration full_list_interval = std::chrono::hours(1);
    // After it comes one more full list: what an earlier process sent has landed by then (rule 2a).
    Duration settle = std::chrono::minutes(5);
    std::string job_tag;  // ty-{digest of the cluster's name}: which jobs are ours (rule 6)
  };
  AzureScope(AzureParts parts, Cloud cloud, std::unique_ptr<TokenSource> tokens, WorkspaceId id,
             Options options);
  ~AzureScope();

  [[nodiscard]] std::shared_ptr<AzureView const> view() const;
  [[nodiscard]] WorkspaceId const& id() const { return id_; }
  [[nodiscard]] std::optional<AmlWorkspace> workspace() const;  // as last read
  Result<AmlWorkspace> read_workspace(Context const& context);

  /// As TokenSource::retire().
  bool retire() { return tokens_->retire(); }

  /// Azure's clock: the Date header of the newest answer about a compute, a 404 too (rule 7). The epoch
  /// before the first.
  [[nodiscard]] WallTime azure_date() const;

  // Calls through to Azure; answers enter the cache, older never replaces newer (rule 1).
  /// Before the read that a write is to rest on, which is of no use while no write may be sent.
  Result<WriteToken> reserve_write() { return arm_.reserve_write(); }
  Result<std::optional<Compute>> get_compute(std::string const& name, Context const& context);
  Result<Compute> put_compute(std::string const& name, Json const& body, Context const& context,
                              std::optional<WriteToken> token = std::nullopt);
  Result<Done> delete_compute(std::string const& name, Context const& context);
  Result<std::optional<Job>> get_job(std::string const& name, Context const& context);
  Result<Job> put_job(std::string const& name, Json const& body, Context const& context);
  Result<Done> cancel_job(std::string const& name, Context const& context);
  Result<Job> add_job_properties(Job const& job, Json const& properties, Context const& context);
  Result<std::string> find_code(std::string const& name, Context const& context);
  Result<std::string> upload_code(std::string const& name, std::vector<SnapshotFile> const& files,
                                  Context const& context);
  Result<std::string> ensure_environment(std::string const& image, Context const& context);
  Result<RunDetails> run_details(std::string const& run, Context const& context);
  Result<std::map<std::string, double>> metrics(std::string const& run, Context const& context);
  Result<std::string> log_tail(std::string const& sas_url, std::size_t bytes, Context const& context);

  // The informer (rules 3 and 5). Reconcilers say what is under way; names absent from `busy` are at rest.
  void set_busy(std::string const& who, bool busy);  // `who`: an object key as text
  /// When the next list is due on the steady clock.
  [[nodiscard]] SteadyTime next_list() const;
  /// Somebody needs the list of jobs: if the last list left it out, the next one is due at once.
  void want_jobs();
  /// One list of computes and, if `with_jobs` or they were wanted meanwhile, of jobs; what it leaves open is
  /// read by name. Without jobs what was known of them is forgotten, as at a start. Returns the names of what
  /// differs from the end of the list before, by whatever call it came: "compute/NAME" (as Azure writes it),
  /// "job/NAME". On error the cache stays.
  std::vector<std::string> list_now(bool with_jobs, Context const& context);

 private:
  struct Cache;  // what mutex_ guards; scope.cpp

  void keep(Compute compute);
  void keep(Job job);
  void keep_date(ArmTold const& told);
  void keep_write_time();
  Result<AmlWorkspace> known_workspace(Context const& context);
  Result<std::optional<Compute>> fetch_compute(std::string const& name, Urgency urgency,
                                               Context const& context);
  Result<std::optional<Job>> fetch_job(std::string const& name, Urgency urgency, Context const& context);
  Result<Done> same_workspace(Context const& context);
  Result<Done> list_computes(Context const& context);
  Result<Done> list_jobs(Context const& context);
  std::vector<std::string> merge(ComputeList list);
  std::vector<std::string> merge(JobList list);

  AzureParts parts_;
  std::unique_ptr<TokenSource> tokens_;
  ArmClient arm_;
  WorkspaceId id_;
  Options options_;
  ComputesClient computes_;
  JobsClient jobs_;
  SteadyTime const opened_;
  mutable std::mutex mutex_;
  std::unique_ptr<Cache> cache_;  // guarded by mutex_
};

}  // namespace trainyard::azure
