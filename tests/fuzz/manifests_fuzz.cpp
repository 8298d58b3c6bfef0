// A user's manifests: our kinds and Secrets.
#include "controller/directory/secrets.hpp"
#include "manifests/compute_target.hpp"
#include "manifests/kinds.hpp"
#include "manifests/training_run.hpp"
#include "manifests/workspace.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

namespace {

/// As `get -o yaml` shows it.
Json as_written(trainyard::manifests::Document const& document) {
  return Json::object({{"apiVersion", trainyard::manifests::kGroupVersion},
                       {"kind", document.kind},
                       {"metadata", Json::object({{"name", document.name},
                                                  {"namespace", document.ns},
                                                  {"labels", document.labels},
                                                  {"annotations", document.annotations}})},
                       {"spec", document.spec}});
}

void read_spec(std::string const& kind, Json const& spec) {
  if (kind == "Workspace") (void)trainyard::manifests::workspace_spec_from_json(spec);
  if (kind == "ComputeTarget") (void)trainyard::manifests::compute_target_spec_from_json(spec);
  if (kind == "TrainingRun") (void)trainyard::manifests::training_run_spec_from_json(spec);
}

}  // namespace

void manifests(std::string_view input) {
  trainyard::manifests::Documents const found = trainyard::manifests::parse_documents("m.yaml", input);
  for (trainyard::manifests::FieldError const& error : found.errors)
    require(to_string(error, "m.yaml").starts_with("m.yaml:") && !error.problem.empty(),
            "an error has file and words", to_string(error, "m.yaml"));
  for (trainyard::manifests::Document const& document : found.documents) {
    require(trainyard::manifests::validate(document.kind, document.name, document.spec).empty(),
            "a document that is taken is valid", document.name);
    require(trainyard::manifests::validate_change(document.kind, document.spec, document.spec).empty(),
            "a spec may stay as it is", document.name);
    read_spec(document.kind, document.spec);
    std::string const text = to_yaml(as_written(document));
    trainyard::manifests::Documents const again = trainyard::manifests::parse_documents("m.yaml", text);
    require(again.documents.size() == 1 && again.errors.empty(), "what is shown of an object can be applied",
            text);
    require(again.documents.front().spec.canonical() == document.spec.canonical(), "and is the same", text);
  }
  directory::SecretDocuments const secrets = directory::read_secret_documents("m.yaml", input);
  for (directory::SecretDocument const& secret : secrets.documents)
    require(!secret.name.empty() && !secret.ns.empty() && directory::digest_of(secret.values).size() == 32,
            "a Secret has a name and a digest");
}

}  // namespace trainyard::fuzz
