// YAML, and what we write of it.
#include "controller/base/yaml.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

void yaml(std::string_view input) {
  Result<std::vector<YamlDocument>> const documents = parse_yaml(input);
  if (!documents) {
    require(documents.error().reason == "InvalidYaml" && !documents.error().message.empty(),
            "an error of YAML has words");
    return;
  }
  for (YamlDocument const& document : *documents) {
    require(document.places.contains(""), "a document has a place");
    for (auto const& [path, place] : document.places)
      require(place.line >= 1 && place.column >= 1, "places count from 1", path);
    std::string const text = to_yaml(document.value);
    Result<std::vector<YamlDocument>> const again = parse_yaml(text);
    require(again.has_value(), "what is written can be read", text);
    require(again->size() == 1 && again->front().value == document.value, "and is the same", text);
  }
}

}  // namespace trainyard::fuzz
