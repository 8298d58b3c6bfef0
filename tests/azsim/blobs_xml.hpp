// The few XML texts of the Blob service.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/azsim/blobs_store.hpp"

namespace trainyard::azsim {

std::string xml_escape(std::string_view text);

std::string blob_error_xml(std::string_view code, std::string_view message);

struct BlobListing {
  std::string service_endpoint, container, prefix, marker, delimiter;
  std::size_t max_results = 5000;
  bool with_metadata = false;
};
/// One page of a container's blobs, in the order of their names.
std::string blob_list_xml(BlobListing const& listing, BlobStore::Container const& blobs);

std::string block_list_xml(std::vector<StoredBlob::Block> const& committed,
                           std::vector<StoredBlob::Block> const& uncommitted);

/// The ids of a Put Block List, in order, with the element each stood in (Latest, Committed, Uncommitted).
struct NamedBlock {
  std::string element, id;
};
std::vector<NamedBlock> parse_block_list(std::string_view xml);

}  // namespace trainyard::azsim
