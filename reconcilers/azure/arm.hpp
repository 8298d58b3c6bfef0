// Azure Resource Manager: one request, its errors, its pages. Knows no service.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/http.hpp"
#include "controller/base/json.hpp"
#include "controller/base/log.hpp"
#include "controller/base/metrics.hpp"
#include "controller/base/random.hpp"
#include "controller/base/result.hpp"
#include "reconcilers/azure/cloud.hpp"
#include "reconcilers/azure/credentials.hpp"
#include "reconcilers/azure/rate_limits.hpp"

namespace trainyard::azure {

/// What every client of Azure shares. All must outlive the clients.
struct AzureParts {
  HttpTransport& transport;
  Clock const& clock;
  Random& random;
  Logger const& log;
  Scrubber& scrubber;
  Metrics& metrics;
  RateLimits& limits;
};

struct ArmAnswer {
  int status = 0;
  HttpHeaders headers;
  Json body;         // null when empty
  WallTime began{};  // our clock when the request began (design, rule 1)
  WallTime date{};   // the answer's Date header, Azure's clock (rule 7); began where it is missing
  // Which of this client's requests began first, whatever the wall clock does (rule 1).
  std::uint64_t order = 0;
};

/// What is known of an exchange even when it ended in an Error.
struct ArmTold {
  std::uint64_t order = 0;  // 0: nothing was sent
  WallTime date{};          // the epoch if no answer came
};

// An edit goes before periodic looks; what is Reserved has its token already.
enum class Urgency { Edit, Periodic, Reserved };

/// The token of a write to come; goes back unless it is spent.
class WriteToken {
 public:
  WriteToken(RateLimits& limits, std::string subscription)
      : limits_(&limits), subscription_(std::move(subscription)) {}
  WriteToken(WriteToken&& other) noexcept
      : limits_(std::exchange(other.limits_, nullptr)), subscription_(std::move(other.subscription_)) {}
  WriteToken& operator=(WriteToken&&) = delete;
  ~WriteToken() {
    if (limits_ != nullptr) limits_->give_back(subscription_, Verb::Write);
  }
  void spend() { limits_ = nullptr; }  // send() of the write has answered for it

 private:
  RateLimits* limits_;
  std::string subscription_;
};

/// A failed answer as an Error: kind by status and code (sheet 1, section 2.2), reason = the code, message =
/// Azure's words scrubbed, deepest innerError code, retry_after, request id. An empty 404 is NotFound with
/// reason "NotFound".
Error arm_error(HttpResponse const& response, WallTime now, Scrubber const& scrubber);

/// A code of Azure's as a condition's reason may be written: letters, digits and '_' of it, at most 128.
std::string reason_word(std::string_view code);

/// Is the 404 that of a parent (workspace, resource group, subscription) rather than of the thing itself?
/// (rule 2) For what lies below a workspace; in doubt it is the parent's, which never proves absence.
bool parent_is_missing(Error const& error);

/// How a list went: when it began (began, order and Date are those of its first page), and whether its last
/// page was reached.
struct ArmList {
  WallTime began{};
  WallTime date{};
  std::uint64_t order = 0;
  bool complete = false;
};

/// Speaks for one credential to one cloud. A 401 refreshes the token once; nothing else is retried. Safe from
/// any thread.
class ArmClient {
 public:
  ArmClient(AzureParts parts, Cloud cloud, TokenSource& tokens, std::string subscription);

  /// `path` begins with /subscriptions/...; api_version is added. body null sends none. Any status but 2xx is
  /// an Error.
  Result<ArmAnswer> send(std::string_view method, std::string const& path, std::string_view api_version,
                         Json const& body, Urgency urgency, Context const& context, ArmTold* told = nullptr);
  /// Follows nextLink (same origin only). `on_page` may return false to stop; the items are page.body's
  /// "value".
  Result<ArmList> list(std::string const& path, std::string_view api_version, Urgency urgency,
                       std::function<bool(ArmAnswer const& page)> const& on_page, Context const& context);
  /// GET or POST of the workspace's own data plane with the same token; the host must be within the cloud's
  /// suffixes (rule 23).
  Result<ArmAnswer> send_data_plane(std::string_view method, std::string const& url, Json const& body,
                                    Urgency urgency, Context const& context);
  /// The token of a write that what is done first leads up to; an Error of kind Throttled, with the time to
  /// wait, if there is none.
  Result<WriteToken> reserve_write();
  [[nodiscard]] Cloud const& cloud() const { return cloud_; }
  [[nodiscard]] AzureParts const& parts() const { return parts_; }
  /// May a bearer token (a SAS) go to that address? (rule 23) The Error names the host and the remedy, never
  /// the query.
  [[nodiscard]] Result<Url> data_plane_url(std::string const& url) const;
  [[nodiscard]] Result<Url> storage_url(std::string const& url) const;

 private:
  enum class Door { Arm, DataPlane };  // only Resource Manager has the token buckets
  Result<ArmAnswer> exchange(HttpRequest request, Door door, Urgency urgency, Context const& context,
                             ArmTold* told);
  Result<HttpResponse> send_once(HttpRequest const& request, Door door, Context const& context);

  AzureParts parts_;
  Cloud cloud_;
  TokenSource& tokens_;
  std::string subscription_;
  std::atomic<std::uint64_t> orders_{0};
};

/// "/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W"
struct WorkspaceId {
  std::string subscription, group, name;
  [[nodiscard]] std::string path() const;
  bool operator==(WorkspaceId const&) const = default;
};

/// Compares ARM ids, names, sizes and locations, which have no case.
bool same_text(std::string_view a, std::string_view b);

}  // namespace trainyard::azure
