// What a failed answer of Azure means: its three forms of body, and the kinds of error.
#include <algorithm>
#include <array>

#include "controller/base/text.hpp"
#include "controller/base/time_text.hpp"
#include "reconcilers/azure/arm.hpp"
#include "reconcilers/azure/telemetry.hpp"

namespace trainyard::azure {

namespace {

constexpr std::size_t kLongestMessage = 1000, kLongestReason = 128;

struct Said {
  std::string code, message, inner;
};

/// The member by its usual name, or as some providers capitalise it.
Json const& either(Json const& value, std::string_view name, std::string_view capitalised) {
  Json const* const found = value.find(name);
  return found != nullptr ? *found : value.at(capitalised);
}

/// The code at the end of a chain of innerError objects.
std::string deepest(Json const& inner) {
  std::string code;
  Json const* at = &inner;
  for (int depth = 0; depth < 20 && at->is_object(); ++depth) {
    if (std::string const here = either(*at, "code", "Code").string_or(""); !here.empty()) code = here;
    Json const* next = at->find("innerError");
    if (next == nullptr) next = at->find("innererror");
    if (next == nullptr) break;
    at = next;
  }
  return code;
}

/// Scrubbed while it is whole: half a secret is not recognised.
std::string sentence(std::string_view said, Scrubber const& scrubber) {
  std::string text = one_line(scrubber.scrub(said));
  if (text.size() > kLongestMessage) {
    std::size_t end = kLongestMessage;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
      --end;  // not within a UTF-8 character
    text.resize(end);
    text += " ...";
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

/// Sheet of error bodies: {"error": {...}}, the same without wrapper or capitalised, MLflow's {"error_code",
/// "message"}; the service's inner codes stand in additionalInfo, those of the data plane in the error
/// itself.
Said read_body(std::string const& text, Scrubber const& scrubber) {
  Result<Json> const parsed =
      Json::parse(text.starts_with("\xEF\xBB\xBF") ? std::string_view(text).substr(3) : text);
  if (!parsed || !parsed->is_object()) return {};
  Json const& wrapped = either(*parsed, "error", "Error");
  Json const& error = wrapped.is_object() ? wrapped : *parsed;
  Said said{.code = reason_word(either(error, "code", "Code").string_or(parsed->text("error_code"))),
            .message = sentence(either(error, "message", "Message").string_or(""), scrubber),
            .inner = deepest(error.find("innerError") != nullptr ? error.at("innerError")
                                                                 : error.at("innererror"))};
  for (Json const& info : error.at("additionalInfo").items())
    if (info.text("type") == "InnerError") said.inner = deepest(info.at({"info", "value"}));
  said.inner = reason_word(said.inner);
  return said;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t N>
bool is_one_of(std::string_view code, std::array<std::string_view, N> const& codes) {
  return std::any_of(codes.begin(), codes.end(), [&](std::string_view one) { return same_text(code, one); });
}

constexpr std::array<std::string_view, 5> kCapacity{
    "SkuNotAvailable", "AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest",
    "OverconstrainedZonalAllocationRequest"};
/// A 409 that waiting does not mend: the surroundings are at fault.
constexpr std::array<std::string_view, 4> kBarred{"ScopeLocked", "ReadOnlyDisabledSubscription",
                                                  "MissingSubscriptionRegistration",
                                                  "RequestDisallowedByPolicy"};
/// A 404 or 409 that is the request's own fault.
constexpr std::array<std::string_view, 3> kMistaken{"InvalidResourceNamespace", "InvalidResourceLocation",
                                                    "InvalidResourceType"};

ErrorKind kind_of(int status, Said const& said) {
  bool const client_error = status >= 400 && status < 500;
  bool const quota =
      contains(said.code, "Quota") || (said.code == "OperationNotAllowed" && contains(said.message, "quota"));
  if (status == 429) return ErrorKind::Throttled;
  if (status == 401) return ErrorKind::Unauthorized;
  if (client_error && (quota || is_one_of(said.code, kCapacity))) return ErrorKind::Quota;
  if (client_error && is_one_of(said.code, kMistaken)) return ErrorKind::Invalid;
  if (client_error && is_one_of(said.code, kBarred)) return ErrorKind::Forbidden;
  switch (status) {
    case 403:
      return ErrorKind::Forbidden;
    case 404:
    case 410:
      return ErrorKind::NotFound;
    case 409:
    case 412:
      return ErrorKind::Conflict;
    case 408:
      return ErrorKind::Transient;
    default:
      return client_error ? ErrorKind::Invalid : ErrorKind::Transient;
  }
}

std::string reason_of(int status, Said const& said) {
  if (!said.code.empty()) return said.code;
  switch (status) {
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "NotFound";
    case 409:
      return "Conflict";
    case 412:
      return "PreconditionFailed";
    case 429:
      return "TooManyRequests";
    default:
      return "Http" + std::to_string(status);
  }
}

}  // namespace

Error arm_error(HttpResponse const& response, WallTime now, Scrubber const& scrubber) {
  Said const said = read_body(response.body, scrubber);
  Error error{.kind = kind_of(response.status, said),
              .reason = reason_of(response.status, said),
              .message = said.message,
              .request_id = request_id_of(response),
              .status = response.status};
  if (error.kind == ErrorKind::Throttled)  // Azure's words count the seconds: another text each time
    error.message = "Azure asks for fewer requests";
  if (error.message.empty())
    error.message = "Azure answered with status " + std::to_string(response.status) + " and no reason";
  if (!said.inner.empty() && said.inner != error.reason) error.message += " (" + said.inner + ")";
  if (std::optional<std::string> const header = response.header("Retry-After"))
    if (Result<Duration> const wait = parse_retry_after(*header, now)) error.retry_after = *wait;
  return error;
}

std::string reason_word(std::string_view code) {
  std::string word;
  for (char const c : code.substr(0, kLongestReason))
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_') word += c;
  return word;
}

bool parent_is_missing(Error const& error) {
  if (error.kind != ErrorKind::NotFound) return false;
  for (std::string_view const reason :
       {"ParentResourceNotFound", "ResourceGroupNotFound", "SubscriptionNotFound"})
    if (same_text(error.reason, reason)) return true;
  if (!same_text(error.reason, "ResourceNotFound")) return false;
  // Resource Manager itself says ResourceNotFound of a workspace and of what is below one. It quotes
  // Namespace/type/name, with more parts for a child; words that cannot be read so count as the parent's.
  std::size_t const from = error.message.find('\'');
  std::size_t const to = from == std::string::npos ? from : error.message.find('\'', from + 1);
  if (to == std::string::npos) return true;
  return std::count(error.message.begin() + static_cast<std::ptrdiff_t>(from),
                    error.message.begin() + static_cast<std::ptrdiff_t>(to), '/') <= 2;
}

bool same_text(std::string_view a, std::string_view b) {
  auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace trainyard::azure
