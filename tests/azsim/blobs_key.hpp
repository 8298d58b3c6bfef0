// The keys of the simulator's storage accounts, and requests signed with one.
// Source: Azure Storage, "Authorize with Shared Key".
#pragma once

#include <string>
#include <string_view>

#include "tests/azsim/blobs_sas.hpp"

namespace trainyard::azsim {

/// 64 bytes; listSecrets and listKeys show them in base64. They need no secrecy here, only that nobody makes
/// a signature by accident.
std::string account_key(std::string_view account);

/// Whether its Authorization header begins with SharedKey.
bool has_shared_key(HttpRequest const& request);
/// `url` is the request's own, as its client signed it.
StorageVerdict check_shared_key(HttpRequest const& request, Url const& url, std::string_view account,
                                WallTime now);

}  // namespace trainyard::azsim
