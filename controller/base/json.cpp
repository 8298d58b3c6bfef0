#include "controller/base/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace trainyard {

namespace {

constexpr std::size_t kMostDepth = 200;

/// Builds values from RapidJSON's events. Numbers come as text, so that doubles round-trip (its own
/// conversion does not).
class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
 public:
  bool Null() { return add(nullptr); }
  bool Bool(bool value) { return add(value); }
  bool RawNumber(char const* text, rapidjson::SizeType length, bool) { return number({text, length}); }
  bool String(char const* text, rapidjson::SizeType length, bool) {
    return well_formed({text, length}) && add(std::string(text, length));
  }
  bool StartObject() { return open(); }
  bool Key(char const* text, rapidjson::SizeType length, bool) {
    open_.back().members.emplace_back(std::string(text, length), Json());
    return well_formed({text, length});
  }
  bool EndObject(rapidjson::SizeType) {
    Json::Object members = std::move(open_.back().members);
    if (std::string const twice = name_that_stands_twice(members); !twice.empty())
      return fail("the name " + twice + " stands twice in one object");
    open_.pop_back();
    members.shrink_to_fit();  // much of what is read is kept
    return add(std::move(members));
  }
  bool StartArray() { return open(); }
  bool EndArray(rapidjson::SizeType) {
    Json::Array items = std::move(open_.back().items);
    open_.pop_back();
    items.shrink_to_fit();
    return add(std::move(items));
  }

  Json take() { return std::move(root_); }
  [[nodiscard]] std::string const& failure() const { return failure_; }

 private:
  /// An object or array being read; a name waits in `members` for its value.
  struct Open {
    Json::Object members;
    Json::Array items;
  };

  bool fail(std::string why) {
    failure_ = std::move(why);
    return false;
  }

  /// RapidJSON takes the second half of a surrogate pair alone, and makes bytes of it that are no UTF-8.
  bool well_formed(std::string_view text) {
    for (std::size_t at = text.find('\xed'); at != std::string_view::npos; at = text.find('\xed', at + 1))
      if (static_cast<unsigned char>(text[at + 1]) >= 0xa0) return fail("half a surrogate pair in a string");
    return true;
  }

  /// Quoted; empty if there is none. Not by look-ups: an object of a million names would take for ever.
  static std::string name_that_stands_twice(Json::Object const& members) {
    std::vector<std::string_view> names;
    for (Json::Member const& member : members) names.emplace_back(member.first);
    std::sort(names.begin(), names.end());
    auto const twice = std::adjacent_find(names.begin(), names.end());
    return twice == names.end() ? "" : Json(*twice).dump();
  }

  bool number(std::string_view text) {
    char const* const end = text.data() + text.size();
    if (text.find_first_of(".eE") == std::string_view::npos && text != "-0") {
      std::int64_t integer = 0;
      if (std::from_chars(text.data(), end, integer).ec == std::errc{}) return add(integer);
    }
    double real = 0;
    if (std::from_chars(text.data(), end, real).ec == std::errc::result_out_of_range)
      real = std::strtod(std::string(text).c_str(), nullptr);  // tells too small (0) from too large
    if (!std::isfinite(real)) return fail("the number " + std::string(text.substr(0, 40)) + " is too large");
    return add(real);
  }

  bool open() {
    if (open_.size() == kMostDepth) return fail("it is nested more than 200 deep");
    open_.emplace_back();
    return true;
  }

  bool add(Json value) {
    if (open_.empty())
      root_ = std::move(value);
    else if (open_.back().members.empty())
      open_.back().items.push_back(std::move(value));
    else
      open_.back().members.back().second = std::move(value);
    return true;
  }

  Json root_;
  std::vector<Open> open_;
  std::string failure_;
};

void write_string(std::string& out, std::string const& text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  out.append(buffer.GetString(), buffer.GetSize());
}

