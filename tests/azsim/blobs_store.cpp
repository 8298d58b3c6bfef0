#include "tests/azsim/blobs_store.hpp"

#include <array>
#include <cstdio>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"

namespace trainyard::azsim {
namespace {

Json to_json(StoredBlob const& blob) {
  Json metadata = Json::object();
  for (auto const& [name, value] : blob.metadata) metadata[name] = value;
  return Json::object({{"content", base64(blob.content)},
                       {"contentType", blob.content_type},
                       {"contentMd5", blob.content_md5},
                       {"etag", blob.etag},
                       {"metadata", std::move(metadata)},
                       {"created", to_rfc3339(blob.created)},
                       {"modified", to_rfc3339(blob.modified)}});
}

Result<StoredBlob> from_json(Json const& state) {
  Result<std::string> content = base64_decode(state.text("content"));
  if (!content) return content.error();
  Result<WallTime> const created = parse_rfc3339(state.text("created"));
  if (!created) return created.error();
  Result<WallTime> const modified = parse_rfc3339(state.text("modified"));
  if (!modified) return modified.error();
  StoredBlob blob{.content = std::move(*content),
                  .content_type = state.text("contentType"),
                  .content_md5 = state.text("contentMd5"),
                  .etag = state.text("etag"),
                  .metadata = {},
                  .created = *created,
                  .modified = *modified,
                  .blocks = {}};
  for (auto const& [name, value] : state.at("metadata").members()) blob.metadata[name] = value.string_or("");
  return blob;
}

}  // namespace

BlobStore::Container const* BlobStore::container(BlobPlace const& place) const {
  auto const found = containers_.find(key(place));
  return found == containers_.end() ? nullptr : &found->second;
}

StoredBlob const* BlobStore::find(BlobPlace const& place) const {
  Container const* const blobs = container(place);
  if (blobs == nullptr) return nullptr;
  auto const found = blobs->find(place.path);
  return found == blobs->end() ? nullptr : &found->second;
}

std::string BlobStore::next_etag() {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x8DC%012llX", static_cast<unsigned long long>(++writes_));
  return text.data();
}

StoredBlob const& BlobStore::put(BlobPlace const& place, StoredBlob blob, WallTime now) {
  StoredBlob const* const old = find(place);
  blob.created = old != nullptr ? old->created : now;
  blob.modified = now;
  blob.etag = next_etag();
  staged_.erase(blob_key(place));
  return containers_[key(place)][place.path] = std::move(blob);
}

StoredBlob const& BlobStore::set_metadata(BlobPlace const& place, BlobMetadata metadata, WallTime now) {
  StoredBlob& blob = containers_[key(place)][place.path];
  blob.metadata = std::move(metadata);
  blob.modified = now;
  blob.etag = next_etag();
  return blob;
}

void BlobStore::erase(BlobPlace const& place) { containers_[key(place)].erase(place.path); }

void BlobStore::stage(BlobPlace const& place, std::string const& block, std::string content) {
  staged_[blob_key(place)][block] = std::move(content);
}

std::map<std::string, std::string> const& BlobStore::staged(BlobPlace const& place) const {
  static std::map<std::string, std::string> const kNone;
  auto const found = staged_.find(blob_key(place));
  return found == staged_.end() ? kNone : found->second;
}

Json BlobStore::snapshot() const {
  Json containers = Json::object();
  for (auto const& [name, blobs] : containers_) {
    Json& saved = containers[name] = Json::object();
    for (auto const& [path, blob] : blobs) saved[path] = to_json(blob);
  }
  return Json::object({{"writes", writes_}, {"containers", std::move(containers)}});
}

Result<Done> BlobStore::restore(Json const& state) {
  std::map<std::string, Container> containers;
  for (auto const& [name, saved] : state.at("containers").members()) {
    Container& blobs = containers[name];
    for (auto const& [path, item] : saved.members()) {
      Result<StoredBlob> blob = from_json(item);
      if (!blob) return blob.error().while_doing("restoring blob " + name + "/" + path);
      blobs[path] = std::move(*blob);
    }
  }
  containers_ = std::move(containers);
  staged_.clear();
  writes_ = state.at("writes").integer_or(0);
  return Done{};
}

}  // namespace trainyard::azsim
