#include "controller/cluster/job_runner.hpp"

#include <algorithm>

#include "controller/base/text.hpp"
#include "controller/cluster/job_state.hpp"
#include "controller/kube/resource.hpp"

namespace trainyard::cluster {

namespace {

using reconcilers::LocalRun;
using reconcilers::LocalStart;
using reconcilers::SourceFile;

constexpr std::size_t kMostLines = 20, kMostLineBytes = 400, kMostReasonBytes = 400;
constexpr std::size_t kMostKnown = 1000;

bool exists_already(Error const& error) {
  return error.kind == ErrorKind::Conflict && error.reason == "AlreadyExists";
}

}  // namespace

Result<std::optional<LocalRun>> JobRunner::find(std::string const& ns, std::string const& name,
                                                Context const& context) {
  Result<Json> const job = api_.get(kube::object_path(kube::kJobs, ns, name), context);
  if (!job && job.error().kind == ErrorKind::NotFound) return std::optional<LocalRun>();
  if (!job) return job.error().while_doing("reading Job " + ns + "/" + name);
  if (std::optional<LocalRun> ended = known(job->text({"metadata", "uid"}))) return ended;
  Result<LocalRun> run = look(*job, context);
  if (!run) return run.error().while_doing("reading Job " + ns + "/" + name);
  return std::optional(*std::move(run));
}

std::optional<LocalRun> JobRunner::known(std::string const& uid) {
  std::lock_guard const lock(mutex_);
  auto const found = ended_.find(uid);
  return found == ended_.end() ? std::nullopt : std::optional(found->second);
}

Result<LocalRun> JobRunner::look(Json const& job, Context const& context) {
  std::string const ns = job.text({"metadata", "namespace"});
  std::string const selector = pod_selector(job);
  if (selector.empty()) return run_of(job, {});  // not ours, and without a selector all pods would answer
  Result<Json> const pods =
      api_.get(kube::collection_path(kube::kPods, ns) + kube::query({{"labelSelector", selector}}), context);
  if (!pods) return pods.error();
  LocalRun run = run_of(job, pods->at("items"));
  run.why = readable(scrubber_.scrub(one_line(run.why)), kMostReasonBytes);
  if (!is_finished(job)) return run;
  if (run.exit_code.value_or(0) != 0 && !run.owner.empty())
    if (Result<Done> const recorded = record_exit_code(job, *run.exit_code, context); !recorded)
      return recorded.error();
  Json const& pod = last_pod(pods->at("items"));
  if (!pod.is_null()) run.log_tail = log_tail(ns, pod.text({"metadata", "name"}), context);
  std::lock_guard const lock(mutex_);
  if (ended_.size() >= kMostKnown) ended_.clear();  // they are read anew
  ended_.emplace(job.text({"metadata", "uid"}), run);
  return run;
}

/// Pods are forgotten, by whoever cleans up; without its code the run would count as interrupted then.
Result<Done> JobRunner::record_exit_code(Json const& job, int code, Context const& context) {
  Json const& meta = job.at("metadata");
  if (!meta.at("annotations").text(kExitCode).empty()) return Done{};
  Json const patch = Json::object(
      {{"metadata",
        Json::object({{"uid", meta.text("uid")},
                      {"annotations", Json::object({{std::string(kExitCode), std::to_string(code)}})}})}});
  Result<Json> const written = api_.merge_patch(
      kube::object_path(kube::kJobs, meta.text("namespace"), meta.text("name")), patch, context);
  if (!written) return written.error();
  return Done{};
}

/// Empty when the log is not to be had: its node may be gone.
std::vector<std::string> JobRunner::log_tail(std::string const& ns, std::string const& pod,
                                             Context const& context) {
  Result<std::string> const log = api_.get_text(
      kube::object_path(kube::kPods, ns, pod, "log") +
          kube::query({{"container", std::string(kContainer)}, {"tailLines", std::to_string(kMostLines)}}),
      context);
  if (!log) return {};
  return last_lines(scrubber_.scrub(without_controls(*log)), kMostLines, kMostLineBytes);
}

Result<Done> JobRunner::start(LocalStart const& what, Context const& context) {
  Result<std::vector<SourceFile>> const files = sources_.read(what.source, what.source_digest, context);
  if (!files) return files.error();
  if (std::optional<Error> too_large = too_large_for_a_copy(*files))
    return too_large->while_doing("copying the source of " + what.name);
  // First: a pod that waits for what a killed operator did not make would wait for ever.
  Result<Json> const copied =
      api_.post(kube::collection_path(kube::kConfigMaps, what.run.ns), source_copy(what, *files), context);
  if (!copied && !exists_already(copied.error())) {
    Error error = copied.error().while_doing("copying the source of " + what.name);
    error.maybe_applied = false;  // of the run: its Job was not sent
    return error;
  }
  Result<Json> const made =
      api_.post(kube::collection_path(kube::kJobs, what.run.ns), job_of(what, *files, options_), context);
  if (made) return Done{};
  if (exists_already(made.error()))
    return Error{.kind = ErrorKind::Conflict,
                 .reason = "NameClaimed",
                 .message = "the run " + what.name + " was started before"};
  return made.error().while_doing("creating Job " + what.run.ns + "/" + what.name);
}

/// By suspending it: its controller then ends a pod as kubelets do, with SIGTERM first, and makes no other;
/// the Job stays. To delete the pod would race with one that is yet to come, and spec.activeDeadlineSeconds
/// would let a script begin that waits for its node.
Result<Done> JobRunner::cancel(std::string const& ns, std::string const& name, std::string const& reason,
                               Context const& context) {
  std::string const path = kube::object_path(kube::kJobs, ns, name);
  Result<Json> const job = api_.get(path, context);
  if (!job) return job.error().while_doing("cancelling Job " + ns + "/" + name);
  std::string const written = job->at({"metadata", "annotations"}).text(kCancelReason);
  bool const stopped = !written.empty() && job->at({"spec", "suspend"}).bool_or(false);
  if (is_finished(*job) || stopped) return Done{};
  // Reason and stop in one write, and that only if the Job did not end meanwhile: the version says so.
  Json const meta = Json::object(
      {{"resourceVersion", job->text({"metadata", "resourceVersion"})},
       {"annotations", Json::object({{std::string(kCancelReason), written.empty() ? reason : written}})}});
  Result<Json> const patched = api_.merge_patch(
      path, Json::object({{"metadata", meta}, {"spec", Json::object({{"suspend", true}})}}), context);
  if (!patched) return patched.error().while_doing("cancelling Job " + ns + "/" + name);
  return Done{};
}

Result<std::vector<std::string>> JobRunner::list(std::string const& ns, std::string const& owner,
                                                 Context const& context) {
  Result<Json> const jobs =
      api_.get(kube::collection_path(kube::kJobs, ns) +
                   kube::query({{"labelSelector", std::string(kOwnerLabel) + "=" + owner}}),
               context);
  if (!jobs) return jobs.error().while_doing("listing Jobs in " + ns);
  std::vector<std::pair<std::string, std::string>> found;
  for (Json const& job : jobs->at("items").items())
    found.emplace_back(job.text({"metadata", "creationTimestamp"}), job.text({"metadata", "name"}));
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& [created, name] : found) names.push_back(std::move(name));
  return names;
}

}  // namespace trainyard::cluster