/// RFC 8785 section 3.2.2.2: only what must be escaped is, in its shortest form.
void write_canonical_string(std::string& out, std::string const& text) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr char kDigits[] = "0123456789abcdef";
          out += "\\u00";
          out += kDigits[(c >> 4) & 15];
          out += kDigits[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

/// As ECMAScript prints a number (RFC 8785 section 3.2.2.3): shortest digits, exponent from 1e21 up and below
/// 1e-6.
std::string number_text(double value) {
  if (value == 0) return "0";
  if (!std::isfinite(value)) return "null";
  char buffer[40];
  auto const [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, std::abs(value), std::chars_format::scientific);
  check(error == std::errc{}, "a number has no text");
  std::string_view const text(buffer, static_cast<std::size_t>(end - buffer));
  std::size_t const e = text.find('e');
  std::string digits(text.substr(0, e));
  std::erase(digits, '.');
  int exponent = 0;
  std::string_view exponent_text = text.substr(e + 1);
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  int const count = static_cast<int>(digits.size());
  int const point = exponent + 1;  // digits before the decimal point
  std::string out = value < 0 ? "-" : "";
  auto const part = [&](int from, int length) {
    return digits.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(length));
  };
  if (count <= point && point <= 21)
    return out + digits + std::string(static_cast<std::size_t>(point - count), '0');
  if (0 < point && point <= 21) return out + part(0, point) + "." + part(point, count - point);
  if (-6 < point && point <= 0)
    return out + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  out += digits.substr(0, 1);
  if (count > 1) out += "." + part(1, count - 1);
  return out + "e" + (exponent < 0 ? "-" : "+") + std::to_string(std::abs(exponent));
}

/// Names in RFC 8785 are ordered by their UTF-16 code units.
std::u16string utf16(std::string_view text) {
  std::u16string out;
  for (std::size_t i = 0; i < text.size();) {
    auto const lead = static_cast<unsigned char>(text[i]);
    int const more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    char32_t code = more == 3 ? lead & 7U : more == 2 ? lead & 15U : more == 1 ? lead & 31U : lead;
    for (int k = 1; k <= more && i + static_cast<std::size_t>(k) < text.size(); ++k)
      code = (code << 6U) | (static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]) & 63U);
    i += static_cast<std::size_t>(more) + 1;
    if (code >= 0x10000) {
      out += static_cast<char16_t>(0xd800 + ((code - 0x10000) >> 10U));
      out += static_cast<char16_t>(0xdc00 + ((code - 0x10000) & 0x3ffU));
    } else {
      out += static_cast<char16_t>(code);
    }
  }
  return out;
}

enum class Form { Line, Pretty, Canonical };

void break_line(std::string& out, std::size_t depth) {
  out += '\n';
  out.append(depth * 2, ' ');
}

void write(std::string& out, Json const& value, Form form, std::size_t depth) {
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.bool_or(false) ? "true" : "false";
  } else if (value.is_integer()) {
    // Beyond 2^53 canonical JSON knows doubles only.
    std::int64_t const integer = value.integer_or(0);
    bool const exact = integer <= (std::int64_t{1} << 53) && integer >= -(std::int64_t{1} << 53);
    out += form == Form::Canonical && !exact ? number_text(static_cast<double>(integer))
                                             : std::to_string(integer);
  } else if (value.is_number()) {
    std::string text = number_text(value.number_or(0));
    // A whole double keeps its kind when it is read again.
    if (form != Form::Canonical && text.find_first_of(".en") == std::string::npos) text += ".0";
    out += text;
  } else if (value.is_string()) {
    if (form == Form::Canonical)
      write_canonical_string(out, value.string_or(""));
    else
      write_string(out, value.string_or(""));
  } else if (value.is_array()) {
    out += '[';
    bool first = true;
    for (Json const& item : value.items()) {
      if (!first) out += ',';
      first = false;
      if (form == Form::Pretty) break_line(out, depth + 1);
      write(out, item, form, depth + 1);
    }
    if (form == Form::Pretty && !first) break_line(out, depth);
    out += ']';
  } else {
    std::vector<Json::Member const*> members;
    for (Json::Member const& member : value.members()) members.push_back(&member);
    if (form == Form::Canonical)
      std::sort(members.begin(), members.end(), [](Json::Member const* a, Json::Member const* b) {
        return utf16(a->first) < utf16(b->first);
      });
    out += '{';
    bool first = true;
    for (Json::Member const* member : members) {
      if (!first) out += ',';
      first = false;
      if (form == Form::Pretty) break_line(out, depth + 1);
      if (form == Form::Canonical)
        write_canonical_string(out, member->first);
      else
        write_string(out, member->first);
      out += form == Form::Pretty ? ": " : ":";
      write(out, member->second, form, depth + 1);
    }
    if (form == Form::Pretty && !first) break_line(out, depth);
    out += '}';
  }
}

