// Certificates made on the spot: the simulator's, and those of the tests. Keys are EC P-256, made anew each
// time.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace trainyard::azsim {

struct Certificate {
  std::string certificate_pem;
  std::string key_pem;
};

/// An authority that signs itself, good from a day ago for ten years.
Certificate make_ca(std::string const& common_name);

/// A server's certificate for these names and addresses, signed by `authority`; good from a day ago until
/// `valid_for` from now (negative: it has expired). Throws std::runtime_error if OpenSSL refuses (an address
/// that is none, for instance).
Certificate issue(Certificate const& authority, std::vector<std::string> const& dns_names,
                  std::vector<std::string> const& ip_addresses,
                  std::chrono::hours valid_for = std::chrono::days(365));

}  // namespace trainyard::azsim
