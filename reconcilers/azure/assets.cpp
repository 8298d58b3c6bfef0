#include "reconcilers/azure/assets.hpp"

#include "controller/base/encoding.hpp"
#include "reconcilers/azure/api_versions.hpp"
#include "reconcilers/azure/blob.hpp"

namespace trainyard::azure {

namespace {

constexpr char const* kFolder = "source";  // within the container; codeUri names it

std::string version_path(WorkspaceId const& id, std::string_view type, std::string const& name) {
  return id.path() + "/" + std::string(type) + "/" + percent_encode(name) + "/versions/1";
}

/// The id of what is there under that path, "" if nothing is.
Result<std::string> find_version(ArmClient& arm, std::string const& path, Context const& context) {
  Result<ArmAnswer> const answer =
      arm.send("GET", path, kMachineLearningVersion, Json(), Urgency::Edit, context);
  if (answer) return answer->body.text("id").empty() ? path : answer->body.text("id");
  if (answer.error().kind == ErrorKind::NotFound && !parent_is_missing(answer.error())) return std::string();
  return answer.error();
}

/// Puts version 1. A refusal may mean that an earlier request of ours got there first: what is there under
/// the name is it.
Result<std::string> put_version(ArmClient& arm, std::string const& path, Json const& body,
                                Context const& context) {
  Result<ArmAnswer> const answer =
      arm.send("PUT", path, kMachineLearningVersion, body, Urgency::Edit, context);
  if (answer) return answer->body.text("id").empty() ? path : answer->body.text("id");
  ErrorKind const kind = answer.error().kind;
  if (kind != ErrorKind::Conflict && kind != ErrorKind::Invalid) return answer.error();
  Result<std::string> const found = find_version(arm, path, context);
  if (found && !found->empty()) return found;
  return answer.error();
}

}  // namespace

Result<std::string> find_code(ArmClient& arm, WorkspaceId const& id, std::string const& name,
                              Context const& context) {
  return find_version(arm, version_path(id, "codes", name), context);
}

Result<std::string> upload_code(ArmClient& arm, WorkspaceId const& id, std::string const& name,
                                std::vector<SnapshotFile> const& files, Context const& context) {
  if (files.empty())
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "SourceEmpty",
                 .message = "the source has no files; a run needs its script"};
  std::string const path = version_path(id, "codes", name);
  // Source: Code Versions - Create Or Get Start Pending Upload: a new container for each call, and a SAS for
  // it.
  Result<ArmAnswer> const pending =
      arm.send("POST", path + "/startPendingUpload", kMachineLearningVersion,
               Json::object({{"pendingUploadType", "TemporaryBlobReference"}}), Urgency::Edit, context);
  if (!pending) return pending.error();
  Json const& reference = pending->body.at("blobReferenceForConsumption");
  std::string const blob_uri = reference.text("blobUri"), sas_uri = reference.text({"credential", "sasUri"});
  if (blob_uri.empty() || sas_uri.empty())
    return Error{.kind = ErrorKind::Transient,
                 .reason = "MalformedAnswer",
                 .message = "Azure gave no address to upload to"};
  BlobContainer const container(arm, sas_uri);
  for (SnapshotFile const& file : files)
    if (Result<Done> const put = container.put(std::string(kFolder) + "/" + file.path, file.content, context);
        !put)
      return put.error().while_doing("uploading " + file.path);
  HttpHeaders const whole{
      {"x-ms-meta-upload_status", "completed"}, {"x-ms-meta-name", name}, {"x-ms-meta-version", "1"}};
  if (Result<Done> const marked =
          container.set_metadata(std::string(kFolder) + "/" + files.front().path, whole, context);
      !marked)
    return marked.error();
  Json properties =
      Json::object({{"codeUri", blob_uri + "/" + kFolder}, {"isAnonymous", false}, {"isArchived", false}});
  return put_version(arm, path, Json::object({{"properties", std::move(properties)}}), context);
}

Result<std::string> ensure_environment(ArmClient& arm, WorkspaceId const& id, std::string const& image,
                                       Context const& context) {
  constexpr std::size_t kDigits = 40;
  std::string const path = version_path(id, "environments", "ty-" + hex(sha256(image)).substr(0, kDigits));
  Result<std::string> const found = find_version(arm, path, context);
  if (!found || !found->empty()) return found;
  Json properties = Json::object({{"image", image}, {"isAnonymous", false}, {"isArchived", false}});
  return put_version(arm, path, Json::object({{"properties", std::move(properties)}}), context);
}

}  // namespace trainyard::azure
