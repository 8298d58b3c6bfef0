// The kinds Trainyard serves: what a document may say, checked by the same rules as the CRDs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/json.hpp"
#include "controller/base/result.hpp"
#include "controller/base/yaml.hpp"

namespace trainyard::manifests {

inline constexpr std::string_view kGroupVersion = "trainyard.dev/v1alpha1";

/// One field of a kind's spec as C++ knows it; a test holds these rows to the CRD, field by field.
struct Field {
  std::string_view path;                // "spec.script.arguments[]"
  std::string_view type;                // object, array, string, integer, boolean
  bool required = false;                // within its parent
  std::string_view default_value = "";  // as JSON text; "" for none
  std::string_view pattern = "";        // anchored regular expression for strings
  std::string_view allowed = "";        // A|B|C
  std::int64_t least = 0,
               most = 0;  // integers: bounds; strings: length in characters; arrays: items; 0,0 = none
  bool immutable = false;
  std::string_view expects = "";  // what to write, for the remedy: "a DNS label, such as cpu-cluster"
  bool hidden = false;            // a value that may hold a secret by mistake: never repeated in an error
};

struct Kind {
  std::string_view kind, plural, short_name;
  std::span<Field const> fields;
};
std::span<Kind const> kinds();
Kind const* find_kind(std::string_view kind_or_plural_or_short_name);  // without case

struct FieldError {
  std::string path;     // "spec.amlCompute.create.maxNodes"
  std::string value;    // as written, shortened; never a Secret's
  std::string problem;  // what is wrong and what to write instead
  SourcePlace place;    // {0,0} if not known
};
/// "quickstart.yaml:12:5: spec.x: 'y' ...: ..."
std::string to_string(FieldError const& error, std::string_view file);

struct Document {
  std::string kind, ns, name;  // ns "default" when not written
  Json labels, annotations;    // objects
  Json spec;                   // as written: no defaults
  std::string place;           // "FILE:LINE"
};

struct Documents {
  std::vector<Document> documents;
  std::vector<std::pair<std::string, std::string>>
      ignored;  // place and kind of Secrets, ConfigMaps and kustomizations
  std::vector<FieldError> errors;
};

/// One file's text. Unknown apiVersion or kind, unknown fields, wrong types and broken rules are errors; the
/// good documents are still returned.
Documents parse_documents(std::string_view file, std::string_view text);

/// All rules the object alone decides (the CRD's CEL rules and more), defaults not needed.
std::vector<FieldError> validate(std::string_view kind, std::string_view name, Json const& spec);
/// Rules between an object's old and new spec: immutable fields.
std::vector<FieldError> validate_change(std::string_view kind, Json const& before, Json const& after);

}  // namespace trainyard::manifests
