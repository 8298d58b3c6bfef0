// `trainyard run` without a folder: the operator of a Kubernetes cluster.
#include <charconv>
#include <cstdlib>

#include <malloc.h>
#include <unistd.h>

#include "controller/base/core_files.hpp"
#include "controller/cli/cluster_process.hpp"
#include "controller/cli/commands.hpp"
#include "controller/cli/core_options.hpp"
#include "controller/cli/folder.hpp"
#include "controller/cli/health_server.hpp"
#include "controller/cli/progress_view.hpp"
#include "controller/cli/stop_signals.hpp"
#include "controller/kube/config.hpp"

namespace trainyard::cli {

namespace {

constexpr int kExitLeaseLost = 3;
constexpr std::int64_t kMostUser = 2147483647;  // Source: PodSecurityContext, runAsUser
constexpr Duration kLeastLease = std::chrono::seconds(5), kMostLease = std::chrono::minutes(10);

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "trainyard";
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> values;
  for (char const* const name : {"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"})
    if (char const* const value = std::getenv(name)) values[name] = value;
  return values;
}

std::string home() {
  char const* const home = std::getenv("HOME");
  return home == nullptr ? "" : home;
}

Result<ClusterOptions> options_of(Parsed const& parsed) {
  for (char const* const folder_only :
       {"state", "secrets", "recursive", "until-settled", "timeout", "prune", "plain", "log-file"})
    if (parsed.has(folder_only))
      return usage_error("--" + std::string(folder_only) +
                         " goes with --directory, which is missing: add it, or leave --" + folder_only +
                         " out to serve a cluster");
  Result<CoreOptions> core = core_options_of(parsed);
  if (!core) return core.error();
  kube::ConfigSource source{.environment = environment(), .home = home()};
  if (parsed.has("kubeconfig")) source.file = parsed.get("kubeconfig");
  source.context = parsed.get("context");
  Result<kube::ClusterAccess> const access = kube::cluster_access(source);
  if (!access && access.error().reason == "NoKubeconfig")
    return usage_error("nothing to serve: name a folder with --directory, or a cluster with --kubeconfig; " +
                       access.error().message);
  if (!access) return access.error();
  ClusterOptions options{.access = *access,
                         .api_transport = kube::transport_options(*access, core->transport),
                         .core = *std::move(core),
                         .ns = parsed.get("namespace"),
                         .lease_ns = parsed.get("lease-namespace"),
                         .instance = host_name()};
  Result<Duration> const lease = parsed.duration("lease-duration", options.lease);
  if (!lease) return lease.error();
  if (*lease < kLeastLease || *lease > kMostLease || *lease % std::chrono::seconds(1) != Duration{0})
    return usage_error("--lease-duration: '" + parsed.get("lease-duration") +
                       "' must be whole seconds, 5s to 10m");
  options.lease = *lease;
  if (parsed.has("job-image")) options.jobs.image = parsed.get("job-image");
  if (parsed.has("job-user")) {
    std::string const text = parsed.get("job-user");
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), options.jobs.user);
    if (error != std::errc() || end != text.data() + text.size() || options.jobs.user < 1 ||
        options.jobs.user > kMostUser)
      return usage_error("--job-user: '" + text + "' must be the number of a user other than root, 1 to " +
                         std::to_string(kMostUser));
  }
  if (options.lease_ns.empty()) options.lease_ns = options.ns.empty() ? access->ns : options.ns;
  if (options.lease_ns.empty()) options.lease_ns = "default";
  return options;
}

}  // namespace

int run_cluster(Parsed const& parsed) {
  ::mallopt(M_ARENA_MAX, 1);  // passes wait more than they compute: an arena a thread only keeps more memory
  forbid_core_files();
  std::string const certificates = prepare_http_process();
  Result<ClusterOptions> options = options_of(parsed);
  if (!options) return fail(options.error());
  options->core.git.ca_file = certificates;
  Result<HealthAddress> const address = parse_address(parsed.get("metrics-address", "127.0.0.1:0"));
  if (!address) return fail(address.error());

  SystemClock const clock;
  SystemRandom random;
  Scrubber scrubber;
  Metrics metrics;
  Logger const log(clock, scrubber, log_format_of(parsed), log_level_of(parsed, "info"),
                   [](std::string_view line) { write_to(STDERR_FILENO, std::string(line) + "\n"); });
  StopSignals signals;
  ClusterProcess process(*std::move(options), {clock, random, log, scrubber, metrics},
                         [] { std::_Exit(kExitLeaseLost); });
  std::unique_ptr<HttpServer> health;
  if (parsed.has("metrics-address")) {
    Result<std::unique_ptr<HttpServer>> served = serve_health(
        *address,
        [&] {
          process.refresh_metrics();
          return metrics.text();
        },
        [&] { return process.ready(); });
    if (!served) return fail(served.error().while_doing("--metrics-address"));
    health = *std::move(served);
    log.info("metrics are served", {{"address", address->host + ":" + std::to_string(health->port())}});
  }
  Result<Done> const ran = process.run(signals.token());
  return ran ? kExitOk : fail(ran.error());
}

}  // namespace trainyard::cli
