#include "controller/directory/plan.hpp"

namespace trainyard::directory {

namespace {

std::string_view file_of(std::string_view place) { return place.substr(0, place.rfind(':')); }

struct Candidate {
  std::string_view file;
  Declaration const* document;
};

/// The documents that count, in the order of the files. Of several of one key it is the one in the file that
/// declared it before, else the first.
std::vector<Candidate> choose(Objects const& stored, std::map<std::string, ManifestFile> const& files,
                              Plan& plan) {
  std::vector<Candidate> all;
  std::map<ObjectKey, std::size_t> chosen;
  for (auto const& [path, file] : files) {
    plan.complete = plan.complete && file.complete;
    for (std::string const& problem : file.problems) plan.problems.push_back({path, problem});
    for (Declaration const& document : file.documents) {
      all.push_back({path, &document});
      auto const [known, first] = chosen.try_emplace(document.key, all.size() - 1);
      if (first) continue;
      auto const before = stored.find(document.key);
      bool const incumbent = before != stored.end() && file_of(before->second->source) == path &&
                             all[known->second].file != path;
      if (incumbent) known->second = all.size() - 1;
    }
  }
  std::vector<Candidate> counting;
  for (std::size_t i = 0; i < all.size(); ++i) {
    Declaration const& document = *all[i].document;
    Candidate const& winner = all[chosen.at(document.key)];
    if (winner.document == &document) {
      counting.push_back(all[i]);
      plan.declared[document.key] = document.place;
      continue;
    }
    plan.problems.push_back({std::string(all[i].file), document.place + ": " + to_string(document.key) +
                                                           " is declared twice; the one at " +
                                                           winner.document->place +
                                                           " counts: remove or rename one of them"});
  }
  return counting;
}

void take_in(Candidate const& candidate, Objects const& stored, ChangeCheck const& check_change, WallTime now,
             Plan& plan) {
  Declaration const& document = *candidate.document;
  auto const found = stored.find(document.key);
  if (found == stored.end()) {
    StoredObject object;
    object.key = document.key;
    object.created_at = now;
    object.labels = document.labels;
    object.annotations = document.annotations;
    object.spec = document.spec;
    object.status = Json::object();
    object.source = document.place;
    plan.writes.push_back({std::move(object)});
    return;
  }
  StoredObject const& before = *found->second;
  if (before.deleted_at) return;  // it ends first; the next look after that makes it anew
  StoredObject after = before;
  after.source = document.place;
  after.orphaned = false;
  bool const new_spec = before.spec.canonical() != document.spec.canonical();
  std::vector<std::string> const refused =
      new_spec ? check_change(document.key.kind, before.spec, document.spec) : std::vector<std::string>();
  for (std::string const& reason : refused) {
    std::string const text =
        document.place + ": " + to_string(document.key) + " keeps its old spec: " + reason;
    plan.problems.push_back({std::string(candidate.file), text});
    plan.events.push_back({document.key, true, "ChangeRefused", text});
  }
  bool news = before.orphaned || file_of(before.source) != candidate.file;
  if (refused.empty()) {
    news = news || new_spec || before.labels != document.labels || before.annotations != document.annotations;
    after.labels = document.labels;
    after.annotations = document.annotations;
    if (new_spec) {
      after.spec = document.spec;
      ++after.generation;
    }
  }
  if (news || after.source != before.source) plan.writes.push_back({std::move(after), news});
}

void mark_orphans(Objects const& stored, Plan& plan) {
  for (auto const& [key, object] : stored) {
    if (object->orphaned || object->deleted_at || plan.declared.contains(key)) continue;
    StoredObject after = *object;
    after.orphaned = true;
    plan.events.push_back(
        {key, true, "Orphaned",
         "its document at " + object->source +
             " is gone or cannot be read: nothing is deleted for that; bring it back, or delete "
             "the object by its name"});
    plan.writes.push_back({std::move(after)});
  }
}

/// The object as the plan leaves it.
StoredObject as_planned(ObjectPtr const& before, Plan const& plan) {
  for (Write const& write : plan.writes)
    if (write.object.key == before->key) return write.object;
  return *before;
}

void grant(DeletionRequest const& request, Objects const& stored, Plan& plan) {
  auto const found = stored.find(request.key);
  if (found == stored.end() || found->second->deleted_at) return;
  Result<Done> allowed = check_unprotected(*found->second);
  // It was checked when it was asked for; the document may have come back since.
  if (auto const declared = plan.declared.find(request.key); declared != plan.declared.end())
    allowed = still_declared(request.key, declared->second);
  if (!allowed) {
    plan.events.push_back({request.key, true, "DeletionRefused", allowed.error().message});
    return;
  }
  StoredObject after = as_planned(found->second, plan);
  std::erase_if(plan.writes, [&](Write const& write) { return write.object.key == request.key; });
  if (after.finalizers.empty()) {
    plan.gone.push_back(request.key);
    return;
  }
  after.deleted_at = request.at;
  plan.writes.push_back({std::move(after)});
}

}  // namespace

Plan plan_changes(Objects const& stored, std::map<std::string, ManifestFile> const& files,
                  std::vector<DeletionRequest> const& requests, ChangeCheck const& check_change,
                  WallTime now) {
  Plan plan;
  for (Candidate const& candidate : choose(stored, files, plan))
    take_in(candidate, stored, check_change, now, plan);
  mark_orphans(stored, plan);
  for (DeletionRequest const& request : requests) grant(request, stored, plan);
  return plan;
}

}  // namespace trainyard::directory
