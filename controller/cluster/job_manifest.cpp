#include "controller/cluster/job_manifest.hpp"

#include "controller/base/encoding.hpp"
#include "controller/base/text.hpp"
#include "controller/kube/resource.hpp"
#include "manifests/kinds.hpp"
#include "reconcilers/names.hpp"

namespace trainyard::cluster {

namespace {

using reconcilers::LocalStart;
using reconcilers::SourceFile;

// A ConfigMap takes 1 MiB with its keys. Source: Kubernetes' ConfigMap, MaxSecretSize.
constexpr std::size_t kMostSource = 1'000'000;
constexpr int kGraceSeconds = 10;  // between SIGTERM and SIGKILL, as LocalRunner::cancel() has it
constexpr char const* kWork = "/trainyard/work";
constexpr char const* kSource = "/trainyard/source";
/// Copies what is in a ConfigMap's folder, which are links beside others that are none of ours; outputs and
/// logs as Azure has them.
constexpr char const* kScript =
    "set -e\n"
    "for file in /trainyard/source/* /trainyard/source/.[!.]*; do\n"
    "  if [ -e \"$file\" ]; then cp -rL \"$file\" .; fi\n"
    "done\n"
    "mkdir -p outputs logs\n"
    "exec \"$@\"\n";

/// A kubelet puts variables into these texts; "$$" is its "$".
std::string literal(std::string_view text) {
  std::string escaped;
  for (char const c : text) escaped.append(c == '$' ? 2 : 1, c);
  return escaped;
}

/// Paths are no keys of a ConfigMap: the pod's volume says which is which.
std::string key_of(std::size_t file) { return "file-" + std::to_string(file); }

std::string source_copy_name(LocalStart const& what) {
  // With the uid: a TrainingRun made anew must not rely on what goes with its predecessor.
  return reconcilers::code_name(what.source_digest) + "-" + what.uid;
}

Json labels_of(LocalStart const& what) {
  return Json::object({{"app.kubernetes.io/managed-by", "trainyard"},
                       {std::string(kRunLabel), what.name},
                       {std::string(kOwnerLabel), what.owner}});
}

/// Not the controller that must be gone first (blockOwnerDeletion), which would need rights on finalizers.
Json owners_of(LocalStart const& what) {
  return Json::array({Json::object({{"apiVersion", manifests::kGroupVersion},
                                    {"kind", what.run.kind},
                                    {"name", what.run.name},
                                    {"uid", what.uid},
                                    {"controller", true}})});
}

Json variables_of(LocalStart const& what) {
  Json variables = Json::array();
  bool has_home = false;
  for (auto const& [name, value] : what.variables) {
    has_home = has_home || name == "HOME";
    variables.push_back(Json::object({{"name", name}, {"value", literal(value)}}));
  }
  // The user has no entry, so no home, in most images; libraries want to write their caches there.
  if (!has_home) variables.push_back(Json::object({{"name", "HOME"}, {"value", "/tmp"}}));
  for (char const* const name : {"AZUREML_RUN_ID", "AZUREML_ROOT_RUN_ID"})
    variables.push_back(Json::object({{"name", name}, {"value", what.name}}));
  variables.push_back(
      Json::object({{"name", "AZUREML_ARM_PROJECT_NAME"}, {"value", literal(what.experiment)}}));
  return variables;
}

Json container_of(LocalStart const& what, JobOptions const& options) {
  Json arguments = Json::array({literal(what.interpreter), literal(what.script_file)});
  for (std::string const& argument : what.arguments) arguments.push_back(literal(argument));
  return Json::object(
      {{"name", kContainer},
       {"image", what.image.empty() ? options.image : what.image},
       {"command", Json::array({"/bin/sh", "-c", literal(kScript), "sh"})},
       {"args", std::move(arguments)},
       {"workingDir", kWork},
       {"env", variables_of(what)},
       {"securityContext", Json::object({{"allowPrivilegeEscalation", false},
                                         {"capabilities", Json::object({{"drop", Json::array({"ALL"})}})}})},
       {"volumeMounts",
        Json::array({Json::object({{"name", "work"}, {"mountPath", kWork}}),
                     Json::object({{"name", "source"}, {"mountPath", kSource}, {"readOnly", true}})})}});
}

/// Fits the Pod Security Standard "restricted".
Json pod_of(LocalStart const& what, std::vector<SourceFile> const& files, JobOptions const& options) {
  Json items = Json::array();
  for (std::size_t i = 0; i < files.size(); ++i)
    items.push_back(Json::object({{"key", key_of(i)}, {"path", files[i].path}}));
  return Json::object(
      {{"restartPolicy", "Never"},
       {"automountServiceAccountToken", false},
       {"enableServiceLinks", false},  // else each Service of the namespace is told in variables
       // Else the script is process 1, for which a SIGTERM that it does not handle is lost.
       {"shareProcessNamespace", true},
       {"terminationGracePeriodSeconds", kGraceSeconds},
       {"securityContext", Json::object({{"runAsNonRoot", true},
                                         {"runAsUser", options.user},
                                         {"seccompProfile", Json::object({{"type", "RuntimeDefault"}})}})},
       {"containers", Json::array({container_of(what, options)})},
       {"volumes",
        Json::array({Json::object({{"name", "work"}, {"emptyDir", Json::object()}}),
                     Json::object({{"name", "source"},
                                   {"configMap", Json::object({{"name", source_copy_name(what)},
                                                               {"items", std::move(items)}})}})})}});
}

}  // namespace

std::optional<Error> too_large_for_a_copy(std::vector<SourceFile> const& files) {
  std::size_t bytes = 0;
  for (SourceFile const& file : files) bytes += file.content.size();
  if (bytes <= kMostSource) return std::nullopt;
  return Error{
      .kind = ErrorKind::Invalid,
      .reason = "SourceTooLarge",
      .message =
          "the source's files have " + std::to_string(bytes) + " bytes, and a local run of a cluster takes " +
          std::to_string(kMostSource) +
          "; leave some out (.amlignore, or spec.source.git.path), put them into the image, or train on "
          "a target in Azure"};
}

Json source_copy(LocalStart const& what, std::vector<SourceFile> const& files) {
  Json map = Json::object(
      {{"apiVersion", kube::api_version(kube::kConfigMaps)},
       {"kind", kube::kConfigMaps.kind},
       {"metadata", Json::object({{"name", source_copy_name(what)},
                                  {"namespace", what.run.ns},
                                  {"labels", Json::object({{"app.kubernetes.io/managed-by", "trainyard"},
                                                           {std::string(kOwnerLabel), what.owner}})},
                                  {"ownerReferences", owners_of(what)}})},
       {"immutable", true}});
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::string const& content = files[i].content;
    if (readable(content) == content)
      map["data"][key_of(i)] = content;
    else
      map["binaryData"][key_of(i)] = base64(content);
  }
  return map;
}

Json job_of(LocalStart const& what, std::vector<SourceFile> const& files, JobOptions const& options) {
  return Json::object(
      {{"apiVersion", kube::api_version(kube::kJobs)},
       {"kind", kube::kJobs.kind},
       {"metadata", Json::object({{"name", what.name},
                                  {"namespace", what.run.ns},
                                  {"labels", labels_of(what)},
                                  {"annotations", Json::object({{std::string(kRevision), what.revision},
                                                                {std::string(kHolder), what.holder}})},
                                  {"ownerReferences", owners_of(what)}})},
       // Only spec.retry tries again, in a Job of its own; and no second pod while a first may still write.
       {"spec",
        Json::object({{"backoffLimit", 0},
                      {"podReplacementPolicy", "Failed"},
                      {"template", Json::object({{"metadata", Json::object({{"labels", labels_of(what)}})},
                                                 {"spec", pod_of(what, files, options)}})}})}});
}

}  // namespace trainyard::cluster
