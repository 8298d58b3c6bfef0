// YAML as JSON values with the place of each; yaml-cpp stays in yaml.cpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/json.hpp"
#include "controller/base/result.hpp"

namespace trainyard {

struct SourcePlace {
  int line = 0, column = 0;  // both from 1
};

struct YamlDocument {
  Json value;
  SourcePlace place;                          // of the document's first node
  std::map<std::string, SourcePlace> places;  // by path: "spec.script.arguments[1]"; "" is the document
};

/// Reads a stream of documents (empty ones are left out). YAML 1.2 core schema: only true/false are booleans,
/// 010 is the integer 10, quoted scalars are strings. Refused, with line and column: duplicate keys, keys
/// that are no strings, merge keys (<<), aliases (so no alias bombs), tags, more than 1 MiB, depth above 100,
/// .inf and .nan. JSON is YAML here.
Result<std::vector<YamlDocument>> parse_yaml(std::string_view text);

/// Block style, for `-o yaml`; strings are quoted where they would read as something else.
std::string to_yaml(Json const& value);

}  // namespace trainyard
