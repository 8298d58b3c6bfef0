// The commands of the program, and of the same as a plugin of kubectl. Each is one file, command_*.cpp, with
// what it does; the table here has what it says.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "controller/cli/options.hpp"

namespace trainyard::cli {

std::span<Command const> commands();
std::span<Command const> plugin_commands();

// Do what the arguments (without the program's name) say, and give the exit code. To be called at the start
// of main, before any thread is there.
int dispatch(std::vector<std::string> const& arguments);
int dispatch_plugin(std::vector<std::string> const& arguments);
int run_command(std::span<Command const> known, std::string_view program,
                std::vector<std::string> const& arguments);

int run_folder(Parsed const& parsed);
int run_cluster(Parsed const& parsed);
int get(Parsed const& parsed);
int describe_object(Parsed const& parsed);
int logs(Parsed const& parsed);
int rerun(Parsed const& parsed);
int cancel(Parsed const& parsed);
int show_version(Parsed const& parsed);
int wait(Parsed const& parsed);
int delete_object(Parsed const& parsed);
int validate(Parsed const& parsed);

}  // namespace trainyard::cli
