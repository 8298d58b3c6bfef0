#include "reconcilers/training_run/places.hpp"

#include "reconcilers/drivers/aml_run.hpp"
#include "reconcilers/drivers/local_run.hpp"
#include "reconcilers/forget.hpp"
#include "reconcilers/names.hpp"
#include "reconcilers/training_run/present.hpp"
#include "reconcilers/training_run/target.hpp"

namespace trainyard::reconcilers {

RunPlaces::RunPlaces(Parts const& parts, ObjectKey run, manifests::TrainingRunStatus const& before)
    : parts_(parts), run_(std::move(run)), before_(before), needed_{before.run_place} {
  for (manifests::RunDoubt const& doubt : before.doubts) needed_.insert(doubt.place);
  for (manifests::Attempt const& attempt : before.history) needed_.insert(attempt.place);
  needed_.erase("");
}

Result<std::unique_ptr<RunDriver>> RunPlaces::driver(std::string const& place) const {
  if (place == kLocalPlace)
    return std::unique_ptr<RunDriver>(
        std::make_unique<LocalRunDriver>(parts_.local, run_.ns, parts_.clock()));
  for (auto const& [key, scope] : parts_.scopes.all())
    if (to_string(key) == place)
      return std::unique_ptr<RunDriver>(std::make_unique<AmlRunDriver>(
          scope, job_tag(parts_.cluster),
          AmlRunDriver::Parts{parts_.sources, parts_.clock(), parts_.started, parts_.settle, place}));
  return Error{.kind = ErrorKind::Transient,
               .reason = "WaitingForWorkspace",
               .message = place + " is not ready yet",
               .retry_after = std::chrono::seconds(60)};
}

Duration RunPlaces::pace(std::string const& place) const {
  Result<std::unique_ptr<RunDriver>> const at = driver(place);
  return at ? (*at)->pace() : Duration(std::chrono::seconds(10));
}

RunListing RunPlaces::listing(std::string const& owner, Context const& context) const {
  RunListing all{.complete = true, .settled = true};
  std::set<std::string> needed = needed_;
  std::erase_if(needed, [&](std::string const& place) { return given_up(place); });
  std::set<std::string> places = needed;
  places.insert(std::string(kLocalPlace));
  for (auto const& [key, scope] : parts_.scopes.all())
    if (key.ns == run_.ns) places.insert(to_string(key));
  for (std::string const& place : places) {
    Result<std::unique_ptr<RunDriver>> const at = driver(place);
    Result<std::optional<RunListing>> listing =
        at ? (*at)->listing(owner, context) : Result<std::optional<RunListing>>(at.error());
    bool const there = listing && listing->has_value();
    if (needed.contains(place)) {
      all.complete = all.complete && there;
      all.settled = all.settled && there && (*listing)->settled;
    }
    if (there) all.items.insert(all.items.end(), (*listing)->items.begin(), (*listing)->items.end());
  }
  return all;
}

bool RunPlaces::anything_sent() const {
  return !before_.run_name.empty() || !before_.doubts.empty() || !before_.history.empty();
}

void RunPlaces::find_lost(Duration patience) {
  for (std::string const& place : needed_) {
    if (place == kLocalPlace) continue;
    std::string const why =
        lost_because(parts_.store, {"Workspace", run_.ns, place.substr(place.rfind('/') + 1)});
    if (!why.empty())
      lost_.insert({place, {.why = why, .given_up = !anything_sent() || patience == Duration{0}}});
  }
}

bool RunPlaces::given_up(std::string const& place) const {
  auto const found = lost_.find(place);
  return found != lost_.end() && found->second.given_up;
}

void RunPlaces::tell_forgotten() const {
  if (!anything_sent()) return;
  for (auto const& [place, lost] : lost_)
    reconcilers::tell_forgotten(parts_, run_, "run " + before_.run_name + " of " + place, lost.why);
}

void RunPlaces::set_busy(manifests::TrainingRunStatus const& status) const {
  std::set<std::string> busy;
  for (manifests::RunDoubt const& doubt : status.doubts) busy.insert(doubt.place);
  if (is_live(status)) busy.insert(status.run_place);
  for (auto const& [key, scope] : parts_.scopes.all())
    scope->set_busy(to_string(run_), busy.contains(to_string(key)));
}

}  // namespace trainyard::reconcilers
