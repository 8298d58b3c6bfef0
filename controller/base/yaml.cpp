#include "controller/base/yaml.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace trainyard {

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;
constexpr int kMostDepth = 100;

SourcePlace place_of(YAML::Mark const& mark) { return {mark.line + 1, mark.column + 1}; }

Error invalid(SourcePlace const& place, std::string const& why) {
  return {.kind = ErrorKind::Invalid,
          .reason = "InvalidYaml",
          .message = std::to_string(place.line) + ":" + std::to_string(place.column) + ": " + why};
}

/// YAML 1.2 core schema, for a plain scalar.
std::optional<Json> plain_value(std::string const& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Json(nullptr);
  if (text == "true" || text == "True" || text == "TRUE") return Json(true);
  if (text == "false" || text == "False" || text == "FALSE") return Json(false);
  char const* const end = text.data() + text.size();
  std::size_t const sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
  char const* const begin = text.data() + (text[0] == '+' ? 1 : 0);
  bool digits = text.size() > sign;
  bool real = digits;
  for (std::size_t i = sign; i < text.size(); ++i) {
    bool const digit = text[i] >= '0' && text[i] <= '9';
    digits = digits && digit;
    real = real && (digit || text[i] == '.' || text[i] == 'e' || text[i] == 'E' ||
                    ((text[i] == '+' || text[i] == '-') && (text[i - 1] == 'e' || text[i - 1] == 'E')));
  }
  if (digits) {
    std::int64_t value = 0;
    auto const [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc{} && stop == end) return Json(value);
    return Json(text);  // too large for an integer: kept as it was written, for validation to refuse
  }
  if (text.size() > 2 && (text.starts_with("0x") || text.starts_with("0o"))) {
    std::int64_t value = 0;
    auto const [stop, error] = std::from_chars(text.data() + 2, end, value, text[1] == 'x' ? 16 : 8);
    if (error == std::errc{} && stop == end) return Json(value);
  }
  bool const any_digit = text.find_first_of("0123456789") != std::string::npos;
  if (real && any_digit && text[sign] != 'e' && text[sign] != 'E') {
    double value = 0;
    auto const [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc{} && stop == end && std::isfinite(value)) return Json(value);
  }
  std::string const bare = text.substr(sign);
  if (bare == ".inf" || bare == ".Inf" || bare == ".INF" || text == ".nan" || text == ".NaN" ||
      text == ".NAN")
    return std::nullopt;
  return Json(text);
}

