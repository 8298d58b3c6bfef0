// What reading the folder changes: a pure function of what is stored and what is declared.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/directory/documents.hpp"
#include "controller/directory/manifest_folder.hpp"
#include "controller/directory/state_file.hpp"

namespace trainyard::directory {

using Objects = std::map<ObjectKey, ObjectPtr>;

struct Write {
  StoredObject object;
  bool news = true;  // counts as a write to the object: a new resource version, and its key among the changes
};

struct Plan {
  std::vector<Write> writes;  // in the order of the files
  std::vector<ObjectKey> gone;
  std::vector<Event> events;
  std::vector<Problem> problems;
  std::map<ObjectKey, std::string> declared;  // key and place of the documents that count
  bool complete = true;                       // all files could be read: what is not declared truly is not
};

/// Deletes nothing but what a request asks for. A document whose change is refused leaves the object's spec
/// as it is.
Plan plan_changes(Objects const& stored, std::map<std::string, ManifestFile> const& files,
                  std::vector<DeletionRequest> const& requests, ChangeCheck const& check_change,
                  WallTime now);

}  // namespace trainyard::directory
