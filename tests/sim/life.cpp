#include "tests/sim/life.hpp"

#include "controller/local/directory_source.hpp"
#include "controller/manager/operator.hpp"
#include "reconcilers/reconciler.hpp"
#include "tests/sim/sim_store.hpp"

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
  azure::RateLimits limits;
  SimAzure transport;
  SimRunner runner;
  SimStore store;
  std::unique_ptr<local::DirectorySources> sources;
  reconcilers::Scopes scopes;
  azure::Clouds clouds;
  std::stop_source stop;
  reconcilers::Parts parts;
  manager::Operator op;

  Process(Place const& place, Site& site, Pulse& pulse, std::uint64_t seed)
      : random(seed),
        limits(place.stage.clock),
        transport(place.network, pulse),
        runner(place.machine, place.stage, pulse),
        store(site, place.stage, place.judge, pulse),
        sources(local::make_directory_sources({.root = site.manifests()}, place.stage.clock)),
        parts{.store = store,
              .scopes = scopes,
              .local = runner,
              .sources = *sources,
              .clouds = clouds,
              .azure = {transport, place.stage.clock, random, site.log(), site.scrubber(), metrics, limits},
              .transport_for = [this](azure::Cloud const&) -> HttpTransport& { return transport; },
              .cluster = std::string(kCluster),
              .holder = site.holder(),
              .started = place.stage.clock.wall()},
        op(parts) {
    check(clouds.add_yaml("clouds.yaml", kCloud).has_value(), "the world's cloud was refused");
  }
};

Life::Life(std::string name, Place const& place, Site& site, std::uint64_t seed, int workers)
    : pulse{.name = std::move(name)}, place_(place), site_(site) {
  site_.come(pulse);
  process_ = std::make_unique<Process>(place_, site_, pulse, seed);
  process_->op.start();
  for (int i = 0; i < workers; ++i)
    place_.stage.fibers.start(pulse.name, "worker" + std::to_string(i), [this] {
      manager::Operator& op = process_->op;
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
  site_.go(pulse);
}

void Life::wake() { process_->op.wake(); }

}  // namespace trainyard::sim
