#include "tests/azsim/azsim.hpp"

#include <optional>
#include <utility>

#include "tests/azsim/addresses.hpp"
#include "tests/azsim/arm.hpp"
#include "tests/azsim/buckets.hpp"
#include "tests/azsim/faults.hpp"
#include "tests/azsim/list_faults.hpp"
#include "tests/azsim/routing.hpp"

namespace trainyard::azsim {
namespace {

constexpr int kStateVersion = 1;

Json body_of(HttpRequest const& request) {
  if (request.body.empty()) return {};
  Result<Json> body = Json::parse(request.body);
  return body ? std::move(*body) : Json();
}

/// The first workspace of that name: tests have one group.
Workspace const* named(Workspaces const& workspaces, std::string_view name) {
  for (Workspace const* workspace : workspaces.all())
    if (same_name(workspace->name, name)) return workspace;
  return nullptr;
}

}  // namespace

Options default_options() {
  Options options;
  options.tenant = "11111111-1111-1111-1111-111111111111";
  options.client = "22222222-2222-2222-2222-222222222222";
  options.secret = "secret";
  options.subscription = "00000000-0000-0000-0000-000000000001";
  return options;
}

Options fast(Options options) {
  options.provision = Duration{1500};
  options.resize = Duration{1500};
  options.del = Duration{500};
  options.queue = Duration{300};
  options.run = Duration{1000};
  return options;
}

struct AzureSim::State {
  State(Clock const& clock, Random& random, Options options, JobExecutor* executor)
      : shared{.clock = clock, .random = random, .options = std::move(options), .executor = executor},
        groups(make_groups(shared)),
        workspaces(make_workspaces(shared)),
        datastores(make_datastores(shared)),
        computes(make_computes(shared)),
        blobs(make_blobs(shared)),
        jobs(make_jobs(shared)),
        infrastructure(make_infrastructure(shared)),
        entra(make_entra(shared)),
        imds(make_imds(shared)),
        clouds(make_clouds(shared)),
        capacity(make_capacity(shared)),
        operations(make_operations(shared)),
        assets(make_assets(shared)),
        asset_ids(make_asset_ids(shared)),
        schedules(make_schedules(shared)),
        run_history(make_run_history(shared)) {
    shared.groups = groups.get();
    shared.workspaces = workspaces.get();
    shared.datastores = datastores.get();
    shared.computes = computes.get();
    shared.blobs = blobs.get();
    shared.jobs = jobs.get();
    shared.infrastructure = infrastructure.get();
    std::vector<Operation> served;
    for (auto const& [name, service] : services()) service->register_operations(served);
    router.emplace(std::move(served));
  }

  /// By the name of their part of a snapshot; in the order in which time has its effects.
  [[nodiscard]] std::vector<std::pair<std::string, Service*>> services() const {
    return {{"groups", groups.get()},
            {"workspaces", workspaces.get()},
            {"datastores", datastores.get()},
            {"computes", computes.get()},
            {"blobs", blobs.get()},
            {"jobs", jobs.get()},
            {"entra", entra.get()},
            {"imds", imds.get()},
            {"clouds", clouds.get()},
            {"capacity", capacity.get()},
            {"operations", operations.get()},
            {"assets", assets.get()},
            {"assetIds", asset_ids.get()},
            {"schedules", schedules.get()},
            {"infrastructure", infrastructure.get()},
            {"runHistory", run_history.get()}};
  }

  void tick() const {
    WallTime const now = shared.now();
    for (auto const& [name, service] : services()) service->tick(now);
    // Nodes that jobs have just asked for or let go.
    computes->tick(now);
  }

  /// What the operation says, or what is said in its stead.
  HttpResponse answer(Operation const& operation, Call const& call) {
    if (std::optional<HttpResponse> refused = refuse(shared, operation, call)) return std::move(*refused);
    HttpHeaders remaining;
    if (operation.door == Operation::Door::Arm) {
      if (std::optional<int> const wait = buckets.take(call.request.method, call.now, remaining)) {
        HttpResponse refused = throttled(*wait);
        refused.headers.insert(refused.headers.end(), remaining.begin(), remaining.end());
        return refused;
      }
    }
    HttpResponse reply = operation.handler(call);
    if (!reply.header("x-ms-failure-cause"))
      reply.headers.insert(reply.headers.end(), remaining.begin(), remaining.end());
    return reply;
  }

  void damage_list(Operation const& operation, Call const& call, FaultRule const& fault, HttpResponse& list) {
    if (fault.kind == FaultRule::Kind::StaleList)
      list.body = lists.body(call, fault.age).value_or(list.body);
    else if (fault.kind == FaultRule::Kind::RepeatPage)
      repeat_page(call, list);
    else if (fault.kind == FaultRule::Kind::SkipPage)
      skip_page(operation.handler, call, list);
  }

