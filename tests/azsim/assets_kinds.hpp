// The four kinds of asset versions: what each adds to what was sent, and how it is shown.
// Source: recordings code_asset, environment, dataset, model; sheet 3, sections 2, 3, 5, 6.
#pragma once

#include <string>
#include <string_view>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

struct AssetKind {
  std::string_view name;       // the path segment, and the last part of the resource type
  std::string_view uri_field;  // cannot be changed once put; "" if there is none
  bool always_created;         // a repeated PUT is answered 201 too
  bool top_is_all;             // $top limits the whole list, not a page of it
  bool null_tags;              // a container's tags and properties are null, not {}
  /// The properties as they are kept, of what was sent.
  Json (*kept)(Workspace const& workspace, Json const& sent);
  /// What that api-version adds, and what the place (a list, not a GET) changes.
  void (*show)(Workspace const& workspace, std::string_view api_version, bool in_list, Json& properties);
};

/// uri_file, uri_folder or mltable; older clients write UriFile.
std::string data_type(Json const& sent);

/// Null if there is no such kind.
AssetKind const* find_asset_kind(std::string_view name);
std::vector<AssetKind const*> asset_kinds();

}  // namespace trainyard::azsim
