#include "controller/manager/documents.hpp"

#include "manifests/kinds.hpp"

namespace trainyard::manager {

directory::DocumentReader document_reader() {
  return [](std::string_view file, std::string_view text) {
    manifests::Documents parsed = manifests::parse_documents(file, text);
    directory::Declarations read{.ignored = std::move(parsed.ignored)};
    for (manifests::Document& document : parsed.documents)
      read.documents.push_back({.key = {document.kind, document.ns, document.name},
                                .labels = std::move(document.labels),
                                .annotations = std::move(document.annotations),
                                .spec = std::move(document.spec),
                                .place = std::move(document.place)});
    for (manifests::FieldError const& error : parsed.errors) read.errors.push_back(to_string(error, file));
    return read;
  };
}

directory::ChangeCheck change_check() {
  return [](std::string_view kind, Json const& before, Json const& after) {
    std::vector<std::string> refusals;
    for (manifests::FieldError const& error : manifests::validate_change(kind, before, after))
      refusals.push_back(to_string(error, ""));
    return refusals;
  };
}

}  // namespace trainyard::manager
