#include "tests/azsim/blobs_sas.hpp"

#include <array>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/blobs_key.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::string_view kVersion = "2021-08-06";
constexpr Duration kSkew = std::chrono::minutes(15), kLife = std::chrono::hours(8);

/// The fields in the order in which they are signed; the resource stands after the first three.
constexpr std::array kSigned{"sp", "st",       "se",  "",     "si",   "sip",  "spr",  "sv",
                             "sr", "snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct"};

std::string to_seconds(WallTime time) {
  return to_rfc3339(WallTime(std::chrono::floor<std::chrono::seconds>(time)));
}

std::string signature(Url const& url, BlobPlace const& place) {
  std::string resource = "/blob/" + place.account + "/" + place.container;
  if (url.parameter("sr") == "b") resource += "/" + place.path;
  std::string text;
  for (std::string_view const field : kSigned) {
    if (!text.empty() || field == "st") text += '\n';
    text += field.empty() ? resource : url.parameter(field).value_or("");
  }
  return base64(hmac_sha256(account_key(place.account), text));
}

}  // namespace

std::string sign_sas(BlobPlace const& place, std::string_view permissions, WallTime now) {
  std::string const fields = "sv=" + std::string(kVersion) + "&sr=" + (place.path.empty() ? "c" : "b") +
                             "&st=" + percent_encode(to_seconds(now - kSkew)) +
                             "&se=" + percent_encode(to_seconds(now + kLife)) +
                             "&sp=" + std::string(permissions);
  Url url;
  url.query = fields;
  return fields + "&sig=" + percent_encode(signature(url, place));
}

StorageVerdict authentication_failed() {
  return {403, "AuthenticationFailed",
          "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
          "correctly including the signature."};
}

StorageVerdict check_sas(Url const& url, BlobPlace const& place, std::string_view any_of, WallTime now) {
  std::optional<std::string> const given = url.parameter("sig");
  if (!given)
    return {
        401, "NoAuthenticationInformation",
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate "
        "header."};
  Result<WallTime> const from = parse_rfc3339(url.parameter("st").value_or(to_rfc3339(now)));
  Result<WallTime> const until = parse_rfc3339(url.parameter("se").value_or(""));
  if (*given != signature(url, place) || !from || !until || now < *from || now >= *until)
    return authentication_failed();
  std::string const permissions = url.parameter("sp").value_or("");
  if (permissions.find_first_of(any_of) == std::string::npos)
    return {403, "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission."};
  return {};
}

}  // namespace trainyard::azsim
