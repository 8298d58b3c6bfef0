// DirectoryStore's reading of the folder.
#include <algorithm>

#include "controller/directory/store_disk.hpp"

namespace trainyard::directory {

Result<std::vector<Problem>> DirectoryStore::scan(Context const& context) {
  std::lock_guard scanning(scanning_);
  if (Result<Done> read = disk_->folder.refresh(context); !read) {
    std::lock_guard lock(mutex_);
    complete_ = false;
    return read.error();
  }
  Plan plan;
  std::set<std::string> refusals;
  {
    std::lock_guard writing(writing_);
    // Requests are looked at after the files: who removes a document and asks at once finds it gone.
    Result<std::vector<DeletionRequest>> requests = disk_->state->deletion_requests();
    if (!requests) return requests.error();
    Objects stored;
    {
      std::lock_guard lock(mutex_);
      stored = objects_;
    }
    plan = plan_changes(stored, disk_->folder.files(), *requests, parts_.check_change, parts_.clock.wall());
    Batch batch{
        .writes = std::move(plan.writes), .gone = std::move(plan.gone), .requests = *std::move(requests)};
    for (Event& event : plan.events) {
      event.message = parts_.scrubber.scrub(event.message);
      if (event.reason == "ChangeRefused") {
        refusals.insert(event.message);
        if (refusals_.contains(event.message)) continue;
      }
      batch.events.push_back(std::move(event));
    }
    if (!batch.writes.empty() || !batch.gone.empty() || !batch.events.empty() || !batch.requests.empty())
      if (Result<Done> written = commit(std::move(batch)); !written) return written.error();
    std::lock_guard lock(mutex_);
    declared_ = std::move(plan.declared);
    complete_ = plan.complete;
  }
  refusals_ = std::move(refusals);
  find_secrets(plan.problems);
  for (Problem& problem : plan.problems) problem.text = parts_.scrubber.scrub(problem.text);
  return std::move(plan.problems);
}

void DirectoryStore::find_secrets(std::vector<Problem>& problems) {
  std::map<ObjectKey, SecretPlace> places;
  std::map<ObjectKey, std::string> documents;
  if (options_.secrets) {
    SecretsFound found = look_at_secrets_folder(*options_.secrets, parts_.scrubber);
    problems.insert(problems.end(), found.problems.begin(), found.problems.end());
    for (SecretPlace const& place : found.places) places.emplace(place.key, place);
  }
  for (auto const& [path, file] : disk_->folder.files()) {
    for (SecretPlace const& secret : file.secrets) {
      auto const [known, first] = places.emplace(secret.key, secret);
      if (first) {
        documents[secret.key] = path;
        continue;
      }
      problems.push_back({path, secret.place + ": Secret " + secret.key.ns + "/" + secret.key.name +
                                    " is there twice; the one at " + known->second.place +
                                    " counts: remove or rename one of them"});
    }
  }
  std::map<ObjectKey, std::string> digests;
  for (auto const& [key, place] : places) digests[key] = place.digest;
  std::lock_guard lock(mutex_);
  for (auto const& [key, digest] : digests) {
    auto const before = secret_digests_.find(key);
    if (before == secret_digests_.end() || before->second != digest) changes_.push_back(key);
  }
  for (auto const& [key, digest] : secret_digests_)
    if (!digests.contains(key)) changes_.push_back(key);
  secret_digests_ = std::move(digests);
  secret_documents_ = std::move(documents);
}

}  // namespace trainyard::directory
