// Assets as the data plane names them, and where they lie.
#pragma once

#include <string>
#include <string_view>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

/// azureml://locations/../data/NAME/versions/VERSION; without a version: the container.
std::string asset_id(Workspace const& workspace, std::string_view kind, std::string_view name,
                     std::string_view version);

/// "uri_folder" is "UriFolder" there.
std::string data_plane_type(std::string_view type);

}  // namespace trainyard::azsim
