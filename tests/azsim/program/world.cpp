#include "tests/azsim/program/world.hpp"

#include <utility>

#include "controller/base/time_text.hpp"
#include "tests/azsim/program/files.hpp"

namespace trainyard::azsim {

Result<SavedWorld> load_world(std::string const& path) {
  Result<std::optional<std::string>> const text =
      path.empty() ? Result<std::optional<std::string>>(std::nullopt) : read_file(path);
  if (!text) return text.error();
  if (!*text) return SavedWorld{.authority = make_ca("azsim"), .world = {}};
  Result<Json> const saved = Json::parse(**text);
  if (!saved) return saved.error().while_doing("reading " + path);
  return SavedWorld{.authority = {.certificate_pem = saved->text({"authority", "certificate"}),
                                  .key_pem = saved->text({"authority", "key"})},
                    .world = saved->at("world")};
}

Result<Done> World::begin(std::unique_ptr<AzureSim> sim, Json const& saved) {
  std::lock_guard const lock(mutex_);
  if (!log_path_.empty()) {
    log_.open(log_path_, std::ios::app);
    if (!log_)
      return Error{.kind = ErrorKind::Invalid, .reason = "File", .message = "cannot write " + log_path_};
    sim->on_request([this](Logged const& request) {
      log_ << Json::object({{"time", to_rfc3339(request.time)},
                            {"operation", request.operation},
                            {"method", request.method},
                            {"path", request.path},
                            {"status", request.status}})
                  .dump()
           << std::endl;
    });
  }
  if (!saved.is_null())
    if (Result<Done> const restored = sim->restore(saved); !restored)
      return restored.error().while_doing("restoring " + path_);
  sim_ = std::move(sim);
  return Done{};
}

ServerReply World::handle(HttpRequest const& request) {
  std::lock_guard const lock(mutex_);
  if (!sim_) return {.response = {.status = 503}};
  return sim_->handle(request);
}

void World::add_workspace(std::string const& group, std::string const& name) {
  std::lock_guard const lock(mutex_);
  sim_->add_workspace(group, name);
}

void World::add_faults(FaultPlan const& plan) {
  std::lock_guard const lock(mutex_);
  sim_->set_fault_seed(plan.seed);
  for (FaultRule const& rule : plan.requests) sim_->add_fault(rule);
  for (auto const& [code, message] : plan.computes) sim_->fail_next_compute(code, message);
}

Result<Done> World::step() {
  Json world;
  {
    std::lock_guard const lock(mutex_);
    sim_->tick();
    if (path_.empty()) return Done{};
    world = sim_->snapshot();
  }
  std::string text = Json::object({{"authority", Json::object({{"certificate", authority_.certificate_pem},
                                                               {"key", authority_.key_pem}})},
                                   {"world", std::move(world)}})
                         .dump();
  if (text == written_) return Done{};
  if (Result<Done> done = write_file(path_, text, Readers::Owner); !done) return done.error();
  written_ = std::move(text);
  return Done{};
}

}  // namespace trainyard::azsim
