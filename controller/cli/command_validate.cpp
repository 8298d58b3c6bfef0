#include <iostream>
#include <map>

#include "controller/base/object_store.hpp"
#include "controller/cli/commands.hpp"
#include "controller/cli/folder.hpp"
#include "controller/directory/files.hpp"
#include "controller/directory/manifest_folder.hpp"
#include "controller/directory/secrets.hpp"
#include "controller/manager/documents.hpp"

namespace trainyard::cli {

namespace {

class Validation {
 public:
  void add_file(std::string const& path) {
    ++files_;
    Result<directory::FileText> const file = directory::read_file(path);
    if (!file) return error(file.error().message);
    directory::Declarations const read = manager::document_reader()(path, file->text);
    for (std::string const& problem : read.errors) error(problem);
    for (std::string const& problem : directory::read_secret_documents(path, file->text).errors)
      error(problem);
    for (auto const& [place, kind] : read.ignored)
      std::cout << place << ": " << kind << " is not one of Trainyard's kinds: ignored here\n";
    for (directory::Declaration const& document : read.documents) {
      std::filesystem::path const folder = std::filesystem::path(path).parent_path();
      auto const [known, first] = places_.emplace(std::pair(folder, document.key), document.place);
      if (first)
        std::cout << document.place << ": " << short_name(document.key) << " is good\n";
      else
        error(document.place + ": " + short_name(document.key) + " is declared at " + known->second +
              " already; remove or rename one of them");
    }
  }

  void error(std::string const& text) {
    ++errors_;
    std::cerr << text << "\n";
  }

  int verdict() const {
    std::cout << files_ << (files_ == 1 ? " file, " : " files, ") << places_.size()
              << (places_.size() == 1 ? " good object, " : " good objects, ") << errors_
              << (errors_ == 1 ? " error\n" : " errors\n");
    return errors_ == 0 ? kExitOk : kExitFailed;
  }

 private:
  int files_ = 0, errors_ = 0;
  // By folder: what lies in different ones is often applied apart, as samples are.
  std::map<std::pair<std::filesystem::path, ObjectKey>, std::string> places_;
};

}  // namespace

int validate(Parsed const& parsed) {
  Validation validation;
  for (std::string const& word : parsed.words()) {
    std::error_code none;
    if (!std::filesystem::is_directory(word, none)) {
      validation.add_file(word);
      continue;
    }
    directory::DirectoryOptions const options{.directory = word,
                                              .state = std::filesystem::path(word) / ".trainyard",
                                              .recursive = parsed.has("recursive")};
    Result<std::vector<std::string>> const paths = directory::manifest_paths(options);
    if (!paths) {
      validation.error(paths.error().message);
      continue;
    }
    if (paths->empty())
      validation.error(word + ": there are no manifests (*.yaml, *.yml, *.json) in this folder");
    for (std::string const& path : *paths) validation.add_file((options.directory / path).string());
  }
  return validation.verdict();
}

}  // namespace trainyard::cli
