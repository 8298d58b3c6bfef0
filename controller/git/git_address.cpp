#include "controller/git/git_address.hpp"

#include <array>
#include <memory>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

namespace trainyard::git {

namespace {

constexpr char const* kForbidden = "GitHostForbidden";

bool is_forbidden_v4(std::uint32_t address) {  // in the host's order
  std::uint32_t const first = address >> 24U;
  bool const link_local = (address >> 16U) == 0xA9FEU;  // 169.254.0.0/16, which has clouds' metadata
  return first == 0 || first == 127 || link_local || first >= 224;
}

bool is_of_the_cluster(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);  // the same name, told to be whole
  return host.ends_with(".svc") || host.ends_with(".cluster.local") || host == "kubernetes" ||
         host == "kubernetes.default" || host == "localhost";
}

std::string text_of(sockaddr const& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in const&>(address).sin_addr, text.data(), text.size());
    return text.data();
  }
  ::inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6 const&>(address).sin6_addr, text.data(), text.size());
  return "[" + std::string(text.data()) + "]";
}

Error forbidden(Url const& url, std::string const& why) {
  return {.kind = ErrorKind::Invalid,
          .reason = kForbidden,
          .message = "the host " + url.host + " " + why +
                     "; give a server that others reach too, or let whoever runs the operator allow it by "
                     "--allow-git-hosts " +
                     url.host};
}

/// By the resolver, or with AI_NUMERICHOST what is written. Only `trusted` may be forbidden.
Result<std::vector<std::string>> look_up(Url const& url, int flags, bool trusted) {
  addrinfo const wanted{.ai_flags = flags,
                        .ai_family = AF_UNSPEC,
                        .ai_socktype = SOCK_STREAM,
                        .ai_protocol = 0,
                        .ai_addrlen = 0,
                        .ai_addr = nullptr,
                        .ai_canonname = nullptr,
                        .ai_next = nullptr};
  addrinfo* found = nullptr;
  if (int const failed = ::getaddrinfo(url.host.c_str(), nullptr, &wanted, &found); failed != 0)
    return Error{.kind = ErrorKind::Transient,
                 .reason = "HostNotFound",
                 .message = "the host " + url.host + " has no address: " + ::gai_strerror(failed)};
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner(found, &::freeaddrinfo);
  std::vector<std::string> addresses;
  for (addrinfo const* one = found; one != nullptr; one = one->ai_next) {
    if (!trusted && is_forbidden(*one->ai_addr))
      return forbidden(
          url, "has the address " + text_of(*one->ai_addr) + ", which is the operator's own surroundings'");
    addresses.push_back(text_of(*one->ai_addr));
  }
  return addresses;
}

}  // namespace

bool is_forbidden(sockaddr const& address) {
  if (address.sa_family == AF_INET)
    return is_forbidden_v4(ntohl(reinterpret_cast<sockaddr_in const&>(address).sin_addr.s_addr));
  if (address.sa_family != AF_INET6) return true;
  in6_addr const& v6 = reinterpret_cast<sockaddr_in6 const&>(address).sin6_addr;
  auto const last_four = [&] {
    return std::uint32_t{v6.s6_addr[12]} << 24U | std::uint32_t{v6.s6_addr[13]} << 16U |
           std::uint32_t{v6.s6_addr[14]} << 8U | std::uint32_t{v6.s6_addr[15]};
  };
  if (IN6_IS_ADDR_V4MAPPED(&v6) || IN6_IS_ADDR_V4COMPAT(&v6)) return is_forbidden_v4(last_four());
  return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6) ||
         IN6_IS_ADDR_MULTICAST(&v6);
}

Result<Done> check_host(Url const& url, std::set<std::string> const& allowed) {
  if (allowed.contains(url.host)) return Done{};
  if (is_of_the_cluster(url.host)) return forbidden(url, "is the cluster's own");
  Result<std::vector<std::string>> const written = look_up(url, AI_NUMERICHOST, false);
  if (!written && written.error().reason == kForbidden) return written.error();
  return Done{};
}

Result<std::vector<std::string>> allowed_addresses(Url const& url, std::set<std::string> const& allowed) {
  if (Result<Done> const checked = check_host(url, allowed); !checked) return checked.error();
  return look_up(url, AI_ADDRCONFIG, allowed.contains(url.host));
}

}  // namespace trainyard::git
