#include "controller/base/json.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

void json(std::string_view input) {
  Result<Json> const value = Json::parse(input);
  if (!value) {
    require(value.error().reason == "InvalidJson" && !value.error().message.empty(),
            "an error of JSON has words");
    return;
  }
  for (std::string const& text : {value->dump(), value->dump_pretty()}) {
    Result<Json> const again = Json::parse(text);
    require(again.has_value(), "what is written can be read", text);
    require(*again == *value, "and is the same", text);
    require(again->dump() == value->dump(), "and is written the same", text);
  }
  std::string const canonical = value->canonical();
  Result<Json> const again = Json::parse(canonical);
  require(again.has_value(), "the canonical form can be read", canonical);
  require(again->canonical() == canonical, "the canonical form is stable", canonical);
}

}  // namespace trainyard::fuzz
