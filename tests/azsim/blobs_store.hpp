// What the simulator's storage accounts hold.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/json.hpp"
#include "tests/azsim/blobs_sas.hpp"

namespace trainyard::azsim {

using BlobMetadata = std::map<std::string, std::string>;  // names in lower case, without x-ms-meta-

struct StoredBlob {
  std::string content, content_type = "application/octet-stream", content_md5;  // base64, "" if not known
  std::string etag;                                                             // without quotes
  BlobMetadata metadata;
  WallTime created{}, modified{};
  struct Block {
    std::string id;
    std::size_t size;
  };
  std::vector<Block> blocks;  // committed ones, of a blob made of blocks
};

class BlobStore {
 public:
  using Container = std::map<std::string, StoredBlob>;  // by path, bytewise

  void make_container(BlobPlace const& place) { containers_[key(place)]; }
  /// Null if absent.
  [[nodiscard]] Container const* container(BlobPlace const& place) const;
  [[nodiscard]] StoredBlob const* find(BlobPlace const& place) const;
  /// Replaces the blob, with a new ETag and the given time; drops its uncommitted blocks.
  StoredBlob const& put(BlobPlace const& place, StoredBlob blob, WallTime now);
  StoredBlob const& set_metadata(BlobPlace const& place, BlobMetadata metadata, WallTime now);
  void erase(BlobPlace const& place);

  void stage(BlobPlace const& place, std::string const& block, std::string content);
  /// Uncommitted blocks by id.
  [[nodiscard]] std::map<std::string, std::string> const& staged(BlobPlace const& place) const;

  [[nodiscard]] Json snapshot() const;  // without uncommitted blocks
  Result<Done> restore(Json const& state);

 private:
  static std::string key(BlobPlace const& place) { return place.account + "/" + place.container; }
  static std::string blob_key(BlobPlace const& place) { return key(place) + "/" + place.path; }
  std::string next_etag();

  std::map<std::string, Container> containers_;
  std::map<std::string, std::map<std::string, std::string>> staged_;
  std::int64_t writes_ = 0;
};

}  // namespace trainyard::azsim
