// `run` on a terminal: the table is redrawn where it was, and nothing of what was there before stays behind.
#include <boost/test/unit_test.hpp>
#include <pty.h>

#include "tests/e2e/fixture.hpp"

namespace trainyard::tests {

namespace {

constexpr unsigned short kWidth = 80, kHeight = 24;

/// All that the program writes to a terminal of its own, until its end.
std::string on_terminal(std::vector<std::string> arguments, int& code) {
  arguments.insert(arguments.begin(), kTrainyard);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  winsize size{.ws_row = kHeight, .ws_col = kWidth, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  pid_t const child = ::forkpty(&terminal, nullptr, nullptr, &size);
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
    ::execv(argv.front(), argv.data());
    ::_exit(127);
  }
  std::string text;
  char part[4096];
  for (ssize_t got = 0; (got = ::read(terminal, part, sizeof(part))) > 0;)  // EIO when nobody has it open
    text.append(part, static_cast<std::size_t>(got));
  ::close(terminal);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return text;
}

/// As much of a terminal as the program uses. What it does not know is kept as text, and so seen.
class Screen {
 public:
  void show(std::string_view text) {
    while (!text.empty()) {
      std::size_t const used = text.front() == '\033' ? escape(text) : plain(text.front());
      text.remove_prefix(used);
    }
  }
  [[nodiscard]] std::vector<std::string> const& lines() const { return lines_; }
  [[nodiscard]] int redrawn() const { return redrawn_; }
  [[nodiscard]] std::string text() const {
    std::string text;
    for (std::string const& line : lines_) text += line + "\n";
    return text;
  }

 private:
  std::size_t plain(char c) {
    if (c == '\r') {
      column_ = 0;
    } else if (c == '\n') {
      if (++row_ == lines_.size()) lines_.emplace_back();
    } else {
      std::string& line = lines_[row_];
      line.resize(std::max(line.size(), column_ + 1), ' ');
      line[column_++] = c;
    }
    return 1;
  }

  /// ESC [ number letter: A is up, J is clear to the end, m is a colour.
  std::size_t escape(std::string_view text) {
    std::size_t const end = text.find_first_not_of("0123456789;", 2);
    if (text.size() < 3 || text[1] != '[' || end == std::string_view::npos) return plain('?');
    std::string const number(text.substr(2, end - 2));
    if (text[end] == 'A') {
      row_ -= std::min(row_, static_cast<std::size_t>(std::stoul(number)));
    } else if (text[end] == 'J') {
      lines_.resize(row_ + 1);
      lines_[row_].resize(std::min(lines_[row_].size(), column_));
      ++redrawn_;
    } else if (text[end] != 'm') {
      return plain('?');
    }
    return end + 1;
  }

  std::vector<std::string> lines_{""};
  std::size_t row_ = 0, column_ = 0;
  int redrawn_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(e2e)

BOOST_AUTO_TEST_CASE(the_table_is_redrawn_where_it_was) {
  Place place;
  std::string const long_name = "a-training-with-a-name-that-is-rather-long";
  place.write("all.yaml",
              local_target("here") + training(long_name, "here") + training("broken", "here", "'1'"));
  place.write(
      "src/train.py",
      "import sys\nprint('a line of the log that says much more than a terminal has room for, and goes "
      "on and on')\nsys.exit(len(sys.argv) - 1)\n");
  int code = 0;
  std::string const written = on_terminal(place.run_arguments({"--until-settled"}), code);
  BOOST_TEST(code == 1, written);

  Screen screen;
  screen.show(written);
  BOOST_TEST(screen.redrawn() >= 2, written);
  BOOST_TEST(contains(written, "\033[32m"), written);  // what is ready
  BOOST_TEST(contains(written, "\033[31m"), written);  // what is stuck
  // The live table gave way to the verdict's: no row of an earlier drawing stays.
  std::string const seen = screen.text();
  BOOST_TEST(occurrences(seen, "KIND") == 1U, seen);
  BOOST_TEST(occurrences(seen, "trainingrun     " + long_name) == 1U, seen);
  BOOST_TEST(occurrences(seen, "?") == 0U, seen);
  // Before that, no line was longer than the terminal is wide: it would have been broken, and "up" gone too
  // far.
  std::string_view drawn = std::string_view(written).substr(0, written.rfind("\033[J"));
  for (std::size_t begin = 0; begin < drawn.size();) {
    std::size_t const end = std::min(drawn.find('\n', begin), drawn.size());
    Screen line;
    line.show(drawn.substr(begin, end - begin));
    BOOST_TEST(line.text().size() - 1 <= std::size_t{kWidth}, line.text());
    begin = end + 1;
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::tests
