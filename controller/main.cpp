// The program `trainyard`, which is `kubectl trainyard` too, by a second name of its file.
#include <filesystem>
#include <string>
#include <vector>

#include "controller/cli/commands.hpp"

int main(int argc, char** argv) {
  std::vector<std::string> const arguments(argv + 1, argv + argc);
  bool const plugin = std::filesystem::path(argv[0]).filename() == "kubectl-trainyard";
  return plugin ? trainyard::cli::dispatch_plugin(arguments) : trainyard::cli::dispatch(arguments);
}
