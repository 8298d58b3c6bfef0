// Where a git server may be: an address that a user gives must not lead back into the operator's own network
// (design, rule 23).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controller/base/http.hpp"
#include "controller/base/result.hpp"

struct sockaddr;

namespace trainyard::git {

/// Loopback, link-local, multicast or no address at all, IPv4 within IPv6 too.
bool is_forbidden(sockaddr const& address);

/// What the URL alone tells: Invalid (GitHostForbidden) for names of the cluster's own (`.svc`,
/// `.cluster.local`), `localhost`, and forbidden addresses that are written out, unless `allowed` has the
/// host.
Result<Done> check_host(Url const& url, std::set<std::string> const& allowed);

/// The addresses of the URL's host, as they are now; they are what must be connected to. Errors: as
/// check_host(), also for a name that has a forbidden address; Transient (HostNotFound). Waits for the
/// resolver.
Result<std::vector<std::string>> allowed_addresses(Url const& url, std::set<std::string> const& allowed);

}  // namespace trainyard::git
