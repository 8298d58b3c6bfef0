// Bounds and rules of a model by name, so that a test and a command line say them alike: "user=3 loss=1
// doubt=0".
#pragma once

#include <array>
#include <charconv>
#include <span>
#include <sstream>
#include <string>

namespace trainyard::model {

template <class Options>
struct Option {
  char const* name;
  int Options::*value;
};

/// "" or what is wrong with the text.
template <class Options>
std::string read_options(std::string const& text, std::span<Option<Options> const> known, Options& into) {
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    std::size_t const equals = word.find('=');
    bool read = false;
    for (Option<Options> const& option : known) {
      if (equals == std::string::npos || word.substr(0, equals) != option.name) continue;
      char const* const end = word.data() + word.size();
      auto const [stop, error] = std::from_chars(word.data() + equals + 1, end, into.*option.value);
      read = error == std::errc{} && stop == end;
    }
    if (!read) return "'" + word + "' is no option of this model, or its value is no number";
  }
  return "";
}

}  // namespace trainyard::model
