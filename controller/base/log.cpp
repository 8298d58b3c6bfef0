#include "controller/base/log.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"

namespace trainyard {

namespace {

constexpr std::string_view kBlot = "[hidden]";

/// Texts after which a secret stands, compared without case; it ends at the first of kEnds.
constexpr std::array<std::string_view, 16> kBefore{
    "sig=", "client_secret=", "client_assertion=", "accountkey=", "sharedaccesssignature=", "password=", "bearer ",
    "\"access_token\":\"", "\"refresh_token\":\"", "\"client_secret\":\"", "\"password\":\"", "\"key\":\"", "\"sastoken\":\"",
    "\"accountkey\":\"", "\"secret\":\"", "mlflow_tracking_token="};
constexpr std::string_view kEnds = "&\"' \t\r\n;,<>";
constexpr std::size_t kLeastSecret = 4;

bool token_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; }

void replace_all(std::string& text, std::string_view what) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + kBlot.size()))
    text.replace(at, what.size(), kBlot);
}

void blot_after_words(std::string& text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::string_view const word : kBefore) {
    for (std::size_t at = lower.find(word); at != std::string::npos; at = lower.find(word, at + word.size())) {
      std::size_t const from = at + word.size();
      std::size_t const end = std::min(text.find_first_of(kEnds, from), text.size());
      if (end == from) continue;
      text.replace(from, end - from, kBlot);
      lower.replace(from, end - from, kBlot);
    }
  }
}

/// JSON Web Tokens: three runs of base64url, the first beginning as every JOSE header does.
void blot_tokens(std::string& text) {
  for (std::size_t at = text.find("eyJ"); at != std::string::npos; at = text.find("eyJ", at + 1)) {
    if (at > 0 && token_char(text[at - 1])) continue;
    std::size_t end = at;
    int dots = 0;
    while (end < text.size() && (token_char(text[end]) || text[end] == '.')) dots += text[end++] == '.' ? 1 : 0;
    if (dots >= 2) text.replace(at, end - at, kBlot);
  }
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::Debug: return "DEBUG";
    case LogLevel::Info: return "INFO";
    case LogLevel::Warning: return "WARN";
    case LogLevel::Error: return "ERROR";
  }
  return "INFO";
}

}  // namespace

void Scrubber::add_secret(std::string_view value) {
  if (value.size() < kLeastSecret) return;
  std::lock_guard lock(mutex_);
  secrets_.insert(std::string(value));
  secrets_.insert(percent_encode(value));
  secrets_.insert(base64(value));
  std::string const in_json = Json(value).dump();
  secrets_.insert(in_json.substr(1, in_json.size() - 2));
}

std::string Scrubber::scrub(std::string_view text) const {
  std::string clean(text);
  {
    std::lock_guard lock(mutex_);
    // Longer values first: one may be the beginning of another.
    std::vector<std::string_view> in_order(secrets_.begin(), secrets_.end());
    std::sort(in_order.begin(), in_order.end(), [](auto a, auto b) { return a.size() > b.size(); });
    for (std::string_view const secret : in_order) replace_all(clean, secret);
  }
  blot_after_words(clean);
  blot_tokens(clean);
  return clean;
}

Logger::Logger(Clock const& clock, Scrubber const& scrubber, LogFormat format, LogLevel least, Sink sink)
    : clock_(clock), scrubber_(scrubber), format_(format), least_(least), sink_(std::move(sink)) {}

void Logger::log(LogLevel level, std::string_view text, std::vector<LogField> const& fields) const {
  if (level < least_) return;
  std::string line;
  if (format_ == LogFormat::Json) {
    Json entry = Json::object({{"time", to_rfc3339(clock_.wall())}, {"level", name_of(level)}, {"msg", text}});
    for (LogField const& field : fields) entry[field.key] = field.value;
    line = entry.dump();
  } else {
    line = to_rfc3339(clock_.wall()) + " " + std::string(name_of(level)) + " " + std::string(text);
    for (LogField const& field : fields) {
      std::string value = field.value.is_string() ? field.value.string_or("") : field.value.dump();
      if (value.empty() || value.find_first_of(" \"=\n\r\t") != std::string::npos) value = Json(value).dump();
      line += " " + std::string(field.key) + "=" + value;
    }
  }
  std::string const clean = scrubber_.scrub(line);
  std::lock_guard lock(mutex_);
  sink_(clean);
}

}  // namespace trainyard
