#include "tests/azsim_facts/fact_table.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <utility>

#include "controller/base/time_text.hpp"
#include "controller/base/yaml.hpp"
#include "tests/folders.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::string_view kLike = "~like ", kCount = "~count ";

/// `*` stands for any text.
bool like(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*')
    return !text.empty() && pattern.front() == text.front() && like(pattern.substr(1), text.substr(1));
  for (std::size_t skipped = 0; skipped <= text.size(); ++skipped)
    if (like(pattern.substr(1), text.substr(skipped))) return true;
  return false;
}

bool is_guid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), [](char given, char form) {
    return form == '-' ? given == '-' : std::isxdigit(static_cast<unsigned char>(given)) != 0;
  });
}

/// What a fact may say instead of a value.
bool matches(Json const& wanted, Json const* found) {
  std::string const word = wanted.string_or("");
  if (word == "~absent") return found == nullptr;
  if (found == nullptr) return false;
  if (word == "~there") return true;
  if (word == "~date") return parse_rfc3339(found->string_or("")).has_value();
  if (word == "~guid") return is_guid(found->string_or(""));
  if (word.starts_with(kCount)) return std::to_string(found->items().size()) == word.substr(kCount.size());
  if (word.starts_with(kLike)) return like(word.substr(kLike.size()), found->string_or(""));
  if (word.starts_with('~')) return found->type_name() == word.substr(1);
  return wanted == *found;
}

/// The member at a path of names and indexes between '/'; null if there is none.
Json const* member(Json const& whole, std::string_view path) {
  Json const* found = &whole;
  while (found != nullptr && !path.empty()) {
    std::string_view const name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    std::size_t index = 0;
    if (found->is_array()) {
      auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
      bool const there = error == std::errc() && index < found->items().size();
      found = there ? &found->items()[index] : nullptr;
    } else {
      found = found->find(name);
    }
  }
  return found;
}

std::string content_of(std::filesystem::path const& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

FactTable read_table(std::filesystem::path const& file) {
  Result<std::vector<YamlDocument>> const documents = parse_yaml(content_of(file));
  if (!documents) throw std::runtime_error(file.string() + ": " + documents.error().message);
  Json const& table = documents->at(0).value;
  FactTable read{.name = file.stem().string(),
                 .source = table.text("source"),
                 .api_versions = {},
                 .facts = table.at("facts")};
  for (Json const& version : table.at("api-versions").items())
    read.api_versions.push_back(version.string_or(""));
  return read;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, FactTable const& table) { return out << table.name; }

std::vector<FactTable> fact_tables() {
  std::vector<FactTable> tables;
  for (auto const& entry : std::filesystem::directory_iterator(source_folder() + "/tests/azsim_facts/tables"))
    if (entry.path().extension() == ".yaml") tables.push_back(read_table(entry.path()));
  std::sort(tables.begin(), tables.end(),
            [](FactTable const& a, FactTable const& b) { return a.name < b.name; });
  return tables;
}

Story::Story(std::string api_version) : api_version_(std::move(api_version)) {
  asker_.sim.on_request([this](Logged const& request) { asked_ = request.operation; });
  kept_ = {{"$base", asker_.options.base_url},
           {"$sub", asker_.subscription()},
           {"$rg", asker_.subscription() + "/resourceGroups/g"},
           {"$ws", asker_.workspace()},
           {"$tenant", asker_.options.tenant},
           {"$client", asker_.options.client},
           {"$secret", asker_.options.secret},
           {"$token", asker_.token}};
}

std::string Story::filled(std::string text) const {
  for (auto const& [name, value] : kept_)
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size()))
      text.replace(at, name.size(), value);
  return text;
}

Json Story::filled(Json const& value) const {
  if (value.is_string()) return filled(value.string_or(""));
  if (value.is_array()) {
    Json items = Json::array();
    for (Json const& item : value.items()) items.push_back(filled(item));
    return items;
  }
  if (!value.is_object()) return value;
  Json members = Json::object();
  for (auto const& [name, item] : value.members()) members[filled(name)] = filled(item);
  return members;
}

HttpResponse Story::answer(Json const& fact) {
  std::string const request = filled(fact.text("request"));
  std::size_t const space = request.find(' ');
  std::string url = request.substr(space + 1);
  if (url.starts_with('/')) url = asker_.options.base_url + url;
  if (url.find("api-version=") == std::string::npos && url.find("sig=") == std::string::npos)
    url += std::string(url.find('?') == std::string::npos ? "?" : "&") + "api-version=" + api_version_;
  HttpHeaders headers;
  if (fact.find("anonymous") == nullptr) headers.emplace_back("Authorization", "Bearer " + asker_.token);
  for (auto const& [name, value] : fact.at("with").members())
    headers.emplace_back(name, filled(value.string_or("")));
  Json const* const body = fact.find("body");
  return asker_.sim
      .handle({.method = request.substr(0, space),
               .url = url,
               .headers = headers,
               .body = body == nullptr ? filled(fact.text("form")) : filled(*body).dump()})
      .response;
}

std::vector<std::string> Story::differences(Json const& fact) {
  if (api_version_ < fact.text("since") ||
      (fact.find("before") != nullptr && api_version_ >= fact.text("before")))
    return {};
  if (Result<Duration> const passes = parse_iso_duration(fact.text("after"))) {
    asker_.clock.advance(*passes);
    asker_.sim.tick();
  }
  HttpResponse const reply = answer(fact);
  Json const body = Asker::body(reply);
  std::vector<std::string> found;
  auto const differ = [&](std::string const& what, Json const& wanted, Json const* got) {
    if (!matches(filled(wanted), got))
      found.push_back(what + ": " + filled(wanted).dump() + " expected, " +
                      (got == nullptr ? "nothing" : got->dump()) + " came");
  };
  if (asked_ != fact.text("operation")) found.push_back("that is " + asked_);
  if (reply.status != fact.at("status").integer_or(0))
    found.push_back("status: " + fact.at("status").dump() + " expected, " + std::to_string(reply.status) +
                    " came with " + reply.body.substr(0, 300));
  for (auto const& [name, wanted] : fact.at("headers").members()) {
    std::optional<std::string> const value = reply.header(name);
    Json const text = value ? Json(*value) : Json();
    differ(name, wanted, value ? &text : nullptr);
  }
  for (auto const& [path, wanted] : fact.at("fields").members()) differ(path, wanted, member(body, path));
  Json const whole = reply.body;
  if (Json const* const wanted = fact.find("text")) differ("the body", *wanted, &whole);
  for (auto const& [name, header] : fact.at("keep-header").members())
    kept_["$" + name] = reply.header(header.string_or("")).value_or("");
  for (auto const& [name, path] : fact.at("keep").members()) {
    Json const* const value = member(body, path.string_or(""));
    kept_["$" + name] = value == nullptr ? "" : value->string_or("");
  }
  return found;
}

}  // namespace trainyard::azsim
