#include "controller/base/log.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"

namespace trainyard {

namespace {

constexpr std::string_view kBlot = "[hidden]";

/// What has a secret as name=value (a query, a form, a connection string), compared without case.
constexpr std::array<std::string_view, 10> kAssigned{
    "sig",      "client_secret", "client_assertion", "accountkey",      "sharedaccesssignature",
    "password", "access_token",  "refresh_token",    "sharedaccesskey", "mlflow_tracking_token"};
/// And what has one as "name": "value"; without an opening quote, names that end so.
constexpr std::array<std::string_view, 10> kMembers{
    "access_token", "refresh_token", "client_secret", "clientsecret", "client_assertion",
    "password",     "accountkey",    "sastoken",      "\"key",        "\"secret"};
constexpr std::string_view kEnds = "&\"' \t\r\n;,<>\\";
constexpr std::size_t kLeastSecret = 4;
constexpr std::size_t kLeastLine = 8;    // of a secret of several
constexpr std::size_t kLeastInside = 6;  // characters of base64: fewer would blot out parts of words

bool token_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; }

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string in_json(std::string_view text) {
  std::string const quoted = Json(text).dump();
  return quoted.substr(1, quoted.size() - 2);
}

/// As some encode an address: %2f for %2F.
std::string in_small_hex(std::string encoded) {
  for (std::size_t at = encoded.find('%'); at != std::string::npos; at = encoded.find('%', at + 3)) {
    encoded[at + 1] = lower(encoded[at + 1]);
    encoded[at + 2] = lower(encoded[at + 2]);
  }
  return encoded;
}

/// What base64 of a longer text has of a value that `before` bytes stand before (modulo 3): the characters
/// that depend on nothing else.
std::string inside_base64(std::string_view value, std::size_t before,
                          std::string (*encode)(std::string_view)) {
  std::string const encoded = encode(std::string(before, '\0') + std::string(value));
  std::size_t const from = (before * 8 + 5) / 6, to = (before + value.size()) * 8 / 6;
  return encoded.substr(from, to - from);
}

/// Where the text goes on behind the next `word` (in lower case), from `at` on; npos if there is none.
std::size_t behind(std::string const& text, std::string_view word, std::size_t at) {
  auto const found = std::search(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), word.begin(),
                                 word.end(), [](char a, char b) { return lower(a) == b; });
  if (found == text.end()) return std::string::npos;
  return static_cast<std::size_t>(found - text.begin()) + word.size();
}

void blot_until_end_of_word(std::string& text, std::string_view before) {
  for (std::size_t at = behind(text, before, 0); at != std::string::npos; at = behind(text, before, at)) {
    std::size_t const end = std::min(text.find_first_of(kEnds, at), text.size());
    if (end > at) text.replace(at, end - at, kBlot);
  }
}

std::size_t skip(std::string const& text, char c, std::size_t at) {
  return std::min(text.find_first_not_of(c, at), text.size());
}

/// A quote with `slashes` backslashes before it, as JSON has it within a text within JSON; npos if other.
std::size_t behind_quote(std::string const& text, std::size_t slashes, std::size_t at) {
  std::size_t const quote = skip(text, '\\', at);
  return quote - at == slashes && text.substr(quote, 1) == "\"" ? quote + 1 : std::string::npos;
}

/// "name": "value", at any depth of quoting; `at` is behind the name.
void blot_member(std::string& text, std::size_t at) {
  std::size_t const slashes = skip(text, '\\', at) - at;
  at = behind_quote(text, slashes, at);
  if (at == std::string::npos) return;
  at = skip(text, ' ', at);
  if (text.substr(at, 1) != ":") return;
  at = behind_quote(text, slashes, skip(text, ' ', at + 1));
  if (at == std::string::npos) return;
  std::size_t end = at;
  for (std::size_t run = 0; end < text.size(); end += run + 1) {
    run = skip(text, '\\', end) - end;
    if (text.substr(end + run, 1) == "\"" &&
        run % (2 * slashes + 2) == slashes) {  // else the quote is quoted
      end += run - slashes;
      break;
    }
  }
  end = std::min(end, text.size());
  text.replace(at, end - at, kBlot);
}

