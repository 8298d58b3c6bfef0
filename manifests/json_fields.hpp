// How the kinds read and write their JSON: what is empty is left out, what is missing reads as empty.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/base/json.hpp"

namespace trainyard::manifests {

/// The words of an enumeration, as on the wire.
template <class Enum, std::size_t N>
using Words = std::array<std::pair<std::string_view, Enum>, N>;

template <class Enum, std::size_t N>
std::optional<Enum> enum_of(Words<Enum, N> const& words, std::string_view text) {
  for (auto const& [word, value] : words)
    if (word == text) return value;
  return std::nullopt;
}

template <class Enum, std::size_t N>
std::string_view word_of(Words<Enum, N> const& words, Enum wanted) {
  auto const found =
      std::find_if(words.begin(), words.end(), [&](auto const& row) { return row.second == wanted; });
  check(found != words.end(), "an enumerator without its word");
  return found->first;
}

void put_text(Json& object, std::string_view name, std::string const& text);
void put_count(Json& object, std::string_view name, std::int64_t count);
void put_texts(Json& object, std::string_view name, std::vector<std::string> const& texts);
std::vector<std::string> texts_of(Json const& array);
std::int64_t count_of(Json const& object, std::string_view name);
/// As parse_duration; nothing for what is absent or no duration.
std::optional<Duration> duration_of(Json const& object, std::string_view name);

}  // namespace trainyard::manifests
