// What every command shares: the folder it speaks of, the objects it names, and how errors reach the user.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/log.hpp"
#include "controller/cli/options.hpp"
#include "controller/directory/directory_reader.hpp"
#include "controller/directory/documents.hpp"

namespace trainyard::cli {

/// From --directory (default: where the user stands), --state (default: DIRECTORY/.trainyard), --secrets,
/// --recursive.
directory::DirectoryOptions folder_of(Parsed const& parsed);

/// The flags that find the same folder again, for commands shown to the user: " --directory DIR".
std::string folder_flags(Parsed const& parsed);

/// What a user names: a kind by any of its names, in any case, and perhaps an object of it.
struct Wanted {
  std::string kind;
  std::string name;  // "" for all of the kind
};
Result<Wanted> parse_wanted(std::string_view word);
/// The same, when exactly one object must be named.
Result<ObjectKey> parse_key(std::string_view word, std::string const& ns);
/// As users write it: "trainingrun/fit-local".
std::string short_name(ObjectKey const& key);

/// A folder's state as the commands beside the operator read it.
class FolderReader {
 public:
  static Result<FolderReader> open(Parsed const& parsed);
  [[nodiscard]] directory::DirectoryReader& objects() const { return *reader_; }
  [[nodiscard]] Clock const& clock() const { return parts_->clock; }
  [[nodiscard]] WallTime now() const { return parts_->clock.wall(); }
  /// NotFound in words if it is not there.
  [[nodiscard]] Result<ObjectPtr> find(ObjectKey const& key) const;

 private:
  struct Parts {
    SystemClock clock;
    Scrubber scrubber;
  };
  FolderReader() = default;
  std::unique_ptr<Parts> parts_ = std::make_unique<Parts>();
  std::unique_ptr<directory::DirectoryReader> reader_;
};

/// Tells the error on stderr; the exit code that fits: usage for what the user wrote, else failed.
int fail(Error const& error);
Error usage_error(std::string message);

}  // namespace trainyard::cli
