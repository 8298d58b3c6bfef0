#include "reconcilers/azure/blob.hpp"

#include <algorithm>
#include <charconv>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "reconcilers/azure/api_versions.hpp"
#include "reconcilers/azure/deadline.hpp"
#include "reconcilers/azure/telemetry.hpp"

namespace trainyard::azure {

namespace {

constexpr Duration kUploadDeadline = std::chrono::minutes(5), kReadDeadline = std::chrono::seconds(60);

Result<HttpResponse> send(ArmClient const& arm, HttpRequest request, Duration limit, Context const& context) {
  Result<Url> const allowed = arm.storage_url(request.url);
  if (!allowed) return allowed.error();
  AzureParts const& parts = arm.parts();
  request.headers.emplace_back("x-ms-version", kBlobVersion);
  request.headers.emplace_back("x-ms-client-request-id", uuid4(parts.random));
  SteadyTime const began = parts.clock.steady();
  Result<HttpResponse> response = parts.transport.send(request, within(context, limit, parts.clock));
  tell_exchange(parts, "blob", request, response, began);
  return response;
}

std::string encoded(std::string const& path) {
  std::string text;
  for (std::size_t from = 0; from <= path.size();) {
    std::size_t const to = std::min(path.find('/', from), path.size());
    text += (from == 0 ? "" : "/") + percent_encode(std::string_view(path).substr(from, to - from));
    from = to + 1;
  }
  return text;
}

/// The blob's whole length by Content-Range: "bytes 0-1023/4096".
std::optional<std::size_t> total_of(HttpResponse const& response) {
  std::string const range = response.header("Content-Range").value_or("");
  std::size_t const slash = range.rfind('/');
  std::size_t total = 0;
  if (slash == std::string::npos) return std::nullopt;
  if (std::from_chars(range.data() + slash + 1, range.data() + range.size(), total).ec != std::errc{})
    return std::nullopt;
  return total;
}

}  // namespace

Error blob_error(HttpResponse const& response, AzureParts const& parts) {
  std::string const code = reason_word(response.header("x-ms-error-code").value_or(""));
  Error error = arm_error({.status = response.status, .headers = response.headers, .body = ""},
                          parts.clock.wall(), parts.scrubber);
  if (!code.empty()) error.reason = code;
  error.message = "storage answered with status " + std::to_string(response.status) +
                  (code.empty() ? "" : " (" + code + ")");
  if (response.status == 403) {
    // The address was made for us a moment ago: it has expired, or a firewall is in the way.
    error.message += "; check the storage account's network rules and this machine's clock";
  }
  return error;
}

std::string BlobContainer::url(std::string const& path, std::string_view query) const {
  std::size_t const mark = std::min(sas_url_.find('?'), sas_url_.size());
  std::string text = sas_url_.substr(0, mark);
  while (text.ends_with('/')) text.pop_back();
  text += "/" + encoded(path);
  std::string const sas = mark < sas_url_.size() ? sas_url_.substr(mark + 1) : "";
  if (!query.empty() || !sas.empty())
    text += "?" + std::string(query) + (query.empty() || sas.empty() ? "" : "&") + sas;
  return text;
}

Result<Done> BlobContainer::put(std::string const& path, std::string const& content,
                                Context const& context) const {
  Result<HttpResponse> const response = send(arm_,
                                             {.method = "PUT",
                                              .url = url(path, ""),
                                              .headers = {{"x-ms-blob-type", "BlockBlob"},
                                                          {"Content-Type", "application/octet-stream"},
                                                          {"Content-MD5", base64(md5(content))},
                                                          {"If-None-Match", "*"}},
                                              .body = content},
                                             kUploadDeadline, context);
  if (!response) return response.error();
  // The container is ours alone and new: who is there before us is an earlier request of ours.
  bool const there = response->status == 409 && response->header("x-ms-error-code") == "BlobAlreadyExists";
  if (!response->ok() && !there) return blob_error(*response, arm_.parts());
  return Done{};
}

Result<Done> BlobContainer::set_metadata(std::string const& path, HttpHeaders const& headers,
                                         Context const& context) const {
  Result<HttpResponse> const response = send(
      arm_, {.method = "PUT", .url = url(path, "comp=metadata"), .headers = headers}, kReadDeadline, context);
  if (!response) return response.error();
  if (!response->ok()) return blob_error(*response, arm_.parts());
  return Done{};
}

Result<BlobPart> read_blob_end(ArmClient const& arm, std::string const& sas_url, std::size_t from,
                               std::size_t bytes, Context const& context) {
  auto const get = [&](std::optional<std::size_t> first) {
    HttpRequest request{.method = "GET", .url = sas_url};
    if (first)
      request.headers.emplace_back(
          "Range", "bytes=" + std::to_string(*first) + "-" + std::to_string(*first + bytes - 1));
    return send(arm, std::move(request), kReadDeadline, context);
  };
  std::size_t first = from;
  Result<HttpResponse> response = get(first);
  std::optional<std::size_t> total = response ? total_of(*response) : std::nullopt;
  if (response && response->status == 416) {
    if (from > 0) return BlobPart{.from = from, .total = total.value_or(from)};
    response = get(std::nullopt);  // an empty blob has no range
  } else if (response && response->status == 206 && total && *total - from > bytes) {
    // Blob storage has no range counted from the end: the first one tells the length.
    first = *total - bytes;
    response = get(first);
  }
  if (!response) return response.error();
  if (!response->ok()) return blob_error(*response, arm.parts());
  if (response->status == 206)
    return BlobPart{.bytes = std::move(response->body), .from = first, .total = total.value_or(0)};
  // A server may ignore the range and send all of it.
  std::size_t const whole = response->body.size();
  first = std::max(std::min(from, whole), whole > bytes ? whole - bytes : 0);
  return BlobPart{.bytes = response->body.substr(first), .from = first, .total = whole};
}

}  // namespace trainyard::azure
