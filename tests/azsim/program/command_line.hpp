// What azsim is told on its command line.
#pragma once

#include <string>
#include <vector>

#include "tests/azsim/azsim.hpp"

namespace trainyard::azsim {

struct Listen {
  std::string address;
  int port = 0;  // 0: any free one
};

struct CommandLine {
  Listen https{"127.0.0.1", 8443};
  std::optional<Listen> http;
  bool execute = false, fast = false, help = false, operations = false;
  std::string state, write_ca, write_cloud, log, faults;        // files; "" for none
  std::vector<std::pair<std::string, std::string>> workspaces;  // group and name
  std::vector<std::string> client_certificates, federated;      // files
  std::optional<std::uint64_t> fault_seed;
  Options options = default_options();
};

/// Errors name the option, its value and what it takes.
Result<CommandLine> parse_command_line(std::vector<std::string> const& arguments);

std::string help_text();

}  // namespace trainyard::azsim
