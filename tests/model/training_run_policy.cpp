#include "tests/model/training_run_policy.hpp"

#include <algorithm>
#include <stdexcept>

#include "controller/base/time_text.hpp"
#include "reconcilers/names.hpp"

namespace trainyard::model {

namespace {

using reconcilers::RunAct;
using reconcilers::RunFacts;
using reconcilers::RunListing;
using reconcilers::RunSeen;
using Reason = RunState::Reason;
using Job = RunState::Job;
using Get = RunState::Get;

ObjectKey const kKey{"TrainingRun", "default", "fit"};
WallTime const kNow = WallTime(std::chrono::hours(24 * 365 * 50));
char const* const kPlace = "Workspace/default/ml";
char const* const kRevisionTexts[] = {"A", "B"};
char const* const kReasons[] = {"", "Superseded", "Suspended", "Deleted", "User", "Platform", "ByHand"};
char const* const kOutcomes[] = {"", "Completed", "Failed", "Canceled", "Deleted"};
std::string const kFailure = "Platform";

template <std::size_t Size>
std::uint8_t index_in(char const* const (&texts)[Size], std::string const& text) {
  std::size_t const at = static_cast<std::size_t>(std::find(texts, texts + Size, text) - texts);
  if (at == Size) throw std::logic_error("the model does not know the word '" + text + "'");
  return static_cast<std::uint8_t>(at);
}

template <class Value>
std::string bytes_of(Value const& value) {
  static_assert(std::has_unique_object_representations_v<Value>);
  return {reinterpret_cast<char const*>(&value), sizeof(Value)};
}

RunSeen::State state_of(Job job) {
  switch (job) {
    case Job::Live:
      return RunSeen::State::Live;
    case Job::Canceling:
      return RunSeen::State::Canceling;
    case Job::Completed:
      return RunSeen::State::Completed;
    case Job::Failed:
      return RunSeen::State::Failed;
    case Job::Canceled:
      return RunSeen::State::Canceled;
    case Job::None:
    case Job::DeletedByHand:
      break;
  }
  throw std::logic_error("no job, no state");
}

bool absent(RunState::Answer const& answer) {
  return answer.get == Get::Absent || answer.get == Get::AbsentAfterSettle;
}

bool live(RunState::Answer const& answer) {
  return answer.get == Get::Found && (answer.job == Job::Live || answer.job == Job::Canceling);
}

}  // namespace

std::string short_name(int name) {
  return kRevisionTexts[name / kAttempts] + std::to_string(name % kAttempts);
}

RunModel::Policy::Policy(RunOptions const& options) : options_(options) {
  auto const add = [&](int revision, int attempt) {
    names_.push_back(reconcilers::run_name("model", kKey, kRevisionTexts[revision], attempt));
    numbers_[names_.back()] = static_cast<std::uint8_t>(names_.size() - 1);
  };
  for (int name = 0; name < kNames; ++name) add(name / kAttempts, name % kAttempts);
  for (int revision = 0; revision < kRevisions; ++revision) add(revision, kAttempts);
}

RunChoice const& RunModel::Policy::decide(RunQuestion const& question) {
  auto const [known, is_new] = known_.try_emplace(bytes_of(question));
  if (is_new) known->second = ask(question);
  return known->second;
}

RunChoice RunModel::Policy::ask(RunQuestion const& question) const {
  RunChoice const choice = choice_of(reconcilers::decide(facts_of(question), status_of(question)), question);
  if (choice.kind != RunChoice::Kind::Get || options_.get_before_put) return choice;
  bool const related = question.status.run == choice.name + 1 ||
                       (question.status.doubts >> choice.name & 1) != 0 ||
                       question.list[choice.name] != RunState::Listed::No;
  if (related) return choice;
  RunQuestion guessed = question;
  guessed.gets[choice.name].get = Get::Absent;
  return ask(guessed);
}

RunFacts RunModel::Policy::facts_of(RunQuestion const& question) const {
  int const revision = question.spec.revision;
  bool const deleting = question.spec.object == RunState::Object::Deleting;
  RunFacts facts{.deleting = deleting,
                 .suspend = question.spec.suspend != 0,
                 .cancel = question.spec.cancel == 0 ? "" : names_[question.spec.cancel - 1U],
                 .revision = deleting && !options_.delete_seeks ? "" : kRevisionTexts[revision],
                 .place = kPlace,
                 .holder = std::to_string(question.holder),
                 .takeover = options_.takeover != 0,
                 .retry_limit = options_.retry_limit,
                 .retry_on = {kFailure},
                 .now = kNow,
                 .listing = listing_of(question)};
  for (int name = 0; name < kNames; ++name) {
    RunState::Answer const& answer = question.gets[name];
    if (answer.get == Get::NotAsked) continue;
    bool const hidden = !options_.await_end && name / kAttempts != revision && live(answer);
    bool const found = answer.get == Get::Found && !hidden;
    facts.gets[names_[name]] = found ? std::optional(seen_of(name, answer)) : std::nullopt;
    bool const late_enough = answer.get == Get::AbsentAfterSettle || !options_.doubt;
    facts.get_began[names_[name]] = late_enough ? kNow + facts.settle : kNow;
  }
  for (std::size_t beyond = kNames; beyond < names_.size(); ++beyond)
    facts.gets[names_[beyond]] = std::nullopt;
  facts.name_of = [this, revision](std::int64_t attempt) {
    return attempt < kAttempts ? names_[revision * kAttempts + static_cast<int>(attempt)]
                               : names_[kNames + revision];
  };
  facts.attempt_of = [this, revision](std::string const& text) -> std::optional<std::int64_t> {
    auto const name = numbers_.find(text);
    if (name == numbers_.end() || name->second / kAttempts != revision) return std::nullopt;
    return options_.from_highest ? name->second % kAttempts : 0;
  };
  return facts;
}

RunListing RunModel::Policy::listing_of(RunQuestion const& question) const {
  bool const complete = question.has_list != 0;
  bool const deleting = question.spec.object == RunState::Object::Deleting;
  RunListing listing{.complete = complete || !options_.first_list,
                     .settled = (question.list_settled != 0 || (!options_.young && complete)) ||
                                (deleting && !options_.delete_seeks)};
  for (int name = 0; name < kNames; ++name) {
    RunState::Listed const shown = question.list[name];
    if (shown == RunState::Listed::No) continue;
    listing.items.push_back({.name = names_[name],
                             .revision = kRevisionTexts[name / kAttempts],
                             .place = kPlace,
                             .live = shown == RunState::Listed::Live,
                             .failed = shown == RunState::Listed::Failed});
  }
  return listing;
}

RunSeen RunModel::Policy::seen_of(int name, RunState::Answer const& answer) const {
  RunSeen seen{.name = names_[name],
               .state = state_of(answer.job),
               .owner = "us",
               .holder = std::to_string(answer.holder),
               .revision = kRevisionTexts[name / kAttempts]};
  bool const hidden = !options_.condemned && seen.live();
  if (!hidden) seen.reason = kReasons[static_cast<std::size_t>(answer.reason)];
  if (seen.state == RunSeen::State::Failed) seen.failure_class = kFailure;
  return seen;
}

manifests::TrainingRunStatus RunModel::Policy::status_of(RunQuestion const& question) const {
  RunState::Status const& from = question.status;
  manifests::TrainingRunStatus status;
  if (from.run != 0) {
    int const name = from.run - 1;
    bool const gone = absent(question.gets[name]) && (from.doubts >> name & 1) == 0;
    if (options_.by_hand || !gone) {
      status.run_name = names_[name];
      status.run_place = kPlace;
      status.attempt = name % kAttempts;
    }
  }
  for (int name = 0; name < kNames; ++name)
    if ((from.doubts >> name & 1) != 0)
      status.doubts.push_back({.name = names_[name], .place = kPlace, .at = to_rfc3339(kNow)});
  for (int revision = 0; revision < kRevisions; ++revision)
    if ((from.finished >> revision & 1) != 0) status.finished.emplace_back(kRevisionTexts[revision]);
  for (int i = 0; i < from.attempts; ++i) {
    RunState::Attempt const& attempt = from.history[i];
    status.history.push_back({.name = names_[attempt.name],
                              .place = kPlace,
                              .revision = kRevisionTexts[attempt.name / kAttempts],
                              .attempt = attempt.name % kAttempts,
                              .outcome = kOutcomes[static_cast<std::size_t>(attempt.outcome)],
                              .reason = kReasons[attempt.reason]});
  }
  return status;
}

RunState::Status RunModel::Policy::packed(manifests::TrainingRunStatus const& status) const {
  RunState::Status into;
  if (!status.run_name.empty()) into.run = static_cast<std::uint8_t>(number_of(status.run_name) + 1);
  for (manifests::RunDoubt const& doubt : status.doubts)
    into.doubts = static_cast<std::uint8_t>(into.doubts | 1U << number_of(doubt.name));
  for (std::string const& revision : status.finished)
    into.finished = static_cast<std::uint8_t>(into.finished | 1U << index_in(kRevisionTexts, revision));
  for (manifests::Attempt const& attempt : status.history) {
    if (into.attempts == kNames) throw std::logic_error("the history names one attempt twice");
    into.history[into.attempts++] = {
        .name = number_of(attempt.name),
        .outcome = static_cast<RunState::Outcome>(index_in(kOutcomes, attempt.outcome)),
        .reason = index_in(kReasons, attempt.reason)};
  }
  return into;
}

RunChoice RunModel::Policy::choice_of(reconcilers::RunDecision const& decision,
                                      RunQuestion const& question) const {
  using Chosen = RunChoice::Kind;
  RunChoice choice{.kind = Chosen::Wait};
  if (auto const* get = std::get_if<RunAct::Get>(&decision.action)) {
    choice.kind = Chosen::Get;
    choice.name = number_of(get->id.name);
    return choice;
  }
  if (auto const* create = std::get_if<RunAct::Create>(&decision.action)) {
    choice.name = number_of(create->id.name);
    choice.status = question.status;  // beyond the bound of the model nothing more is done
    if (choice.name >= kNames) return choice;
    choice.kind = Chosen::Create;
  }
  choice.status = packed(decision.status);
  if (std::holds_alternative<RunAct::Record>(decision.action)) choice.kind = Chosen::Record;
  if (std::holds_alternative<RunAct::Finalize>(decision.action)) choice.kind = Chosen::Finalize;
  if (auto const* cancel = std::get_if<RunAct::Cancel>(&decision.action)) {
    choice.kind = Chosen::Cancel;
    choice.name = number_of(cancel->id.name);
  }
  if (auto const* write = std::get_if<RunAct::WriteReason>(&decision.action)) {
    choice.name = number_of(write->id.name);
    choice.reason = static_cast<Reason>(index_in(kReasons, write->reason));
    if (choice.reason == Reason::Deleted && !options_.reason_deleted) choice.reason = Reason::User;
    bool const has_one = question.gets[choice.name].reason != Reason::None;  // hidden, if not condemned
    choice.kind = has_one || !options_.reason_first ? Chosen::Cancel : Chosen::WriteReason;
  }
  return choice;
}

}  // namespace trainyard::model
