// Bytes and numbers as people read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace trainyard {

/// UTF-8 whatever the bytes are, as JSON needs it: what is none becomes the replacement character. Control
/// characters, which would move a terminal's cursor or worse, are left out save tab and newline. Ends with
/// the character that reaches `most_bytes`.
std::string readable(std::string_view bytes, std::size_t most_bytes = std::string_view::npos);

/// Control characters are left out, save line ends and tabs. For what secrets are looked for in before
/// readable() has it: a character left out afterwards would join the halves of one.
std::string without_controls(std::string text);

/// Control characters become blanks, so that a text moves no terminal's cursor and forges no line.
std::string one_line(std::string_view text);

/// The last lines of a log, each as readable() has it; of a line that was overwritten (a progress bar's) what
/// stood last.
std::vector<std::string> last_lines(std::string_view log, std::size_t most_lines,
                                    std::size_t most_line_bytes);

/// What is wrong, often in a service's own words, and what mends it: "No nodes left; ask for quota".
std::string with_remedy(std::string_view wrong, std::string_view remedy);

/// At most so many digits that count: "0.9712", "1e-05".
std::string short_number(double value, int digits);

}  // namespace trainyard
