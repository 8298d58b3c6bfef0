// Tables of wire facts: what is asked, and what comes. One file is one story on a simulator of its own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/azsim_facts/asker.hpp"

namespace trainyard::azsim {

struct FactTable {
  std::string name;                       // of its file
  std::string source;                     // how it is known
  std::vector<std::string> api_versions;  // the story is told once for each
  Json facts;
};
std::ostream& operator<<(std::ostream& out, FactTable const& table);

/// All of tests/azsim_facts/tables. README.md there tells the form.
std::vector<FactTable> fact_tables();

/// Asks one request after another.
class Story {
 public:
  explicit Story(std::string api_version);
  /// What is not as the fact has it, each with what came instead; nothing for a fact of another api-version.
  std::vector<std::string> differences(Json const& fact);

 private:
  [[nodiscard]] std::string filled(std::string text) const;
  [[nodiscard]] Json filled(Json const& value) const;
  HttpResponse answer(Json const& fact);

  Asker asker_;
  std::string api_version_;
  std::string asked_;                        // the operation of the last request
  std::map<std::string, std::string> kept_;  // by $name
};

}  // namespace trainyard::azsim
