#include "reconcilers/compute_target/decide.hpp"

#include <algorithm>

#include "controller/base/time_text.hpp"

namespace trainyard::reconcilers {

namespace {

using azure::Compute;
using manifests::ComputeTargetStatus;
using manifests::DeletionPolicy;
using manifests::DriftPolicy;

std::string joined(std::vector<std::string> const& words) {
  std::string text;
  for (std::string const& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

class Decider {
 public:
  Decider(ComputeFacts const& facts, ComputeDriver const& driver, ComputeTargetStatus status)
      : facts_(facts), driver_(driver) {
    decision_.status = std::move(status);
    unheard_ = blocked();
  }

  ComputeDecision run() {
    ComputeTargetStatus& status = decision_.status;
    settle_doubt();
    status.used_by = facts_.live_runs;
    if (blocked() && !facts_.asked && settles(facts_.now))
      decision_.action = ComputeAct::Get{};  // else what needs no GET to be well would stay in doubt for ever
    else if (facts_.found == nullptr)
      decision_.action = absent();
    else if (!azure::same_text(facts_.found->type, driver_.type))
      decision_.action = of_another_type(*facts_.found);
    else
      decision_.action = driver_.creates(facts_.spec) ? present(*facts_.found) : attached(*facts_.found);
    return std::move(decision_);
  }

 private:
  /// Rule 2a: a doubt ends by a GET begun `settle` after it; that of a take which has landed, by its success.
  void settle_doubt() {
    if (blocked() && facts_.asked && settles(facts_.get_began) && !take_landed())
      decision_.status.doubt.reset();
  }
  [[nodiscard]] bool settles(WallTime get_began) const {
    auto const at = parse_rfc3339(decision_.status.doubt->at);
    return at && get_began >= *at + facts_.settle;
  }

  [[nodiscard]] bool blocked() const { return decision_.status.doubt.has_value(); }
  [[nodiscard]] bool young() const { return facts_.get_began < facts_.started + facts_.settle; }

  ComputeAction say(ComputeAction action, std::string reason, std::string message, bool stuck = false) {
    decision_.reason = std::move(reason);
    decision_.message = std::move(message);
    decision_.stuck = stuck;
    return action;
  }

  ComputeAction in_doubt() {
    return say(ComputeAct::Wait{}, "InDoubt",
               "a " + decision_.status.doubt->act +
                   " had no answer and may still land; waiting until that is settled");
  }

  // ---- not there

  ComputeAction absent() {
    if (!facts_.asked) return ComputeAct::Get{};
    ComputeTargetStatus& status = decision_.status;
    status.provisioning_state.clear();
    status.allocation_state.clear();
    status.nodes.reset();
    status.drift.clear();
    if (facts_.deleting) {
      if (blocked()) return in_doubt();
      if (driver_.creates(facts_.spec) && young())
        return say(ComputeAct::Wait{}, "Deleting",
                   "it is gone; waiting until no request of an earlier process can still land");
      return ComputeAct::Finalize{};
    }
    if (!driver_.creates(facts_.spec))
      return say(ComputeAct::Wait{}, "ComputeNotFound",
                 "the compute to attach is not in the workspace; create it there, or use a create block",
                 true);
    if (blocked()) return in_doubt();
    bool const again = status.origin == "Created" && !status.created_on.empty();
    status.origin.clear();
    status.created_on.clear();
    return say(ComputeAct::Put{"Create"}, again ? "Recreating" : "Creating",
               again ? "the compute was gone; creating it again" : "creating the compute");
  }

  // ---- there, but another kind of thing: no PUT of ours made it

  ComputeAction of_another_type(Compute const& found) {
    if (facts_.deleting) {
      if (!facts_.live_runs.empty()) return held();
      if (!facts_.asked) return ComputeAct::Get{};
      if (blocked()) return in_doubt();
      return ComputeAct::Finalize{};
    }
    return say(ComputeAct::Wait{}, "WrongType",
               "the workspace has a compute of this name whose type is " + found.type + ", not " +
                   std::string(driver_.type) + "; choose another spec.name",
               true);
  }

  // ---- used and left

  ComputeAction attached(Compute const& found) {
    ComputeTargetStatus& status = decision_.status;
    status.origin = "Attached";
    status.created_on = found.created_on;
    if (facts_.deleting) {
      if (!facts_.live_runs.empty()) return held();
      return ComputeAct::Finalize{};
    }
    return health(found);
  }

  // ---- created, or found existing

  [[nodiscard]] bool marked(Compute const& found) const { return found.tags.text(kOwnerTag) == facts_.owner; }

  /// Rule 10: our mark, put by another state store of our cluster's name.
  [[nodiscard]] bool of_another_store(Compute const& found) const {
    std::string const holder = found.tags.text(kHolderTag);
    return marked(found) && !holder.empty() && holder != facts_.holder;
  }

  /// Whoever put the mark there knew of the compute: a create of another store that met it did not.
  [[nodiscard]] static bool signed_again(Compute const& found) {
    return found.tags.text(kCreatedTag) == found.created_on;
  }

  /// A take in doubt whose mark is there, on the compute that it was meant for.
  [[nodiscard]] bool take_landed() const {
    auto const& doubt = decision_.status.doubt;
    azure::Compute const* const found = facts_.found;
    if (!doubt || doubt->act != "Take" || found == nullptr || found->failed()) return false;
    return marked(*found) && !of_another_store(*found) && signed_again(*found);
  }

  /// Was our mark put in the place of another store's on this very compute?
  [[nodiscard]] bool taken(Compute const& found) const {
    auto const& taken = decision_.status.taken;
    return taken && taken->created_on == found.created_on;
  }

  /// So lately that the other store, if it lives, may not have taken it back yet.
  [[nodiscard]] bool just_taken(Compute const& found) const {
    if (!taken(found)) return false;
    auto const at = parse_rfc3339(decision_.status.taken->at);
    return at && facts_.now < *at + facts_.settle;
  }

  /// Rule 7: whose is it? An answer decides where there is one; without it our mark and createdOn against
  /// `since`.
  [[nodiscard]] bool mine(Compute const& found) const {
    ComputeTargetStatus const& status = decision_.status;
    bool const mark = marked(found);
    if (!status.origin.empty() && status.created_on == found.created_on) return status.origin == "Created";
    if (found.created_on == found.modified_on) return mark;  // still as its creation left it
    bool const creating = !found.succeeded() && !found.failed() && !found.deleting();
    if (unheard_ && creating) return false;  // our PUT was an update of theirs
    if (!mark) return false;
    if (signed_again(found)) return true;
    auto const since = parse_http_date(found.tags.text(kSinceTag));
    auto const created = parse_rfc3339(found.created_on);
    return since && created && *created >= *since;
  }

  ComputeAction held() {
    return say(ComputeAct::Wait{}, "InUse", "deletion waits for the end of " + joined(facts_.live_runs));
  }

  ComputeAction present(Compute const& found) {
    ComputeTargetStatus& status = decision_.status;
    if (found.deleting()) return say(ComputeAct::Wait{}, "Deleting", "Azure is deleting the compute");
    if (of_another_store(found) && !found.failed())  // and no judgement of ours until it can be taken
      return found.succeeded() || facts_.deleting ? shared(found) : provisioning(found);
    if (take_landed()) {
      if (!found.succeeded()) return provisioning(found);  // it may fail yet
      status.origin = "Created";
      status.created_on = found.created_on;
      status.taken = {.created_on = found.created_on,
                      .at = to_rfc3339(std::chrono::floor<std::chrono::seconds>(facts_.now))};
      status.doubt.reset();
    }
    bool const ours = mine(found);
    std::string const origin = ours ? "Created" : "Adopted";
    bool const known = status.origin == origin && status.created_on == found.created_on;
    if (!known && !facts_.asked) return ComputeAct::Get{};
    status.origin = origin;
    status.created_on = found.created_on;
    if (facts_.deleting) return leave(found, ours);
    if (found.failed()) return failed(found, ours);
    return found.succeeded() ? keep(found, ours) : provisioning(found);
  }

  ComputeAction provisioning(Compute const& found) {
    return say(ComputeAct::Wait{}, found.provisioning_state.empty() ? "Creating" : found.provisioning_state,
               "Azure is provisioning the compute");
  }

  /// Two stores of one name, or what our own lost one has left. Each store puts its mark in the place of the
  /// other's once: a store that is gone is inherited from, and one that lives takes its compute back, upon
  /// which it is the owner for good, and we write nothing.
  ComputeAction shared(Compute const& found) {
    ComputeTargetStatus& status = decision_.status;
    std::string const theirs =
        "another state store of this cluster name (" + found.tags.text(kHolderTag) + ")";
    bool const known = !status.origin.empty() && status.created_on == found.created_on;
    bool const lives =
        taken(found) || (known && status.origin == "Created" && facts_.deleting && signed_again(found));
    if (mine(found) && !lives) {
      if (!found.succeeded()) return say(ComputeAct::Wait{}, "Deleting", "Azure is provisioning the compute");
      if (!facts_.asked) return ComputeAct::Get{};
      if (blocked()) return in_doubt();
      return say(ComputeAct::Put{"Take"}, "TakingOver", "taking the compute over from " + theirs);
    }
    if (!facts_.asked && !(known && status.origin == "Adopted")) return ComputeAct::Get{};
    status.origin = "Adopted";
    status.created_on = found.created_on;
    if (facts_.deleting) {
      if (!facts_.live_runs.empty()) return held();
      if (!facts_.asked) return ComputeAct::Get{};
      if (blocked()) return in_doubt();
      return say(ComputeAct::Finalize{}, "AnotherController", "the compute is left to " + theirs);
    }
    ComputeDiff const diff = driver_.diff(facts_.spec, found);
    // What was found existing is used as it is, unless asked otherwise; what was ours until then is not.
    DriftPolicy const policy =
        facts_.spec.drift_policy.value_or(taken(found) ? DriftPolicy::Correct : DriftPolicy::Report);
    note_drift(policy == DriftPolicy::Ignore ? ComputeDiff{} : diff);
    if (!diff.fields.empty() && policy == DriftPolicy::Correct)
      return say(ComputeAct::Wait{}, "AnotherController",
                 "the compute belongs to " + theirs + ", and " + paths(diff) +
                     " differs: nothing is written; give one of the two another --cluster-name, or stop it",
                 true);
    ComputeAction action = health(found);
    decision_.message += "; it belongs to " + theirs + ", so nothing is written to it";
    if (!decision_.status.drift.empty()) decision_.message += ", though " + paths(diff) + " differs";
    return action;
  }

  ComputeAction settling() {
    return say(ComputeAct::Wait{}, "TakingOver",
               "the compute was taken over from another state store; waiting whether that takes it back");
  }

  ComputeAction leave(Compute const& found, bool ours) {
    if (!facts_.live_runs.empty()) return held();
    if (!facts_.asked) return ComputeAct::Get{};
    if (blocked()) return in_doubt();
    bool const remove = ours && facts_.spec.deletion_policy == DeletionPolicy::Delete;
    if (remove && !facts_.other_targets.empty())
      return say(ComputeAct::Wait{}, "InUse",
                 "the compute is used by " + joined(facts_.other_targets) + " too");
    if (remove && just_taken(found)) return settling();
    if (remove) return say(ComputeAct::Delete{}, "Deleting", "deleting the compute");
    if (!ours && marked(found)) {
      if (!found.succeeded() && !found.failed())
        return say(ComputeAct::Wait{}, "Deleting", "waiting until our mark can be taken off the compute");
      return say(ComputeAct::Put{"Unmark"}, "Deleting", "taking our mark off a compute that is not ours");
    }
    return ComputeAct::Finalize{};
  }

  /// Rule 8: a Failed create of ours is deleted before it is put again; when that may be is the reconciler's
  /// to say.
  ComputeAction failed(Compute const& found, bool ours) {
    std::string const words = found.errors.empty() ? "Azure gave no reason" : joined(found.errors);
    if (!ours)
      return say(ComputeAct::Wait{}, "ProvisioningFailed", "the compute, which is not ours, failed: " + words,
                 true);
    if (!facts_.asked) return ComputeAct::Get{};
    if (blocked()) return in_doubt();
    return say(ComputeAct::Delete{}, "ProvisioningFailed", "the compute failed: " + words, true);
  }

  ComputeAction keep(Compute const& found, bool ours) {
    ComputeDiff const diff = driver_.diff(facts_.spec, found);
    DriftPolicy const policy =
        facts_.spec.drift_policy.value_or(ours ? DriftPolicy::Correct : DriftPolicy::Report);
    note_drift(policy == DriftPolicy::Ignore ? ComputeDiff{} : diff);
    bool const unmark = !ours && marked(found);
    bool const unsigned_ours = ours && policy == DriftPolicy::Correct && !marked(found);
    if (!diff.fields.empty() && policy == DriftPolicy::Correct) {
      if (just_taken(found)) return settling();
      if (!diff.in_place()) {
        if (ours && facts_.spec.replace == manifests::ReplacePolicy::WhenChanged) return replace();
        return say(ComputeAct::Wait{}, "NeedsReplacement", replacement_words(diff), true);
      }
      if (!facts_.asked) return ComputeAct::Get{};
      if (!blocked()) return say(ComputeAct::Put{"Update"}, "Updating", "correcting " + paths(diff));
    } else if (unsigned_ours) {
      if (!facts_.asked) return ComputeAct::Get{};
      if (!blocked())
        return say(ComputeAct::Put{"Mark"}, "Updating", "putting our mark on a compute that we created");
    } else if (unmark) {
      if (!facts_.asked) return ComputeAct::Get{};
      if (!blocked())
        return say(ComputeAct::Put{"Unmark"}, "Updating", "taking our mark off a compute that is not ours");
    }
    return health(found);
  }

  ComputeAction replace() {
    if (!facts_.live_runs.empty())
      return say(ComputeAct::Wait{}, "InUse", "replacement waits for the end of " + joined(facts_.live_runs));
    if (!facts_.asked) return ComputeAct::Get{};
    if (blocked()) return in_doubt();
    return say(ComputeAct::Delete{}, "Replacing", "deleting the compute to create it as it is wanted now");
  }

  ComputeAction health(Compute const& found) {
    if (!found.succeeded()) {
      bool const bad = found.failed();
      return say(ComputeAct::Wait{}, bad ? "ProvisioningFailed" : found.provisioning_state,
                 bad ? "the compute failed: " + joined(found.errors) : "Azure is provisioning the compute",
                 bad);
    }
    decision_.ready = true;
    std::string const how = decision_.status.origin == "Created"   ? "created"
                            : decision_.status.origin == "Adopted" ? "found existing, used without owning it"
                                                                   : "attached";
    std::string words = "the compute is usable (" + how + ")";
    if (!found.errors.empty()) words += "; Azure reports: " + joined(found.errors);
    return say(ComputeAct::Wait{}, found.errors.empty() ? "Available" : "AvailableWithErrors",
               std::move(words));
  }

  void note_drift(ComputeDiff const& diff) {
    std::vector<manifests::Drift> told;
    for (ComputeDiff::Field const& field : diff.fields) {
      std::string since = to_rfc3339(std::chrono::floor<std::chrono::seconds>(facts_.now));
      for (manifests::Drift const& before : decision_.status.drift)
        if (before.field == field.path && before.wanted == field.wanted && before.found == field.found)
          since = before.since;
      told.push_back({.field = field.path, .wanted = field.wanted, .found = field.found, .since = since});
    }
    decision_.status.drift = std::move(told);
  }

  static std::string paths(ComputeDiff const& diff) {
    std::vector<std::string> names;
    for (ComputeDiff::Field const& field : diff.fields) names.push_back(field.path);
    return joined(names);
  }

  static std::string replacement_words(ComputeDiff const& diff) {
    for (ComputeDiff::Field const& field : diff.fields)
      if (!field.in_place)
        return field.path + ": Azure cannot change '" + field.found + "' to '" + field.wanted +
               "' in place; write it back, or set spec.replace: WhenChanged to delete and create the compute";
    return "";
  }

  ComputeFacts const& facts_;
  ComputeDriver const& driver_;
  ComputeDecision decision_;
  bool unheard_ = false;  // the answer to our last write, also if this pass settles the doubt
};

}  // namespace

ComputeDecision decide(ComputeFacts const& facts, ComputeDriver const& driver, ComputeTargetStatus status) {
  return Decider(facts, driver, std::move(status)).run();
}

}  // namespace trainyard::reconcilers
