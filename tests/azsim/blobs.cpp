// Blobs, by SAS, account key or token. Source: Blob service REST, 2021-08-06.
#include <charconv>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/addresses.hpp"
#include "tests/azsim/arm.hpp"
#include "tests/azsim/blobs_key.hpp"
#include "tests/azsim/blobs_sas.hpp"
#include "tests/azsim/blobs_store.hpp"
#include "tests/azsim/blobs_xml.hpp"

namespace trainyard::azsim {
namespace {

struct Range {
  std::size_t first = 0, last = 0;
};

/// "bytes=a-b" or "bytes=a-", cut to the blob; nothing if it does not begin inside.
std::optional<Range> parse_range(std::string_view text, std::size_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  Range range{0, size - 1};
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), range.first);
  if (failed != std::errc{} || size == 0 || range.first >= size) return std::nullopt;
  std::size_t last = size - 1;
  if (end + 1 < text.data() + text.size()) std::from_chars(end + 1, text.data() + text.size(), last);
  range.last = std::min(last, size - 1);
  if (range.last < range.first) return std::nullopt;
  return range;
}

BlobMetadata metadata_of(HttpRequest const& request) {
  constexpr std::string_view kPrefix = "x-ms-meta-";
  BlobMetadata metadata;
  for (auto const& [name, value] : request.headers)
    if (std::string const known = lower(name); known.starts_with(kPrefix))
      metadata[known.substr(kPrefix.size())] = value;
  return metadata;
}

class BlobService final : public Blobs {
 public:
  explicit BlobService(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    std::string const container = "/blob/{account}/{container}", blob = container + "/{path...}";
    auto const add = [&](std::string name, std::string method, std::string const& pattern,
                         HttpResponse (BlobService::*serve)(Call const&, BlobPlace const&)) {
      operations.push_back({.name = std::move(name),
                            .method = std::move(method),
                            .pattern = pattern,
                            .door = Operation::Door::Blob,
                            .handler = [this, serve](Call const& call) { return answer(call, serve); }});
    };
    add("blobs.list", "GET", container, &BlobService::list_blobs);
    add("blobs.get", "GET", blob, &BlobService::get_blob);
    add("blobs.head", "HEAD", blob, &BlobService::get_blob);
    add("blobs.put", "PUT", blob, &BlobService::put_something);
    add("blobs.delete", "DELETE", blob, &BlobService::delete_blob);
  }

  void make_container(std::string const& account, std::string const& container) override {
    store_.make_container({account, container, ""});
  }
  void put(std::string const& account, std::string const& container, std::string const& path,
           std::string content) override {
    store_.put({account, container, path}, {.content = std::move(content)}, shared_.now());
  }
  [[nodiscard]] std::optional<std::string> get(std::string const& account, std::string const& container,
                                               std::string const& path) const override {
    StoredBlob const* const blob = store_.find({account, container, path});
    if (blob == nullptr) return std::nullopt;
    return blob->content;
  }
  [[nodiscard]] std::vector<std::string> list(std::string const& account, std::string const& container,
                                              std::string const& prefix) const override {
    std::vector<std::string> paths;
    if (BlobStore::Container const* const blobs = store_.container({account, container, ""}))
      for (auto blob = blobs->lower_bound(prefix); blob != blobs->end() && blob->first.starts_with(prefix);
           ++blob)
        paths.push_back(blob->first);
    return paths;
  }
  [[nodiscard]] std::string url(std::string const& account, std::string const& container,
                                std::string const& path) const override {
    std::string text = blob_url(shared_.options, account) + "/" + container;
    if (path.empty()) return text;
    text += '/';
    for (char const c : path) text += c == '/' ? "/" : percent_encode(std::string_view(&c, 1));
    return text;
  }
  [[nodiscard]] std::string signed_url(std::string const& account, std::string const& container,
                                       std::string const& path, std::string_view permissions) override {
    store_.make_container({account, container, ""});
    return url(account, container, path) + "?" +
           sign_sas({account, container, path}, permissions, shared_.now());
  }

