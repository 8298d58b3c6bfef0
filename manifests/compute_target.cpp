#include "manifests/compute_target.hpp"

#include "manifests/json_fields.hpp"

namespace trainyard::manifests {

namespace {

constexpr Words<DeletionPolicy, 2> kDeletionPolicies{
    {{"Delete", DeletionPolicy::Delete}, {"Retain", DeletionPolicy::Retain}}};
constexpr Words<DriftPolicy, 3> kDriftPolicies{
    {{"Correct", DriftPolicy::Correct}, {"Report", DriftPolicy::Report}, {"Ignore", DriftPolicy::Ignore}}};
constexpr Words<ReplacePolicy, 2> kReplacePolicies{
    {{"Never", ReplacePolicy::Never}, {"WhenChanged", ReplacePolicy::WhenChanged}}};

/// One row for each count, so that reading and writing cannot differ.
constexpr std::array<std::pair<std::string_view, std::int64_t NodeCounts::*>, 8> kCounts{
    {{"current", &NodeCounts::current},
     {"target", &NodeCounts::target},
     {"preparing", &NodeCounts::preparing},
     {"running", &NodeCounts::running},
     {"idle", &NodeCounts::idle},
     {"unusable", &NodeCounts::unusable},
     {"leaving", &NodeCounts::leaving},
     {"preempted", &NodeCounts::preempted}}};

std::optional<std::string> text_if_set(Json const& object, std::string_view name) {
  Json const* const value = object.find(name);
  return value == nullptr ? std::nullopt : std::optional(value->string_or(""));
}

AmlComputeCreate create_from_json(Json const& create) {
  AmlComputeCreate result{.vm_size = create.text("vmSize"),
                          .vm_priority = text_if_set(create, "vmPriority"),
                          .max_nodes = create.at("maxNodes").integer_or(1),
                          .idle_time_before_scale_down = duration_of(create, "idleTimeBeforeScaleDown"),
                          .location = text_if_set(create, "location")};
  if (Json const* const least = create.find("minNodes")) result.min_nodes = least->integer_or(0);
  return result;
}

AmlComputeBlock aml_compute_from_json(Json const& block) {
  AmlComputeBlock result;
  if (Json const* const create = block.find("create")) result.create = create_from_json(*create);
  if (Json const* const attach = block.find("attach"))
    result.attach = AmlComputeAttach{.name = attach->text("name")};
  return result;
}

Json to_json(NodeCounts const& counts) {
  Json json = Json::object();
  for (auto const& [name, count] : kCounts) json[name] = counts.*count;
  return json;
}

NodeCounts node_counts_from_json(Json const& json) {
  NodeCounts counts;
  for (auto const& [name, count] : kCounts) counts.*count = count_of(json, name);
  return counts;
}

}  // namespace

ComputeTargetSpec compute_target_spec_from_json(Json const& spec) {
  ComputeTargetSpec target{
      .workspace = spec.text("workspace"),
      .name = spec.text("name"),
      .deletion_policy =
          enum_of(kDeletionPolicies, spec.text("deletionPolicy")).value_or(DeletionPolicy::Delete),
      .drift_policy = enum_of(kDriftPolicies, spec.text("driftPolicy")),
      .replace = enum_of(kReplacePolicies, spec.text("replace")).value_or(ReplacePolicy::Never)};
  if (spec.find("local") != nullptr) {
    target.block = "local";
    target.local = LocalBlock{};
  }
  if (Json const* const block = spec.find("amlCompute")) {
    target.block = "amlCompute";
    target.aml_compute = aml_compute_from_json(*block);
  }
  return target;
}

Json to_json(ComputeTargetStatus const& status) {
  Json json = Json::object(
      {{"observedGeneration", status.observed_generation}, {"conditions", to_json(status.conditions)}});
  put_text(json, "origin", status.origin);
  put_text(json, "createdOn", status.created_on);
  if (status.doubt) json["doubt"] = Json::object({{"act", status.doubt->act}, {"at", status.doubt->at}});
  if (status.taken)
    json["taken"] = Json::object({{"createdOn", status.taken->created_on}, {"at", status.taken->at}});
  put_text(json, "azureId", status.azure_id);
  put_text(json, "provisioningState", status.provisioning_state);
  put_text(json, "allocationState", status.allocation_state);
  if (status.nodes) json["nodes"] = to_json(*status.nodes);
  put_texts(json, "errors", status.errors);
  for (Drift const& drift : status.drift)
    json["drift"].push_back(Json::object(
        {{"field", drift.field}, {"wanted", drift.wanted}, {"found", drift.found}, {"since", drift.since}}));
  put_texts(json, "capabilities", status.capabilities);
  put_texts(json, "usedBy", status.used_by);
  put_text(json, "lastHandledReconcileAt", status.last_handled_reconcile_at);
  put_text(json, "nextLook", status.next_look);
  put_count(json, "setbacks", status.setbacks);
  return json;
}

ComputeTargetStatus compute_target_status_from_json(Json const& status) {
  ComputeTargetStatus result{.observed_generation = count_of(status, "observedGeneration"),
                             .conditions = conditions_from_json(status.at("conditions")),
                             .origin = status.text("origin"),
                             .created_on = status.text("createdOn"),
                             .azure_id = status.text("azureId"),
                             .provisioning_state = status.text("provisioningState"),
                             .allocation_state = status.text("allocationState"),
                             .errors = texts_of(status.at("errors")),
                             .capabilities = texts_of(status.at("capabilities")),
                             .used_by = texts_of(status.at("usedBy")),
                             .last_handled_reconcile_at = status.text("lastHandledReconcileAt"),
                             .next_look = status.text("nextLook"),
                             .setbacks = count_of(status, "setbacks")};
  if (Json const* const doubt = status.find("doubt"))
    result.doubt = ComputeIntent{.act = doubt->text("act"), .at = doubt->text("at")};
  if (Json const* const taken = status.find("taken"))
    result.taken = ComputeTaken{.created_on = taken->text("createdOn"), .at = taken->text("at")};
  if (Json const* const nodes = status.find("nodes")) result.nodes = node_counts_from_json(*nodes);
  for (Json const& item : status.at("drift").items())
    result.drift.push_back({.field = item.text("field"),
                            .wanted = item.text("wanted"),
                            .found = item.text("found"),
                            .since = item.text("since")});
  return result;
}

}  // namespace trainyard::manifests
