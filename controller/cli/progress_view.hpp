// What `run` shows while it runs: a table redrawn in place on a terminal, else a line for each change.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/cli/table.hpp"

namespace trainyard::cli {

/// Safe from any thread.
struct ProgressView {
  virtual ~ProgressView() = default;
  virtual void show(std::vector<Row> const& rows) = 0;
  /// A line for the user (a problem, a line of the log), on stderr, apart from what is shown.
  virtual void note(std::string_view line) = 0;
  /// Nothing is redrawn from here on. What was drawn is taken away if a verdict follows, which tells it all again.
  virtual void end(bool verdict_follows) = 0;
};

struct Terminal {
  std::size_t width = 80, height = 24;
};
/// The size of the terminal behind stdout, as it is now.
Terminal terminal_of_stdout();
/// Whether stdout is a terminal that can be drawn on; and whether colours are wanted there (NO_COLOR,
/// TERM=dumb).
bool stdout_is_terminal();
bool wants_colours();

/// One drawing of the table: as many lines as fit, cut to the width; Ready in green, what is stuck in red.
std::string drawing_of(std::vector<Row> const& rows, Terminal const& terminal, bool colours);

using Write = std::function<void(std::string_view)>;
std::unique_ptr<ProgressView> live_view(std::function<Terminal()> terminal, bool colours, Write out,
                                        Write err);
/// A line for each change of state; `clock` must outlive it.
std::unique_ptr<ProgressView> plain_view(Clock const& clock, Write out, Write err);

/// To a descriptor, whole; what cannot be written is dropped.
void write_to(int descriptor, std::string_view text);

}  // namespace trainyard::cli
