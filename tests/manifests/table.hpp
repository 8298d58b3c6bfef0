// Cases of tests/manifests/tables, which an API server is asked too.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace trainyard::manifests::test {

struct TableCase {
  std::string name;
  std::string good;  // the document that text was made of; "" if it is whole
  std::string text;
  std::vector<std::string> lines;  // what we say
};
std::ostream& operator<<(std::ostream& out, TableCase const& c);  // its name

/// Throws if the file is not there or a case is not as tables/README.md says.
std::vector<TableCase> cases_of(std::string const& file);
std::string good_document(std::string const& file, std::string const& name);

std::string replaced(std::string text, std::string const& from, std::string const& to);

}  // namespace trainyard::manifests::test
