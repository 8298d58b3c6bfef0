#include "reconcilers/drivers/aml_compute.hpp"

#include "controller/base/time_text.hpp"

namespace trainyard::reconcilers {

namespace {

using manifests::AmlComputeCreate;
using manifests::ComputeTargetSpec;

bool creates(ComputeTargetSpec const& spec) { return spec.aml_compute && spec.aml_compute->create; }

Json scale_settings(AmlComputeCreate const& create) {
  Json scale =
      Json::object({{"maxNodeCount", create.max_nodes}, {"minNodeCount", create.min_nodes.value_or(0)}});
  if (create.idle_time_before_scale_down)
    scale["nodeIdleTimeBeforeScaleDown"] = to_iso_duration(*create.idle_time_before_scale_down);
  return scale;
}

Json create_body(ComputeTargetSpec const& spec, std::string const& location) {
  AmlComputeCreate const& create = *spec.aml_compute->create;
  Json inner = Json::object(
      {{"osType", "Linux"}, {"vmSize", create.vm_size}, {"scaleSettings", scale_settings(create)}});
  if (create.vm_priority) inner["vmPriority"] = *create.vm_priority;
  return Json::object(
      {{"location", create.location.value_or(location)},
       {"properties", Json::object({{"computeType", "AmlCompute"}, {"properties", std::move(inner)}})}});
}

/// A PUT replaces the whole, so it rests on what the GET brought, less what only the service writes.
Json update_body(ComputeTargetSpec const& spec, azure::Compute const& found) {
  check(found.body.is_object(), "an update rests on a GET");
  Json const& was = found.body.at({"properties", "properties"});
  Json inner = Json::object();
  for (std::string_view const name :
       {"osType", "vmSize", "vmPriority", "virtualMachineImage", "isolatedNetwork", "subnet",
        "remoteLoginPortPublicAccess", "enableNodePublicIp", "scaleSettings"})
    if (Json const* value = was.find(name); value != nullptr && !value->is_null()) inner[name] = *value;
  if (creates(spec)) {
    AmlComputeCreate const& create = *spec.aml_compute->create;
    Json& scale = inner["scaleSettings"];
    scale["maxNodeCount"] = create.max_nodes;
    if (create.min_nodes) scale["minNodeCount"] = *create.min_nodes;
    if (create.idle_time_before_scale_down)
      scale["nodeIdleTimeBeforeScaleDown"] = to_iso_duration(*create.idle_time_before_scale_down);
  }
  Json properties = Json::object({{"computeType", "AmlCompute"}, {"properties", std::move(inner)}});
  if (Json const* description = found.body.at("properties").find("description");
      description != nullptr && description->is_string())
    properties["description"] = *description;
  Json body = Json::object({{"location", found.location}, {"properties", std::move(properties)}});
  if (Json const* identity = found.body.find("identity"); identity != nullptr && identity->is_object())
    body["identity"] = *identity;
  return body;
}

ComputeDiff diff(ComputeTargetSpec const& spec, azure::Compute const& found) {
  ComputeDiff result;
  if (!creates(spec)) return result;
  AmlComputeCreate const& create = *spec.aml_compute->create;
  std::string const path = "spec.amlCompute.create.";
  auto const number = [&](char const* field, std::int64_t wanted, std::optional<std::int64_t> const& is) {
    if (is && *is != wanted)
      result.fields.push_back({path + field, std::to_string(wanted), std::to_string(*is)});
  };
  // vmSize comes back in upper case; vmPriority as it was sent.
  if (!azure::same_text(create.vm_size, found.vm_size))
    result.fields.push_back({path + "vmSize", create.vm_size, found.vm_size, false});
  if (create.vm_priority && !azure::same_text(*create.vm_priority, found.vm_priority))
    result.fields.push_back({path + "vmPriority", *create.vm_priority, found.vm_priority, false});
  number("maxNodes", create.max_nodes, found.max_nodes);
  if (create.min_nodes) number("minNodes", *create.min_nodes, found.min_nodes);
  if (create.idle_time_before_scale_down && found.idle_time &&
      *create.idle_time_before_scale_down != *found.idle_time)
    result.fields.push_back({path + "idleTimeBeforeScaleDown",
                             to_duration_text(*create.idle_time_before_scale_down),
                             to_duration_text(*found.idle_time)});
  return result;
}

}  // namespace

ComputeDriver const kAmlComputeDriver{.block = "amlCompute",
                                      .type = "AmlCompute",
                                      .creates = creates,
                                      .create_body = create_body,
                                      .update_body = update_body,
                                      .diff = diff};

}  // namespace trainyard::reconcilers
