#include "tests/sim/world.hpp"

#include <algorithm>
#include <utility>

#include "manifests/condition.hpp"
#include "tests/sim/directory_site.hpp"
#include "tests/sim/kube_site.hpp"

namespace trainyard::sim {

namespace {

constexpr char const* kSecret = "the-clients-secret";
constexpr std::size_t kMostStepsAtOnce = 200'000;  // more without a moment passing is a loop that never ends

azsim::Options azure_options() {
  azsim::Options options = azsim::default_options();
  options.secret = kSecret;
  options.buckets = true;
  return options;
}

std::string path_of(std::string const& url) {
  Result<Url> const parts = parse_url(url);
  return parts ? parts->path : std::string();
}

manifests::Condition const* ready_of(manifests::Conditions const& conditions) {
  return find_condition(conditions, manifests::kReady);
}

}  // namespace

NetworkFaults rough_network() {
  return {.lost_before = 0.02,
          .lost_after = 0.02,
          .late = 0.02,
          .refused = 0.02,
          .throttled = 0.01,
          .unauthorized = 0.005,
          .garbled = 0.01,
          .latest = std::chrono::minutes(4)};
}

std::vector<azsim::FaultRule> lying_service() {
  using Kind = azsim::FaultRule::Kind;
  using std::chrono::minutes;
  using std::chrono::seconds;
  auto const of = [](Kind kind, double share, std::string operation = "*") {
    return azsim::FaultRule{
        .operation = std::move(operation), .path_part = "", .times = -1, .share = share, .kind = kind};
  };
  std::vector<azsim::FaultRule> rules{of(Kind::CutHead, 0.01),
                                      of(Kind::CutBody, 0.01),
                                      of(Kind::Truncate, 0.01),
                                      of(Kind::NotJson, 0.01),
                                      of(Kind::RepeatPage, 0.05),
                                      of(Kind::SkipPage, 0.05),
                                      of(Kind::FailOperation, 0.05, "computes.*")};
  for (Duration const age : {Duration(0), Duration(seconds(20)), kOldestLie}) {
    rules.push_back(of(Kind::StaleList, 0.05));
    rules.back().age = age;
  }
  for (Duration const delay : {seconds(2), seconds(12), seconds(100)}) {  // the last beyond any deadline
    rules.push_back(of(Kind::Slow, 0.01));
    rules.back().delay = delay;
  }
  for (auto const& [operation, status, code] :
       {std::tuple("computes.put", 400, "ClusterCoreQuotaReached"), std::tuple("computes.*", 409, "Conflict"),
        std::tuple("*", 403, "AuthorizationFailed")}) {
    rules.push_back(of(Kind::Answer, status == 403 ? 0.002 : 0.03, operation));
    rules.back().status = status;
    rules.back().code = code;
  }
  return rules;
}

World::World(WorldOptions options)
    : stage(options.seed),
      azure(azure_clock, azure_random_, azure_options()),
      machine(stage, std::chrono::seconds(40)),
      judge(stage, azure, machine, kWorkspace),
      options_(options),
      azure_random_(options.seed + 1),
      network_(azure, stage),
      azure_secret_(kSecret),
      api_faults_(options.api) {
  azure.add_workspace(kGroup, kWorkspace);
  azure.on_request([this](azsim::Logged const& logged) { judge.saw_request(logged); });
  machine.on_start([this](reconcilers::LocalStart const& start) { judge.saw_start(start); });
  network_.on_late_landing(
      [this](std::string const& path, Duration late) { judge.saw_late_landing(path, late); });
  network_.on_unheard([this](std::string const& path) { judge.saw_unheard(path); });
  network_.on_answer([this](Network::Heard const& heard) {
    std::string const path = path_of(heard.request.url);
    if (path.find("/computes") == std::string::npos) return;
    Result<Json> const body = Json::parse(heard.response.body);
    judge.saw_answer(heard.began, heard.request.method, path, heard.response.status, body ? *body : Json());
  });
  judge.look_at([this] { return objects(); });
  network_.set_faults(options_.faults);
  azure.set_fault_seed(options_.seed);
  set_lies(options_.lies);
  stage.kill_at(options_.kill);
  stage.lose_answer_of(options_.lost_call);
  add_operator(add_site());
}

World::~World() { lives_.clear(); }

std::size_t World::add_site() {
  std::string const name = "store" + std::to_string(sites_.size());
  if (options_.store == StoreKind::ApiServer)
    sites_.push_back(std::make_unique<KubeSite>(name, stage, judge, api_faults_, options_.streams_lists));
  else
    sites_.push_back(std::make_unique<DirectorySite>(name, stage, judge));
  sites_.back()->set_secret(kSecret);
  judge.forbid(kSecret);
  if (sites_.size() > 1) judge.has_two_stores();
  return sites_.size() - 1;
}

void World::add_operator(std::size_t site) { begin_life(site); }

void World::begin_life(std::size_t site) {
  std::string const name = "operator" + std::to_string(++lives_so_far_);
  lives_.push_back(std::make_unique<Life>(name, Life::Place{stage, network_, machine, judge}, *sites_[site],
                                          options_.seed + 1000 + static_cast<std::uint64_t>(lives_so_far_),
                                          options_.workers));
  judge.operator_began();
}

void World::leave_operators(std::size_t site, std::size_t left) {
  std::size_t here = 0;
  for (auto const& life : lives_) here += &life->site() == sites_[site].get() ? 1 : 0;
  for (auto life = lives_.begin(); life != lives_.end() && here > left;) {
    if (&(*life)->site() != sites_[site].get()) {
      ++life;
      continue;
    }
    stage.tell((*life)->pulse.name + " ends");
    life = lives_.erase(life);
    --here;
  }
}

void World::restart() {
  stage.tell("KILLED by the world");
  for (auto const& life : lives_) life->pulse.dead = true;
}

void World::lose_store() {
  stage.tell("the store is LOST");
  leave_operators(0, 0);
  sites_[0]->lose_state();
  judge.store_was_lost();
  begin_life(0);
}

void World::look(std::size_t site) {
  sites_[site]->look();
  for (auto const& life : lives_) life->wake();
  stage.fibers.stir();
}

void World::write(std::string const& path, std::string const& text, std::size_t site) {
  sites_[site]->write(path, text);
  stage.tell("user writes " + path);
  look(site);
}

void World::remove(std::string const& path, std::size_t site) {
  sites_[site]->remove(path);
  stage.tell("user removes " + path);
  look(site);
}

void World::ask_to_delete(ObjectKey const& key, std::size_t site) {
  stage.tell("user deletes " + to_string(key));
  sites_[site]->ask_to_delete(key);
  look(site);
}

void World::change_secret(std::string const& text) {
  stage.tell("Azure takes another secret");
  azure_secret_ = text;
  azure.set_secret(text);
}

void World::write_secret(std::string const& text) {
  stage.tell("user writes the new secret");
  judge.forbid(text);
  sites_[0]->set_secret(text);
  look(0);
}

void World::set_lies(std::vector<azsim::FaultRule> lies) {
  lies_ = std::move(lies);
  azure.clear_faults();
  for (azsim::FaultRule const& lie : lies_) azure.add_fault(lie);
}

void World::heal() {
  network_.set_faults({});
  api_faults_ = {};
  set_lies({});
}

HttpResponse World::somebody(std::string const& method, std::string const& path, Json const& body) {
  stage.tell("somebody: " + method + " " + path);
  azsim::Options const options = azure_options();
  HttpRequest const sign_in{.method = "POST",
                            .url = options.base_url + "/" + options.tenant + "/oauth2/v2.0/token",
                            .body = "grant_type=client_credentials&client_id=" + options.client +
                                    "&client_secret=" + azure_secret_ +
                                    "&scope=https%3A%2F%2Flocalhost%2F.default"};
  azure.clear_faults();
  judge.somebody_acts(true);
  Result<Json> const token = Json::parse(azure.handle(sign_in).response.body);
  check(token.has_value() && !token->text("access_token").empty(), "somebody could not sign in");
  HttpRequest const request{.method = method,
                            .url = options.base_url + "/subscriptions/" + options.subscription +
                                   "/resourceGroups/" + kGroup +
                                   "/providers/Microsoft.MachineLearningServices/workspaces/" + kWorkspace +
                                   path + "?api-version=2023-10-01",
                            .headers = {{"Authorization", "Bearer " + token->text("access_token")},
                                        {"Content-Type", "application/json"}},
                            .body = body.is_null() ? "" : body.dump()};
  HttpResponse response = azure.handle(request).response;
  judge.somebody_acts(false);
  for (azsim::FaultRule const& lie : lies_) azure.add_fault(lie);
  return response;
}

void World::step() {
  for (std::size_t i = 0; i < lives_.size(); ++i) {
    if (!lives_[i]->pulse.dead) continue;
    Site const* const site = &lives_[i]->site();
    lives_.erase(lives_.begin() + static_cast<std::ptrdiff_t>(i));
    auto const at =
        std::find_if(sites_.begin(), sites_.end(), [&](auto const& s) { return s.get() == site; });
    begin_life(static_cast<std::size_t>(at - sites_.begin()));
    --i;
  }
  network_.land();
  if (!stage.fibers.step()) {
    SteadyTime const next = std::min(stage.fibers.next_wake(), network_.next_landing());
    Duration const by =
        next == SteadyTime::max() ? Duration(std::chrono::minutes(1)) : next - stage.clock.steady();
    stage.clock.advance(std::max(by, Duration(1)));
  }
  SteadyTime const now = stage.clock.steady();
  if (now != stuck_since_) {
    stuck_since_ = now;
    stuck_steps_ = 0;
  }
  if (++stuck_steps_ >= kMostStepsAtOnce)
    throw std::logic_error("the world goes round and round without a moment passing:\n" + stage.last(40));
  if (now - fresh_looked_ > std::chrono::seconds(30)) {
    fresh_looked_ = now;
    judge.check_freshness();
  }
  bool const dying = std::any_of(lives_.begin(), lives_.end(), [](auto const& l) { return l->pulse.dead; });
  if (stage.effects() == judged_ || dying) return;
  judged_ = stage.effects();
  judge.check_objects();
  judge.check_left_behind();
  for (std::size_t site = 0; site < sites_.size(); ++site)
    if (std::exchange(sites_[site]->asks_for_look, false)) look(site);
}

bool World::run_until(std::function<bool()> const& done, Duration within) {
  SteadyTime const end = stage.clock.steady() + within;
  for (;;) {
    if (!judge.verdicts().empty()) return false;
    bool const dying = std::any_of(lives_.begin(), lives_.end(), [](auto const& l) { return l->pulse.dead; });
    if (!dying && done()) return true;
    if (stage.clock.steady() >= end) return false;
    step();
  }
}

void World::run_for(Duration span) {
  run_until([] { return false; }, span);
}

bool World::is_quiet_for(Duration span) {
  std::size_t const before = stage.effects();
  run_until([&] { return stage.effects() != before; }, span);
  return stage.effects() == before;
}

std::vector<ObjectPtr> World::objects_at(std::size_t site) const {
  std::vector<ObjectPtr> all;
  for (char const* kind : {"Workspace", "ComputeTarget", "TrainingRun"})
    for (ObjectPtr const& object : sites_[site]->list(kind)) all.push_back(object);
  return all;
}

std::vector<ObjectPtr> World::objects() const {
  std::vector<ObjectPtr> all;
  for (std::size_t site = 0; site < sites_.size(); ++site)
    for (ObjectPtr const& object : objects_at(site)) all.push_back(object);
  return all;
}

ObjectPtr World::object(ObjectKey const& key, std::size_t site) const { return sites_[site]->get(key); }

std::size_t World::count() const { return objects().size(); }

std::size_t World::count_at(std::size_t site) const { return objects_at(site).size(); }

bool World::ready(ObjectKey const& key, std::size_t site) const {
  ObjectPtr const found = object(key, site);
  if (!found) return false;
  manifests::Conditions const conditions = manifests::conditions_from_json(found->status.at("conditions"));
  manifests::Condition const* const ready = ready_of(conditions);
  return ready != nullptr && ready->status == manifests::ConditionStatus::True &&
         found->status.at("observedGeneration").integer_or(0) == found->generation;
}

std::string World::not_ready_because(ObjectKey const& key, std::size_t site) const {
  ObjectPtr const found = object(key, site);
  if (!found || ready(key, site)) return "";
  manifests::Conditions const conditions = manifests::conditions_from_json(found->status.at("conditions"));
  manifests::Condition const* const ready = ready_of(conditions);
  return ready == nullptr ? "" : ready->reason;
}

std::string World::words(ObjectKey const& key, std::size_t site) const {
  ObjectPtr const found = object(key, site);
  if (!found) return "";
  manifests::Conditions const conditions = manifests::conditions_from_json(found->status.at("conditions"));
  manifests::Condition const* const ready = ready_of(conditions);
  return ready == nullptr ? "" : ready->message;
}

std::string World::story() const {
  std::string text = "seed " + std::to_string(options_.seed);
  std::string again = "TRAINYARD_SEED=" + std::to_string(options_.seed);
  if (options_.kill) {
    text += std::string(", killed ") + (options_.kill->before ? "before" : "after") + " effect " +
            std::to_string(options_.kill->at);
    again = "TRAINYARD_AT=" + std::to_string(options_.kill->at);
  }
  if (options_.lost_call != 0) {
    text += ", answer " + std::to_string(options_.lost_call) + " lost";
    again = "TRAINYARD_AT=" + std::to_string(options_.lost_call);
  }
  text += "; repeat it alone: " + again + " and this test's name\n";
  for (auto const& [window, times] : judge.windows())
    text += "window " + window + ": " + std::to_string(times) + "\n";
  for (std::string const& verdict : judge.verdicts()) text += "broken: " + verdict + "\n";
  text += stage.last(80);
  for (ObjectPtr const& object : objects())
    text += to_string(object->key) + " generation " + std::to_string(object->generation) +
            (object->deleted_at ? ", being deleted: " : ": ") + object->status.dump() + "\n";
  return text;
}

}  // namespace trainyard::sim
