// Stands for the trainyard executable as far as local runs need it.
#include <string_view>

#include "controller/local/exec_run.hpp"

int main(int count, char** arguments) {
  if (count != 3 || std::string_view(arguments[1]) != "exec-run") return 2;
  return trainyard::local::exec_run(arguments[2]);
}
