#include "controller/kube/objects.hpp"

#include <algorithm>

#include "controller/base/time_text.hpp"

namespace trainyard::kube {

namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

bool is_number(std::string const& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Json object_or_empty(Json const& value) { return value.is_object() ? value : Json::object(); }

}  // namespace

Result<ObjectPtr> parse_object(ResourceType const& type, Json const& object) {
  Json const& meta = object.at("metadata");
  StoredObject out;
  out.key = {std::string(type.kind), meta.text("namespace"), meta.text("name")};
  out.uid = meta.text("uid");
  out.resource_version = meta.text("resourceVersion");
  if (out.key.name.empty() || out.uid.empty() || out.resource_version.empty())
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "MalformedObject",
                 .message = "the API server sent a " + std::string(type.kind) +
                            " without name, uid or resourceVersion"};
  out.generation = meta.at("generation").integer_or(1);
  for (Json const& finalizer : meta.at("finalizers").items())
    out.finalizers.push_back(finalizer.string_or(""));
  if (Result<WallTime> const time = parse_rfc3339(meta.text("creationTimestamp"))) out.created_at = *time;
  if (std::string const text = meta.text("deletionTimestamp"); !text.empty())
    if (Result<WallTime> const time = parse_rfc3339(text)) out.deleted_at = *time;
  out.labels = object_or_empty(meta.at("labels"));
  out.annotations = object_or_empty(meta.at("annotations"));
  out.annotations.erase(kLastApplied);
  out.spec = object_or_empty(object.at("spec"));
  out.status = object_or_empty(object.at("status"));
  return std::make_shared<StoredObject const>(std::move(out));
}

bool is_later(std::string const& a, std::string const& b) {
  if (a == b) return false;
  if (!is_number(a) || !is_number(b)) return true;
  return a.size() != b.size() ? a.size() > b.size() : a > b;
}

std::string micro_time(WallTime time) {
  auto const since = time.time_since_epoch();
  auto const whole = std::chrono::floor<std::chrono::seconds>(since);
  std::string const text = to_rfc3339(WallTime(whole));
  std::string fraction = std::to_string((since - whole).count());
  fraction.insert(0, 3 - fraction.size(), '0');
  return text.substr(0, text.size() - 1) + "." + fraction + "000Z";
}

}  // namespace trainyard::kube
