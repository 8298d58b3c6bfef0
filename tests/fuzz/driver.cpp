// Runs a target on a corpus and on mutations of it, the same ones for the same seed:
//
//   fuzz --target=NAME [-runs=N] [-seed=N] FILE|FOLDER...
//
// The flags are libFuzzer's. An input that ends the process is left in the file fuzz-failed of the current
// folder.
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "controller/base/random.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/temp_folder.hpp"

extern "C" void __sanitizer_set_death_callback(void (*)()) __attribute__((weak));

namespace {

constexpr std::size_t kMostBytes = 4096;
constexpr char kFailed[] = "fuzz-failed";

std::string_view current;

void keep_input() {
  int const file = ::open(kFailed, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (::write(file, current.data(), current.size()) == static_cast<ssize_t>(current.size()))
    std::fprintf(stderr, "The input is in %s.\n", kFailed);
  ::close(file);
}

void keep_input_and_die(int signal) {
  keep_input();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// What libFuzzer does without feedback: cuts, repeats, splices, flips, and words that parsers look for.
class Mutator {
 public:
  Mutator(std::vector<std::string> const& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

  std::string next() {
    std::string input = any_of(corpus_);
    for (std::size_t step = 0, steps = 1 + below(5); step < steps; ++step) change(input);
    input.resize(std::min(input.size(), kMostBytes));
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_.next() % bound; }
  template <class T>
  T const& any_of(T const* begin, std::size_t size) {
    return begin[below(size)];
  }
  std::string const& any_of(std::vector<std::string> const& list) { return list[below(list.size())]; }

  std::string part_of(std::string const& text) {
    std::size_t const at = below(text.size());
    return text.substr(at, 1 + below(32));
  }

  void change(std::string& input) {
    static constexpr std::string_view kWords[] = {std::string_view("\0", 1),
                                                  "\xff",
                                                  "\xed\xa0\x80",
                                                  "\xef\xbb\xbf",
                                                  "\xc2\x85",
                                                  "\n",
                                                  "\r\n",
                                                  "\t",
                                                  " ",
                                                  "\"",
                                                  "'",
                                                  "\\",
                                                  "\\u0000",
                                                  "\\ud800",
                                                  "/",
                                                  "..",
                                                  "**",
                                                  "%",
                                                  "%00",
                                                  "=",
                                                  ":",
                                                  ": ",
                                                  "- ",
                                                  "---",
                                                  "?",
                                                  "#",
                                                  "&",
                                                  "*",
                                                  "!",
                                                  "{",
                                                  "}",
                                                  "[",
                                                  "]",
                                                  ",",
                                                  "-",
                                                  "-0",
                                                  "0",
                                                  "1e999",
                                                  "9223372036854775808",
                                                  "0.1",
                                                  "T",
                                                  "Z",
                                                  "+23:59",
                                                  "null",
                                                  "true",
                                                  "~",
                                                  "\x1b[31m",
                                                  "eyJ",
                                                  "sig=",
                                                  "bearer ",
                                                  "\"key\":\""};
    std::size_t const at = below(input.size() + 1);
    switch (below(7)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ static_cast<char>(1U << below(8)));
        break;
      case 1:
        input.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 2:
        input.erase(at, 1 + below(16));
        break;
      case 3:
        input.insert(at, kWords[below(std::size(kWords))]);
        break;
      case 4:
        input.insert(at, part_of(any_of(corpus_)));
        break;
      case 5: {
        std::string const part = part_of(input);
        for (std::size_t i = 0, times = 1 + below(8); i < times; ++i) input.insert(at, part);
        break;
      }
      default:
        if (at < input.size()) input.replace(at, 1 + below(8), kWords[below(std::size(kWords))]);
    }
  }

  std::vector<std::string> const& corpus_;
  trainyard::SeededRandom random_;
};

std::uint64_t number_of(std::string_view flag, std::string_view argument, std::uint64_t other) {
  if (!argument.starts_with(flag)) return other;
  std::from_chars(argument.data() + flag.size(), argument.data() + argument.size(), other);
  return other;
}

std::vector<std::string> read_corpus(std::filesystem::path const& path) {
  std::vector<std::filesystem::path> files{path};
  if (std::filesystem::is_directory(path))
    files.assign(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator());
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (std::filesystem::path const& file : files) inputs.push_back(trainyard::tests::read_all(file));
  return inputs;
}

}  // namespace

int main(int argc, char** argv) {
  trainyard::fuzz::Target const target = trainyard::fuzz::target_of(argc, argv);
  std::uint64_t runs = 0, seed = 1;
  std::vector<std::string> corpus;
  for (int i = 1; i < argc; ++i) {
    std::string_view const argument = argv[i];
    runs = number_of("-runs=", argument, runs);
    seed = number_of("-seed=", argument, seed);
    if (argument.starts_with('-')) continue;
    for (std::string& input : read_corpus(argument)) corpus.push_back(std::move(input));
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "no input: name files or folders\n");
    return 2;
  }
  for (int const signal : {SIGABRT, SIGSEGV, SIGFPE}) std::signal(signal, keep_input_and_die);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_input);
  auto const run = [&](std::string const& input) {
    current = input;
    target(input);
  };
  for (std::string const& input : corpus) run(input);
  Mutator mutator(corpus, seed);
  for (std::uint64_t i = 0; i < runs; ++i) run(mutator.next());
  std::printf("%zu inputs and %llu mutations of seed %llu: all properties hold\n", corpus.size(),
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed));
}
