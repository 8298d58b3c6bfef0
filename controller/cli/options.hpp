// Commands as a table: parsing (getopt_long), help and shell completion all read it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/result.hpp"

namespace trainyard::cli {

// Exit codes, the same for every command.
inline constexpr int kExitOk = 0, kExitFailed = 1, kExitUsage = 2, kExitInterrupted = 130;

// What users call the program by: itself, or as a plugin of kubectl, which looks for kubectl-trainyard.
inline constexpr std::string_view kProgram = "trainyard", kPlugin = "kubectl trainyard";

struct Flag {
  std::string_view name;   // "cluster-name"
  char letter = 0;         // 'o' for -o; 0 for none
  std::string_view value;  // "NAME"; "" for a switch
  std::string_view help;
  std::string_view choices = "";  // "json|yaml|wide"
};

class Parsed {
 public:
  [[nodiscard]] bool has(std::string_view flag) const { return values_.contains(flag); }
  [[nodiscard]] std::string get(std::string_view flag, std::string_view other = "") const;
  /// The duration of a flag. Error Invalid naming flag, value and remedy.
  [[nodiscard]] Result<Duration> duration(std::string_view flag, Duration other) const;
  [[nodiscard]] std::vector<std::string> const& words() const { return words_; }
  [[nodiscard]] bool is_plugin() const { return program_ == kPlugin; }

 private:
  friend Result<Parsed> parse(struct Command const&, std::vector<std::string> const&);
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> words_;
  std::string_view program_ = kProgram;
};

struct Command {
  std::string_view name, summary;
  std::string_view words;     // usage of what is not a flag: "KIND/NAME"
  std::string_view about;     // what it does, exit codes where they say more
  std::string_view examples;  // lines of shell
  std::span<Flag const> flags;
  std::size_t least_words = 0, most_words = 0;
  int (*run)(Parsed const&) = nullptr;
  std::string_view program = kProgram;
};

/// An unknown flag, a flag without its value, a value out of its choices, too few or too many words: Invalid,
/// in words.
Result<Parsed> parse(Command const& command, std::vector<std::string> const& arguments);
std::string help_of(Command const& command);
std::string help_of(std::span<Command const> commands, std::string_view program = kProgram);
/// The text of a completion script for bash or zsh.
Result<std::string> completion(std::span<Command const> commands, std::string_view shell);

}  // namespace trainyard::cli
