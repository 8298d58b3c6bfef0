// Answers of Azure: a status, headers, an empty line, a body; each client reads it as its own.
#include <algorithm>
#include <charconv>

#include "controller/base/time_text.hpp"
#include "reconcilers/azure/assets.hpp"
#include "reconcilers/azure/blob.hpp"
#include "reconcilers/azure/computes.hpp"
#include "reconcilers/azure/jobs.hpp"
#include "reconcilers/azure/run_history.hpp"
#include "reconcilers/azure/workspaces.hpp"
#include "tests/fuzz/azure_client.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

namespace {

constexpr std::size_t kTail = 64;

HttpResponse answer_of(std::string_view input) {
  auto const line = [&] {
    std::size_t const end = std::min(input.find('\n'), input.size());
    std::string_view const text = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return text;
  };
  HttpResponse answer;
  std::string_view const status = line();
  std::from_chars(status.data(), status.data() + status.size(), answer.status);
  answer.status = std::clamp(answer.status, 200, 599);  // as a client library tells it
  for (std::string_view header = line(); !header.empty(); header = line()) {
    std::size_t const colon = std::min(header.find(": "), header.size());
    std::string_view const value = header.substr(std::min(colon + 2, header.size()));
    if (valid_header(header.substr(0, colon), value))
      answer.headers.emplace_back(header.substr(0, colon), value);
  }
  answer.body = input;
  return answer;
}

/// What becomes a condition: one stable line, a reason as Kubernetes takes it, a wait that ends.
void check_error(Error const& error) {
  constexpr std::size_t kMostReason = 1024;
  auto const word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  require(!error.reason.empty() && error.reason.size() <= kMostReason &&
              std::all_of(error.reason.begin(), error.reason.end(), word),
          "a reason is a word", error.reason);
  require(!error.message.empty() && std::none_of(error.message.begin(), error.message.end(),
                                                 [](unsigned char c) { return c < ' ' || c == 0x7f; }),
          "a message is one line", error.message);
  if (error.retry_after)
    require(*error.retry_after >= Duration{0} && *error.retry_after <= kLongestRetryAfter, "a wait ends");
}

template <class T>
std::optional<T> read(Result<T> result) {
  if (result) return *std::move(result);
  check_error(result.error());
  return std::nullopt;
}

void read_as_arm(HttpResponse const& answer) {
  AzureClient client(answer);
  azure::ComputesClient computes(client.arm, client.id);
  azure::JobsClient jobs(client.arm, client.id);
  if (auto const compute = read(computes.get("cluster", azure::Urgency::Edit, {})); compute && *compute)
    require(!(*compute)->name.empty() && (*compute)->tags.is_object(), "a compute has a name and tags");
  if (auto const list = read(computes.list({})))
    for (azure::Compute const& compute : list->items)
      require(!compute.name.empty(), "a listed compute has a name");
  if (auto const job = read(jobs.get("job", azure::Urgency::Edit, {})); job && *job) {
    require(!(*job)->name.empty() && (*job)->tags.is_object() && (*job)->properties.is_object(),
            "a job has a name, tags and properties");
    (void)read(jobs.add_properties(**job, Json::object({{"reason", "Superseded"}}), {}));
  }
  (void)read(jobs.list_tagged("ty-mark", [](auto const&) { return true; }, {}));
  (void)read(jobs.cancel("job", {}));
  (void)read(azure::find_code(client.arm, client.id, "ty-code", {}));
  (void)read(azure::upload_code(client.arm, client.id, "ty-code", {{"train.py", "print()"}}, {}));
  (void)read(azure::ensure_environment(client.arm, client.id, "python:3.12", {}));
  auto const wait = client.limits.take(client.id.subscription, azure::Verb::Read, true);
  require(!wait || (*wait >= Duration{0} && *wait <= kLongestRetryAfter), "a closed bucket opens again");
}

void read_as_data_plane(HttpResponse const& answer) {
  AzureClient client(answer);
  azure::AmlWorkspace workspace{.discovery_url = "https://westus2.api.azureml.ms/discovery",
                                .tracking_uri = "https://westus2.api.azureml.ms/mlflow/v1.0/x"};
  if (auto const read_one = read(azure::get_workspace(client.arm, client.id, {}))) {
    require(!read_one->arm_id.empty(), "a workspace has an id");
    if (!read_one->discovery_url.empty()) workspace = *read_one;
  }
  if (auto const details = read(azure::get_run_details(client.arm, client.id, workspace, "run", {})))
    for (std::string const& time : {details->started_at, details->ended_at})
      require(time.empty() || parse_rfc3339(time), "a run's times are times", time);
  (void)read(azure::get_metrics(client.arm, client.id, workspace, "run", {}));
  if (auto const tail =
          read(azure::read_log_tail(client.arm, "https://a.blob.core.windows.net/c/l?sig=s", kTail, {}))) {
    Result<Json> const in_json = Json::parse(Json(*tail).dump());
    require(in_json && in_json->string_or("") == *tail, "the end of a log is UTF-8", *tail);
  }
  for (HttpRequest const& request : client.wire.sent) {
    bool const token = find_header(request.headers, "Authorization").has_value();
    Result<Url> const url = parse_url(request.url);
    require(url && (!token || url->host == "management.azure.com" || client.cloud.allows_host(url->host)),
            "a token goes to the cloud's hosts only", request.url);
  }
}

}  // namespace

void azure_answers(std::string_view input) {
  HttpResponse const answer = answer_of(input);
  read_as_arm(answer);
  read_as_data_plane(answer);
  AzureClient client(answer);
  auto const tokens = azure::client_secret_tokens(client.wire, client.clock, client.scrubber, client.cloud,
                                                  {"tenant", "client", "a-secret"});
  if (auto const token = read(tokens->token({}))) require(!token->empty(), "a token is not empty");
}

}  // namespace trainyard::fuzz