  [[nodiscard]] Json snapshot() const override { return store_.snapshot(); }
  Result<Done> restore(Json const& state) override { return store_.restore(state); }

 private:
  HttpResponse answer(Call const& call, HttpResponse (BlobService::*serve)(Call const&, BlobPlace const&)) {
    BlobPlace place{call.name("account"), call.name("container"), ""};
    if (auto const path = call.names.find("path"); path != call.names.end())
      place.path = percent_decode(path->second);
    HttpResponse reply = (this->*serve)(call, place);
    reply.headers.emplace_back("x-ms-request-id", shared_.guid());
    reply.headers.emplace_back("x-ms-version",
                               find_header(call.request.headers, "x-ms-version").value_or("2021-08-06"));
    reply.headers.emplace_back("Date", to_http_date(call.now));
    return reply;
  }

  HttpResponse refuse(Call const& call, int status, std::string const& code, std::string const& message) {
    HttpResponse reply{.status = status, .headers = {{"x-ms-error-code", code}}};
    if (call.request.method == "HEAD") return reply;
    reply.headers.emplace_back("Content-Type", "application/xml");
    reply.body = blob_error_xml(
        code, message + "\nRequestId:" + shared_.guid() + "\nTime:" + seven_digits_z(call.now));
    return reply;
  }
  /// Nothing if the request may do it.
  std::optional<HttpResponse> refuse_access(Call const& call, BlobPlace const& place,
                                            std::string_view any_of) {
    StorageVerdict const verdict = check_access(call, place, any_of);
    if (verdict.status == 0) {
      if (store_.container(place) != nullptr) return std::nullopt;
      return refuse(call, 404, "ContainerNotFound", "The specified container does not exist.");
    }
    return refuse(call, verdict.status, verdict.code, verdict.message);
  }
  StorageVerdict check_access(Call const& call, BlobPlace const& place, std::string_view any_of) {
    constexpr std::string_view kBearer = "Bearer ";
    std::string const given = find_header(call.request.headers, "Authorization").value_or("");
    if (has_shared_key(call.request))
      return check_shared_key(call.request, call.url, place.account, call.now);
    if (!given.starts_with(kBearer)) return check_sas(call.url, place, any_of, call.now);
    bool const good = check_token(shared_, given.substr(kBearer.size())) == TokenState::Good;
    return good ? StorageVerdict{} : authentication_failed();
  }
  HttpResponse not_found(Call const& call) {
    return refuse(call, 404, "BlobNotFound", "The specified blob does not exist.");
  }
  /// Nothing if the conditions of the request hold for what is there (null: nothing is).
  std::optional<HttpResponse> refuse_conditions(Call const& call, StoredBlob const* blob, bool write) {
    std::string const quoted = blob == nullptr ? "" : "\"" + blob->etag + "\"";
    if (auto const match = find_header(call.request.headers, "If-Match");
        match && (blob == nullptr || (*match != "*" && *match != quoted)))
      return refuse(call, 412, "ConditionNotMet",
                    "The condition specified using HTTP conditional header(s) is not met.");
    auto const none = find_header(call.request.headers, "If-None-Match");
    if (!none || blob == nullptr || (*none != "*" && *none != quoted)) return std::nullopt;
    if (write) return refuse(call, 409, "BlobAlreadyExists", "The specified blob already exists.");
    return HttpResponse{.status = 304};
  }

  static HttpResponse written(int status, StoredBlob const& blob) {
    return {.status = status,
            .headers = {{"ETag", "\"" + blob.etag + "\""},
                        {"Last-Modified", to_http_date(blob.modified)},
                        {"x-ms-request-server-encrypted", "true"}}};
  }

