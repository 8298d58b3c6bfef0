// Tokens of Entra ID. One seam for every kind of credential.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/http.hpp"
#include "controller/base/log.hpp"
#include "controller/base/result.hpp"
#include "reconcilers/azure/cloud.hpp"

namespace trainyard::azure {

/// Safe to call from any thread.
struct TokenSource {
  virtual ~TokenSource() = default;
  /// A bearer token for the cloud's Resource Manager (Azure ML's data plane takes the same). Cached until 5
  /// minutes before it expires. The error of a refused credential is Unauthorized, its reason AADSTSn, its
  /// message says in words what to do.
  virtual Result<std::string> token(Context const& context) = 0;
  /// The service refused this token: the next call asks for another.
  virtual void forget(std::string const& token) = 0;
  /// The credential is gone: no token is asked for any more, the one at hand serves until it expires or is
  /// refused. False if there is none.
  virtual bool retire() = 0;
};

struct ClientSecret {
  std::string tenant_id, client_id, secret;
};

/// Source: Microsoft identity platform, OAuth 2.0 client credentials flow v2.0. Tells the scrubber the secret
/// and each token.
std::unique_ptr<TokenSource> client_secret_tokens(HttpTransport& transport, Clock const& clock,
                                                  Scrubber& scrubber, Cloud const& cloud,
                                                  ClientSecret credential);

/// AADSTS answers as errors in words (sheet of codes in credentials.cpp).
Error entra_error(HttpResponse const& response);

}  // namespace trainyard::azure
