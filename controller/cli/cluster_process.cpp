#include "controller/cli/cluster_process.hpp"

#include "controller/base/encoding.hpp"
#include "controller/cli/cluster_names.hpp"
#include "reconcilers/references.hpp"

namespace trainyard::cli {

namespace {

constexpr Duration kFarewell = std::chrono::seconds(5);
constexpr Duration kRetry = std::chrono::seconds(2);
constexpr kube::ResourceType kNamespaces{"", "v1", "namespaces", "Namespace"};

std::vector<kube::ResourceType> resource_types() {
  std::vector<kube::ResourceType> types;
  for (manifests::Kind const& kind : manifests::kinds()) types.push_back(resource_type_of(kind));
  return types;
}

std::filesystem::path temporary_folder() {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : folder;
}

git::GitOptions git_options(git::GitOptions options, std::filesystem::path cache) {
  options.cache = std::move(cache);
  return options;
}

}  // namespace

ClusterProcess::ClusterProcess(ClusterOptions options, Surroundings surroundings, std::function<void()> lost)
    : options_(std::move(options)),
      surroundings_(surroundings),
      http_(make_http_transport(options_.api_transport, surroundings_.clock)),
      lease_api_(options_.access, *http_, surroundings_.clock, surroundings_.scrubber, surroundings_.metrics),
      election_(
          {.ns = options_.lease_ns,
           .name = "trainyard",
           .identity = options_.instance + "_" + uuid4(surroundings_.random),
           .lease = options_.lease},
          {lease_api_, surroundings_.clock, surroundings_.random, surroundings_.log, surroundings_.metrics},
          {.elected =
               [this] {
                 elected_ = true;
                 woken_.notify();
               },
           .lost = std::move(lost)}),
      fence_(*http_, [this] { return election_.leading(); }),
      api_(options_.access, fence_, surroundings_.clock, surroundings_.scrubber, surroundings_.metrics),
      store_({.kinds = resource_types(),
              .ns = options_.ns,
              .instance = options_.instance,
              .refers_to = reconcilers::refers_to},
             {.api = api_,
              .clock = surroundings_.clock,
              .random = surroundings_.random,
              .log = surroundings_.log,
              .scrubber = surroundings_.scrubber,
              .changed = [this] { changed(); }}),
      config_maps_(store_),
      git_cache_(temporary_folder() / ("trainyard-git-" + uuid4(surroundings_.random))),
      git_(
          git_options(options_.core.git, git_cache_),
          [this](auto const&... what) { return store_.secret(what...); }, surroundings_.clock),
      sources_(git_, config_maps_),
      runner_(options_.jobs, api_, sources_, surroundings_.scrubber),
      logs_(api_) {}

ClusterProcess::~ClusterProcess() {
  end_well();
  std::error_code ignored;
  std::filesystem::remove_all(git_cache_, ignored);
}

void ClusterProcess::changed() {
  {
    std::lock_guard lock(mutex_);
    if (core_) core_->wake();
  }
  woken_.notify();
}

void ClusterProcess::refresh_metrics() {
  std::lock_guard lock(mutex_);
  if (core_) core_->refresh_metrics();
}

/// The cluster's, as everybody tells clusters apart: the uid of kube-system, or of the one namespace that is
/// served, since nothing else may be read then.
Result<std::string> ClusterProcess::identity_of_store(std::stop_token const& stop) {
  std::string const ns = options_.ns.empty() ? "kube-system" : options_.ns;
  for (;;) {
    Result<Json> const found = api_.get(kube::object_path(kNamespaces, "", ns), {.stop = stop});
    if (found) return found->text({"metadata", "uid"});
    ErrorKind const kind = found.error().kind;
    if (kind != ErrorKind::Transient && kind != ErrorKind::Throttled)
      return found.error().while_doing("reading namespace " + ns);
    surroundings_.log.warning("the API server cannot be reached", {{"error", found.error().message}});
    woken_.wait_until(surroundings_.clock.steady() + kRetry, stop);
    if (stop.stop_requested())
      return Error{.kind = ErrorKind::Canceled,
                   .reason = "Stopped",
                   .message = "stopped before the API server answered"};
  }
}

Result<Done> ClusterProcess::run(std::stop_token const& stop) {
  Result<std::string> const holder = identity_of_store(stop);
  if (!holder) return stop.stop_requested() ? Result<Done>(Done{}) : holder.error();
  store_.start();
  election_thread_ =
      std::jthread([this](std::stop_token const& end) { election_.run(surroundings_.clock, end); });
  while (!stop.stop_requested() && !(elected_ && store_.synced())) woken_.wait_until(SteadyTime::max(), stop);
  if (!stop.stop_requested()) {
    // What an earlier leader sent may still land: the core counts its waits from here.
    auto core = std::make_unique<OperatorCore>(
        options_.core, surroundings_,
        CoreParts{.store = store_, .local = runner_, .sources = sources_, .holder = *holder, .logs = &logs_});
    core->start();
    {
      std::lock_guard lock(mutex_);
      core_ = std::move(core);
    }
    surroundings_.log.info("objects are reconciled", {{"cluster", options_.core.cluster}});
    while (!stop.stop_requested()) woken_.wait_until(SteadyTime::max(), stop);
  }
  end_well();
  return Done{};
}

void ClusterProcess::end_well() {
  std::unique_ptr<OperatorCore> core;
  {
    std::lock_guard lock(mutex_);
    core.swap(core_);
  }
  if (core) core->stop();
  SteadyTime const until = surroundings_.clock.steady() + kFarewell;
  store_.flush_events({.stop = {}, .deadline = until});
  if (election_thread_.joinable()) {
    election_thread_.request_stop();
    election_thread_.join();
    election_.release({.stop = {}, .deadline = until});
  }
  store_.stop();
}

}  // namespace trainyard::cli
