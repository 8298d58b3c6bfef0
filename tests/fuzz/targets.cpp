#include <array>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

// Each in the file NAME_fuzz.cpp, its seeds in corpus/NAME.
void azure_answers(std::string_view input);
void clouds(std::string_view input);
void encodings(std::string_view input);
void ignore_rules(std::string_view input);
void json(std::string_view input);
void log_lines(std::string_view input);
void manifests(std::string_view input);
void mlflow(std::string_view input);
void names(std::string_view input);
void statuses(std::string_view input);
void times(std::string_view input);
void urls(std::string_view input);
void yaml(std::string_view input);

namespace {

struct NamedTarget {
  std::string_view name;
  Target run;
};

constexpr std::array kTargets{NamedTarget{"azure_answers", azure_answers},
                              NamedTarget{"clouds", clouds},
                              NamedTarget{"encodings", encodings},
                              NamedTarget{"ignore_rules", ignore_rules},
                              NamedTarget{"json", json},
                              NamedTarget{"log_lines", log_lines},
                              NamedTarget{"manifests", manifests},
                              NamedTarget{"mlflow", mlflow},
                              NamedTarget{"names", names},
                              NamedTarget{"statuses", statuses},
                              NamedTarget{"times", times},
                              NamedTarget{"urls", urls},
                              NamedTarget{"yaml", yaml}};

}  // namespace

Target find_target(std::string_view name) {
  for (NamedTarget const& target : kTargets)
    if (target.name == name) return target.run;
  std::fprintf(stderr, "there is no target '%.*s'; give --target= one of", static_cast<int>(name.size()),
               name.data());
  for (NamedTarget const& target : kTargets) std::fprintf(stderr, " %s", target.name.data());
  std::fprintf(stderr, "\n");
  std::exit(2);
}

Target target_of(int argc, char** argv) {
  constexpr std::string_view kFlag = "--target=";
  for (int i = 1; i < argc; ++i)
    if (std::string_view const argument = argv[i]; argument.starts_with(kFlag))
      return find_target(argument.substr(kFlag.size()));
  return find_target("");
}

void require(bool holds, std::string_view property, std::string_view shown) {
  if (holds) return;
  std::fprintf(stderr, "\nThis does not hold: %.*s\nof: %.*s\n", static_cast<int>(property.size()),
               property.data(), static_cast<int>(shown.size()), shown.data());
  std::abort();
}

}  // namespace trainyard::fuzz
