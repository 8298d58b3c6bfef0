#include "tests/azsim/jobs_start.hpp"

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/addresses.hpp"
#include "tests/azsim/jobs_body.hpp"
#include "tests/azsim/jobs_outputs.hpp"

namespace trainyard::azsim {
namespace {

constexpr Duration kTokenLife = std::chrono::hours(24);

Error code_missing(std::string const& what) {
  return {.kind = ErrorKind::NotFound, .reason = "CodeNotFound", .message = what + " was not found"};
}

Result<std::vector<JobFile>> snapshot_files(Shared& shared, Workspace const& workspace,
                                            std::string const& code_id) {
  std::vector<JobFile> files;
  if (code_id.empty()) return files;
  // WS/codes/NAME/versions/VERSION
  std::size_t const versions = lower(code_id).rfind("/versions/");
  if (versions == std::string::npos) return code_missing("code version " + code_id);
  Json const code = shared.assets->properties(workspace, "codes", last_segment(code_id.substr(0, versions)),
                                              last_segment(code_id));
  std::string const uri = code.text("codeUri"),
                    account = shared.blobs->url(workspace.storage_account, "", "");
  if (!uri.starts_with(account)) return code_missing("code version " + code_id);
  std::string const place = percent_decode(uri.substr(account.size()));
  std::size_t const slash = std::min(place.find('/'), place.size());
  std::string const container = place.substr(0, slash);
  std::string folder = place.substr(std::min(slash + 1, place.size()));
  if (!folder.empty() && !folder.ends_with('/')) folder += '/';
  for (std::string const& path : shared.blobs->list(workspace.storage_account, container, folder))
    files.push_back({path.substr(folder.size()),
                     shared.blobs->get(workspace.storage_account, container, path).value_or("")});
  if (files.empty()) return code_missing("the snapshot of code version " + code_id);
  return files;
}

/// `${{inputs.x}}`: a literal's text, else the address; `${{outputs.x}}` is left, without blanks.
std::string expand(std::string const& command, Json const& properties) {
  constexpr std::string_view kOpen = "${{", kClose = "}}";
  std::string text;
  for (std::size_t from = 0;;) {
    std::size_t const open = command.find(kOpen, from);
    std::size_t const close = open == std::string::npos ? open : command.find(kClose, open);
    text += command.substr(from, close == std::string::npos ? close : open - from);
    if (close == std::string::npos) return text;
    std::string const whole = command.substr(open, close + kClose.size() - open);
    std::string inner = command.substr(open + kOpen.size(), close - open - kOpen.size());
    std::erase(inner, ' ');
    std::string const place = inner.substr(0, inner.find('.')), name = inner.substr(inner.find('.') + 1);
    Json const& input = properties.at({"inputs", name});
    if (place == "inputs" && !input.is_null())
      text += input.at("value").is_null() ? input.text("uri") : input.text("value");
    else if (place == "outputs")
      text.append(kOpen).append(inner).append(kClose);
    else
      text += whole;
    from = close + kClose.size();
  }
}

std::vector<std::pair<std::string, std::string>> variables(Shared& shared, Workspace const& workspace,
                                                           std::string const& name, Json const& properties) {
  std::string const base = data_plane_url(shared.options);
  std::string const experiment = properties.text("experimentName"),
                    token = issue_token(shared, shared.options.base_url, kTokenLife);
  std::vector<std::pair<std::string, std::string>> set{
      {"AZUREML_RUN_ID", name},
      {"AZUREML_ROOT_RUN_ID", name},
      {"AZUREML_EXPERIMENT_ID", experiment_id(workspace, experiment)},
      {"AZUREML_ARM_SUBSCRIPTION", shared.options.subscription},
      {"AZUREML_ARM_RESOURCEGROUP", workspace.group},
      {"AZUREML_ARM_WORKSPACE_NAME", workspace.name},
      {"AZUREML_ARM_PROJECT_NAME", experiment},
      {"AZUREML_WORKSPACE_ID", workspace.guid},
      {"AZUREML_SERVICE_ENDPOINT", base},
      {"AZUREML_DISCOVERY_SERVICE_ENDPOINT", base + "/discovery"},
      {"AZUREML_RUN_TOKEN", token},
      {"AZUREML_RUN_TOKEN_EXPIRY",
       std::to_string(
           std::chrono::floor<std::chrono::seconds>(shared.now() + kTokenLife).time_since_epoch().count())},
      {"AZUREML_CR_NODE_RANK", "0"},
      {"MLFLOW_TRACKING_URI", tracking_uri(shared, workspace)},
      {"MLFLOW_TRACKING_TOKEN", token},
      {"MLFLOW_EXPERIMENT_ID", experiment_id(workspace, experiment)},
      {"MLFLOW_EXPERIMENT_NAME", experiment},
      {"MLFLOW_RUN_ID", name}};
  for (auto const& [variable, value] : properties.at("environmentVariables").members())
    set.emplace_back(variable, value.string_or(""));
  return set;
}

}  // namespace

std::string experiment_id(Workspace const& workspace, std::string_view experiment) {
  std::string const digits = hex(sha256(workspace.guid + "/" + std::string(experiment)));
  return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-4" + digits.substr(13, 3) + "-8" +
         digits.substr(17, 3) + "-" + digits.substr(20, 12);
}

Result<JobStart> job_start(Shared& shared, Workspace const& workspace, std::string const& name,
                           Json const& properties) {
  Result<std::vector<JobFile>> files = snapshot_files(shared, workspace, properties.text("codeId"));
  if (!files) return files.error();
  return JobStart{.name = name,
                  .command = expand(properties.text("command"), properties),
                  .files = std::move(*files),
                  .environment = variables(shared, workspace, name, properties),
                  .outputs = named_outputs(properties)};
}

}  // namespace trainyard::azsim
