#include "reconcilers/azure/credentials.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "controller/base/encoding.hpp"
#include "controller/base/json.hpp"
#include "controller/base/text.hpp"
#include "controller/base/time_text.hpp"
#include "reconcilers/azure/deadline.hpp"

namespace trainyard::azure {

namespace {

constexpr Duration kRenewBefore = std::chrono::minutes(5);
constexpr Duration kDeadline = std::chrono::seconds(30);

struct Meaning {
  std::int64_t code;
  ErrorKind kind;
  std::string_view words;
};

// Source: Microsoft's list of AADSTS error codes.
constexpr ErrorKind kRefused = ErrorKind::Unauthorized;
constexpr std::array<Meaning, 24> kMeanings{{
    {7000215, kRefused, "the client secret is wrong; put the secret's value (not its id) into the Secret"},
    {7000222, kRefused,
     "the client secret has expired; make a new one in Entra ID and put its value into the Secret"},
    {700016, kRefused,
     "there is no application with this clientId in this tenant; correct clientId or tenantId"},
    {90002, kRefused,
     "there is no tenant with this tenantId; correct tenantId, or choose the cloud it belongs to"},
    {900023, kRefused, "tenantId is neither a GUID nor a verified domain; correct tenantId"},
    {900021, kRefused, "tenantId is neither a GUID nor a verified domain; correct tenantId"},
    {90013, kRefused, "the request was not understood; check tenantId, clientId and the secret"},
    {700027, kRefused,
     "the certificate is not registered with the application or has expired; register the one in use"},
    {700024, kRefused,
     "the assertion is outside its time; correct this machine's clock, or renew the token file"},
    {70021, kRefused,
     "no federated credential of the application matches; add one for this issuer and subject"},
    {700211, kRefused, "no federated credential matches the token's issuer; correct it in Entra ID"},
    {700212, kRefused, "no federated credential matches the token's audience; correct it in Entra ID"},
    {700213, kRefused, "no federated credential matches the token's subject; correct it in Entra ID"},
    {7000216, kRefused, "no secret was sent; put the client secret into the Secret"},
    {7000218, kRefused, "no secret was sent; put the client secret into the Secret"},
    {500011, kRefused,
     "the tenant does not know Azure Resource Manager under this cloud's audience; choose the tenant's "
     "cloud"},
    {7000112, kRefused, "the application is disabled; enable it in Entra ID"},
    {7000229, kRefused, "the application has no service principal in this tenant; create one"},
    {53003, kRefused,
     "conditional access blocks the application; ask the tenant's administrator to let it in"},
    {50173, kRefused, "the session was revoked; make a new credential"},
    {90033, ErrorKind::Transient, "Entra ID is unavailable for the moment"},
    {90024, ErrorKind::Transient, "Entra ID is unavailable for the moment"},
    {50196, ErrorKind::Throttled, "Entra ID refuses further requests for a while"},
    {90055, ErrorKind::Throttled, "Entra ID refuses further requests for a while"},
}};

std::int64_t code_of(Json const& body) {
  if (!body.at("error_codes").items().empty()) return body.at("error_codes").items().front().integer_or(0);
  constexpr std::string_view kMark = "AADSTS";
  std::string const description = body.text("error_description");
  std::size_t const at = description.find(kMark);
  std::int64_t code = 0;
  if (at != std::string::npos)
    std::from_chars(description.data() + at + kMark.size(), description.data() + description.size(), code);
  return code;
}

/// Entra's own words without its ids and times, which differ each time.
std::string stable_words(Json const& body) {
  std::string text = body.text("error_description");
  for (std::string_view const tail : {"Trace ID:", "Correlation ID:", "Timestamp:"})
    if (std::size_t const at = text.find(tail); at != std::string::npos) text.resize(at);
  if (std::size_t const colon = text.find(": "); text.starts_with("AADSTS") && colon != std::string::npos)
    text.erase(0, colon + 2);
  if (text.empty()) text = body.text("error");
  text = one_line(text);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::int64_t seconds_of(Json const& value) {
  if (value.is_integer()) return value.integer_or(0);
  std::string const text = value.string_or("");  // some hosts write digits as text
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return seconds;
}

class ClientSecretTokens final : public TokenSource {
 public:
  ClientSecretTokens(HttpTransport& transport, Clock const& clock, Scrubber& scrubber, Cloud const& cloud,
                     ClientSecret credential)
      : transport_(transport),
        clock_(clock),
        scrubber_(scrubber),
        url_(cloud.authority + "/" + percent_encode(credential.tenant_id) + "/oauth2/v2.0/token"),
        form_("grant_type=client_credentials&client_id=" + percent_encode(credential.client_id) +
              "&client_secret=" + percent_encode(credential.secret) +
              "&scope=" + percent_encode(cloud.audience + "/.default")) {
    scrubber_.add_secret(credential.secret);
  }

  Result<std::string> token(Context const& context) override {
    std::string old;
    {
      std::lock_guard lock(mutex_);
      SteadyTime const now = clock_.steady();
      if (!token_.empty() && now < (form_.empty() ? expires_at_ : renew_at_)) return token_;
      if (!token_.empty() && now < expires_at_) old = token_;
    }
    // No lock is held while asking: callers who meet here ask twice, which does no harm.
    Result<std::string> fresh = ask(context);
    if (fresh || old.empty()) return fresh;
    ErrorKind const kind = fresh.error().kind;
    bool const passing = kind == ErrorKind::Transient || kind == ErrorKind::Throttled;
    return passing ? Result<std::string>(old) : fresh;  // the old one serves until it expires
  }

  void forget(std::string const& token) override {
    std::lock_guard lock(mutex_);
    if (token_ == token) token_.clear();
  }

  bool retire() override {
    std::lock_guard lock(mutex_);
    form_.clear();
    return !token_.empty() && clock_.steady() < expires_at_;
  }

 private:
  [[nodiscard]] std::string form() const {
    std::lock_guard lock(mutex_);
    return form_;
  }

  Result<std::string> ask(Context const& context) {
    std::string form = this->form();
    if (form.empty())
      return Error{.kind = kRefused,
                   .reason = "CredentialGone",
                   .message = "the credential is gone, and no token of it is left"};
    SteadyTime const began = clock_.steady();
    HttpRequest const request{
        .method = "POST",
        .url = url_,
        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
        .body = std::move(form)};
    Result<HttpResponse> const response = transport_.send(request, within(context, kDeadline, clock_));
    if (!response) {
      Error error = response.error().while_doing("asking Entra ID for a token");
      error.maybe_applied = false;  // a token asked for in vain changes nothing
      return error;
    }
    if (!response->ok()) {
      Error error = entra_error(*response);
      if (std::optional<std::string> const wait = response->header("Retry-After"))
        if (Result<Duration> const asked = parse_retry_after(*wait, clock_.wall()))
          error.retry_after = *asked;
      error.message = scrubber_.scrub(error.message);
      return error;
    }
    Result<Json> const body = Json::parse(response->body);
    std::string const token = body ? body->text("access_token") : "";
    if (token.empty())
      return Error{.kind = ErrorKind::Transient,
                   .reason = "MalformedAnswer",
                   .message = "Entra ID answered without a token",
                   .status = response->status};
    scrubber_.add_secret(token);
    Duration const life = std::chrono::seconds(seconds_of(body->at("expires_in")));
    std::lock_guard lock(mutex_);
    token_ = token;
    expires_at_ = began + life;
    renew_at_ = expires_at_ - std::min(kRenewBefore, life / 2);
    return token;
  }

  HttpTransport& transport_;
  Clock const& clock_;
  Scrubber& scrubber_;
  std::string const url_;
  mutable std::mutex mutex_;
  std::string form_;                      // guarded by mutex_: has the secret; "" once it is gone
  std::string token_;                     // guarded by mutex_
  SteadyTime renew_at_{}, expires_at_{};  // guarded by mutex_
};

}  // namespace

std::unique_ptr<TokenSource> client_secret_tokens(HttpTransport& transport, Clock const& clock,
                                                  Scrubber& scrubber, Cloud const& cloud,
                                                  ClientSecret credential) {
  return std::make_unique<ClientSecretTokens>(transport, clock, scrubber, cloud, std::move(credential));
}

Error entra_error(HttpResponse const& response) {
  Result<Json> const parsed = Json::parse(response.body);
  Json const body = parsed ? *parsed : Json();
  std::int64_t const code = code_of(body);
  Error error{
      .kind = kRefused, .reason = "AADSTS" + std::to_string(code), .message = "", .status = response.status};
  auto const known =
      std::find_if(kMeanings.begin(), kMeanings.end(), [&](Meaning const& m) { return m.code == code; });
  if (known != kMeanings.end()) {
    error.kind = known->kind;
    error.message =
        "Entra ID refuses the credential: " + std::string(known->words) + " (" + error.reason + ")";
    if (known->kind != kRefused) error.message = std::string(known->words) + " (" + error.reason + ")";
    return error;
  }
  if (code == 0) error.reason = "EntraHttp" + std::to_string(response.status);
  if (response.status == 429) {
    error.kind = ErrorKind::Throttled;
    error.message = "Entra ID refuses further requests for a while";
  } else if (response.status >= 500 || response.status == 408) {
    error.kind = ErrorKind::Transient;
    error.message = "Entra ID is unavailable for the moment (status " + std::to_string(response.status) + ")";
  } else {
    std::string const words = stable_words(body);
    error.message = with_remedy("Entra ID refuses the credential: " +
                                    (words.empty() ? "status " + std::to_string(response.status) : words),
                                "check tenantId, clientId and the secret");
  }
  return error;
}

}  // namespace trainyard::azure
