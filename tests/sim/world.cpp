#include "tests/sim/world.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "controller/directory/directory_store.hpp"
#include "controller/local/directory_source.hpp"
#include "controller/manager/documents.hpp"
#include "controller/manager/operator.hpp"
#include "manifests/condition.hpp"
#include "reconcilers/reconciler.hpp"
#include "tests/sim/sim_store.hpp"

namespace trainyard::sim {

namespace fs = std::filesystem;

namespace {

constexpr char const* kGroup = "trainyard-demo";
constexpr char const* kSecret = "the-clients-secret";
constexpr std::size_t kMostStepsAtOnce = 200'000;  // more without a moment passing is a loop that never ends

/// In memory where the machine has such a place: what is tested is not the disk.
fs::path fresh_folder() {
  fs::path const shm = "/dev/shm";
  std::error_code error;
  fs::path const base = fs::is_directory(shm, error) ? shm : fs::temp_directory_path();
  std::string name = (base / "trainyard-world-XXXXXX").string();
  check(::mkdtemp(name.data()) != nullptr, "no folder for a world");
  return name;
}

void write_file(fs::path const& path, std::string const& text) {
  fs::create_directories(path.parent_path());
  fs::path const next = path.string() + ".new";
  std::ofstream(next, std::ios::binary) << text;
  fs::permissions(next, fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(next, path);
}

azsim::Options azure_options() {
  azsim::Options options = azsim::default_options();
  options.secret = kSecret;
  return options;
}

constexpr char const* kCloud =
    "clouds:\n"
    "- name: azsim\n"
    "  resourceManager: https://localhost:8443\n"
    "  authority: https://localhost:8443\n"
    "  audience: https://localhost:8443\n"
    "  hostSuffixes: [localhost]\n"
    "  storageSuffixes: [localhost]\n";

}  // namespace

NetworkFaults rough_network() {
  return {.lost_before = 0.02,
          .lost_after = 0.02,
          .late = 0.02,
          .refused = 0.02,
          .throttled = 0.01,
          .latest = std::chrono::minutes(4)};
}

/// One life of the operator. Members go in the reverse of their order: what uses goes before what is used.
struct World::Process {
  Scrubber scrubber;
  Logger log;
  Metrics metrics;
  SeededRandom random;
  azure::RateLimits limits;
  std::unique_ptr<directory::DirectoryStore> folder;
  std::unique_ptr<SimStore> store;
  std::unique_ptr<local::DirectorySources> sources;
  reconcilers::Scopes scopes;
  azure::Clouds clouds;
  std::stop_source stop;
  std::unique_ptr<reconcilers::Parts> parts;
  std::unique_ptr<manager::Operator> op;

