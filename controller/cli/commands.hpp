// The commands of the program. Each is one file, command_*.cpp, with what it does; the table here has what it
// says.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "controller/cli/options.hpp"

namespace trainyard::cli {

std::span<Command const> commands();

/// Does what the arguments (without the program's name) say; the exit code. To be called at the start of
/// main, before any thread is there.
int dispatch(std::vector<std::string> const& arguments);

int run_folder(Parsed const& parsed);
int run_cluster(Parsed const& parsed);
int get(Parsed const& parsed);
int describe_object(Parsed const& parsed);
int logs(Parsed const& parsed);
int wait(Parsed const& parsed);
int delete_object(Parsed const& parsed);
int validate(Parsed const& parsed);

}  // namespace trainyard::cli