/// JSON Web Tokens: three runs of base64url, the first beginning as every JOSE header does.
void blot_tokens(std::string& text) {
  for (std::size_t at = text.find("eyJ"); at != std::string::npos; at = text.find("eyJ", at + 1)) {
    std::size_t end = at;
    int dots = 0;
    while (end < text.size() && (token_char(text[end]) || text[end] == '.'))
      dots += text[end++] == '.' ? 1 : 0;
    if (dots >= 2) text.replace(at, end - at, kBlot);
  }
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

/// A line end in a text would let it forge the next line.
std::string on_one_line(std::string_view text) {
  if (!has_control(text)) return std::string(text);
  return in_json(text);
}

/// Before it is quoted: what is hidden of a text that is cut off is its end, not the line's.
Json scrubbed(Json const& value, Scrubber const& scrubber) {
  if (value.is_string()) return scrubber.scrub(value.string_or(""));
  if (!value.is_object() && !value.is_array()) return value;
  std::string const clean = scrubber.scrub(value.dump());
  Result<Json> const parsed = Json::parse(clean);
  return parsed ? *parsed : Json(clean);
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "DEBUG";
    case LogLevel::Info:
      return "INFO";
    case LogLevel::Warning:
      return "WARN";
    case LogLevel::Error:
      return "ERROR";
  }
  return "INFO";
}

}  // namespace

void Scrubber::add_secret(std::string_view value) {
  if (value.size() < kLeastSecret) return;
  std::lock_guard lock(mutex_);
  add_forms(value);
  if (value.find('\n') == std::string_view::npos) return;
  while (!value.empty()) {
    std::string_view line = value.substr(0, value.find('\n'));
    value.remove_prefix(std::min(line.size() + 1, value.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() >= kLeastLine && !line.starts_with("-----")) add_forms(line);  // PEM's frame is no secret
  }
}

void Scrubber::add_forms(std::string_view value) {
  std::string const in_address = percent_encode(value);
  std::string in_form = in_address;
  replace_all(in_form, "%20", "+");
  std::string const json = in_json(value);
  for (std::string const& form : {std::string(value), in_address, in_small_hex(in_address), in_form,
                                  percent_encode(in_address), json, in_json(json)})
    secrets_.insert(form);
  for (std::size_t before = 0; before < 3; ++before)
    for (std::string const& form :
         {inside_base64(value, before, base64), inside_base64(value, before, base64url)})
      if (form.size() >= kLeastInside) secrets_.insert(form);
}

std::string Scrubber::scrub(std::string_view text) const {
  std::string clean(text);
  {
    std::lock_guard lock(mutex_);
    for (std::string const& secret : secrets_) replace_all(clean, secret, kBlot);
  }
  for (std::string_view const name : kAssigned)
    for (std::string_view const equals : {"=", "%3d"})
      blot_until_end_of_word(clean, std::string(name) + std::string(equals));
  blot_until_end_of_word(clean, "bearer ");
  for (std::string_view const name : kMembers)
    for (std::size_t at = behind(clean, name, 0); at != std::string::npos; at = behind(clean, name, at))
      blot_member(clean, at);
  blot_tokens(clean);
  return clean;
}

Logger::Logger(Clock const& clock, Scrubber const& scrubber, LogFormat format, LogLevel least, Sink sink)
    : clock_(clock), scrubber_(scrubber), format_(format), least_(least), sink_(std::move(sink)) {}

void Logger::log(LogLevel level, std::string_view text, std::vector<LogField> const& fields) const {
  if (level < least_) return;
  std::string line;
  if (format_ == LogFormat::Json) {
    Json entry = Json::object(
        {{"time", to_rfc3339(clock_.wall())}, {"level", name_of(level)}, {"msg", scrubber_.scrub(text)}});
    for (LogField const& field : fields) entry[field.key] = scrubbed(field.value, scrubber_);
    line = entry.dump();
  } else {
    line = to_rfc3339(clock_.wall()) + " " + std::string(name_of(level)) + " " +
           on_one_line(scrubber_.scrub(text));
    for (LogField const& field : fields) {
      Json const clean = scrubbed(field.value, scrubber_);
      std::string value = clean.is_string() ? clean.string_or("") : clean.dump();
      bool const bare =
          !value.empty() && !has_control(value) && value.find_first_of(" \"=") == std::string::npos;
      if (!bare) value = Json(value).dump();
      line += " " + std::string(field.key) + "=" + value;
    }
  }
  std::lock_guard lock(mutex_);
  sink_(line);
}

}  // namespace trainyard
