// The program `trainyard`.
#include <string>
#include <vector>

#include "controller/cli/commands.hpp"

int main(int argc, char** argv) {
  return trainyard::cli::dispatch(std::vector<std::string>(argv + 1, argv + argc));
}