  HttpResponse list_blobs(Call const& call, BlobPlace const& place) {
    if (call.url.parameter("restype") != "container" || call.url.parameter("comp") != "list")
      return refuse(call, 400, "InvalidQueryParameterValue",
                    "Value for one of the query parameters specified in the request URI is invalid.");
    if (auto refused = refuse_access(call, place, "l")) return *refused;
    BlobListing listing{
        .service_endpoint = blob_url(shared_.options, place.account) + "/",
        .container = place.container,
        .prefix = call.url.parameter("prefix").value_or(""),
        .marker = call.url.parameter("marker").value_or(""),
        .delimiter = call.url.parameter("delimiter").value_or(""),
        .with_metadata = call.url.parameter("include").value_or("").find("metadata") != std::string::npos};
    if (std::string const most = call.url.parameter("maxresults").value_or(""); !most.empty())
      std::from_chars(most.data(), most.data() + most.size(), listing.max_results);
    return {.status = 200,
            .headers = {{"Content-Type", "application/xml"}},
            .body = blob_list_xml(listing, *store_.container(place))};
  }

  HttpResponse get_blob(Call const& call, BlobPlace const& place) {
    if (auto refused = refuse_access(call, place, "r")) return *refused;
    StoredBlob const* const blob = store_.find(place);
    if (call.url.parameter("comp") == "blocklist") return get_block_list(call, place, blob);
    if (blob == nullptr) return not_found(call);
    if (auto refused = refuse_conditions(call, blob, false)) return *refused;
    HttpResponse reply = written(200, *blob);
    reply.headers.insert(reply.headers.end(), {{"Content-Type", blob->content_type},
                                               {"Accept-Ranges", "bytes"},
                                               {"x-ms-blob-type", "BlockBlob"},
                                               {"x-ms-creation-time", to_http_date(blob->created)},
                                               {"x-ms-lease-state", "available"},
                                               {"x-ms-lease-status", "unlocked"},
                                               {"x-ms-server-encrypted", "true"}});
    for (auto const& [name, value] : blob->metadata) reply.headers.emplace_back("x-ms-meta-" + name, value);
    auto wanted = find_header(call.request.headers, "x-ms-range");
    if (!wanted) wanted = find_header(call.request.headers, "Range");
    if (wanted && call.request.method == "GET") {
      std::optional<Range> const range = parse_range(*wanted, blob->content.size());
      if (!range) {
        HttpResponse refused = refuse(call, 416, "InvalidRange",
                                      "The range specified is invalid for the current size of the resource.");
        refused.headers.emplace_back("Content-Range", "bytes */" + std::to_string(blob->content.size()));
        return refused;
      }
      reply.status = 206;
      reply.headers.emplace_back("Content-Range", "bytes " + std::to_string(range->first) + "-" +
                                                      std::to_string(range->last) + "/" +
                                                      std::to_string(blob->content.size()));
      if (!blob->content_md5.empty()) reply.headers.emplace_back("x-ms-blob-content-md5", blob->content_md5);
      reply.body = blob->content.substr(range->first, range->last - range->first + 1);
      return reply;
    }
    if (!blob->content_md5.empty()) reply.headers.emplace_back("Content-MD5", blob->content_md5);
    if (call.request.method == "HEAD")
      reply.headers.emplace_back("Content-Length", std::to_string(blob->content.size()));
    else
      reply.body = blob->content;
    return reply;
  }

  HttpResponse get_block_list(Call const& call, BlobPlace const& place, StoredBlob const* blob) {
    std::string const type = call.url.parameter("blocklisttype").value_or("committed");
    std::vector<StoredBlob::Block> uncommitted;
    for (auto const& [id, content] : store_.staged(place)) uncommitted.push_back({id, content.size()});
    if (blob == nullptr && uncommitted.empty()) return not_found(call);
    if (type == "committed") uncommitted.clear();
    bool const committed = blob != nullptr && type != "uncommitted";
    return {.status = 200,
            .headers = {{"Content-Type", "application/xml"}},
            .body = block_list_xml(committed ? blob->blocks : std::vector<StoredBlob::Block>{}, uncommitted)};
  }