  Process(Stage& stage, Judge& judge, std::uint64_t seed)
      : log(stage.clock, scrubber, LogFormat::Text, LogLevel::Debug,
            [&judge](std::string_view line) { judge.saw_output(line); }),
        random(seed),
        limits(stage.clock) {}
};

World::World(WorldOptions options)
    : stage(options.seed),
      azure(stage.clock, azure_random_, azure_options()),
      machine(stage, std::chrono::seconds(40)),
      judge(stage, azure, machine, kWorkspace),
      options_(options),
      azure_random_(options.seed + 1),
      network_(azure, stage),
      folder_(fresh_folder()) {
  azure.add_workspace(kGroup, kWorkspace);
  azure.on_request([this](azsim::Logged const& logged) { judge.saw_request(logged); });
  machine.on_start([this](reconcilers::LocalStart const& start) { judge.saw_start(start); });
  judge.forbid(kSecret);
  fs::create_directories(folder_ / "manifests");
  write_file(folder_ / "secrets" / "azsim-client" / "clientSecret", kSecret);
  network_.set_faults(options_.faults);
  stage.kill_at(options_.kill);
  boot();
}

World::~World() {
  bury();
  std::error_code error;
  fs::remove_all(folder_, error);
}

void World::boot() {
  stage.revive();
  process_ =
      std::make_unique<Process>(stage, judge, options_.seed + 1000 + static_cast<std::uint64_t>(boots_++));
  Process& p = *process_;
  Result<std::unique_ptr<directory::DirectoryStore>> store = directory::DirectoryStore::open(
      {.directory = folder_ / "manifests", .state = folder_ / "state", .secrets = folder_ / "secrets"},
      {.read = manager::document_reader(),
       .check_change = manager::change_check(),
       .clock = stage.clock,
       .log = p.log,
       .scrubber = p.scrubber});
  check(store.has_value(), "the world's store did not open");
  p.folder = *std::move(store);
  p.store = std::make_unique<SimStore>(*p.folder, stage);
  p.sources = local::make_directory_sources({.root = folder_ / "manifests"}, stage.clock);
  check(p.clouds.add_yaml("clouds.yaml", kCloud).has_value(), "the world's cloud was refused");
  p.parts = std::make_unique<reconcilers::Parts>(
      reconcilers::Parts{.store = *p.store,
                         .scopes = p.scopes,
                         .local = machine,
                         .sources = *p.sources,
                         .clouds = p.clouds,
                         .azure = {network_, stage.clock, p.random, p.log, p.scrubber, p.metrics, p.limits},
                         .transport_for = [this](azure::Cloud const&) -> HttpTransport& { return network_; },
                         .cluster = std::string(kCluster),
                         .holder = "world-store",
                         .started = stage.clock.wall()});
  p.op = std::make_unique<manager::Operator>(*p.parts);
  judge.look_at(p.folder.get());
  look_at_folder();
  p.op->start();
  for (int i = 0; i < options_.workers; ++i)
    stage.fibers.start("worker" + std::to_string(i), [this] {
      manager::Operator& op = *process_->op;
      std::stop_token const stop = process_->stop.get_token();
      while (!stop.stop_requested())
        if (!op.step(stop)) stage.fibers.wait_for_work(op.next_due().value_or(SteadyTime::max()));
    });
  stage.tell("the operator begins");
}

void World::bury() {
  stage.die();
  stage.fibers.drop_all();
  judge.look_at(nullptr);
  process_.reset();
}

void World::restart() {
  stage.tell("KILLED by the world");
  bury();
  boot();
}

void World::look_at_folder() {
  Result<std::vector<directory::Problem>> const problems = process_->folder->scan({});
  check(problems.has_value(), "the world's folder could not be read");
  for (directory::Problem const& problem : *problems) stage.tell("problem: " + problem.text);
  process_->folder->sources_changed();
  process_->op->wake();
  stage.fibers.stir();
}

void World::write(std::string const& path, std::string const& text) {
  write_file(folder_ / "manifests" / path, text);
  stage.tell("user writes " + path);
  look_at_folder();
}

std::string World::read(std::string const& path) const {
  std::ifstream const file(folder_ / "manifests" / path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void World::remove(std::string const& path) {
  fs::remove(folder_ / "manifests" / path);
  stage.tell("user removes " + path);
  look_at_folder();
}

void World::ask_to_delete(ObjectKey const& key) {
  stage.tell("user deletes " + to_string(key));
  Result<Done> const asked = process_->folder->request_delete(key);
  check(asked.has_value(), "the deletion was refused");
  look_at_folder();
}

void World::step() {
  if (stage.dead()) {
    bury();
    boot();
  }
  network_.land();
  if (!stage.fibers.step()) {
    SteadyTime const next = std::min(stage.fibers.next_wake(), network_.next_landing());
    Duration const by =
        next == SteadyTime::max() ? Duration(std::chrono::minutes(1)) : next - stage.clock.steady();
    stage.clock.advance(std::max(by, Duration(1)));
  }
  if (stage.clock.steady() != stuck_since_) {
    stuck_since_ = stage.clock.steady();
    stuck_steps_ = 0;
  }
  check(++stuck_steps_ < kMostStepsAtOnce, "the world goes round and round without a moment passing");
  if (stage.effects() == judged_ || stage.dead()) return;
  judged_ = stage.effects();
  judge.check_objects();
  judge.check_left_behind();
  std::size_t const before = std::exchange(objects_, count());
  if (objects_ < before)
    look_at_folder();  // one is gone, and its document may be back: the store asks for a look
}

bool World::run_until(std::function<bool()> const& done, Duration within) {
  SteadyTime const end = stage.clock.steady() + within;
  for (;;) {
    if (!judge.verdicts().empty()) return false;
    if (!stage.dead() && done()) return true;
    if (stage.clock.steady() >= end) return false;
    step();
  }
}

bool World::is_quiet_for(Duration span) {
  std::size_t const before = stage.effects();
  run_until([&] { return stage.effects() != before; }, span);
  return stage.effects() == before;
}

ObjectPtr World::object(ObjectKey const& key) const { return process_->folder->get(key); }

bool World::settled() const { return process_->op->standing().settled(); }

std::size_t World::count() const {
  std::size_t count = 0;
  for (char const* kind : {"Workspace", "ComputeTarget", "TrainingRun"})
    count += process_->folder->list(kind).size();
  return count;
}

bool World::ready(ObjectKey const& key) const {
  ObjectPtr const found = object(key);
  if (!found) return false;
  manifests::Conditions const conditions = manifests::conditions_from_json(found->status.at("conditions"));
  manifests::Condition const* const ready = find_condition(conditions, manifests::kReady);
  return ready != nullptr && ready->status == manifests::ConditionStatus::True &&
         found->status.at("observedGeneration").integer_or(0) == found->generation;
}

std::string World::story() const {
  std::string text = "seed " + std::to_string(options_.seed);
  if (options_.kill)
    text += std::string(", killed ") + (options_.kill->before ? "before" : "after") + " effect " +
            std::to_string(options_.kill->at);
  text += "; repeat it alone: TRAINYARD_SEED=" + std::to_string(options_.seed) + "\n";
  for (std::string const& verdict : judge.verdicts()) text += "broken: " + verdict + "\n";
  text += stage.last(80);
  for (char const* kind : {"Workspace", "ComputeTarget", "TrainingRun"})
    for (ObjectPtr const& object : process_->folder->list(kind))
      text += to_string(object->key) + " generation " + std::to_string(object->generation) +
              (object->deleted_at ? ", being deleted: " : ": ") + object->status.dump() + "\n";
  return text;
}

}  // namespace trainyard::sim