bool valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    auto const c = static_cast<unsigned char>(text[i]);
    std::size_t const more = c < 0x80              ? 0
                             : (c & 0xe0U) == 0xc0 ? 1
                             : (c & 0xf0U) == 0xe0 ? 2
                             : (c & 0xf8U) == 0xf0 ? 3
                                                   : 9;
    if (more == 9 || i + more >= text.size() + (more == 0 ? 1 : 0)) return false;
    std::uint32_t code = more == 0 ? c : c & (0x3fU >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      auto const next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0U) != 0x80) return false;
      code = (code << 6U) | (next & 0x3fU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (code < kLeast[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    i += more + 1;
  }
  return true;
}

/// Looks at the events before a tree is built, so that no alias is ever expanded and no depth reaches the
/// stack.
class Guard final : public YAML::EventHandler {
 public:
  void OnDocumentStart(YAML::Mark const& mark) override {
    // What cannot begin a node (a ',' at the start of a line) is not taken from the text: yaml-cpp would find
    // an empty document before it again, for ever.
    if (mark.pos == start_) refuse(mark, "no value begins so; quote the text if it is one");
    start_ = mark.pos;
    depth_ = 0;
  }
  void OnDocumentEnd() override {}
  void OnNull(YAML::Mark const&, YAML::anchor_t) override {}
  void OnAlias(YAML::Mark const& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*) are not taken here; write the value out");
  }
  void OnScalar(YAML::Mark const& mark, std::string const&, YAML::anchor_t,
                std::string const& value) override {
    // yaml-cpp gives \N, \_, \L and \P as bytes that are no UTF-8.
    if (!valid_utf8(value))
      refuse(mark, "an escape of this text is not taken here; write the character itself");
  }
  void OnSequenceStart(YAML::Mark const& mark, std::string const&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    deeper(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(YAML::Mark const& mark, std::string const&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    deeper(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  void deeper(YAML::Mark const& mark) {
    if (++depth_ > kMostDepth) refuse(mark, "it is nested more than 100 deep");
  }
  [[noreturn]] static void refuse(YAML::Mark const& mark, char const* why) {
    throw YAML::ParserException(mark, why);
  }

  int start_ = -1;  // of the document before
  int depth_ = 0;
};

class Reader {
 public:
  explicit Reader(YamlDocument& document) : document_(document) {}

  Result<Json> read(YAML::Node const& node, std::string const& path, int depth) {
    SourcePlace const place = place_of(node.Mark());
    document_.places.emplace(path, place);
    if (depth > kMostDepth) return invalid(place, "it is nested more than 100 deep");
    std::string const& tag = node.Tag();
    bool const standard = tag.empty() || tag == "?" || tag == "!";
    if (!standard)
      return invalid(place, "the tag " + tag.substr(0, 60) + " is not taken here; write the plain value");
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        return Json(nullptr);
      case YAML::NodeType::Scalar: {
        if (tag == "!") return Json(node.Scalar());
        std::optional<Json> value = plain_value(node.Scalar());
        if (!value) return invalid(place, node.Scalar() + " is no number JSON knows");
        return std::move(*value);
      }
      case YAML::NodeType::Sequence: {
        Json::Array items;
        for (std::size_t i = 0; i < node.size(); ++i) {
          Result<Json> item = read(node[i], path + "[" + std::to_string(i) + "]", depth + 1);
          if (!item) return item.error();
          items.push_back(std::move(*item));
        }
        return Json(std::move(items));
      }
      case YAML::NodeType::Map:
        return read_map(node, path, depth);
    }
    return Json(nullptr);
  }

 private:
  Result<Json> read_map(YAML::Node const& node, std::string const& path, int depth) {
    Json::Object object;
    std::set<std::string, std::less<>> keys;  // look-ups in the object itself are linear
    for (auto const& member : node) {
      SourcePlace const place = place_of(member.first.Mark());
      if (!is_text(member.first)) return invalid(place, "a key must be a text; quote it");
      std::string const& key = member.first.Scalar();
      if (key == "<<" && member.first.Tag() != "!")
        return invalid(place, "merge keys (<<) are not taken here; write the members out");
      if (!keys.insert(key).second) return invalid(place, "the key '" + key + "' stands twice");
      std::string const inner = path.empty() ? key : path + "." + key;
      Result<Json> value = read(member.second, inner, depth + 1);
      if (!value) return value.error();
      document_.places[inner] = place;  // a field is where its key is
      object.emplace_back(key, std::move(*value));
    }
    return Json(std::move(object));
  }

  static bool is_text(YAML::Node const& node) {
    if (!node.IsScalar()) return false;
    if (node.Tag() == "!") return true;
    std::optional<Json> const value = plain_value(node.Scalar());
    return node.Tag() == "?" && value && value->is_string();
  }

  YamlDocument& document_;
};

/// Text that would be read as something else than a text, or would break the line, is quoted.
std::string yaml_text(std::string const& text) {
  bool plain = !text.empty() && text.find_first_of("\n\r\t\"\\#:{}[],&*!|>%@`") == std::string::npos &&
               text.front() != ' ' && text.back() != ' ' && text.front() != '-' && text.front() != '?' &&
               text.front() != '\'' && text != "<<" && !text.starts_with("...") &&
               !text.starts_with("\xEF\xBB\xBF");  // a byte order mark
  for (char c : text) plain = plain && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  static constexpr std::string_view kOld[] = {"yes", "no", "on",  "off", "y",  "n",  "Yes",
                                              "No",  "On", "Off", "YES", "NO", "ON", "OFF"};
  for (std::string_view const word : kOld) plain = plain && text != word;
  std::optional<Json> const value = plain_value(text);
  return plain && value && value->is_string() ? text : Json(text).dump();
}

bool is_block(Json const& value) { return !value.members().empty() || !value.items().empty(); }

constexpr std::size_t kLongestSimpleKey = 1000;  // YAML 1.2, 7.4: its ':' must come within 1024 characters

/// The value's lines; the first one is not indented when something ("- ") stands before it already.
void write_yaml(std::string& out, Json const& value, std::size_t indent, bool begun) {
  if (!is_block(value)) {
    out += value.is_string() ? yaml_text(value.string_or("")) : value.dump();
    out += "\n";
    return;
  }
  auto const begin_line = [&] {
    if (!begun) out.append(indent, ' ');
    begun = false;
  };
  for (Json const& item : value.items()) {
    begin_line();
    out += "- ";
    write_yaml(out, item, indent + 2, true);
  }
  for (auto const& [name, member] : value.members()) {
    begin_line();
    std::string const key = yaml_text(name);
    if (key.size() > kLongestSimpleKey) {
      out += "? " + key + "\n";
      begin_line();
    } else {
      out += key;
    }
    out += is_block(member) ? ":\n" : ": ";
    write_yaml(out, member, member.is_array() ? indent : indent + 2, false);
  }
}

}  // namespace

Result<std::vector<YamlDocument>> parse_yaml(std::string_view text) {
  if (text.size() > kMostBytes) return invalid({1, 1}, "the text is larger than 1 MiB");
  if (!valid_utf8(text) || text.find('\0') != text.npos)
    return invalid({1, 1}, "the text is no UTF-8, or has a NUL in it");
  std::vector<YamlDocument> documents;
  try {
    std::istringstream guarded{std::string(text)};
    YAML::Parser parser(guarded);
    Guard guard;
    while (parser.HandleNextDocument(guard)) {
    }
    for (YAML::Node const& node : YAML::LoadAll(std::string(text))) {
      if (!node.IsDefined() || node.IsNull()) continue;
      YamlDocument document{.value = {}, .place = place_of(node.Mark()), .places = {}};
      Result<Json> value = Reader(document).read(node, "", 0);
      if (!value) return value.error();
      document.value = std::move(*value);
      documents.push_back(std::move(document));
    }
  } catch (YAML::Exception const& error) {
    return invalid(place_of(error.mark), error.msg);
  }
  return documents;
}

std::string to_yaml(Json const& value) {
  std::string out;
  write_yaml(out, value, 0, false);
  return out;
}

}  // namespace trainyard
