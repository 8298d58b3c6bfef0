// Names: what a user and Azure call things, in marks, run names and the addresses that are asked.
#include <algorithm>

#include "controller/base/encoding.hpp"
#include "reconcilers/azure/computes.hpp"
#include "reconcilers/names.hpp"
#include "tests/fuzz/azure_client.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

namespace {

void check_run_name(std::string const& text) {
  constexpr std::size_t kMost = 54;
  ObjectKey const key{"TrainingRun", "default", text};
  std::int64_t const attempt = static_cast<std::int64_t>(text.size());
  std::string const name = reconcilers::run_name(text, key, text, attempt);
  bool const legal = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  require(legal && name.size() <= kMost && name.find("--") == std::string::npos, "a run's name is legal",
          name);
  require(reconcilers::attempt_of(name, text, key, text) == attempt, "an attempt is known by its name", name);
  // A name that Azure lists is another's unless it is exactly ours.
  std::optional<std::int64_t> const listed = reconcilers::attempt_of(text, "cluster", key, "r1:x");
  if (listed)
    require(reconcilers::run_name("cluster", key, "r1:x", *listed) == text, "a listed name is ours", text);
}

/// Whatever an id is made of, what is asked is one path beneath the workspace's, with our query alone.
void check_address(std::string const& name) {
  AzureClient client({.status = 404});
  (void)azure::ComputesClient(client.arm, client.id).get(name, azure::Urgency::Edit, {});
  for (HttpRequest const& request : client.wire.sent) {
    Result<Url> const url = parse_url(request.url);
    require(url.has_value(), "what is asked is an address", request.url);
    std::string const folder = client.id.path() + "/computes/";
    require(url->path.starts_with(folder), "it is beneath the workspace", request.url);
    std::string const last = url->path.substr(folder.size());
    require(last.find('/') == std::string::npos && percent_decode(last) == name, "its end is the name",
            request.url);
    require(url->query.starts_with("api-version=") && url->query.find('&') == std::string::npos,
            "its query is ours", request.url);
  }
}

}  // namespace

void names(std::string_view input) {
  std::string const text(input);
  check_run_name(text);
  check_address(text);
  (void)azure::parent_is_missing(
      {.kind = ErrorKind::NotFound, .reason = "ResourceNotFound", .message = text});
}

}  // namespace trainyard::fuzz
