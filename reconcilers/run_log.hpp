// The seam to where the end of a remote run's log is kept while somebody follows it (design, rule 34).
#pragma once

#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/object_store.hpp"
#include "controller/base/result.hpp"

namespace trainyard::reconcilers {

/// Whoever follows the log writes the time now and then, RFC 3339; it changes nothing else of a run.
inline constexpr std::string_view kFollowLogs = "trainyard.dev/follow-logs";
inline constexpr Duration kFollowFresh = std::chrono::seconds(60), kFollowPace = std::chrono::seconds(5);
inline constexpr std::size_t kMostLog = std::size_t{256} << 10U;

struct KeptLog {
  std::string run;         // the attempt's name
  std::size_t read = 0;    // bytes of the log as its service has it, so far
  std::size_t offset = 0;  // of the text: what went before it, or was left out, in bytes
  std::string text;        // whole lines, scrubbed, at most kMostLog
  bool complete = false;   // the attempt has ended, and so does the text
  std::string answered;    // the annotation that was answered last
  std::string problem;     // why the log could not be read then
  bool operator==(KeptLog const&) const = default;
};

/// Safe from any thread.
struct RunLogs {
  struct Found {
    KeptLog log;
    std::string version;  // "" while nothing is kept
  };
  virtual ~RunLogs() = default;
  /// Conflict if its place is taken by something else.
  virtual Result<Found> find(StoredObject const& run, Context const& context) = 0;
  /// Conflict if what is kept is not of that version any more.
  virtual Result<Done> keep(StoredObject const& run, KeptLog const& log, std::string const& version,
                            Context const& context) = 0;
};

}  // namespace trainyard::reconcilers
