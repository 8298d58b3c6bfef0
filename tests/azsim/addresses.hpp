// What absolute addresses in answers begin with: all services at Options::base_url, or each at the name that
// it has in Azure's public cloud.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/base/http.hpp"
#include "tests/azsim/azsim.hpp"

namespace trainyard::azsim {

inline constexpr std::string_view kPublicResourceManager = "https://management.azure.com";

std::string authority_url(Options const& options);
/// Of run history, metrics and MLflow.
std::string data_plane_url(Options const& options);
/// Of an account's containers, without a slash at the end.
std::string blob_url(Options const& options, std::string_view account);

/// The `core.windows.net` of {account}.blob.core.windows.net.
std::string storage_suffix(Options const& options);

/// The path that an operation's pattern is matched with: a blob's host, {account}.blob.{suffix}, is put
/// before its path as addresses in answers have it without public names.
std::string served_path(Url const& url);

/// For the certificate; some are wildcards.
std::vector<std::string> host_names(Options const& options);

}  // namespace trainyard::azsim
