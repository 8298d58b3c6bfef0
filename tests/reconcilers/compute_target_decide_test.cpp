// The policy of a ComputeTarget, case by case, as the exhaustive model of the design explored it.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "controller/base/time_text.hpp"
#include "reconcilers/compute_target/put.hpp"

namespace trainyard::reconcilers {
namespace {

using azure::Compute;
using manifests::ComputeTargetStatus;
using std::chrono::hours;
using std::chrono::minutes;

WallTime const kNow = *parse_rfc3339("2026-01-02T03:04:05Z");
std::string const kCreated = "2026-01-02T03:00:00.1234567+00:00",
                  kLater = "2026-01-02T03:01:00.0000000+00:00";

ComputeFacts facts() {
  ComputeFacts facts{.owner = "me", .now = kNow, .started = kNow - hours(1), .get_began = kNow};
  facts.spec.block = "amlCompute";
  facts.spec.workspace = "ml";
  facts.spec.aml_compute = manifests::AmlComputeBlock{
      .create = manifests::AmlComputeCreate{.vm_size = "Standard_DS3_v2", .max_nodes = 2, .min_nodes = 0},
      .attach = {}};
  facts.asked = true;
  return facts;
}

Compute compute(std::string state, bool marked, bool fresh = false) {
  Compute found{{.name = "cpu",
                 .type = "AmlCompute",
                 .created_on = kCreated,
                 .modified_on = fresh ? kCreated : kLater,
                 .provisioning_state = std::move(state),
                 .vm_size = "STANDARD_DS3_V2",
                 .min_nodes = 0,
                 .max_nodes = 2}};
  if (marked) {
    found.tags[kOwnerTag] = "me";
    found.tags[kSinceTag] = "Fri, 02 Jan 2026 02:59:59 GMT";
  }
  return found;
}

ComputeDecision ask(ComputeFacts const& f, ComputeTargetStatus status = {}) {
  return decide(f, *compute_driver("amlCompute"), std::move(status));
}

ComputeTargetStatus created() {
  ComputeTargetStatus status;
  status.origin = "Created";
  status.created_on = kCreated;
  return status;
}

template <class T>
T const* is(ComputeDecision const& decision) {
  return std::get_if<T>(&decision.action);
}

BOOST_AUTO_TEST_SUITE(compute_target_decide)

BOOST_AUTO_TEST_CASE(a_lists_word_is_no_absence) {
  ComputeFacts f = facts();
  f.asked = false;
  BOOST_TEST(is<ComputeAct::Get>(ask(f)));
}

BOOST_AUTO_TEST_CASE(absent_by_a_get_is_created) {
  ComputeDecision const decision = ask(facts());
  BOOST_REQUIRE(is<ComputeAct::Put>(decision));
  BOOST_TEST(is<ComputeAct::Put>(decision)->act == "Create");
}

BOOST_AUTO_TEST_CASE(nothing_is_written_while_a_write_is_in_doubt) {
  ComputeTargetStatus status;
  status.doubt = manifests::ComputeIntent{.act = "Create", .at = to_rfc3339(kNow - minutes(4))};
  BOOST_TEST(is<ComputeAct::Wait>(ask(facts(), status)));
  status.doubt->at = to_rfc3339(kNow - minutes(5));
  BOOST_TEST(is<ComputeAct::Put>(ask(facts(), status)));
}

BOOST_AUTO_TEST_CASE(a_doubt_is_settled_by_a_get_though_all_else_is_well) {
  ComputeFacts f = facts();
  f.asked = false;
  Compute const found = compute("Succeeded", true);
  f.found = &found;
  ComputeTargetStatus status = created();
  status.doubt = manifests::ComputeIntent{.act = "Update", .at = to_rfc3339(kNow - minutes(4))};
  ComputeDecision decision = ask(f, status);
  BOOST_TEST(is<ComputeAct::Wait>(decision));
  BOOST_TEST(decision.ready);
  status.doubt->at = to_rfc3339(kNow - minutes(5));
  BOOST_TEST(is<ComputeAct::Get>(ask(f, status)));
  f.asked = true;
  decision = ask(f, status);
  BOOST_TEST(decision.ready);
  BOOST_TEST(!decision.status.doubt.has_value());
}

struct OriginCase {
  char const* what;
  bool marked, fresh, since_before;
  char const* state;
  char const* known_origin;
  bool doubt;
  char const* origin;
};
std::ostream& operator<<(std::ostream& out, OriginCase const& c) { return out << c.what; }
OriginCase const kOrigins[] = {
    {"our mark, as its creation left it", true, true, true, "Creating", "", false, "Created"},
    {"no mark", false, false, true, "Succeeded", "", false, "Adopted"},
    {"our mark, made after our look", true, false, true, "Succeeded", "", false, "Created"},
    {"our mark on what was there before", true, false, false, "Succeeded", "", false, "Adopted"},
    {"what we recorded wins", false, false, true, "Succeeded", "Created", false, "Created"},
    {"an adoption recorded wins over a mark", true, false, true, "Succeeded", "Adopted", false, "Adopted"},
    {"the answer wins: taking our mark off created it", false, true, true, "Creating", "Created", false,
     "Created"},
    {"our unheard PUT updated theirs", true, false, true, "Creating", "", true, "Adopted"},
};

BOOST_DATA_TEST_CASE(whose_it_is, boost::unit_test::data::make(kOrigins), c) {
  ComputeFacts f = facts();
  Compute found = compute(c.state, c.marked, c.fresh);
  if (c.marked && !c.since_before) found.tags[kSinceTag] = "Fri, 02 Jan 2026 03:00:01 GMT";
  f.found = &found;
  ComputeTargetStatus status;
  status.origin = c.known_origin;
  if (!status.origin.empty()) status.created_on = kCreated;
  if (c.doubt) status.doubt = manifests::ComputeIntent{.act = "Create", .at = to_rfc3339(kNow)};
  BOOST_TEST(ask(f, status).status.origin == c.origin);
}

BOOST_AUTO_TEST_CASE(a_listed_compute_as_it_was_left_costs_no_get_and_is_ready) {
  ComputeFacts f = facts();
  f.asked = false;
  Compute const found = compute("Succeeded", true);
  f.found = &found;
  ComputeDecision const decision = ask(f, created());
  BOOST_TEST(is<ComputeAct::Wait>(decision));
  BOOST_TEST(decision.ready);
}

BOOST_AUTO_TEST_CASE(drift_of_what_we_made_is_corrected_and_of_what_we_found_is_reported) {
  ComputeFacts f = facts();
  Compute found = compute("Succeeded", true);
  found.max_nodes = 5;
  f.found = &found;
  ComputeDecision decision = ask(f, created());
  BOOST_REQUIRE(is<ComputeAct::Put>(decision));
  BOOST_TEST(is<ComputeAct::Put>(decision)->act == "Update");
  BOOST_REQUIRE_EQUAL(decision.status.drift.size(), 1U);
  BOOST_TEST(decision.status.drift[0].field == "spec.amlCompute.create.maxNodes");
  BOOST_TEST(decision.status.drift[0].found == "5");
  found.tags = Json::object();
  decision = ask(f);
  BOOST_TEST(is<ComputeAct::Wait>(decision));
  BOOST_TEST(decision.ready);
  BOOST_TEST(decision.status.drift.size() == 1U);
  f.spec.drift_policy = manifests::DriftPolicy::Ignore;
  BOOST_TEST(ask(f).status.drift.empty());
}

BOOST_AUTO_TEST_CASE(what_azure_cannot_change_is_refused_unless_replacement_is_asked) {
  ComputeFacts f = facts();
  Compute found = compute("Succeeded", true);
  found.vm_size = "STANDARD_D2_V2";
  f.found = &found;
  ComputeDecision decision = ask(f, created());
  BOOST_TEST(is<ComputeAct::Wait>(decision));
  BOOST_TEST(decision.reason == "NeedsReplacement");
  BOOST_TEST(decision.stuck);
  f.spec.replace = manifests::ReplacePolicy::WhenChanged;
  BOOST_TEST(is<ComputeAct::Delete>(ask(f, created())));
  f.live_runs = {"TrainingRun/default/fit"};
  BOOST_TEST(is<ComputeAct::Wait>(ask(f, created())));
}

BOOST_AUTO_TEST_CASE(a_failed_create_of_ours_is_deleted_first_and_one_of_theirs_is_not) {
  ComputeFacts f = facts();
  Compute found = compute("Failed", true);
  f.found = &found;
  BOOST_TEST(is<ComputeAct::Delete>(ask(f, created())));
  found.tags = Json::object();
  BOOST_TEST(is<ComputeAct::Wait>(ask(f)));
}

BOOST_AUTO_TEST_CASE(an_unheard_update_that_met_theirs_in_the_place_of_ours_is_seen_while_creating) {
  ComputeFacts f = facts();
  Compute const found = compute("Creating", true);
  f.found = &found;
  ComputeTargetStatus status = created();
  status.created_on = "2026-01-02T02:00:00.0000000+00:00";
  status.doubt = manifests::ComputeIntent{.act = "Update", .at = to_rfc3339(kNow)};
  BOOST_TEST(ask(f, status).status.origin == "Adopted");
}

BOOST_AUTO_TEST_CASE(an_unheard_put_that_updated_theirs_is_seen_by_the_get_that_settles_it_too) {
  ComputeFacts f = facts();
  Compute const found = compute("Creating", true);
  f.found = &found;
  ComputeTargetStatus status;
  status.doubt = manifests::ComputeIntent{.act = "Create", .at = to_rfc3339(kNow - minutes(5))};
  ComputeDecision const decision = ask(f, status);
  BOOST_TEST(decision.status.origin == "Adopted");
  BOOST_TEST(!decision.status.doubt.has_value());
}

struct DeletionCase {
  char const* what;
  bool ours, retain, live_run, other_target, doubt;
  char const* action;
};
std::ostream& operator<<(std::ostream& out, DeletionCase const& c) { return out << c.what; }
DeletionCase const kDeletions[] = {
    {"ours is deleted", true, false, false, false, false, "Delete"},
    {"ours is kept when told so", true, true, false, false, false, "Finalize"},
    {"theirs is left", false, false, false, false, false, "Finalize"},
    {"a live run holds it", true, false, true, false, false, "Wait"},
    {"another target holds it", true, false, false, true, false, "Wait"},
    {"a doubt holds it", true, false, false, false, true, "Wait"},
};

BOOST_DATA_TEST_CASE(deletion, boost::unit_test::data::make(kDeletions), c) {
  ComputeFacts f = facts();
  f.deleting = true;
  f.spec.deletion_policy = c.retain ? manifests::DeletionPolicy::Retain : manifests::DeletionPolicy::Delete;
  if (c.live_run) f.live_runs = {"TrainingRun/default/fit"};
  if (c.other_target) f.other_targets = {"ComputeTarget/default/other"};
  Compute const found = compute("Succeeded", c.ours);
  f.found = &found;
  ComputeTargetStatus status;
  if (c.doubt) status.doubt = manifests::ComputeIntent{.act = "Update", .at = to_rfc3339(kNow)};
  ComputeDecision const decision = ask(f, status);
  std::string const action = is<ComputeAct::Delete>(decision)     ? "Delete"
                             : is<ComputeAct::Finalize>(decision) ? "Finalize"
                             : is<ComputeAct::Wait>(decision)     ? "Wait"
                                                                  : "other";
  BOOST_TEST(action == c.action);
}

BOOST_AUTO_TEST_CASE(our_mark_comes_off_what_is_not_ours_before_the_finalizer_goes) {
  ComputeFacts f = facts();
  f.deleting = true;
  Compute found = compute("Succeeded", true);
  found.tags[kSinceTag] = "Fri, 02 Jan 2026 03:00:01 GMT";  // it was there before our look
  f.found = &found;
  ComputeDecision const decision = ask(f);
  BOOST_REQUIRE(is<ComputeAct::Put>(decision));
  BOOST_TEST(is<ComputeAct::Put>(decision)->act == "Unmark");
}

BOOST_AUTO_TEST_CASE(a_young_process_keeps_the_finalizer) {
  ComputeFacts f = facts();
  f.deleting = true;
  f.started = kNow - minutes(4);
  BOOST_TEST(is<ComputeAct::Wait>(ask(f, created())));
  f.started = kNow - minutes(5);
  BOOST_TEST(is<ComputeAct::Finalize>(ask(f, created())));
}

BOOST_AUTO_TEST_CASE(a_compute_of_another_type_is_never_ours) {
  ComputeFacts f = facts();
  Compute found = compute("Succeeded", true, true);  // even with our mark on it, as its creation left it
  found.type = "ComputeInstance";
  f.found = &found;
  for (bool const attach : {false, true}) {
    if (attach)
      f.spec.aml_compute =
          manifests::AmlComputeBlock{.create = {}, .attach = manifests::AmlComputeAttach{.name = "cpu"}};
    f.deleting = false;
    ComputeDecision const decision = ask(f);
    BOOST_TEST(is<ComputeAct::Wait>(decision));
    BOOST_TEST(!decision.ready);
    BOOST_TEST(decision.stuck);
    BOOST_TEST(decision.reason == "WrongType");
    f.deleting = true;
    BOOST_TEST(is<ComputeAct::Finalize>(ask(f, created())));
  }
}

BOOST_AUTO_TEST_CASE(an_attached_compute_is_used_and_never_written) {
  ComputeFacts f = facts();
  f.spec.aml_compute =
      manifests::AmlComputeBlock{.create = {}, .attach = manifests::AmlComputeAttach{.name = "cpu"}};
  BOOST_TEST(ask(f).reason == "ComputeNotFound");
  Compute found = compute("Succeeded", true);
  found.max_nodes = 7;
  f.found = &found;
  ComputeDecision const decision = ask(f);
  BOOST_TEST(is<ComputeAct::Wait>(decision));
  BOOST_TEST(decision.ready);
  BOOST_TEST(decision.status.origin == "Attached");
  f.deleting = true;
  BOOST_TEST(is<ComputeAct::Finalize>(ask(f)));
}

BOOST_AUTO_TEST_CASE(the_answer_to_our_put_tells_who_made_it) {
  auto const origin = [](bool fresh, std::string const& expected) {
    ComputeTargetStatus status;
    note_answer(status, compute("Creating", true, fresh), expected);
    BOOST_TEST(status.created_on == kCreated);
    return status.origin;
  };
  BOOST_TEST(origin(true, "") == "Created");
  BOOST_TEST(origin(false, "") == "Adopted");
  BOOST_TEST(origin(false, kCreated).empty());  // the update of what was already judged
}

// ---- two state stores of one cluster name

ComputeFacts facts_of_a_store(bool deleting = false) {
  ComputeFacts f = facts();
  f.holder = "mine";
  f.deleting = deleting;
  return f;
}

Compute with_mark_of(std::string holder, std::string state = "Succeeded") {
  Compute found = compute(std::move(state), true);
  found.tags[kCreatedTag] = kCreated;
  found.tags[kHolderTag] = std::move(holder);
  return found;
}

ComputeDecision ask_of(ComputeFacts f, Compute const& found, ComputeTargetStatus status = {}) {
  f.found = &found;
  return ask(f, std::move(status));
}

ComputeTargetStatus taken(WallTime at) {
  ComputeTargetStatus status = created();
  status.taken = {.created_on = kCreated, .at = to_rfc3339(at)};
  return status;
}

std::string put_of(ComputeDecision const& decision) {
  auto const* const put = is<ComputeAct::Put>(decision);
  return put == nullptr ? "" : put->act;
}

BOOST_AUTO_TEST_CASE(anothers_mark_is_replaced_once) {
  BOOST_TEST(put_of(ask_of(facts_of_a_store(), with_mark_of("theirs"))) == "Take");
  BOOST_TEST(put_of(ask_of(facts_of_a_store(), with_mark_of("theirs"), created())) == "Take");
  ComputeDecision const again = ask_of(facts_of_a_store(), with_mark_of("theirs"), taken(kNow - hours(1)));
  BOOST_TEST(is<ComputeAct::Wait>(again));
  BOOST_TEST(again.ready);
  BOOST_TEST(again.status.origin == "Adopted");
  BOOST_TEST(again.message.find("theirs") != std::string::npos);
  BOOST_TEST(put_of(ask_of(facts_of_a_store(), with_mark_of("mine"), created())).empty());
}

BOOST_AUTO_TEST_CASE(what_a_living_store_owns_is_neither_changed_nor_deleted) {
  Compute found = with_mark_of("theirs");
  found.max_nodes = 7;
  ComputeDecision const differs = ask_of(facts_of_a_store(), found, taken(kNow - hours(1)));
  BOOST_TEST(is<ComputeAct::Wait>(differs));
  BOOST_TEST(differs.stuck);
  BOOST_TEST(differs.reason == "AnotherController");
  BOOST_TEST(differs.message.find("theirs") != std::string::npos);
  BOOST_TEST(is<ComputeAct::Finalize>(ask_of(facts_of_a_store(true), found, taken(kNow - hours(1)))));
  BOOST_TEST(is<ComputeAct::Finalize>(ask_of(facts_of_a_store(true), found, created())));
}

BOOST_AUTO_TEST_CASE(who_inherits_waits_whether_the_other_store_lives) {
  BOOST_TEST(put_of(ask_of(facts_of_a_store(true), with_mark_of("theirs"))) == "Take");
  Compute found = with_mark_of("mine");
  BOOST_TEST(is<ComputeAct::Wait>(ask_of(facts_of_a_store(true), found, taken(kNow - minutes(4)))));
  BOOST_TEST(is<ComputeAct::Delete>(ask_of(facts_of_a_store(true), found, taken(kNow - minutes(6)))));
  found.max_nodes = 7;
  BOOST_TEST(is<ComputeAct::Wait>(ask_of(facts_of_a_store(), found, taken(kNow - minutes(4)))));
  BOOST_TEST(put_of(ask_of(facts_of_a_store(), found, taken(kNow - minutes(6)))) == "Update");
}

BOOST_AUTO_TEST_CASE(a_take_counts_once_it_is_seen) {
  ComputeTargetStatus status;
  status.doubt = manifests::ComputeIntent{.act = "Take", .at = to_rfc3339(kNow - minutes(1))};
  ComputeDecision const seen = ask_of(facts_of_a_store(), with_mark_of("mine"), status);
  BOOST_TEST(seen.status.origin == "Created");
  BOOST_REQUIRE(seen.status.taken.has_value());
  BOOST_TEST(seen.status.taken->at == to_rfc3339(kNow));  // it may have landed long after it was sent
  BOOST_TEST(!seen.status.doubt.has_value());
  ComputeDecision const failed = ask_of(facts_of_a_store(), with_mark_of("theirs"), status);
  BOOST_TEST(is<ComputeAct::Wait>(failed));
  BOOST_TEST(!failed.status.taken.has_value());  // a 201 that did not hold: no word of the other store
}

BOOST_AUTO_TEST_CASE(a_take_that_has_landed_stays_in_doubt_until_the_compute_has_succeeded) {
  ComputeTargetStatus status;
  status.doubt = manifests::ComputeIntent{.act = "Take", .at = to_rfc3339(kNow - hours(1))};
  ComputeFacts f = facts_of_a_store(true);
  f.asked = true;
  f.get_began = kNow;
  ComputeDecision const updating = ask_of(f, with_mark_of("mine", "Updating"), status);
  BOOST_TEST(is<ComputeAct::Wait>(updating));
  BOOST_TEST(updating.status.origin.empty());
  BOOST_TEST(updating.status.doubt.has_value());
  ComputeDecision const done = ask_of(f, with_mark_of("mine"), updating.status);
  BOOST_TEST(is<ComputeAct::Wait>(done));  // whether the other store takes it back
  BOOST_TEST(done.status.origin == "Created");
  BOOST_TEST(done.status.taken.has_value());
  Compute replaced = with_mark_of("mine", "Updating");
  replaced.tags[kCreatedTag] = "2026-11-01T00:00:00Z";
  ComputeDecision const theirs = ask_of(f, replaced, status);
  BOOST_TEST(!theirs.status.doubt.has_value());
  BOOST_TEST(theirs.status.origin == "Adopted");
}

BOOST_AUTO_TEST_CASE(what_another_store_is_creating_is_not_judged_yet) {
  Compute const creating = with_mark_of("theirs", "Creating");
  ComputeDecision const decision = ask_of(facts_of_a_store(), creating);
  BOOST_TEST(is<ComputeAct::Wait>(decision));
  BOOST_TEST(decision.status.origin.empty());
  // Else a deletion would take it for one that the other store took over from us.
  BOOST_TEST(is<ComputeAct::Wait>(ask_of(facts_of_a_store(true), creating, decision.status)));
  BOOST_TEST(put_of(ask_of(facts_of_a_store(true), with_mark_of("theirs"), decision.status)) == "Take");
}

BOOST_AUTO_TEST_CASE(a_create_of_another_store_that_met_our_compute_is_no_take) {
  Compute met = with_mark_of("theirs");
  met.tags.erase(kCreatedTag);
  BOOST_TEST(put_of(ask_of(facts_of_a_store(true), met, created())) == "Take");
}

BOOST_AUTO_TEST_CASE(a_mark_that_was_taken_off_what_is_ours_is_put_on_again) {
  BOOST_TEST(put_of(ask_of(facts_of_a_store(), compute("Succeeded", false), created())) == "Mark");
  ComputeFacts f = facts_of_a_store();
  f.spec.drift_policy = manifests::DriftPolicy::Report;
  BOOST_TEST(put_of(ask_of(f, compute("Succeeded", false), created())).empty());
}

BOOST_AUTO_TEST_CASE(the_mark_of_another_store_is_not_ours_to_take_off) {
  ComputeTargetStatus adopted = created();
  adopted.origin = "Adopted";
  BOOST_TEST(put_of(ask_of(facts_of_a_store(), with_mark_of("mine"), adopted)) == "Unmark");
  BOOST_TEST(put_of(ask_of(facts_of_a_store(), with_mark_of("theirs"), adopted)).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::reconcilers
