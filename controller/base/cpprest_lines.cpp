#include "controller/base/cpprest_lines.hpp"

#include <algorithm>
#include <utility>

#include "controller/base/line_splitter.hpp"

namespace trainyard::cpprest {
namespace {

class Follower {
 public:
  Follower(LineLimits const& limits, std::function<void(std::string line)> const& on_line, Clock const& clock,
           Context const& context)
      : limits_(limits),
        on_line_(on_line),
        clock_(clock),
        context_(context),
        lines_(limits.longest_line),
        silent_until_(clock.steady() + limits.head) {}

  Result<std::string> follow(Call& call) {
    for (;;) {
      Call::News news = call.next(std::min(context_.deadline, silent_until_), context_.stop);
      if (ended(context_, clock_)) return ended_error(context_);
      if (Result<Done> const taken = take(news); !taken) return taken.error();
      if (news.done && lines_.within_line() && !call.outcome().failed && !call.outcome().too_large)
        return network_error("ConnectionLost", "the stream ended in the middle of a line");
      if (news.done) return std::move(body_);
      if (clock_.steady() >= silent_until_) return network_error("Timeout", "nothing came for too long");
    }
  }

 private:
  Result<Done> take(Call::News const& news) {
    if (news.status && !std::exchange(has_head_, true)) silent_until_ = clock_.steady() + limits_.line;
    if (news.status && (*news.status < 200 || *news.status >= 300)) {
      body_ += news.bytes;
      if (body_.size() > limits_.longest_line) return too_large(limits_.longest_line);
      return Done{};
    }
    lines_.add(news.bytes);
    while (std::optional<std::string> line = lines_.next()) {
      if (ended(context_, clock_)) return ended_error(context_);
      on_line_(std::move(*line));
      silent_until_ = clock_.steady() + limits_.line;
    }
    if (lines_.too_long()) return too_large(limits_.longest_line);
    return Done{};
  }

  LineLimits limits_;
  std::function<void(std::string line)> const& on_line_;
  Clock const& clock_;
  Context const& context_;
  LineSplitter lines_;
  SteadyTime silent_until_;
  bool has_head_ = false;
  std::string body_;
};

}  // namespace

Result<std::string> follow_lines(Call& call, LineLimits const& limits,
                                 std::function<void(std::string line)> const& on_line, Clock const& clock,
                                 Context const& context) {
  return Follower(limits, on_line, clock, context).follow(call);
}

}  // namespace trainyard::cpprest
