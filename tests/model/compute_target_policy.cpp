#include "tests/model/compute_target_policy.hpp"

#include <stdexcept>

#include "controller/base/time_text.hpp"

namespace trainyard::model {

namespace {

using reconcilers::ComputeAct;
using reconcilers::ComputeDecision;
using reconcilers::ComputeFacts;
using S = ComputeState;
using Act = S::Act;
using Stage = S::Stage;
using Chosen = ComputeChoice::Kind;
using std::chrono::minutes;

WallTime const kStart = WallTime(std::chrono::hours(24 * 365 * 50));
constexpr Duration kApart = minutes(10);  // of creations
WallTime const kNow = kStart + std::chrono::hours(24);
std::string const kOwner = "us";
char const* const kOrigins[] = {"", "Created", "Adopted"};
char const* const kActs[] = {"", "Create", "Update", "Mark", "Take", "Unmark", "Delete"};
char const* const kStages[] = {"", "Creating", "Succeeded", "Failed", "Deleting"};
char const* const kSizes[] = {"STANDARD_D1", "STANDARD_D2"};

reconcilers::ComputeDriver const& driver() { return *reconcilers::compute_driver("amlCompute"); }

WallTime created_at(int creation) { return kStart + creation * kApart; }
WallTime date_after(int creations) { return created_at(creations) + kApart / 2; }
std::string store_of(std::uint8_t holder) { return "store " + std::to_string(holder); }
std::uint8_t holder_in(std::string const& text) {
  return static_cast<std::uint8_t>(std::stoi(text.substr(text.find(' '))));
}
std::uint8_t creation_at(Result<WallTime> const& time) {
  return time ? static_cast<std::uint8_t>((*time - kStart) / kApart) : std::uint8_t{0};
}

template <std::size_t Size>
std::uint8_t index_in(char const* const (&texts)[Size], std::string const& text) {
  for (std::size_t i = 0; i < Size; ++i)
    if (texts[i] == text) return static_cast<std::uint8_t>(i);
  throw std::logic_error("the model does not know the word '" + text + "'");
}

std::string bytes_of(ComputeQuestion const& question) {
  static_assert(std::has_unique_object_representations_v<ComputeQuestion>);
  return {reinterpret_cast<char const*>(&question), sizeof question};
}

Json body_of(S::Seen const& seen, WallTime created, WallTime modified) {
  Json tags = Json::object();
  if (seen.tags.mark != 0) {
    tags[reconcilers::kOwnerTag] = kOwner;
    tags[reconcilers::kHolderTag] = store_of(seen.tags.holder);
    tags[reconcilers::kSinceTag] = to_http_date(date_after(seen.tags.since));
    if (seen.tags.created != 0) tags[reconcilers::kCreatedTag] = to_rfc3339(created_at(seen.tags.created));
  }
  Json inner =
      Json::object({{"vmSize", kSizes[seen.size]},
                    {"scaleSettings", Json::object({{"minNodeCount", 0}, {"maxNodeCount", 1 + seen.size}})}});
  return Json::object(
      {{"name", "cpu"},
       {"location", "here"},
       {"tags", std::move(tags)},
       {"properties", Json::object({{"computeType", "AmlCompute"},
                                    {"createdOn", to_rfc3339(created)},
                                    {"modifiedOn", to_rfc3339(modified)},
                                    {"provisioningState", kStages[static_cast<int>(seen.stage)]},
                                    {"properties", std::move(inner)}})}});
}

S::Status packed(manifests::ComputeTargetStatus const& status, bool ready) {
  Result<WallTime> const created = parse_rfc3339(status.created_on);
  return {.origin = static_cast<S::Origin>(index_in(kOrigins, status.origin)),
          .created_on = creation_at(created),
          .ready = ready,
          .doubt = !status.doubt                 ? S::Doubt::None
                   : status.doubt->act == "Take" ? S::Doubt::Take
                                                 : S::Doubt::Any,
          .taken = status.taken ? creation_at(parse_rfc3339(status.taken->created_on)) : std::uint8_t{0}};
}

}  // namespace

azure::Compute ComputeModel::Policy::compute_of(S::Seen const& seen, std::uint8_t clock) const {
  WallTime const created = created_at(seen.created_on);
  bool const as_created = seen.as_created != 0 && options_.as_created != 0;
  S::Seen shown = seen;
  if (!options_.created_tag) shown.tags.created = 0;
  azure::Compute found =
      *azure::parse_compute(body_of(shown, created, as_created ? created : created + minutes(1)));
  found.date = date(clock);
  return found;
}

WallTime ComputeModel::Policy::date(std::uint8_t clock) const {
  return date_after(options_.azure_clock ? clock : clock + 1);
}

manifests::ComputeTargetStatus ComputeModel::Policy::status_of(ComputeQuestion const& question) const {
  S::Status const& from = question.status;
  manifests::ComputeTargetStatus status;
  if (options_.remember) {
    status.origin = kOrigins[static_cast<std::size_t>(from.origin)];
    if (from.created_on != 0) status.created_on = to_rfc3339(created_at(from.created_on));
  }
  auto const began = [](bool long_ago) { return to_rfc3339(long_ago ? kNow - ComputeFacts{}.settle : kNow); };
  if (from.doubt != S::Doubt::None && options_.doubt)
    status.doubt = manifests::ComputeIntent{.act = from.doubt == S::Doubt::Take ? "Take" : "Create",
                                            .at = began(question.in_time != 0)};
  if (from.taken != 0 && options_.take_once)
    status.taken = {.created_on = to_rfc3339(created_at(from.taken)),
                    .at = began(question.waited != 0 || !options_.await_taker)};
  return status;
}

ComputeChoice const& ComputeModel::Policy::decide(ComputeQuestion const& question) {
  auto const [known, is_new] = known_.try_emplace(bytes_of(question));
  if (!is_new) return known->second;
  ComputeChoice choice = ask(question);
  bool const there = question.seen.there();
  if (choice.kind == Chosen::Get && !there && !options_.get_before_put) {
    ComputeQuestion guessed = question;
    guessed.asked = 1;
    choice = ask(guessed);
    choice.request.looked = 0;
  }
  if (!options_.while_creating && question.seen.stage == Stage::Creating &&
      question.status.doubt != S::Doubt::None && question.in_time == 0) {
    ComputeQuestion sure = question;
    sure.status.doubt = S::Doubt::None;
    choice = ask(sure);
    choice.status.doubt = question.status.doubt;
    if (choice.kind == Chosen::Write || choice.kind == Chosen::Finalize) choice.kind = Chosen::Wait;
  }
  if (!options_.unmark && choice.request.act == Act::Unmark) {
    ComputeQuestion unmarked = question;
    unmarked.seen.tags = {};
    unmarked.status = choice.status;
    choice = ask(unmarked);
  }
  bool const failed = question.seen.stage == Stage::Failed && question.spec.object == S::Object::Live;
  if (!options_.delete_failed && failed && choice.request.act == Act::Delete)
    choice.request.act = Act::Update;
  return known->second = choice;
}

ComputeChoice ComputeModel::Policy::ask(ComputeQuestion const& question) const {
  int const size = question.spec.size;
  bool const settled = question.settled != 0 || !options_.young;
  azure::Compute const found = compute_of(question.seen, question.clock);
  ComputeFacts facts{.owner = kOwner,
                     .holder = store_of(question.holder),
                     .deleting = question.spec.object == S::Object::Deleting,
                     .now = kNow,
                     .started = kNow,
                     .found = question.seen.there() ? &found : nullptr,
                     .asked = question.asked != 0};
  if (settled) facts.started -= facts.settle;
  if (facts.asked) facts.get_began = kNow;
  facts.spec.block = "amlCompute";
  facts.spec.workspace = "ml";
  facts.spec.aml_compute = manifests::AmlComputeBlock{
      .create =
          manifests::AmlComputeCreate{.vm_size = options_.replace ? kSizes[size] : kSizes[question.seen.size],
                                      .max_nodes = 1 + (options_.replace ? question.seen.size : size)},
      .attach = {}};
  if (options_.replace) facts.spec.replace = manifests::ReplacePolicy::WhenChanged;
  if (question.spec.retain != 0) facts.spec.deletion_policy = manifests::DeletionPolicy::Retain;

  ComputeDecision const decision = reconcilers::decide(facts, driver(), status_of(question));
  ComputeChoice choice{.status = packed(decision.status, decision.ready)};
  if (std::holds_alternative<ComputeAct::Get>(decision.action)) choice.kind = Chosen::Get;
  if (std::holds_alternative<ComputeAct::Finalize>(decision.action)) choice.kind = Chosen::Finalize;
  choice.request.target = question.seen.created_on;
  choice.request.looked = question.asked;
  if (std::holds_alternative<ComputeAct::Delete>(decision.action)) {
    choice.kind = Chosen::Write;
    choice.request.act = Act::Delete;
  }
  if (auto const* put = std::get_if<ComputeAct::Put>(&decision.action)) {
    choice.kind = Chosen::Write;
    choice.request.act = static_cast<Act>(index_in(kActs, put->act));
    Json const body =
        reconcilers::put_body(put->act, facts, driver(), decision.status, "here", date(question.clock));
    Json const& tags = body.at("tags");
    if (tags.text(reconcilers::kOwnerTag) == kOwner)
      choice.request.tags = {.mark = 1,
                             .holder = holder_in(tags.text(reconcilers::kHolderTag)),
                             .since = creation_at(parse_http_date(tags.text(reconcilers::kSinceTag))),
                             .created = creation_at(parse_rfc3339(tags.text(reconcilers::kCreatedTag)))};
    bool const resizes = put->act == "Create" || put->act == "Update";
    choice.request.size = resizes ? question.spec.size : question.seen.size;
  }
  return choice;
}

S::Status ComputeModel::Policy::answered(S::Status const& status, S::Seen const& answer,
                                         std::uint8_t expected) const {
  manifests::ComputeTargetStatus into;
  into.origin = kOrigins[static_cast<std::size_t>(status.origin)];
  if (status.created_on != 0) into.created_on = to_rfc3339(created_at(status.created_on));
  if (options_.answer)
    reconcilers::note_answer(into, compute_of(answer, 0),
                             expected == 0 ? "" : to_rfc3339(created_at(expected)));
  S::Status told = packed(into, false);
  told.taken = status.taken;
  return told;
}

bool ComputeModel::Policy::is_stale(S const& state, S::Operator const& op) const {
  if (!state.index.there() || !op.cache.there()) return false;
  azure::Compute const item = compute_of(state.index, 0);
  azure::Compute known = compute_of(op.cache, 0);
  if (op.outlived != 0 && item.created_on == known.created_on)
    known.modified_on = to_rfc3339(created_at(op.cache.created_on) + minutes(2));
  return azure::is_stale(item, known);
}

}  // namespace trainyard::model