  ServerReply reply(Operation const& operation, Call& call) {
    std::optional<FaultRule> const fault = faults.take(operation.name, call.url.path);
    if (fault && fault->kind == FaultRule::Kind::LostBefore) return damaged({}, *fault);
    if (fault && fault->kind == FaultRule::Kind::FailOperation) call.failure = error_of(*fault);
    HttpResponse response = fault && fault->kind == FaultRule::Kind::Answer
                                ? answer_of(*fault, call.request.method, call.now)
                                : answer(operation, call);
    if (is_list(call, response)) {
      HttpResponse const fresh = response;
      if (fault) damage_list(operation, call, *fault, response);
      lists.keep(call, fresh);
    }
    add_front_headers(shared, operation, call, response);
    return fault ? damaged(std::move(response), *fault) : ServerReply{.response = std::move(response)};
  }

  Shared shared;
  Faults faults;
  ListHistory lists;
  Buckets buckets{shared.options.buckets};
  std::function<void(Logged const&)> observer;
  std::unique_ptr<Groups> groups;
  std::unique_ptr<Workspaces> workspaces;
  std::unique_ptr<Datastores> datastores;
  std::unique_ptr<Computes> computes;
  std::unique_ptr<Blobs> blobs;
  std::unique_ptr<Jobs> jobs;
  std::unique_ptr<Infrastructure> infrastructure;
  std::unique_ptr<Service> entra, imds, clouds, capacity, operations, assets, asset_ids, schedules,
      run_history;
  std::optional<Router> router;
};

AzureSim::AzureSim(Clock const& clock, Random& random, Options options, JobExecutor* executor)
    : state_(std::make_unique<State>(clock, random, std::move(options), executor)) {}
AzureSim::~AzureSim() = default;

ServerReply AzureSim::handle(HttpRequest const& request) {
  state_->tick();
  Result<Url> url = parse_url(request.url);
  if (!url) return {.response = {.status = 400}};
  std::string const path = served_path(*url);
  std::optional<Route> route = state_->router->find(request.method, path);
  Call call{.request = request,
            .url = *url,
            .names = {},
            .body = {},
            .api_version = url->parameter("api-version").value_or(""),
            .now = state_->shared.now()};
  ServerReply reply;
  if (route) {
    call.names = std::move(route->names);
    call.body = body_of(request);
    reply = state_->reply(*route->operation, call);
  } else {
    reply.response = not_served(state_->router->serves(path), call);
  }
  if (state_->observer)
    state_->observer({.time = call.now,
                      .operation = route ? route->operation->name : "",
                      .method = request.method,
                      .path = path,
                      .status = reply.fault == ReplyFault::CloseBeforeHead ? 0 : reply.response.status});
  return reply;
}

std::vector<Served> AzureSim::served() const { return state_->router->served(); }

void AzureSim::tick() { state_->tick(); }

void AzureSim::add_fault(FaultRule rule) { state_->faults.add(std::move(rule)); }
void AzureSim::clear_faults() { state_->faults.clear(); }
void AzureSim::set_fault_seed(std::uint64_t seed) { state_->faults.set_seed(seed); }
void AzureSim::on_request(std::function<void(Logged const&)> observer) {
  state_->observer = std::move(observer);
}

void AzureSim::add_workspace(std::string const& group, std::string const& name) {
  state_->workspaces->add(group, name);
}

Json AzureSim::compute(std::string const& workspace, std::string const& name) const {
  Workspace const* found = named(*state_->workspaces, workspace);
  return found == nullptr ? Json() : state_->computes->show(*found, name);
}

Json AzureSim::job(std::string const& workspace, std::string const& name) const {
  Workspace const* found = named(*state_->workspaces, workspace);
  return found == nullptr ? Json() : state_->jobs->show(*found, name);
}

std::vector<std::string> AzureSim::job_names(std::string const& workspace) const {
  Workspace const* found = named(*state_->workspaces, workspace);
  return found == nullptr ? std::vector<std::string>() : state_->jobs->names(*found);
}

void AzureSim::end_job(std::string const& workspace, std::string const& name, std::string const& status) {
  Workspace const* found = named(*state_->workspaces, workspace);
  check(found != nullptr, "end_job: the workspace is there");
  state_->jobs->end(*found, name, status);
}

void AzureSim::preempt_job(std::string const& workspace, std::string const& name) {
  Workspace const* found = named(*state_->workspaces, workspace);
  check(found != nullptr, "preempt_job: the workspace is there");
  state_->jobs->preempt(*found, name);
}

void AzureSim::set_secret(std::string const& secret) { state_->shared.options.secret = secret; }

void AzureSim::fail_next_compute(std::string const& code, std::string const& message) {
  state_->computes->fail_next(code, message);
}

Json AzureSim::snapshot() const {
  Json parts = Json::object();
  for (auto const& [name, service] : state_->services()) parts[name] = service->snapshot();
  return Json::object({{"version", kStateVersion}, {"services", std::move(parts)}});
}

Result<Done> AzureSim::restore(Json const& state) {
  if (state.at("version").integer_or(0) != kStateVersion)
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "StateVersion",
                 .message = "version must be " + std::to_string(kStateVersion) + ", not " +
                            state.at("version").dump() + ": remove the file to begin anew"};
  for (auto const& [name, service] : state_->services())
    if (Result<Done> const done = service->restore(state.at({"services", name})); !done)
      return done.error().while_doing("restoring services." + name);
  return Done{};
}

}  // namespace trainyard::azsim
