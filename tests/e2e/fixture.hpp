// azsim as a process, and the folders of an operator that works against it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/child.hpp"

namespace trainyard::tests {

/// The application's secret. Planted: it must be found in nothing that is written or said.
inline constexpr std::string_view kClientSecret = "planted-9f27c1-the-client-secret";

/// One line of azsim's request log.
struct Request {
  std::string operation, method, path;
  int status = 0;  // 0: no answer was given
};

/// Executes jobs for real; has the workspace `demo`.
class Azsim {
 public:
  /// `faults`: as `azsim --faults` reads them, "" for none.
  explicit Azsim(std::string const& faults = "");
  ~Azsim();
  Azsim(Azsim const&) = delete;
  Azsim& operator=(Azsim const&) = delete;

  void stop();
  /// At the address it had, with the world it had.
  void start();
  [[nodiscard]] std::vector<Request> requests() const;
  /// Of one operation, all or those that were answered so.
  [[nodiscard]] std::size_t count(std::string_view operation, int status = -1) const;
  /// Creations, changes, deletions and cancels; what a job itself reports is none.
  [[nodiscard]] std::size_t changes() const;
  /// Returns when so many calls of it have had their effect.
  void wait_for(std::string_view operation, std::size_t count) const;
  [[nodiscard]] std::string clouds() const { return (folder_.path() / "clouds.yaml").string(); }
  [[nodiscard]] std::string log() const { return read_all(folder_.path() / "requests.jsonl"); }

 private:
  TempFolder folder_;
  std::string port_ = "0";
  std::unique_ptr<Child> process_;
};

/// Folders of manifests, secrets and state, and all that was said about them.
class Place {
 public:
  explicit Place(Azsim const& azsim) : Place(azsim.clouds()) {}
  Place() : Place("") {}

  void write(std::string const& file, std::string const& text) const {
    folder_.write("manifests/" + file, text);
  }
  void write_secret(std::string const& name, std::string_view value) const;
  [[nodiscard]] std::filesystem::path path(std::string const& file) const { return folder_.path() / file; }

  /// For a process that a test looks at while it runs.
  [[nodiscard]] std::vector<std::string> run_arguments(std::vector<std::string> const& more) const;
  /// `trainyard run --until-settled`, to its end; its log tells everything.
  Said run();
  /// Another command on the same folders.
  Said ask(std::vector<std::string> arguments);
  /// Everything that commands have said, the log of `run`, and every file of the state folder.
  [[nodiscard]] std::string all_written() const;
  /// What SQLite says of a copy of the state file: "ok", or what is damaged.
  [[nodiscard]] std::string integrity() const;

 private:
  explicit Place(std::string clouds);

  TempFolder folder_;
  std::string const clouds_;
  std::string said_;
};

/// A message with all that was said, for a check that fails.
std::string all(Said const& said);
/// How often the text holds the part.
std::size_t occurrences(std::string_view text, std::string_view part);

// Manifests. `workspace` is also the name of the Workspace that a cluster is in.
std::string workspace(std::string const& name, std::string const& azure_name = "demo",
                      std::string const& secret = "azsim-client");
std::string local_target(std::string const& name);
std::string cluster(std::string const& name, std::string const& vm_size = "Standard_DS3_v2");
std::string training(std::string const& name, std::string const& target, std::string const& argument = "",
                     std::string const& source = "src");

}  // namespace trainyard::tests
