// Blobs by SAS: no token, the SAS string unchanged, only on the cloud's own storage hosts. Source: Blob
// service REST, 2021-08-06.
#pragma once

#include <string>
#include <string_view>

#include "reconcilers/azure/arm.hpp"

namespace trainyard::azure {

/// A container's address with its SAS. Neither is ever printed.
class BlobContainer {
 public:
  BlobContainer(ArmClient const& arm, std::string sas_url) : arm_(arm), sas_url_(std::move(sas_url)) {}
  /// Put Blob, only if it is not there (then it is taken for the same). `path` is not encoded; '/' parts it.
  Result<Done> put(std::string const& path, std::string const& content, Context const& context) const;
  /// Replaces the blob's metadata: `headers` are x-ms-meta-*.
  Result<Done> set_metadata(std::string const& path, HttpHeaders const& headers,
                            Context const& context) const;

 private:
  [[nodiscard]] std::string url(std::string const& path, std::string_view query) const;

  ArmClient const& arm_;
  std::string sas_url_;
};

struct BlobPart {
  std::string bytes;
  std::size_t from = 0, total = 0;  // where it begins in the blob, and how long that is
};
/// What lies beyond the first `from` bytes of a blob, by its own SAS URL, and of that at most the last
/// `bytes`. NotFound is an Error; of a blob that is not longer nothing is told but its length.
Result<BlobPart> read_blob_end(ArmClient const& arm, std::string const& sas_url, std::size_t from,
                               std::size_t bytes, Context const& context);

/// A failed answer of Blob storage: its code stands in a header, since a HEAD has no body. Nothing of the
/// body is repeated.
Error blob_error(HttpResponse const& response, AzureParts const& parts);

}  // namespace trainyard::azure
