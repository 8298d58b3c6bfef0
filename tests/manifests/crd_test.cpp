// The CRDs and the C++ types say the same, field by field.
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "controller/base/yaml.hpp"
#include "manifests/kinds.hpp"
#include "tests/folders.hpp"
#include "tests/manifests/full_status.hpp"

namespace trainyard::manifests::test {

namespace {

std::string text_of_crd(Kind const& kind) {
  std::ifstream file(source_folder() + "/crds/" + std::string(kind.plural) + ".yaml");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Json crd_of(Kind const& kind) {
  Result<std::vector<YamlDocument>> documents = parse_yaml(text_of_crd(kind));
  BOOST_REQUIRE_MESSAGE(documents.has_value(),
                        kind.plural << ": " << (documents ? "" : documents.error().message));
  BOOST_REQUIRE(documents->size() == 1U);
  return documents->front().value;
}

Json const& version_of(Json const& crd) { return crd.at({"spec", "versions"}).items().at(0); }
Json const& schema_of(Json const& crd) { return version_of(crd).at({"schema", "openAPIV3Schema"}); }

struct Node {
  Json schema;
  Json parent;  // schema of the object that holds it; null for items
  bool required = false;
};
using Nodes = std::map<std::string, Node>;

void walk(std::string const& path, Json const& schema, Nodes& nodes) {
  std::set<std::string> required;
  for (Json const& name : schema.at("required").items()) required.insert(name.string_or(""));
  for (auto const& [name, property] : schema.at("properties").members()) {
    required.erase(name);
    // kubectl reads YAML 1.1, where these words are booleans, as keys too.
    static std::set<std::string> const kBooleans{"y", "n", "yes", "no", "on", "off", "true", "false"};
    BOOST_TEST(!kBooleans.contains(name), path << "." << name);
    std::string const below = path.empty() ? name : path + "." + name;
    bool needed = false;
    for (Json const& item : schema.at("required").items()) needed = needed || item.string_or("") == name;
    nodes[below] = {property, schema, needed};
    walk(below, property, nodes);
  }
  BOOST_TEST(required.empty(), path << " requires a field that it does not have");
  if (Json const* const items = schema.find("items")) {
    nodes[path + "[]"] = {*items, nullptr, false};
    walk(path + "[]", *items, nodes);
  }
  if (Json const* const any = schema.find("additionalProperties"))
    nodes[path + "{}"] = {*any, nullptr, false};
}

Nodes nodes_below(Json const& crd, std::string const& root) {
  Nodes nodes;
  walk(root, schema_of(crd).at({"properties", root}), nodes);
  return nodes;
}

std::string leaf(std::string_view path) { return std::string(path.substr(path.rfind('.') + 1)); }

bool any_rule(Json const& schema, std::string const& part) {
  for (Json const& rule : schema.at("x-kubernetes-validations").items())
    if (rule.text("rule").find(part) != std::string::npos) return true;
  return false;
}

std::int64_t bound(Json const& schema, std::string_view name) { return schema.at(name).integer_or(0); }

std::string default_of(Json const& schema) {
  Json const* const value = schema.find("default");
  return value == nullptr ? "" : value->dump();
}

std::string enumeration(Json const& schema) {
  std::string words;
  for (Json const& word : schema.at("enum").items()) words += (words.empty() ? "" : "|") + word.string_or("");
  return words;
}

void same_bounds(Field const& field, Json const& schema) {
  char const* const kinds[3][2] = {
      {"minimum", "maximum"}, {"minLength", "maxLength"}, {"minItems", "maxItems"}};
  char const* const mine = field.type == "integer"  ? "minimum"
                           : field.type == "string" ? "minLength"
                                                    : "minItems";
  for (auto const& [least, most] : kinds) {
    bool const applies = std::string_view(least) == mine;
    BOOST_TEST(bound(schema, least) == (applies ? field.least : 0), field.path << ": " << least);
    BOOST_TEST(bound(schema, most) == (applies ? field.most : 0), field.path << ": " << most);
  }
  // What a user may write must have an end: an API server will not take rules on strings and lists without
  // one.
  bool const open =
      (field.type == "string" && field.allowed.empty()) || field.type == "array" || field.type == "integer";
  BOOST_TEST((!open || field.most > 0), field.path << " has no upper bound");
}

/// Paths of every value in a JSON value; the members of a map by the one name "{}".
void paths_of(Json const& value, std::string const& path, Nodes const& schema,
              std::map<std::string, std::string>& found) {
  for (auto const& [name, member] : value.members()) {
    bool const map = schema.contains(path + "{}");
    std::string const below = map ? path + "{}" : path + "." + name;
    found[below] = member.type_name();
    paths_of(member, below, schema, found);
  }
  for (Json const& item : value.items()) {
    found[path + "[]"] = item.type_name();
    paths_of(item, path + "[]", schema, found);
  }
}

Json full_status(std::string_view kind) {
  if (kind == "Workspace") return to_json(full_workspace());
  if (kind == "ComputeTarget") return to_json(full_compute_target());
  return to_json(full_training_run());
}

std::vector<std::string> const kNames{"Workspace", "ComputeTarget", "TrainingRun"};

}  // namespace

BOOST_AUTO_TEST_SUITE(crds)

BOOST_AUTO_TEST_CASE(every_kind_is_named_here) {
  std::vector<std::string> names;
  for (Kind const& kind : kinds()) names.emplace_back(kind.kind);
  BOOST_TEST(names == kNames, boost::test_tools::per_element());
  BOOST_TEST(find_kind("CT")->kind == "ComputeTarget");
  BOOST_TEST(find_kind("trainingruns")->kind == "TrainingRun");
  BOOST_TEST(find_kind("workspace")->kind == "Workspace");
  BOOST_TEST(find_kind("pod") == nullptr);
}

BOOST_DATA_TEST_CASE(names_and_columns, boost::unit_test::data::make(kNames), name) {
  Kind const& kind = *find_kind(name);
  Json const crd = crd_of(kind);
  Json const& names = crd.at({"spec", "names"});
  BOOST_TEST(crd.text({"metadata", "name"}) == std::string(kind.plural) + ".trainyard.dev");
  BOOST_TEST(names.text("kind") == kind.kind);
  BOOST_TEST(names.text("plural") == kind.plural);
  BOOST_TEST(names.at("shortNames").dump() == "[\"" + std::string(kind.short_name) + "\"]");
  BOOST_TEST(names.at("categories").dump() == "[\"trainyard\"]");
  BOOST_TEST(crd.text({"spec", "scope"}) == "Namespaced");
  Json const& version = version_of(crd);
  BOOST_TEST("trainyard.dev/" + version.text("name") == kGroupVersion);
  BOOST_TEST(version.at({"subresources", "status"}).is_object());
  std::set<std::string> columns;
  for (Json const& column : version.at("additionalPrinterColumns").items())
    columns.insert(column.text("name"));
  for (char const* const column : {"Ready", "Reason", "Since", "Age"})
    BOOST_TEST(columns.contains(column), column);
  BOOST_TEST(text_of_crd(kind).size() < 256U * 1024U,
             "client-side apply keeps the whole CRD in an annotation");
}

BOOST_DATA_TEST_CASE(the_spec_is_the_table_of_fields, boost::unit_test::data::make(kNames), name) {
  Kind const& kind = *find_kind(name);
  Nodes nodes = nodes_below(crd_of(kind), "spec");
  for (Field const& field : kind.fields) {
    std::string const path(field.path);
    BOOST_TEST_CONTEXT(path) {
      BOOST_TEST(nodes.contains(path), "is in the table and not in the CRD");
      if (!nodes.contains(path)) continue;
      auto const& [schema, parent, required] = nodes.at(path);
      BOOST_TEST(schema.text("type") == field.type);
      BOOST_TEST(required == field.required);
      BOOST_TEST(default_of(schema) == field.default_value);
      BOOST_TEST(schema.text("pattern") == field.pattern);
      BOOST_TEST(enumeration(schema) == field.allowed);
      same_bounds(field, schema);
      bool const immutable = any_rule(schema, "self == oldSelf") ||
                             any_rule(parent, "self." + leaf(path) + " == oldSelf." + leaf(path));
      BOOST_TEST(immutable == field.immutable);
      std::string const description = schema.text("description");
      BOOST_TEST((description.find("Default ") != std::string::npos ||
                  description.find("No default") != std::string::npos),
                 "a description tells the default");
      BOOST_TEST((!field.required || description.find("No default") != std::string::npos),
                 "required, so without default");
      nodes.erase(path);
    }
  }
  for (auto const& [path, node] : nodes) BOOST_TEST(false, path << " is in the CRD and not in the table");
}

BOOST_DATA_TEST_CASE(the_status_is_what_is_written, boost::unit_test::data::make(kNames), name) {
  Nodes const nodes = nodes_below(crd_of(*find_kind(name)), "status");
  std::map<std::string, std::string> written;
  paths_of(full_status(name), "status", nodes, written);
  for (auto const& [path, node] : nodes) {
    BOOST_TEST_CONTEXT(path) {
      BOOST_TEST(!node.schema.text("description").empty());
      BOOST_TEST(written.contains(path), "is in the CRD and not written");
      bool const any = node.schema.at("x-kubernetes-preserve-unknown-fields").bool_or(false);
      if (!any && written.contains(path)) BOOST_TEST(written.at(path) == node.schema.text("type"));
    }
  }
  for (auto const& [path, type] : written)
    BOOST_TEST(nodes.contains(path), path << " is written and not in the CRD");
}

BOOST_DATA_TEST_CASE(what_is_just_made_tells_of_no_generation, boost::unit_test::data::make(kNames), name) {
  Json const schema = schema_of(crd_of(*find_kind(name)));
  BOOST_TEST(default_of(schema.at({"properties", "status"})) == R"({"observedGeneration":0})");
}

BOOST_DATA_TEST_CASE(every_rule_has_words, boost::unit_test::data::make(kNames), name) {
  Json const crd = crd_of(*find_kind(name));
  Nodes nodes = nodes_below(crd, "spec");
  nodes[""] = {schema_of(crd), nullptr, false};
  nodes["spec"] = {schema_of(crd).at({"properties", "spec"}), nullptr, true};
  for (auto const& [path, node] : nodes) {
    for (Json const& rule : node.schema.at("x-kubernetes-validations").items())
      BOOST_TEST(!rule.text("message").empty(), path << ": " << rule.text("rule"));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::manifests::test
