// A spec against the rows of its kind: names, types, bounds, patterns.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/kinds.hpp"

namespace trainyard::manifests {

/// A value as an error shows it: one line, not long; "" for objects, lists and null.
std::string shown(Json const& value);

/// "; did you mean 'x'?" when one of the known words is close, else "".
std::string did_you_mean(std::string_view word, std::span<std::string_view const> known);
/// "a, b, c"
std::string listed(std::span<std::string_view const> words);

void check_fields(Kind const& kind, Json const& spec, std::vector<FieldError>& errors);

/// The row's pattern and length for one string that stands elsewhere than in the spec; "" if it fits.
std::string misfit(Field const& field, std::string const& text);

/// The row of that path, which must exist.
Field const& row(Kind const& kind, std::string_view path);

}  // namespace trainyard::manifests
