#include "tests/manifests/table.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "controller/base/yaml.hpp"
#include "tests/folders.hpp"

namespace trainyard::manifests::test {

namespace {

Json table(std::string const& name) {
  std::ifstream file(source_folder() + "/tests/manifests/tables/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  Result<std::vector<YamlDocument>> documents = parse_yaml(text.str());
  if (!documents || documents->size() != 1U)
    throw std::runtime_error(name + ": " + (documents ? "is not there" : documents.error().message));
  return documents->front().value;
}

std::string text_of(Json const& c, std::string const& good) {
  if (c.find("text") != nullptr) return c.text("text");
  if (c.find("append") != nullptr) return good + c.text("append");
  return replaced(good, c.text("replace"), c.text("with"));
}

}  // namespace

std::ostream& operator<<(std::ostream& out, TableCase const& c) { return out << c.name; }

std::string replaced(std::string text, std::string const& from, std::string const& to) {
  std::size_t const at = text.find(from);
  if (from.empty() || at == std::string::npos)
    throw std::runtime_error("a case replaces what is not there: " + from);
  return text.replace(at, from.size(), to);
}

std::vector<TableCase> cases_of(std::string const& file) {
  Json const whole = table(file);
  std::vector<TableCase> cases;
  for (Json const& c : whole.at("bad").items()) {
    std::string const good = whole.text({"good", c.text("of")});
    TableCase next{.name = c.text("name"), .good = good, .text = text_of(c, good), .lines = {}};
    for (Json const& line : c.at("trainyard").items()) next.lines.push_back(line.string_or(""));
    cases.push_back(std::move(next));
  }
  if (cases.empty()) throw std::runtime_error(file + " has no case");
  return cases;
}

std::string good_document(std::string const& file, std::string const& name) {
  return table(file).text({"good", name});
}

}  // namespace trainyard::manifests::test
