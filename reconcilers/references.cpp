#include "reconcilers/references.hpp"

#include "manifests/training_run.hpp"

namespace trainyard::reconcilers {

std::set<ObjectKey> refers_to(StoredObject const& object) {
  std::set<ObjectKey> keys;
  auto const add = [&](char const* kind, std::string name) {
    if (!name.empty()) keys.insert({kind, object.key.ns, std::move(name)});
  };
  if (object.key.kind == "Workspace")
    add("Secret", object.spec.text({"credential", "clientSecret", "secretRef", "name"}));
  if (object.key.kind == "TrainingRun") {
    SourceRef const source = source_of(object);
    add("ConfigMap", source.config_map);
    add("Secret", source.git.secret);
  }
  return keys;
}

SourceRef source_of(StoredObject const& run) {
  manifests::TrainingRunSpec const spec = manifests::training_run_spec_from_json(run.spec);
  return {.declared_in = run.source,
          .directory = spec.source_directory,
          .ns = run.key.ns,
          .config_map = spec.source_config_map,
          .git = {.url = spec.source_git_url,
                  .ref = spec.source_git_ref,
                  .path = spec.source_git_path,
                  .secret = spec.source_git_secret}};
}

}  // namespace trainyard::reconcilers
