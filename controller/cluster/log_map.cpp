#include "controller/cluster/log_map.hpp"

#include <algorithm>
#include <charconv>

#include "controller/cluster/job_manifest.hpp"
#include "controller/kube/resource.hpp"
#include "manifests/kinds.hpp"

namespace trainyard::cluster {

namespace {

using reconcilers::KeptLog;

constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by", kUs = "trainyard";
constexpr std::string_view kText = "log";
// Its other keys.
constexpr std::string_view kRead = "read", kOffset = "offset", kComplete = "complete", kAnswered = "answered",
                           kProblem = "problem";

std::size_t number_of(std::string const& text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string log_map_name(std::string_view run) { return std::string(run) + "-trainyard-log"; }

bool is_log_of(Json const& map, StoredObject const& run) {
  Json::Array const& owners = map.at({"metadata", "ownerReferences"}).items();
  return map.at({"metadata", "labels"}).text(kManagedBy) == kUs &&
         std::any_of(owners.begin(), owners.end(),
                     [&](Json const& owner) { return owner.text("uid") == run.uid; });
}

Error not_our_map(StoredObject const& run) {
  return {.kind = ErrorKind::Conflict,
          .reason = "LogMapTaken",
          .message = "ConfigMap " + run.key.ns + "/" + log_map_name(run.key.name) +
                     ", which is to have the log, is not the operator's; rename or delete it"};
}

Json log_map_of(StoredObject const& run, KeptLog const& log) {
  Json const owner = Json::object({{"apiVersion", manifests::kGroupVersion},
                                   {"kind", run.key.kind},
                                   {"name", run.key.name},
                                   {"uid", run.uid},
                                   {"controller", true}});
  Json data = Json::object({{std::string(kText), log.text},
                            {std::string(kRead), std::to_string(log.read)},
                            {std::string(kOffset), std::to_string(log.offset)},
                            {std::string(kComplete), log.complete ? "true" : "false"},
                            {std::string(kAnswered), log.answered}});
  if (!log.problem.empty()) data[kProblem] = log.problem;
  return Json::object(
      {{"apiVersion", kube::api_version(kube::kConfigMaps)},
       {"kind", kube::kConfigMaps.kind},
       {"metadata", Json::object({{"name", log_map_name(run.key.name)},
                                  {"namespace", run.key.ns},
                                  {"labels", Json::object({{std::string(kManagedBy), std::string(kUs)},
                                                           {std::string(kRunLabel), log.run}})},
                                  {"ownerReferences", Json::array({owner})}})},
       {"data", std::move(data)}});
}

KeptLog kept_log_of(Json const& map) {
  Json const& data = map.at("data");
  return {.run = map.at({"metadata", "labels"}).text(kRunLabel),
          .read = number_of(data.text(kRead)),
          .offset = number_of(data.text(kOffset)),
          .text = data.text(kText),
          .complete = data.text(kComplete) == "true",
          .answered = data.text(kAnswered),
          .problem = data.text(kProblem)};
}

Result<LogMaps::Found> LogMaps::find(StoredObject const& run, Context const& context) {
  Result<Json> const map =
      api_.get(kube::object_path(kube::kConfigMaps, run.key.ns, log_map_name(run.key.name)), context);
  if (!map && map.error().kind == ErrorKind::NotFound) return Found{};
  if (!map) return map.error();
  if (!is_log_of(*map, run)) return not_our_map(run);
  return Found{.log = kept_log_of(*map), .version = map->text({"metadata", "resourceVersion"})};
}

Result<Done> LogMaps::keep(StoredObject const& run, KeptLog const& log, std::string const& version,
                           Context const& context) {
  Json map = log_map_of(run, log);
  if (!version.empty()) map["metadata"]["resourceVersion"] = version;
  Result<Json> const written =
      version.empty() ? api_.post(kube::collection_path(kube::kConfigMaps, run.key.ns), map, context)
                      : api_.put(kube::object_path(kube::kConfigMaps, run.key.ns, log_map_name(run.key.name)),
                                 map, context);
  if (!written) return written.error();
  return Done{};
}

}  // namespace trainyard::cluster
