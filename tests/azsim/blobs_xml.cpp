#include "tests/azsim/blobs_xml.hpp"

#include "controller/base/time_text.hpp"

namespace trainyard::azsim {
namespace {

std::string const kHead = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

std::string element(std::string_view name, std::string_view text) {
  std::string const tag(name);
  return text.empty() ? "<" + tag + " />" : "<" + tag + ">" + xml_escape(text) + "</" + tag + ">";
}

std::string blob_xml(std::string const& path, StoredBlob const& blob, bool with_metadata) {
  std::string text = "<Blob>" + element("Name", path) + "<Properties>" +
                     element("Creation-Time", to_http_date(blob.created)) +
                     element("Last-Modified", to_http_date(blob.modified)) + element("Etag", blob.etag) +
                     element("Content-Length", std::to_string(blob.content.size())) +
                     element("Content-Type", blob.content_type) + element("Content-MD5", blob.content_md5) +
                     "<BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier>"
                     "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState></Properties>";
  if (with_metadata) {
    text += "<Metadata>";
    for (auto const& [name, value] : blob.metadata) text += element(name, value);
    text += "</Metadata>";
  }
  return text + "</Blob>";
}

std::string blocks_xml(std::string_view name, std::vector<StoredBlob::Block> const& blocks) {
  std::string text = "<" + std::string(name) + ">";
  for (StoredBlob::Block const& block : blocks)
    text += "<Block>" + element("Name", block.id) + element("Size", std::to_string(block.size)) + "</Block>";
  return text + "</" + std::string(name) + ">";
}

}  // namespace

std::string xml_escape(std::string_view text) {
  std::string escaped;
  for (char const c : text) switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  return escaped;
}

std::string blob_error_xml(std::string_view code, std::string_view message) {
  return kHead + "<Error>" + element("Code", code) + element("Message", message) + "</Error>";
}

std::string blob_list_xml(BlobListing const& listing, BlobStore::Container const& blobs) {
  std::string items, next, last_folder;
  std::size_t count = 0;
  std::string const& begin = std::max(listing.prefix, listing.marker);
  for (auto blob = blobs.lower_bound(begin); blob != blobs.end(); ++blob) {
    auto const& [path, stored] = *blob;
    if (!path.starts_with(listing.prefix)) break;
    std::size_t const slash =
        listing.delimiter.empty() ? std::string::npos : path.find(listing.delimiter, listing.prefix.size());
    std::string const folder =
        slash == std::string::npos ? "" : path.substr(0, slash + listing.delimiter.size());
    if (!folder.empty() && folder == last_folder) continue;
    if (count++ == listing.max_results) {
      next = path;
      break;
    }
    last_folder = folder;
    items += folder.empty() ? blob_xml(path, stored, listing.with_metadata)
                            : "<BlobPrefix>" + element("Name", folder) + "</BlobPrefix>";
  }
  return kHead + "<EnumerationResults ServiceEndpoint=\"" + xml_escape(listing.service_endpoint) +
         "\" ContainerName=\"" + xml_escape(listing.container) + "\">" + element("Prefix", listing.prefix) +
         element("Marker", listing.marker) + element("MaxResults", std::to_string(listing.max_results)) +
         element("Delimiter", listing.delimiter) + "<Blobs>" + items + "</Blobs>" +
         element("NextMarker", next) + "</EnumerationResults>";
}

std::string block_list_xml(std::vector<StoredBlob::Block> const& committed,
                           std::vector<StoredBlob::Block> const& uncommitted) {
  return kHead + "<BlockList>" + blocks_xml("CommittedBlocks", committed) +
         blocks_xml("UncommittedBlocks", uncommitted) + "</BlockList>";
}

std::vector<NamedBlock> parse_block_list(std::string_view xml) {
  // Ids are base64 and the three elements have no attributes: nothing to unescape.
  std::vector<NamedBlock> blocks;
  for (std::size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
    std::size_t const close = xml.find('>', at);
    if (close == std::string_view::npos) break;
    std::string_view const name = xml.substr(at + 1, close - at - 1);
    if (name != "Latest" && name != "Committed" && name != "Uncommitted") continue;
    std::size_t const end = xml.find('<', close);
    if (end == std::string_view::npos) break;
    blocks.push_back({std::string(name), std::string(xml.substr(close + 1, end - close - 1))});
  }
  return blocks;
}

}  // namespace trainyard::azsim
