#include "tests/sim/life.hpp"

#include "controller/manager/operator.hpp"
#include "reconcilers/reconciler.hpp"

namespace trainyard::sim {

namespace {

constexpr char const* kCloud =
    "clouds:\n"
    "- name: azsim\n"
    "  resourceManager: https://localhost:8443\n"
    "  authority: https://localhost:8443\n"
    "  audience: https://localhost:8443\n"
    "  hostSuffixes: [localhost]\n"
    "  storageSuffixes: [localhost]\n";

}  // namespace

/// Members go in the reverse of their order: what uses goes before what is used.
struct Life::Process {
  Metrics metrics;
  SeededRandom random;
  std::unique_ptr<Door> door;
  azure::RateLimits limits;
  SimAzure transport;
  SimRunner runner;
  reconcilers::Scopes scopes;
  azure::Clouds clouds;
  std::stop_source stop;
  /// Made once the store is known, as a process does it.
  struct Core {
    reconcilers::Parts parts;
    manager::Operator op{parts};
  };
  std::unique_ptr<Core> core;

  Process(Place const& place, Site& site, Pulse& pulse, std::uint64_t seed)
      : random(seed),
        door(site.enter({pulse, random, metrics, [this] { wake(); }})),
        limits(place.stage.clock),
        transport(place.network, pulse),
        runner(place.machine, place.stage, pulse) {
    check(clouds.add_yaml("clouds.yaml", kCloud).has_value(), "the world's cloud was refused");
  }
  void begin(Clock const& clock, std::string const& holder) {
    core.reset(new Core{
        .parts = {.store = door->store(),
                  .scopes = scopes,
                  .local = runner,
                  .sources = door->sources(),
                  .clouds = clouds,
                  .azure = {transport, clock, random, door->log(), door->scrubber(), metrics, limits},
                  .transport_for = [this](azure::Cloud const&) -> HttpTransport& { return transport; },
                  .cluster = std::string(kCluster),
                  .holder = holder,
                  .started = clock.wall()}});
    core->op.start();
  }
  void wake() {
    if (core) core->op.wake();
  }
};

Life::Life(std::string name, Place const& place, Site& site, std::uint64_t seed, int workers)
    : pulse{.name = std::move(name)}, place_(place), site_(site) {
  process_ = std::make_unique<Process>(place_, site_, pulse, seed);
  Fibers& fibers = place_.stage.fibers;
  if (process_->door->ready())
    begin(workers);
  else
    fibers.start(pulse.name, "main", [this, &fibers, workers] {
      fibers.wait_for([this] { return process_->door->ready(); }, SteadyTime::max());
      begin(workers);
    });
}

void Life::begin(int workers) {
  process_->begin(place_.stage.clock, site_.holder());
  for (int i = 0; i < workers; ++i)
    place_.stage.fibers.start(pulse.name, "worker" + std::to_string(i), [this] {
      manager::Operator& op = process_->core->op;
      std::stop_token const stop = process_->stop.get_token();
      while (!stop.stop_requested())
        if (!op.step(stop)) place_.stage.fibers.wait_for_work(op.next_due().value_or(SteadyTime::max()));
    });
  place_.stage.tell(pulse.name + " begins");
}

Life::~Life() {
  pulse.dead = true;
  place_.stage.fibers.drop(pulse.name);
  process_.reset();
}

void Life::wake() { process_->wake(); }

}  // namespace trainyard::sim