std::string written(Json const& value, Form form) {
  std::string out;
  write(out, value, form, 0);
  return out;
}

}  // namespace

Json Json::object(std::initializer_list<Member> members) { return Json(Object(members)); }
Json Json::array(std::initializer_list<Json> items) { return Json(Array(items)); }

std::string_view Json::type_name() const {
  constexpr std::string_view kNames[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
  return kNames[value_.index()];
}

bool Json::bool_or(bool other) const { return is_bool() ? std::get<bool>(value_) : other; }

std::int64_t Json::integer_or(std::int64_t other) const {
  return is_integer() ? std::get<std::int64_t>(value_) : other;
}

double Json::number_or(double other) const {
  if (is_integer()) return static_cast<double>(std::get<std::int64_t>(value_));
  return is_number() ? std::get<double>(value_) : other;
}

std::string Json::string_or(std::string_view other) const {
  return is_string() ? std::get<std::string>(value_) : std::string(other);
}

Json::Array const& Json::items() const {
  static Array const kNone;
  return is_array() ? std::get<Array>(value_) : kNone;
}

Json::Object const& Json::members() const {
  static Object const kNone;
  return is_object() ? std::get<Object>(value_) : kNone;
}

Json const* Json::find(std::string_view name) const {
  for (Member const& member : members())
    if (member.first == name) return &member.second;
  return nullptr;
}

Json const& Json::at(std::initializer_list<std::string_view> path) const {
  static Json const kNull;
  Json const* here = this;
  for (std::string_view const name : path) {
    here = here->find(name);
    if (here == nullptr) return kNull;
  }
  return *here;
}

Json& Json::operator[](std::string_view name) {
  if (!is_object()) value_ = Object{};
  auto& members = std::get<Object>(value_);
  for (Member& member : members)
    if (member.first == name) return member.second;
  return members.emplace_back(std::string(name), Json()).second;
}

void Json::erase(std::string_view name) {
  if (is_object())
    std::erase_if(std::get<Object>(value_), [&](Member const& member) { return member.first == name; });
}

void Json::push_back(Json item) {
  if (!is_array()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(item));
}

Result<Json> Json::parse(std::string_view text) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream bytes(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(bytes);
  rapidjson::Reader reader;
  Builder builder;
  rapidjson::ParseResult const parsed = reader.Parse<kFlags>(stream, builder);
  std::string why = builder.failure();
  if (why.empty() && parsed.IsError()) why = rapidjson::GetParseError_En(parsed.Code());
  if (why.empty() && stream.Tell() != text.size()) why = "a NUL byte";  // the end of the text to RapidJSON
  if (why.empty()) return builder.take();
  return Error{.kind = ErrorKind::Invalid,
               .reason = "InvalidJson",
               .message = "no JSON: " + why + " (byte " + std::to_string(stream.Tell()) + ")"};
}

std::string Json::dump() const { return written(*this, Form::Line); }
std::string Json::dump_pretty() const { return written(*this, Form::Pretty); }
std::string Json::canonical() const { return written(*this, Form::Canonical); }

bool operator==(Json const& a, Json const& b) {
  if (a.is_number() && b.is_number() && a.value_.index() != b.value_.index())
    return a.number_or(0) == b.number_or(0);
  if (!a.is_object() || !b.is_object()) return a.value_ == b.value_;
  if (a.members().size() != b.members().size()) return false;
  return std::all_of(a.members().begin(), a.members().end(), [&](Json::Member const& member) {
    Json const* const other = b.find(member.first);
    return other != nullptr && *other == member.second;
  });
}

}  // namespace trainyard
