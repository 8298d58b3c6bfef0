// What an application signs in with instead of a secret: a JWT of its own, or of somebody whom it trusts.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

/// As Entra ID tells it: {error, error_codes[0], error_description after "AADSTS..: "}.
struct Refusal {
  int status;
  std::string error;
  int code;
  std::string message;
};

/// Whether `fields` (of a token request whose client is known) sign the client in; nothing if so. `endpoint`:
/// the address that the request was sent to, which a certificate's assertion must be for.
std::optional<Refusal> refuse_assertion(Shared const& shared,
                                        std::map<std::string, std::string> const& fields,
                                        std::string const& endpoint);

/// Whether this is a public key, or a certificate that has one: RSA, in PEM.
bool is_rsa_public_key(std::string const& pem);

}  // namespace trainyard::azsim
