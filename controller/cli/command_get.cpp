#include <iostream>

#include "controller/base/yaml.hpp"
#include "controller/cli/commands.hpp"
#include "controller/cli/folder.hpp"
#include "controller/cli/table.hpp"
#include "manifests/kinds.hpp"

namespace trainyard::cli {

namespace {

/// All objects that the words name, in their order; everything if there are none.
Result<std::vector<ObjectPtr>> find_objects(FolderReader const& folder, Parsed const& parsed) {
  std::vector<Wanted> wanted;
  for (std::string const& word : parsed.words()) {
    Result<Wanted> one = parse_wanted(word);
    if (!one) return one.error();
    wanted.push_back(*std::move(one));
  }
  if (wanted.empty())
    for (manifests::Kind const& kind : manifests::kinds()) wanted.push_back({.kind = std::string(kind.kind)});
  std::vector<ObjectPtr> found;
  for (Wanted const& one : wanted) {
    if (!one.name.empty()) {
      Result<ObjectPtr> object = folder.find({one.kind, parsed.get("namespace", "default"), one.name});
      if (!object) return object.error();
      found.push_back(*std::move(object));
      continue;
    }
    Result<std::vector<ObjectPtr>> const objects = folder.objects().list(one.kind);
    if (!objects) return objects.error();
    for (ObjectPtr const& object : *objects)
      if (!parsed.has("namespace") || object->key.ns == parsed.get("namespace")) found.push_back(object);
  }
  return found;
}

/// One object that was named is printed as itself, anything else as a list.
Json printed(std::vector<ObjectPtr> const& objects, Parsed const& parsed) {
  bool const one = parsed.words().size() == 1 && parsed.words().front().find('/') != std::string::npos;
  if (one) return document_of(*objects.front());
  Json::Array items;
  for (ObjectPtr const& object : objects) items.push_back(document_of(*object));
  return Json::object({{"apiVersion", "v1"}, {"kind", "List"}, {"items", Json(std::move(items))}});
}

}  // namespace

int get(Parsed const& parsed) {
  Result<FolderReader> const folder = FolderReader::open(parsed);
  if (!folder) return fail(folder.error());
  Result<std::vector<ObjectPtr>> const objects = find_objects(*folder, parsed);
  if (!objects) return fail(objects.error());
  std::string const format = parsed.get("output");
  if (format == "json") {
    std::cout << printed(*objects, parsed).dump_pretty() << "\n";
  } else if (format == "yaml") {
    std::cout << to_yaml(printed(*objects, parsed));
  } else if (objects->empty()) {
    std::cerr << "no objects\n";
  } else if (format == "wide") {
    std::cout << wide_table_of(*objects, folder->now());
  } else {
    std::vector<Row> rows;
    for (ObjectPtr const& object : *objects) rows.push_back(row_of(*object, folder->now()));
    std::cout << table_of(rows, 0);
  }
  return kExitOk;
}

}  // namespace trainyard::cli