  HttpResponse put_something(Call const& call, BlobPlace const& place) {
    StoredBlob const* const there = store_.find(place);
    if (auto refused = refuse_access(call, place, there == nullptr ? "cw" : "w")) return *refused;
    std::string const comp = call.url.parameter("comp").value_or("");
    if (comp == "block") {
      store_.stage(place, call.url.parameter("blockid").value_or(""), call.request.body);
      return {.status = 201, .headers = {{"Content-MD5", base64(md5(call.request.body))}}};
    }
    if (comp == "metadata") {
      if (there == nullptr) return not_found(call);
      return written(200, store_.set_metadata(place, metadata_of(call.request), call.now));
    }
    if (auto refused = refuse_conditions(call, there, true)) return *refused;
    if (comp == "blocklist") return put_block_list(call, place, there);
    if (!comp.empty())
      return refuse(call, 400, "InvalidQueryParameterValue",
                    "Value for one of the query parameters specified in the request URI is invalid.");
    return put_blob(call, place);
  }

  HttpResponse put_blob(Call const& call, BlobPlace const& place) {
    if (!find_header(call.request.headers, "x-ms-blob-type"))
      return refuse(call, 400, "MissingRequiredHeader",
                    "An HTTP header that's mandatory for this request is not specified.");
    std::string const digest = base64(md5(call.request.body));
    if (auto const told = find_header(call.request.headers, "Content-MD5"); told && *told != digest)
      return refuse(call, 400, "Md5Mismatch",
                    "The MD5 value specified in the request did not match with the MD5 value calculated by "
                    "the server.");
    StoredBlob blob = described(call.request, call.request.body, digest);
    if (auto const type = find_header(call.request.headers, "Content-Type");
        type && !find_header(call.request.headers, "x-ms-blob-content-type"))
      blob.content_type = *type;
    HttpResponse reply = written(201, store_.put(place, std::move(blob), call.now));
    reply.headers.emplace_back("Content-MD5", digest);
    return reply;
  }

  HttpResponse put_block_list(Call const& call, BlobPlace const& place, StoredBlob const* there) {
    std::map<std::string, std::string> const& staged = store_.staged(place);
    std::map<std::string, std::string> committed;
    std::size_t offset = 0;
    for (StoredBlob::Block const& block :
         there == nullptr ? std::vector<StoredBlob::Block>{} : there->blocks) {
      committed[block.id] = there->content.substr(offset, block.size);
      offset += block.size;
    }
    StoredBlob blob =
        described(call.request, "", find_header(call.request.headers, "x-ms-blob-content-md5").value_or(""));
    for (NamedBlock const& block : parse_block_list(call.request.body)) {
      auto const fresh = staged.find(block.id);
      auto const old = committed.find(block.id);
      bool const use_fresh = block.element != "Committed" && fresh != staged.end();
      bool const use_old = block.element != "Uncommitted" && old != committed.end();
      if (!use_fresh && !use_old)
        return refuse(call, 400, "InvalidBlockList", "The specified block list is invalid.");
      std::string const& content = use_fresh ? fresh->second : old->second;
      blob.blocks.push_back({block.id, content.size()});
      blob.content += content;
    }
    HttpResponse reply = written(201, store_.put(place, std::move(blob), call.now));
    reply.headers.emplace_back("Content-MD5", base64(md5(call.request.body)));
    return reply;
  }

  static StoredBlob described(HttpRequest const& request, std::string content, std::string digest) {
    StoredBlob blob{
        .content = std::move(content), .content_md5 = std::move(digest), .metadata = metadata_of(request)};
    if (auto const type = find_header(request.headers, "x-ms-blob-content-type")) blob.content_type = *type;
    return blob;
  }

  HttpResponse delete_blob(Call const& call, BlobPlace const& place) {
    if (auto refused = refuse_access(call, place, "d")) return *refused;
    if (store_.find(place) == nullptr) return not_found(call);
    store_.erase(place);
    return {.status = 202, .headers = {{"x-ms-delete-type-permanent", "true"}}};
  }

  Shared& shared_;
  BlobStore store_;
};

}  // namespace

std::unique_ptr<Blobs> make_blobs(Shared& shared) { return std::make_unique<BlobService>(shared); }

}  // namespace trainyard::azsim
