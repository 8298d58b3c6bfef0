#include "reconcilers/training_run/decide.hpp"

#include <algorithm>
#include <charconv>

#include "controller/base/time_text.hpp"

namespace trainyard::reconcilers {

namespace {

using manifests::Attempt;
using manifests::RunDoubt;
using manifests::TrainingRunStatus;
using State = RunSeen::State;

constexpr std::size_t kMostHistory = 10, kMostFinished = 32;

bool contains(std::vector<std::string> const& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// Rule 15: after these the next attempt follows, if the attempt really ended Canceled.
bool leads_to_next_attempt(std::string_view reason) {
  return reason == "Superseded" || reason == "Suspended" || reason == "Deleted";
}

/// The number after the last "-a" of a run's name.
std::int64_t attempt_number(std::string const& name) {
  std::int64_t number = 0;
  std::size_t const at = name.rfind("-a");
  if (at != std::string::npos) std::from_chars(name.data() + at + 2, name.data() + name.size(), number);
  return number;
}

std::string outcome_of(RunSeen const& seen) {
  switch (seen.state) {
    case State::Completed:
      return "Completed";
    case State::Failed:
      return "Failed";
    case State::Canceled:
      return "Canceled";
    case State::Live:
    case State::Canceling:
      return "";
  }
  return "";
}

class Decider {
 public:
  Decider(RunFacts const& facts, TrainingRunStatus status) : facts_(facts) {
    decision_.status = std::move(status);
  }

  RunDecision run() {
    decision_.action = choose();
    return std::move(decision_);
  }

 private:
  using Choice = RunAction;

  [[nodiscard]] std::optional<RunSeen> const* got(std::string const& name) const {
    auto const found = facts_.gets.find(name);
    return found == facts_.gets.end() ? nullptr : &found->second;
  }

  [[nodiscard]] bool doubted(std::string const& name) const {
    auto const& doubts = decision_.status.doubts;
    return std::any_of(doubts.begin(), doubts.end(), [&](RunDoubt const& d) { return d.name == name; });
  }

  /// Names that must be looked at: the current one, the doubted ones, the live ones of the list.
  [[nodiscard]] std::set<RunId> related() const {
    std::set<RunId> names;
    TrainingRunStatus const& status = decision_.status;
    if (!status.run_name.empty() && !known_end(status.run_name))
      names.insert({status.run_name, status.run_place});
    for (RunDoubt const& doubt : status.doubts) names.insert({doubt.name, doubt.place});
    for (RunListing::Item const& item : facts_.listing.items)
      if (item.live) names.insert({item.name, item.place});
    return names;
  }

  /// The attempt whose end is recorded: nothing more can happen to it.
  [[nodiscard]] Attempt const* known_end(std::string_view name) const {
    for (Attempt const& attempt : decision_.status.history)
      if (attempt.name == name && !attempt.outcome.empty()) return &attempt;
    return nullptr;
  }

  /// The newest recorded attempt of the wanted revision.
  [[nodiscard]] Attempt const* last_recorded() const {
    Attempt const* last = nullptr;
    for (Attempt const& attempt : decision_.status.history)
      if (attempt.revision == facts_.revision && !attempt.outcome.empty()) last = &attempt;
    return last;
  }

  [[nodiscard]] std::int64_t highest_known() const {
    std::int64_t highest = 0;
    auto const consider = [&](std::string const& name) {
      if (auto const attempt = facts_.attempt_of(name)) highest = std::max(highest, *attempt);
    };
    consider(decision_.status.run_name);
    for (RunDoubt const& doubt : decision_.status.doubts) consider(doubt.name);
    for (Attempt const& attempt : decision_.status.history) consider(attempt.name);
    for (RunListing::Item const& item : facts_.listing.items) consider(item.name);
    return highest;
  }

  /// Was that name once answered 2xx or seen, as far as is recorded?
  [[nodiscard]] bool recorded(std::string const& name) const {
    TrainingRunStatus const& status = decision_.status;
    return (status.run_name == name && !doubted(name)) ||
           std::any_of(status.history.begin(), status.history.end(),
                       [&](Attempt const& attempt) { return attempt.name == name; });
  }

  /// Rule 2a: a doubt ends when its name is seen, or by a GET begun `settle` after it that answers 404. One
  /// that is seen to live and is not the wanted one stays, since nothing else here would remember it.
  void resolve_doubts() {
    std::erase_if(decision_.status.doubts, [&](RunDoubt const& doubt) {
      auto const* answer = got(doubt.name);
      if (answer == nullptr) return false;
      if (answer->has_value()) return !(*answer)->live() || doubt.name == decision_.top;
      auto const at = parse_rfc3339(doubt.at);
      auto const began = facts_.get_began.find(doubt.name);
      bool const settled = at && began != facts_.get_began.end() && began->second >= *at + facts_.settle;
      if (settled && decision_.status.run_name == doubt.name) forget_current();  // it was never made
      return settled;
    });
  }

  void forget_current() {
    decision_.status.run_name.clear();
    decision_.status.run_place.clear();
    decision_.status.seen = false;
  }

  void remember_ended(RunSeen const& seen, std::string const& place) {
    auto& history = decision_.status.history;
    auto found =
        std::find_if(history.begin(), history.end(), [&](Attempt const& a) { return a.name == seen.name; });
    if (found == history.end()) {
      if (history.size() == kMostHistory) history.erase(history.begin());
      history.push_back({.name = seen.name,
                         .place = place,
                         .revision = seen.revision,
                         .attempt = attempt_number(seen.name)});
      found = history.end() - 1;
    }
    found->outcome = outcome_of(seen);
    found->reason = seen.state == State::Failed ? seen.failure_class : seen.reason;
    if (!seen.started_at.empty()) found->started_at = seen.started_at;
    if (!seen.ended_at.empty()) found->ended_at = seen.ended_at;
  }

  /// Rule 2: a name once answered or seen, now 404, was deleted by hand.
  void remember_deleted(std::string const& name) {
    auto& history = decision_.status.history;
    Attempt gone{.name = name, .place = place_of(name), .attempt = attempt_number(name)};
    for (Attempt const& attempt : history)
      if (attempt.name == name) gone = attempt;
    if (facts_.attempt_of(name)) gone.revision = facts_.revision;
    gone.outcome = "Deleted";
    gone.reason = "ByHand";
    std::erase_if(history, [&](Attempt const& attempt) { return attempt.name == name; });
    if (history.size() == kMostHistory) history.erase(history.begin());
    history.push_back(std::move(gone));
  }

  /// The current attempt was there, has no recorded end, and is not there any more.
  [[nodiscard]] bool current_is_gone() const {
    std::string const& name = decision_.status.run_name;
    auto const* answer = name.empty() || doubted(name) ? nullptr : got(name);
    return answer != nullptr && !answer->has_value() && known_end(name) == nullptr;
  }

  void set_current(std::string const& name, std::string const& place) {
    decision_.status.run_name = name;
    decision_.status.run_place = place;
    decision_.status.attempt = attempt_number(name);
  }

  void finish_revision() {
    auto& finished = decision_.status.finished;
    if (contains(finished, facts_.revision)) return;
    if (finished.size() == kMostFinished) finished.erase(finished.begin());
    finished.push_back(facts_.revision);
  }

  /// Failed attempts of the wanted revision, by the list and by what this pass saw.
  [[nodiscard]] std::int64_t failures() const {
    std::set<std::string> failed;
    for (RunListing::Item const& item : facts_.listing.items)
      if (item.failed && facts_.attempt_of(item.name)) failed.insert(item.name);
    for (Attempt const& attempt : decision_.status.history)
      if ((attempt.outcome == "Failed" || attempt.reason == "QueueTimeout") &&
          facts_.attempt_of(attempt.name))
        failed.insert(attempt.name);
    for (auto const& [name, seen] : facts_.gets)
      if (seen && seen->counts_as_failure() && facts_.attempt_of(name)) failed.insert(name);
    return static_cast<std::int64_t>(failed.size());
  }

  [[nodiscard]] bool may_retry(RunSeen const& seen) const {
    std::string const failure = seen.queue_timed_out() ? "Capacity" : seen.failure_class;
    return contains(facts_.retry_on, failure) && failures() <= facts_.retry_limit;
  }

  [[nodiscard]] std::string timed_out(RunSeen const& seen) const {
    auto const longer_than = [&](std::string const& since, std::optional<Duration> const& limit) {
      if (!limit || since.empty()) return false;
      auto const began = parse_rfc3339(since);
      return began && facts_.now - *began > *limit;
    };
    if (!seen.queued && longer_than(seen.started_at, facts_.timeout)) return "Timeout";
    if (seen.queued && longer_than(seen.submitted_at, facts_.queue_timeout)) return "QueueTimeout";
    return "";
  }

  Choice wait(std::string why) {
    decision_.waiting_for = std::move(why);
    return RunAct::Wait{};
  }

  Choice choose() {
    bool const wanted = !facts_.deleting && !facts_.revision.empty();
    bool const final_already = wanted && contains(decision_.status.finished, facts_.revision);

    // Attempts of the wanted revision are sought upward from the highest one known (rule 15); deletion
    // searches them too. One whose end is recorded as final costs no more looks.
    std::int64_t next = 0;
    std::optional<Attempt> last;
    if (Attempt const* const ended = final_already ? last_recorded() : nullptr) last = *ended;
    std::string deleted_by_hand;
    if (!last && !facts_.revision.empty()) {
      std::int64_t const from = highest_known();
      for (next = from;; ++next) {
        std::string const name = facts_.name_of(next);
        auto const* answer = got(name);
        if (answer == nullptr) return RunAct::Get{{name, place_of(name)}};
        if (!answer->has_value()) break;
        if ((*answer)
                ->live()) {  // the next one follows the end of this one, and an ended one does not come back
          ++next;
          break;
        }
      }
      if (next > from)
        decision_.top = facts_.name_of(next - 1);
      else if (wanted && !final_already && recorded(facts_.name_of(from)))
        deleted_by_hand = facts_.name_of(from);
    }
    for (RunId const& id : related())
      if (got(id.name) == nullptr) return RunAct::Get{id};

    resolve_doubts();
    if (!deleted_by_hand.empty()) {
      remember_deleted(deleted_by_hand);
      finish_revision();  // that is final
      return RunAct::Record{};
    }
    if (current_is_gone()) remember_deleted(decision_.status.run_name);  // of another revision

    for (RunId const& id : related_and_top())
      if (auto const* answer = got(id.name); answer != nullptr && answer->has_value() && !(*answer)->live())
        remember_ended(**answer, id.place);

    RunSeen const* const top = decision_.top.empty() ? nullptr : &**got(decision_.top);
    bool create = false;
    if (wanted && !final_already) {
      if (top == nullptr)
        create = true;
      else if (!top->live()) {
        bool const user_ended = facts_.cancel == top->name;  // whatever else was going to end it
        bool const restart = top->state == State::Canceled && leads_to_next_attempt(top->reason);
        bool const retry = top->counts_as_failure() && may_retry(*top);
        create = (restart || retry) && !user_ended;
        if (!create) finish_revision();
      }
    }

    if (auto held = held_by_another()) return RunAct::Held{*held};
    if (auto choice = cancel_what_should_end(wanted, top)) return *choice;
    if (last) set_current(last->name, last->place);  // what else was current has ended

    if (facts_.deleting) {
      if (!decision_.status.doubts.empty())
        return wait("a request for " + decision_.status.doubts.front().name +
                    " had no answer; it may still land");
      if (!facts_.listing.settled) return wait("a complete list begun after the operator has settled");
      return RunAct::Finalize{};
    }

    if (create && !facts_.suspend) {
      RunId const id{facts_.name_of(next), facts_.place};
      for (RunDoubt const& doubt : decision_.status.doubts)
        if (doubt.name != id.name)
          return wait("a request for " + doubt.name + " had no answer; it may still land");
      if (!facts_.listing.complete) return wait("the first complete list of runs");
      set_current(id.name, id.place);
      decision_.status.seen = false;
      std::erase_if(decision_.status.doubts, [&](RunDoubt const& d) { return d.name == id.name; });
      decision_.status.doubts.push_back({.name = id.name, .place = id.place, .at = to_rfc3339(facts_.now)});
      return RunAct::Create{id, next};
    }
    if (top != nullptr && wanted) {
      set_current(top->name, place_of(top->name));
      decision_.status.seen = true;
    }
    return RunAct::Wait{};
  }

  /// Where a name is, by what is recorded of it; a name not yet known belongs where the run is wanted.
  [[nodiscard]] std::string place_of(std::string const& name) const {
    for (RunId const& id : related())
      if (id.name == name && !id.place.empty()) return id.place;
    for (RunListing::Item const& item : facts_.listing.items)
      if (item.name == name) return item.place;
    for (Attempt const& attempt : decision_.status.history)
      if (attempt.name == name && !attempt.place.empty()) return attempt.place;
    return facts_.place;
  }

  [[nodiscard]] std::set<RunId> related_and_top() const {
    std::set<RunId> names = related();
    if (!decision_.top.empty()) names.insert({decision_.top, place_of(decision_.top)});
    return names;
  }

  /// Another store's attempt that followed one which we ended on purpose: only a store that lives makes such.
  [[nodiscard]] bool of_a_living_store(RunSeen const& seen) const {
    if (facts_.takeover || seen.holder.empty() || seen.holder == facts_.holder) return false;
    auto const& history = decision_.status.history;
    return std::any_of(history.begin(), history.end(), [&](Attempt const& ended) {
      return ended.outcome == "Canceled" && leads_to_next_attempt(ended.reason) &&
             ended.revision == seen.revision && ended.attempt < attempt_number(seen.name);
    });
  }

  /// Rule 10: a live run of ours under another holder and another revision, or one that we would end again.
  [[nodiscard]] std::optional<std::string> held_by_another() const {
    if (facts_.takeover) return std::nullopt;
    for (auto const& [name, seen] : facts_.gets)
      if (seen && seen->live() && !seen->holder.empty() && seen->holder != facts_.holder &&
          (seen->revision != facts_.revision || (facts_.suspend && of_a_living_store(*seen))))
        return seen->holder;
    return std::nullopt;
  }

  /// At most one live attempt, with the reason on it before the cancel (rules 14 and 15).
  [[nodiscard]] std::optional<Choice> cancel_what_should_end(bool wanted, RunSeen const* top) {
    for (RunId const& id : related_and_top()) {
      auto const* const answer =
          got(id.name);  // null: its recorded end has just left the history, which is full
      RunSeen const* const seen = answer != nullptr && answer->has_value() ? &**answer : nullptr;
      if (seen == nullptr || !seen->live()) continue;
      std::string why;
      if (facts_.deleting && of_a_living_store(*seen))
        continue;  // it is left to that store
      else if (facts_.deleting)
        why = "Deleted";
      else if (!wanted)
        continue;  // the wanted revision is not known: nothing is superseded by that
      else if (seen != top)
        why = "Superseded";
      else if (facts_.suspend)
        why = "Suspended";
      else if (!seen->reason.empty())
        why = seen->reason;  // condemned: cancelled even if the spec came back
      else if (facts_.cancel == id.name)
        why = "User";
      else
        why = timed_out(*seen);
      if (why.empty()) continue;
      if (seen->state == State::Canceling) return wait("the end of " + id.name);
      if (seen->reason.empty()) return RunAct::WriteReason{id, why};
      return RunAct::Cancel{id};
    }
    return std::nullopt;
  }

  RunFacts const& facts_;
  RunDecision decision_;
};

}  // namespace

RunDecision decide(RunFacts const& facts, TrainingRunStatus status) {
  return Decider(facts, std::move(status)).run();
}

}  // namespace trainyard::reconcilers
