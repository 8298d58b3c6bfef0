// What scripts and Azure say, on its way into a log, a status and a terminal, with a secret in it.
#include <algorithm>
#include <array>

#include <sys/mman.h>
#include <unistd.h>

#include "controller/base/encoding.hpp"
#include "controller/base/fd.hpp"
#include "controller/base/text.hpp"
#include "controller/local/log_tail.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

namespace {

constexpr std::string_view kSecret = "pl4nted/+ \"s3cret\"~";
constexpr std::string_view kToken = "t0ken-of-a-run";
constexpr std::size_t kMostLines = 20, kMostBytes = 403;

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' '; });
}

/// The first byte chooses a form of the secret, the second where in the rest it stands.
std::string with_secret(std::string_view input, std::string& form) {
  std::string const in_json = Json(kSecret).dump();
  std::string const forms[] = {std::string(kSecret), percent_encode(kSecret), base64(kSecret),
                               base64url(kSecret), in_json.substr(1, in_json.size() - 2)};
  std::string text(input.substr(std::min<std::size_t>(input.size(), 2)));
  if (input.size() < 2) return text;
  form = forms[static_cast<unsigned char>(input[0]) % std::size(forms)];
  return text.insert(static_cast<unsigned char>(input[1]) % (text.size() + 1), form);
}

void check_tail(std::string const& text, Scrubber const& scrubber) {
  static Fd const file(::memfd_create("log", MFD_CLOEXEC));
  static std::filesystem::path const path = "/proc/self/fd/" + std::to_string(file.get());
  require(::ftruncate(file.get(), 0) == 0 &&
              ::pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
          "a log can be written");
  std::vector<std::string> const lines = local::log_tail(path, scrubber, std::string(kToken));
  require(lines.size() <= kMostLines, "the end of a log is short");
  for (std::string const& line : lines)
    require(line.size() <= kMostBytes && !holds(line, kToken) && !holds(line, "\n") && readable(line) == line,
            "a line of it is short, readable and without the run's token", line);
}

}  // namespace

void log_lines(std::string_view input) {
  std::string form;
  std::string const text = with_secret(input, form);
  Scrubber scrubber;
  scrubber.add_secret(kSecret);
  std::string const clean = scrubber.scrub(text);
  require(form.empty() || !holds(clean, form), "no secret that was told passes", clean);
  require(scrubber.scrub(clean) == clean, "what is clean stays as it is", clean);

  FakeClock const clock{WallTime{}};
  for (LogFormat const format : {LogFormat::Text, LogFormat::Json}) {
    std::string line;
    Logger const log(clock, scrubber, format, LogLevel::Debug, [&](std::string_view said) { line = said; });
    log.info("said", {{"text", readable(text)}, {"name", "x"}});
    require(one_line(line), "a log line is one line", line);
    require(form.empty() || !holds(line, form), "no secret that was told is logged", line);
    if (format == LogFormat::Json) require(Json::parse(line).has_value(), "a JSON line is JSON", line);
  }
  check_tail(text + std::string(kToken) + text, scrubber);
}

}  // namespace trainyard::fuzz
