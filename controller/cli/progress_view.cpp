#include "controller/cli/progress_view.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <mutex>

#include <sys/ioctl.h>
#include <unistd.h>

#include "controller/base/time_text.hpp"

namespace trainyard::cli {

namespace {

constexpr std::string_view kRed = "\033[31m", kGreen = "\033[32m", kPlain = "\033[0m";

std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

class LiveView final : public ProgressView {
 public:
  LiveView(std::function<Terminal()> terminal, bool colours, Write out, Write err)
      : terminal_(std::move(terminal)), colours_(colours), out_(std::move(out)), err_(std::move(err)) {}

  void show(std::vector<Row> const& rows) override {
    std::lock_guard lock(mutex_);
    if (ended_) return;
    std::string drawing = rows.empty() ? "" : drawing_of(rows, terminal_(), colours_);
    if (drawing == drawn_) return;  // to draw the same again only flickers
    out_(back() + drawing);
    drawn_ = std::move(drawing);
  }

  void note(std::string_view line) override {
    std::lock_guard lock(mutex_);
    if (!ended_) out_(back());
    err_(std::string(line) + "\n");
    if (!ended_) out_(drawn_);
  }

  void end(bool verdict_follows) override {
    std::lock_guard lock(mutex_);
    if (verdict_follows) out_(back());
    ended_ = true;
  }

 private:
  /// To where the drawing began, with nothing below.
  [[nodiscard]] std::string back() const {
    auto const lines = std::count(drawn_.begin(), drawn_.end(), '\n');
    return lines == 0 ? "" : "\r\033[" + std::to_string(lines) + "A\033[J";
  }

  std::function<Terminal()> const terminal_;
  bool const colours_;
  Write const out_, err_;
  std::mutex mutex_;
  std::string drawn_;   // guarded by mutex_
  bool ended_ = false;  // guarded by mutex_
};

class PlainView final : public ProgressView {
 public:
  PlainView(Clock const& clock, Write out, Write err)
      : clock_(clock), out_(std::move(out)), err_(std::move(err)) {}

  void show(std::vector<Row> const& rows) override {
    std::lock_guard lock(mutex_);
    std::map<std::string, std::string> now;
    std::string text;
    std::string const time = to_rfc3339(std::chrono::floor<std::chrono::seconds>(clock_.wall()));
    for (Row const& row : rows) {
      std::string const name = row.kind + "/" + row.name;
      // Progress alone is no change: metrics and node counts move all the time.
      std::string const state = row.ready + row.state + (row.bad ? row.progress : "");
      auto const known = told_.find(name);
      if (known == told_.end() || known->second != state)
        text += time + "  " + name + "  " + (row.bad ? "Stalled: " : "") + row.state +
                (row.progress.empty() ? "" : "  " + row.progress) + "\n";
      now[name] = state;
    }
    for (auto const& [name, state] : told_)
      if (!now.contains(name)) text += time + "  " + name + "  Gone\n";
    told_ = std::move(now);
    if (!text.empty()) out_(text);
  }

  void note(std::string_view line) override {
    std::lock_guard lock(mutex_);
    err_(std::string(line) + "\n");
  }

  void end(bool) override {}

 private:
  Clock const& clock_;
  Write const out_, err_;
  std::mutex mutex_;
  std::map<std::string, std::string> told_;  // guarded by mutex_: state by name
};

}  // namespace

Terminal terminal_of_stdout() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {.width = size.ws_col, .height = size.ws_row};
}

bool stdout_is_terminal() {
  char const* const term = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

bool wants_colours() {
  char const* const no_colour = std::getenv("NO_COLOR");
  return stdout_is_terminal() && (no_colour == nullptr || *no_colour == '\0');
}

std::string drawing_of(std::vector<Row> const& rows, Terminal const& terminal, bool colours) {
  std::vector<std::string> lines = lines_of(table_of(rows, terminal.width));
  std::size_t const ready_at = lines.front().find("READY");
  std::size_t const room =
      std::max<std::size_t>(terminal.height, 4) - 2;  // a line for what is left out, one for the cursor
  std::string text = lines.front() + "\n";
  for (std::size_t i = 1; i < lines.size() && i < room; ++i) {
    Row const& row = rows[i - 1];
    std::string& line = lines[i];
    if (colours && row.bad)
      line = std::string(kRed) + line + std::string(kPlain);
    else if (colours && row.ready == "True" && ready_at + 4 <= line.size())
      line = line.substr(0, ready_at) + std::string(kGreen) + "True" + std::string(kPlain) +
             line.substr(ready_at + 4);
    text += line + "\n";
  }
  if (lines.size() > room) text += "... and " + std::to_string(lines.size() - room) + " more\n";
  return text;
}

std::unique_ptr<ProgressView> live_view(std::function<Terminal()> terminal, bool colours, Write out,
                                        Write err) {
  return std::make_unique<LiveView>(std::move(terminal), colours, std::move(out), std::move(err));
}

std::unique_ptr<ProgressView> plain_view(Clock const& clock, Write out, Write err) {
  return std::make_unique<PlainView>(clock, std::move(out), std::move(err));
}

void write_to(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t const written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace trainyard::cli
