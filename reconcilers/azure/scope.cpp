#include "reconcilers/azure/scope.hpp"

#include <algorithm>

#include "reconcilers/azure/scope_cache.hpp"

namespace trainyard::azure {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

Compute const* AzureView::compute(std::string_view name) const {
  auto const found = computes.find(lower_case(name));
  return found == computes.end() ? nullptr : found->second.get();
}

Job const* AzureView::job(std::string_view name) const {
  auto const found = jobs.find(name);
  return found == jobs.end() ? nullptr : found->second.get();
}

AzureScope::AzureScope(AzureParts parts, Cloud cloud, std::unique_ptr<TokenSource> tokens, WorkspaceId id,
                       Options options)
    : parts_(parts),
      tokens_(std::move(tokens)),
      arm_(parts_, std::move(cloud), *tokens_, id.subscription),
      id_(std::move(id)),
      options_(std::move(options)),
      computes_(arm_, id_),
      jobs_(arm_, id_),
      opened_(parts_.clock.steady()),
      cache_(std::make_unique<Cache>()) {}

AzureScope::~AzureScope() = default;

std::shared_ptr<AzureView const> AzureScope::view() const {
  std::lock_guard lock(mutex_);
  return cache_->view;
}

std::optional<AmlWorkspace> AzureScope::workspace() const {
  std::lock_guard lock(mutex_);
  return cache_->workspace;
}

Result<AmlWorkspace> AzureScope::read_workspace(Context const& context) {
  Result<AmlWorkspace> workspace = get_workspace(arm_, id_, context);
  if (!workspace) return workspace;
  std::lock_guard lock(mutex_);
  cache_->workspace = *workspace;
  return workspace;
}

Result<AmlWorkspace> AzureScope::known_workspace(Context const& context) {
  if (std::optional<AmlWorkspace> known = workspace()) return std::move(*known);
  return read_workspace(context);
}

WallTime AzureScope::azure_date() const {
  std::lock_guard lock(mutex_);
  return cache_->azure_date;
}

// ---- calls through to Azure

Result<std::optional<Compute>> AzureScope::fetch_compute(std::string const& name, Urgency urgency,
                                                         Context const& context) {
  ArmTold told;
  Result<std::optional<Compute>> answer = computes_.get(name, urgency, context, &told);
  if (!answer) return answer;
  if (answer->has_value()) {
    keep(**answer);
    return answer;
  }
  if (Result<Done> const same = same_workspace(context); !same) return same.error();
  keep_date(told);
  std::lock_guard lock(mutex_);
  if (!cache_->is_newest(compute_key(name), told.order)) return answer;
  cache_->newest[compute_key(name)] = told.order;
  if (cache_->view->compute(name) != nullptr)
    cache_->change([&](AzureView& view) { view.computes.erase(lower_case(name)); });
  return answer;
}

Result<std::optional<Compute>> AzureScope::get_compute(std::string const& name, Context const& context) {
  return fetch_compute(name, Urgency::Edit, context);
}

Result<Compute> AzureScope::put_compute(std::string const& name, Json const& body, Context const& context,
                                        std::optional<WriteToken> token) {
  Result<Compute> answer = computes_.put(name, body, context, std::move(token));
  keep_write_time();
  if (answer) keep(*answer);
  return answer;
}

Result<Done> AzureScope::delete_compute(std::string const& name, Context const& context) {
  ArmTold told;
  Result<Done> answer = computes_.remove(name, context, &told);
  keep_write_time();
  if (!answer) return answer;
  keep_date(told);
  std::optional<Compute> going;
  if (Compute const* const known = view()->compute(name)) going = *known;
  if (!going) return answer;
  // Its 202 says what the next GET would: it is being deleted.
  going->provisioning_state = "Deleting";
  going->date = told.date;
  going->order = told.order;
  keep(std::move(*going));
  return answer;
}

Result<std::optional<Job>> AzureScope::fetch_job(std::string const& name, Urgency urgency,
                                                 Context const& context) {
  ArmTold told;
  Result<std::optional<Job>> answer = jobs_.get(name, urgency, context, &told);
  if (!answer) return answer;
  if (answer->has_value()) {
    keep(**answer);
    return answer;
  }
  if (Result<Done> const same = same_workspace(context); !same) return same.error();
  std::lock_guard lock(mutex_);
  if (!cache_->is_newest(job_key(name), told.order)) return answer;
  cache_->newest[job_key(name)] = told.order;
  if (cache_->view->job(name) != nullptr) cache_->change([&](AzureView& view) { view.jobs.erase(name); });
  return answer;
}

Result<std::optional<Job>> AzureScope::get_job(std::string const& name, Context const& context) {
  return fetch_job(name, Urgency::Edit, context);
}

Result<Job> AzureScope::put_job(std::string const& name, Json const& body, Context const& context) {
  Result<Job> answer = jobs_.put(name, body, context);
  keep_write_time();
  if (answer) keep(*answer);
  return answer;
}

Result<Done> AzureScope::cancel_job(std::string const& name, Context const& context) {
  Result<Done> answer = jobs_.cancel(name, context);
  keep_write_time();
  return answer;
}

Result<Job> AzureScope::add_job_properties(Job const& job, Json const& properties, Context const& context) {
  Result<Job> answer = jobs_.add_properties(job, properties, context);
  if (answer) keep(*answer);
  return answer;
}

Result<std::string> AzureScope::find_code(std::string const& name, Context const& context) {
  return azure::find_code(arm_, id_, name, context);
}

Result<std::string> AzureScope::upload_code(std::string const& name, std::vector<SnapshotFile> const& files,
                                            Context const& context) {
  return azure::upload_code(arm_, id_, name, files, context);
}

Result<std::string> AzureScope::ensure_environment(std::string const& image, Context const& context) {
  return azure::ensure_environment(arm_, id_, image, context);
}

Result<RunDetails> AzureScope::run_details(std::string const& run, Context const& context) {
  Result<AmlWorkspace> const workspace = known_workspace(context);
  if (!workspace) return workspace.error();
  return get_run_details(arm_, id_, *workspace, run, context);
}

Result<std::map<std::string, double>> AzureScope::metrics(std::string const& run, Context const& context) {
  Result<AmlWorkspace> const workspace = known_workspace(context);
  if (!workspace) return workspace.error();
  return get_metrics(arm_, id_, *workspace, run, context);
}

Result<std::string> AzureScope::log_tail(std::string const& sas_url, std::size_t bytes,
                                         Context const& context) {
  return read_log_tail(arm_, sas_url, bytes, context);
}

Result<LogPart> AzureScope::log(std::string const& sas_url, LogWanted const& wanted, Context const& context) {
  return read_log(arm_, sas_url, wanted, context);
}

// ---- what answers bring

void AzureScope::keep(Compute compute) {
  keep_date({.order = compute.order, .date = compute.date});
  std::string const key = compute_key(compute.name);
  std::lock_guard lock(mutex_);
  if (!cache_->is_newest(key, compute.order)) return;
  cache_->newest[key] = compute.order;
  compute.body = nullptr;  // large, and only of use to who asked
  cache_->change([&](AzureView& view) {
    std::string const name = lower_case(compute.name);
    view.computes[name] = std::make_shared<Compute const>(std::move(compute));
  });
}

void AzureScope::keep(Job job) {
  std::string const key = job_key(job.name);
  std::lock_guard lock(mutex_);
  if (!cache_->is_newest(key, job.order)) return;
  cache_->newest[key] = job.order;
  cache_->change([&](AzureView& view) {
    std::string const name = job.name;
    view.jobs[name] = std::make_shared<Job const>(std::move(job));
  });
}

void AzureScope::keep_write_time() {
  std::lock_guard lock(mutex_);
  cache_->wrote_at = parts_.clock.steady();
}

void AzureScope::keep_date(ArmTold const& told) {
  std::lock_guard lock(mutex_);
  if (told.order < cache_->azure_date_order) return;
  cache_->azure_date_order = told.order;
  cache_->azure_date = told.date;
}

}  // namespace trainyard::azure
