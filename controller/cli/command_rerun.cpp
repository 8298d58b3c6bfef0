// `rerun` and `cancel`: what a person says to a run by an edit of its object.
#include <iostream>

#include "controller/base/time_text.hpp"
#include "controller/cli/cluster_session.hpp"
#include "controller/cli/commands.hpp"
#include "controller/cli/folder.hpp"
#include "controller/cli/run_site.hpp"

namespace trainyard::cli {

namespace {

constexpr char const *kRestartedAt = "trainyard.dev/restarted-at", *kCancel = "trainyard.dev/cancel";

Json annotate(char const* name, std::string const& value) {
  return Json::object({{"metadata", Json::object({{"annotations", Json::object({{name, value}})}})}});
}

Error refused(StoredObject const& run, std::string const& why) {
  return {.kind = ErrorKind::Conflict, .reason = "Refused", .message = short_name(run.key) + " " + why};
}

/// Why the operator would not act on an edit; nullopt if it would.
std::optional<Error> deaf(StoredObject const& run) {
  if (run.deleted_at) return refused(run, "is being deleted");
  if (run.annotation("trainyard.dev/reconcile") == "paused")
    return refused(run, "is paused: take its annotation trainyard.dev/reconcile off first");
  return std::nullopt;
}

Result<Json> rerun_of(StoredObject const& run, std::string const& at) {
  if (std::optional<Error> const why = deaf(run)) return *why;
  if (run.spec.text("onChange") == "Ignore")
    return refused(run, "runs once, whatever changes: its spec.onChange is Ignore; set it to Rerun first");
  if (run.spec.at("suspend").bool_or(false))
    return refused(run, "is held by spec.suspend: set it to false first");
  return annotate(kRestartedAt, at);
}

Result<Json> cancel_of(StoredObject const& run) {
  if (std::optional<Error> const why = deaf(run)) return *why;
  std::string const name = run.status.text("runName"), phase = run.status.text("phase");
  if (name.empty()) return refused(run, "has not begun to run; to hold it back, set spec.suspend to true");
  bool const live = phase == "Preparing" || phase == "Queued" || phase == "Running" || phase == "Canceling";
  if (!live) return refused(run, "does not run: it is " + phase);
  return annotate(kCancel, name);
}

/// `by_hand`: what else a person does, with a folder; `done`: what was done.
int edit_run(Parsed const& parsed, std::string const& by_hand, ClusterSession::Change const& change,
             std::string const& done) {
  if (!is_of_cluster(parsed))
    return fail(usage_error("a run of a folder is what its manifest says: set " + by_hand +
                            " there; to speak to a cluster give --kubeconfig or --context, or say kubectl "
                            "trainyard"));
  Result<std::unique_ptr<ClusterSession>> const session = ClusterSession::open(parsed);
  if (!session) return fail(session.error());
  Result<ObjectKey> const key = run_key_of(parsed, (*session)->ns());
  if (!key) return fail(key.error());
  Result<Done> const changed = (*session)->change(*key, change);
  if (!changed) return fail(changed.error());
  std::cout << short_name(*key) << ": " << done << "\n";
  return kExitOk;
}

}  // namespace

int rerun(Parsed const& parsed) {
  std::string const at = to_rfc3339(SystemClock().wall());
  return edit_run(
      parsed, std::string("the annotation ") + kRestartedAt + " to another text",
      [&](StoredObject const& run) { return rerun_of(run, at); },
      std::string("asked to run again, by ") + kRestartedAt + ": " + at);
}

int cancel(Parsed const& parsed) {
  return edit_run(parsed, "the annotation trainyard.dev/cancel to its status.runName", cancel_of,
                  "asked to end its present attempt, for good; a rerun or an edit begins another");
}

}  // namespace trainyard::cli
