#include <iostream>

#include "controller/cli/commands.hpp"
#include "controller/cli/folder.hpp"
#include "controller/cli/run_site.hpp"

namespace trainyard::cli {

namespace {

/// What a status says of the attempt of that name.
RunLog::Attempt attempt_now(StoredObject const& run, std::string const& name) {
  if (run.status.text("runName") != name) return RunLog::Attempt::Replaced;
  std::string const phase = run.status.text("phase");
  bool const live = phase == "Preparing" || phase == "Queued" || phase == "Running" || phase == "Canceling";
  return live ? RunLog::Attempt::Live : RunLog::Attempt::Ended;
}

/// The attempt that the status speaks of now, with `follow` until it has ended: a later one has a log of its
/// own.
Result<Done> print_log(RunSite& site, ObjectPtr run, bool follow) {
  std::string const name = run->status.text("runName");
  if (name.empty()) return no_log(run->key, "nothing has run yet");
  Result<std::unique_ptr<RunLog>> const log = site.log_of(*run, follow);
  if (!log) return log.error();
  for (;;) {
    RunLog::Attempt const attempt =
        attempt_now(*run, name);  // before its log: then of an ended one it is all
    if (Result<Done> const printed = (*log)->print_more(attempt); !printed) return printed;
    if (!follow || !(*log)->can_follow() || attempt == RunLog::Attempt::Ended) return Done{};
    if (attempt == RunLog::Attempt::Replaced) {
      std::cerr << "trainyard: " << name << " was replaced by another attempt, which has a log of its own\n";
      return Done{};
    }
    site.wait();
    Result<ObjectPtr> next = site.find(run->key);
    if (!next) return next.error();
    run = *std::move(next);
  }
}

}  // namespace

int logs(Parsed const& parsed) {
  Result<std::unique_ptr<RunSite>> const site = open_site(parsed);
  if (!site) return fail(site.error());
  Result<ObjectKey> const key = run_key_of(parsed, (*site)->ns());
  if (!key) return fail(key.error());
  Result<ObjectPtr> const run = (*site)->find(*key);
  if (!run) return fail(run.error());
  Result<Done> const printed = print_log(**site, *run, parsed.has("follow"));
  return printed ? kExitOk : fail(printed.error());
}

}  // namespace trainyard::cli
