// Shared access signatures of the simulator's storage accounts.
// Source: Blob service REST, "Create a service SAS", version 2020-12-06 and later.
#pragma once

#include <string>
#include <string_view>

#include "controller/base/clock.hpp"
#include "controller/base/http.hpp"

namespace trainyard::azsim {

/// What a blob request is about. `path` is "" for the container itself.
struct BlobPlace {
  std::string account, container, path;
};

/// The query of an address that gives `permissions` (letters of sp) from 15 minutes ago for eight hours.
std::string sign_sas(BlobPlace const& place, std::string_view permissions, WallTime now);

/// Why a request is refused; status 0: it is not.
struct StorageVerdict {
  int status = 0;
  std::string code = {}, message = {};
};
/// A signature that is not right, or not any more.
StorageVerdict authentication_failed();
/// `any_of`: the permissions of which one is needed.
StorageVerdict check_sas(Url const& url, BlobPlace const& place, std::string_view any_of, WallTime now);

}  // namespace trainyard::azsim
