#include "manifests/json_fields.hpp"

#include "controller/base/time_text.hpp"

namespace trainyard::manifests {

void put_text(Json& object, std::string_view name, std::string const& text) {
  if (!text.empty()) object[name] = text;
}

void put_count(Json& object, std::string_view name, std::int64_t count) {
  if (count != 0) object[name] = count;
}

void put_texts(Json& object, std::string_view name, std::vector<std::string> const& texts) {
  if (!texts.empty()) object[name] = Json::Array(texts.begin(), texts.end());
}

std::vector<std::string> texts_of(Json const& array) {
  std::vector<std::string> texts;
  for (Json const& item : array.items()) texts.push_back(item.string_or(""));
  return texts;
}

std::int64_t count_of(Json const& object, std::string_view name) { return object.at(name).integer_or(0); }

std::optional<Duration> duration_of(Json const& object, std::string_view name) {
  Json const* const text = object.find(name);
  if (text == nullptr) return std::nullopt;
  Result<Duration> const duration = parse_duration(text->string_or(""));
  return duration ? std::optional(*duration) : std::nullopt;
}

}  // namespace trainyard::manifests
