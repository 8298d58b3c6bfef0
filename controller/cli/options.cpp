#include "controller/cli/options.hpp"

#include <algorithm>

#include <getopt.h>

#include "controller/base/time_text.hpp"

namespace trainyard::cli {

namespace {

constexpr int kFirstLongOnly = 256;  // getopt's values for flags without a letter begin here

bool is_choice(std::string_view choices, std::string_view value) {
  for (std::size_t at = 0; at <= choices.size();) {
    std::size_t const end = std::min(choices.find('|', at), choices.size());
    if (choices.substr(at, end - at) == value) return true;
    at = end + 1;
  }
  return false;
}

Error usage_error(std::string message) {
  return {.kind = ErrorKind::Invalid, .reason = "Usage", .message = std::move(message)};
}

std::string flag_text(Flag const& flag) {
  std::string text = flag.letter != 0 ? std::string("-") + flag.letter + ", --" : "    --";
  text += flag.name;
  if (!flag.value.empty()) text += " " + std::string(flag.value);
  return text;
}

/// Text with each line moved in.
std::string indented(std::string_view text) {
  std::string out = "  ";
  for (char c : text) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out + "\n";
}

}  // namespace

std::string Parsed::get(std::string_view flag, std::string_view other) const {
  auto const found = values_.find(flag);
  return std::string(found == values_.end() ? other : std::string_view(found->second));
}

Result<Duration> Parsed::duration(std::string_view flag, Duration other) const {
  if (!has(flag)) return other;
  Result<Duration> parsed = parse_duration(get(flag));
  if (!parsed)
    return usage_error("--" + std::string(flag) + ": '" + get(flag) +
                       "' is no duration; write it as 90s, 10m or 1h30m");
  return parsed;
}

Result<Parsed> parse(Command const& command, std::vector<std::string> const& arguments) {
  std::vector<std::string> names;  // getopt wants terminated names that outlive the call
  names.reserve(command.flags.size());
  std::vector<option> options;
  std::string letters = ":";  // a missing value is told apart from an unknown flag
  for (std::size_t i = 0; i < command.flags.size(); ++i) {
    Flag const& flag = command.flags[i];
    names.emplace_back(flag.name);
    options.push_back({names.back().c_str(), flag.value.empty() ? no_argument : required_argument, nullptr,
                       kFirstLongOnly + static_cast<int>(i)});
    if (flag.letter != 0) letters += std::string(1, flag.letter) + (flag.value.empty() ? "" : ":");
  }
  options.push_back({nullptr, 0, nullptr, 0});

  std::vector<std::string> copies{std::string(command.name)};
  copies.insert(copies.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& copy : copies) argv.push_back(copy.data());
  argv.push_back(nullptr);

  std::string const called = std::string(command.program) + " " + std::string(command.name);
  Parsed parsed;
  parsed.program_ = command.program;
  ::optind = 0;  // glibc: begin anew
  ::opterr = 0;
  for (;;) {
    int const at_word = std::max(::optind, 1);
    int const got =
        ::getopt_long(static_cast<int>(copies.size()), argv.data(), letters.c_str(), options.data(), nullptr);
    if (got == -1) break;
    std::string const written =
        argv[static_cast<std::size_t>(std::min(at_word, static_cast<int>(copies.size()) - 1))];
    if (got == '?') return usage_error("unknown flag " + written + "; see " + called + " --help");
    if (got == ':') return usage_error(written + " needs a value; see " + called + " --help");
    auto const flag = std::find_if(command.flags.begin(), command.flags.end(), [&](Flag const& f) {
      return got >= kFirstLongOnly ? &f - command.flags.data() == got - kFirstLongOnly : f.letter == got;
    });
    std::string const value = ::optarg != nullptr ? ::optarg : "";
    if (!flag->choices.empty() && !is_choice(flag->choices, value))
      return usage_error("--" + std::string(flag->name) + ": '" + value + "' is not one of " +
                         std::string(flag->choices));
    parsed.values_[std::string(flag->name)] = value;
  }
  for (int i = ::optind; i < static_cast<int>(copies.size()); ++i)
    parsed.words_.emplace_back(argv[static_cast<std::size_t>(i)]);
  if (parsed.has("help")) return parsed;
  if (parsed.words_.size() < command.least_words)
    return usage_error(called + " needs " + std::string(command.words) + "; see --help");
  if (parsed.words_.size() > command.most_words)
    return usage_error("'" + parsed.words_[command.most_words] + "' is one word too many; see " + called +
                       " --help");
  return parsed;
}

std::string help_of(Command const& command) {
  std::string text = std::string(command.summary) + "\n\nUsage: " + std::string(command.program) + " " +
                     std::string(command.name) + " [flags]";
  if (!command.words.empty()) text += " " + std::string(command.words);
  text += "\n\n" + std::string(command.about) + "\n";
  if (!command.examples.empty()) text += "\nExamples:\n" + indented(command.examples);
  text += "\nFlags:\n";
  std::size_t width = 0;
  for (Flag const& flag : command.flags) width = std::max(width, flag_text(flag).size());
  for (Flag const& flag : command.flags) {
    std::string line = "  " + flag_text(flag);
    line.resize(width + 4, ' ');
    text += line + std::string(flag.help);
    if (!flag.choices.empty()) text += " (" + std::string(flag.choices) + ")";
    text += "\n";
  }
  return text;
}

std::string help_of(std::span<Command const> commands, std::string_view program) {
  std::string text =
      "Trainyard makes Azure Machine Learning match your manifests: compute targets and training "
      "runs.\n\nCommands:\n";
  for (Command const& command : commands) {
    std::string line = "  " + std::string(command.name);
    line.resize(14, ' ');
    text += line + std::string(command.summary) + "\n";
  }
  return text + "\nEach command tells its flags and examples: " + std::string(program) + " COMMAND --help\n";
}

Result<std::string> completion(std::span<Command const> commands, std::string_view shell) {
  if (shell != "bash" && shell != "zsh")
    return usage_error("completion: '" + std::string(shell) + "' is not one of bash|zsh");
  std::string names;
  std::string cases;
  for (Command const& command : commands) {
    names += (names.empty() ? "" : " ") + std::string(command.name);
    std::string flags;
    for (Flag const& flag : command.flags) flags += (flags.empty() ? "--" : " --") + std::string(flag.name);
    cases += "    " + std::string(command.name) + ") words=\"" + flags + "\" ;;\n";
  }
  std::string text;
  if (shell == "zsh") text += "autoload -U +X bashcompinit && bashcompinit\n";
  text +=
      "_trainyard() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} words\n"
      "  case ${COMP_WORDS[1]} in\n" +
      cases + "    *) words=\"" + names +
      "\" ;;\n"
      "  esac\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then words=\"" +
      names +
      "\"; fi\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "}\n"
      "complete -o default -F _trainyard trainyard\n";
  return text;
}

}  // namespace trainyard::cli
