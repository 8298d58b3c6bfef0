// What the tests of a transport share: an authority, servers of it, and what a caller may expect of time and
// memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controller/base/clock.hpp"
#include "controller/base/http_transport.hpp"
#include "tests/azsim/certificate.hpp"
#include "tests/base/scripted_server.hpp"

namespace trainyard::test {

constexpr Duration kSlack = std::chrono::seconds(5);  // for a machine that is busy with something else
#if defined(__SANITIZE_THREAD__)
constexpr long kMostKib = 500 * 1024;  // each byte has four of the sanitizer's beside it
#elif defined(__SANITIZE_ADDRESS__)
constexpr long kMostKib = 400 * 1024;  // 256 MiB of what was freed are kept in quarantine
#else
constexpr long kMostKib = 100 * 1024;
#endif
extern SystemClock const kClock;

Context within(Duration time);

struct Authority {
  azsim::Certificate ca = azsim::make_ca("trainyard test authority");
  azsim::Certificate server = azsim::issue(ca, {"localhost", "example.test"}, {"127.0.0.1"});
};
Authority const& authority();

ScriptedTls tls(int newest = 0);
HttpTransportOptions trusting();
std::string url_of(ScriptedServer const& server, bool https, std::string const& path);

/// Answers everything with its own path as body, but plays when asked for /case.
ScriptedServer::Script playing(std::function<bool(Connection&)> play);
std::string path_of(std::string const& request);

// Linux tells the peak of the resident memory, and forgets it when asked.
void forget_peak_memory();
long peak_memory_kib();

void check_error(Result<HttpResponse> const& result, ErrorKind kind, std::vector<std::string> const& reasons);

}  // namespace trainyard::test
