#include "reconcilers/azure/computes.hpp"

#include "controller/base/encoding.hpp"
#include "controller/base/text.hpp"
#include "controller/base/time_text.hpp"
#include "reconcilers/azure/api_versions.hpp"

namespace trainyard::azure {

namespace {

std::optional<std::int64_t> integer(Json const& value) {
  return value.is_integer() ? std::optional<std::int64_t>(value.integer_or(0)) : std::nullopt;
}

/// [{"error": {"code", "message"}}] as Azure ML writes it, or without the wrapper.
void add_errors(Json const& list, std::vector<std::string>& errors) {
  for (Json const& item : list.items()) {
    Json const& error = item.find("error") != nullptr ? item.at("error") : item;
    std::string const code = error.text("code"), message = error.text("message");
    if (!code.empty() || !message.empty()) errors.push_back(code.empty() ? message : code + ": " + message);
  }
}

bool is_complete(ComputeState const& compute, Json const& body) {
  if (!same_text(compute.type, "AmlCompute")) return true;
  if (!body.at({"properties", "properties"}).is_object() || compute.created_on.empty()) return false;
  if (!compute.succeeded()) return true;  // while Creating and when Failed a GET has the same nulls
  return body.at("tags").is_object() && compute.max_nodes && compute.nodes &&
         !compute.allocation_state.empty() && !compute.vm_size.empty();
}

/// The item of an answer (its body, or one of a list).
Result<Compute> read_compute(Json const& item, ArmAnswer const& answer, Scrubber const& scrubber) {
  Result<Compute> compute = parse_compute(item);
  if (!compute) return compute;
  for (std::string& error : compute->errors) error = one_line(scrubber.scrub(error));
  compute->began = answer.began;
  compute->date = answer.date;
  compute->order = answer.order;
  return compute;
}

}  // namespace

Result<Compute> parse_compute(Json const& body) {
  Compute compute;
  compute.name = body.text("name");
  if (compute.name.empty())
    return Error{.kind = ErrorKind::Transient,
                 .reason = "MalformedAnswer",
                 .message = "Azure's answer about a compute has no name"};
  Json const& properties = body.at("properties");
  Json const& inner = properties.at("properties");  // every member of it may be null or absent, and so may it
  Json const& scale = inner.at("scaleSettings");
  compute.id = body.text("id");
  compute.type = properties.text("computeType");
  compute.location = body.text("location");
  if (body.at("tags").is_object()) compute.tags = body.at("tags");
  compute.created_on = properties.text("createdOn");
  compute.modified_on = properties.text("modifiedOn");
  compute.provisioning_state = properties.text("provisioningState");
  compute.vm_size = inner.text("vmSize");
  compute.vm_priority = inner.text("vmPriority");
  compute.min_nodes = integer(scale.at("minNodeCount"));
  compute.max_nodes = integer(scale.at("maxNodeCount"));
  if (Result<Duration> const idle = parse_iso_duration(scale.text("nodeIdleTimeBeforeScaleDown")))
    compute.idle_time = *idle;
  compute.allocation_state = inner.text("allocationState");
  if (Json const& counts = inner.at("nodeStateCounts"); counts.is_object())
    compute.nodes = ComputeNodes{.current = inner.at("currentNodeCount").integer_or(0),
                                 .target = inner.at("targetNodeCount").integer_or(0),
                                 .preparing = counts.at("preparingNodeCount").integer_or(0),
                                 .running = counts.at("runningNodeCount").integer_or(0),
                                 .idle = counts.at("idleNodeCount").integer_or(0),
                                 .unusable = counts.at("unusableNodeCount").integer_or(0),
                                 .leaving = counts.at("leavingNodeCount").integer_or(0),
                                 .preempted = counts.at("preemptedNodeCount").integer_or(0)};
  add_errors(properties.at("provisioningErrors"), compute.errors);
  add_errors(inner.at("errors"), compute.errors);
  compute.attached = properties.at("isAttachedCompute").bool_or(false);
  compute.complete = is_complete(compute, body);
  compute.body = body;
  return compute;
}

bool is_stale(Compute const& item, Compute const& known) {
  auto const before = [](std::string const& a, std::string const& b) {
    Result<WallTime> const left = parse_rfc3339(a), right = parse_rfc3339(b);
    return left && right && *left < *right;
  };
  if (before(item.created_on, known.created_on)) return true;
  return item.created_on == known.created_on && before(item.modified_on, known.modified_on);
}

std::string ComputesClient::path(std::string const& name) const {
  return id_.path() + "/computes/" + percent_encode(name);
}

Result<std::optional<Compute>> ComputesClient::get(std::string const& name, Urgency urgency,
                                                   Context const& context, ArmTold* told) {
  Result<ArmAnswer> answer =
      arm_.send("GET", path(name), kMachineLearningVersion, Json(), urgency, context, told);
  if (!answer) {
    bool const absent = answer.error().kind == ErrorKind::NotFound && !parent_is_missing(answer.error());
    if (absent) return std::optional<Compute>{};
    return answer.error();
  }
  Result<Compute> compute = read_compute(answer->body, *answer, arm_.parts().scrubber);
  if (!compute) return compute.error();
  return std::optional<Compute>(std::move(*compute));
}

Result<Compute> ComputesClient::put(std::string const& name, Json const& body, Context const& context,
                                    std::optional<WriteToken> token) {
  ArmTold told;
  Result<ArmAnswer> answer = arm_.send("PUT", path(name), kMachineLearningVersion, body,
                                       token ? Urgency::Reserved : Urgency::Edit, context, &told);
  if (token && told.order != 0) token->spend();
  if (!answer) return answer.error();
  Result<Compute> const compute = read_compute(answer->body, *answer, arm_.parts().scrubber);
  if (compute) return compute;
  Error error = compute.error();
  error.maybe_applied = true;
  return error;
}

Result<Done> ComputesClient::remove(std::string const& name, Context const& context, ArmTold* told) {
  // Delete, never Detach: a detached cluster lives on unseen and comes back under its name with its old size.
  Result<ArmAnswer> const answer = arm_.send("DELETE", path(name) + "?underlyingResourceAction=Delete",
                                             kMachineLearningVersion, Json(), Urgency::Edit, context, told);
  if (!answer) return answer.error();
  return Done{};
}

Result<ComputeList> ComputesClient::list(Context const& context) {
  ComputeList list;
  auto const on_page = [&](ArmAnswer const& page) {
    for (Json const& item : page.body.at("value").items()) {
      Result<Compute> compute = read_compute(item, page, arm_.parts().scrubber);
      if (!compute) continue;
      compute->body = nullptr;
      list.items.push_back(std::move(*compute));
    }
    return true;
  };
  Result<ArmList> const told =
      arm_.list(id_.path() + "/computes", kMachineLearningVersion, Urgency::Periodic, on_page, context);
  if (!told) return told.error();
  list.told = *told;
  return list;
}

}  // namespace trainyard::azure
