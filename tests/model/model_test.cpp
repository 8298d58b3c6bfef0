// The model explored in bounds that take seconds; README.md tells how to ask for larger ones.
#include <cstdlib>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/model/compute_target.hpp"
#include "tests/model/training_run.hpp"

namespace trainyard::model {

/// Bounds, and what must come of them.
struct Bounds {
  char const* words;
  std::set<Window> windows = {};  // the windows that are met, and no others
};

/// A rule that is turned off, and the promise that breaks without it.
struct Without {
  char const* words;
  Promise breaks;
};

std::ostream& operator<<(std::ostream& out, Bounds const& bounds) { return out << bounds.words; }
std::ostream& operator<<(std::ostream& out, Without const& without) { return out << without.words; }

namespace {

constexpr std::size_t kMostStates = 40'000'000;

template <class Model, class Options>
Report explore(std::string const& words, std::span<Option<Options> const> known, bool told_whole) {
  Options options;
  std::string const wrong = read_options<Options>(words, known, options);
  BOOST_REQUIRE_MESSAGE(wrong.empty(), wrong);
  Model model(options);
  Report report = Explorer<Model>(model).explore(kMostStates);
  BOOST_TEST_MESSAGE(words << ": " << report.text(told_whole) << model.decisions() << " decisions");
  return report;
}
Report explore(std::string const& words, bool told_whole = false) {
  return explore<RunModel>(words, run_options(), told_whole);
}
Report explore_compute(std::string const& words, bool told_whole = false) {
  return explore<ComputeModel>(words, compute_options(), told_whole);
}

std::vector<Bounds> const kRulesOn{
    {"user=1"},
    {"user=2"},
    {"user=1 late=2"},
    {"user=2 refuse=1"},
    {"user=1 fail=1 retry_limit=1"},
    {"user=1 operators=2 crash=0 late=0"},
    {"user=1 atomic_reads=0"},
    {"user=2 cancel=1 late=0"},
    {"user=1 cancel=2"},
    {"user=1 cancel=1 fail=1 retry_limit=1 late=0"},
    {"user=0 cancel=1 operators=2 crash=0 late=0"},
    {"user=1 cancel=1 loss=1 crash=0", {Window::W2}},
    {"user=2 beyond_settle=1", {Window::W1}},
    {"user=1 loss=1", {Window::W2}},
    {"user=1 hand=1", {Window::W3}},
};

std::vector<Without> const kPromisesNeed{
    {"user=1 finalizer=0", Promise::LivesOn},
    {"user=2 intent=0", Promise::TwoLive},
    {"user=1 doubt=0", Promise::TwoLive},
    {"user=2 await_end=0", Promise::TwoLive},
    {"user=2 late=0 loss=1 first_list=0", Promise::TwoLive},
    {"user=1 loss=1 delete_seeks=0", Promise::LivesOn},
    {"user=1 hand=1 by_hand=0", Promise::CreatedAfterFinal},
    {"user=2 hand=1 late=0 from_highest=0", Promise::CanceledWanted},
    {"user=2 hand=1 loss=1 late=0 crash=0 list_all=0", Promise::LivesOn},
};

/// Without these rules it need not come to rest.
std::vector<char const*> const kRestNeeds{
    "user=2 get_before_put=0", "user=2 reason_first=0", "user=2 reason_deleted=0",
    "user=2 condemned=0",      "user=1 loss=1 young=0", "user=2 loss=1 list_by_mark=0",
};

std::vector<Bounds> const kComputeRulesOn{
    {"user=3"},
    {"user=2 late=2 refuse=1"},
    {"user=2 fail=2"},
    {"user=2 retain=1 replace=1"},
    {"user=1 operators=2"},
    {"user=2 lag=1 crash=0"},
    {"user=2 beyond_settle=1", {Window::W1}},
    {"user=1 hand=1 beyond_settle=1 crash=0", {Window::W1, Window::W6, Window::W7, Window::W8, Window::W12}},
    {"user=3 hand=1 late=0 crash=0", {Window::W6, Window::W7, Window::W12}},
    {"user=1 hand=1", {Window::W6, Window::W7, Window::W12}},
    {"user=1 hand=2 crash=0", {Window::W6, Window::W7, Window::W8, Window::W12}},
    {"user=2 hand=2 late=0 crash=0", {Window::W6, Window::W7, Window::W8, Window::W12}},
    {"user=2 loss=1", {Window::W10}},
    {"user=1 hand=1 loss=1 crash=0", {Window::W6, Window::W7, Window::W9, Window::W10, Window::W12}},
    {"user=1 hand=1 wipe=1 loss=1 crash=0 late=0",
     {Window::W6, Window::W7, Window::W9, Window::W10, Window::W12}},
    {"user=1 hand=2 loss=1 creations=3 index=0 crash=0 late=0",
     {Window::W6, Window::W7, Window::W8, Window::W9, Window::W10, Window::W12}},
    {"user=0 stores=2 creations=2 index=0"},
    {"user=1 stores=2 creations=2 index=0 late=0 crash=0", {Window::W7, Window::W11}},
    {"user=0 leaving=1 hand=1 stores=2 creations=1 index=0 late=0 crash=0", {Window::W6, Window::W11}},
    {"user=0 leaving=1 hand=1 stores=2 creations=1 index=0 late=0", {Window::W6, Window::W11, Window::W12}},
};

std::vector<Without> const kComputePromisesNeed{
    {"user=1 finalizer=0", Promise::LivesOn},
    {"user=1 intent=0", Promise::LivesOn},
    {"user=2 retain=1 version_check=0", Promise::DeletedKept},
    {"user=1 doubt=0", Promise::LivesOn},
    {"user=1 loss=1 young=0", Promise::LivesOn},
    {"user=1 get_before_put=0", Promise::LivesOn},
    {"user=1 hand=1 late=0 get_before_put=0", Promise::OverwroteOther},
    {"user=2 newest=0", Promise::StaleReady},
    {"user=1 azure_clock=0", Promise::LivesOn},
    {"user=2 loss=1 created_tag=0", Promise::LivesOn},
    {"user=1 as_created=0", Promise::LivesOn},
    {"user=1 hand=1 answer=0", Promise::DeletedOther},
    {"user=1 hand=1 while_creating=0", Promise::DeletedOther},
    {"user=1 hand=1 remember=0", Promise::DeletedOther},
    {"user=3 hand=1 late=0 crash=0 unmark=0", Promise::DeletedOther},
    {"user=1 stores=2 creations=2 index=0 late=0 crash=0 await_taker=0", Promise::DeletedOther},
    {"user=0 leaving=1 hand=1 stores=2 creations=1 index=0 late=0 crash=0 unmark=0", Promise::DeletedOther},
};

std::vector<char const*> const kComputeRestNeeds{
    "user=1 fail=1 delete_failed=0", "user=0 stores=2 creations=2 index=0 late=0 crash=0 take_once=0"};

/// Every promise is kept, save in these windows, each of which is met.
void check_windows(Report const& report, std::set<Window> const& windows) {
  BOOST_TEST(report.complete);
  BOOST_TEST(!report.wrong());
  std::set<Window> met;
  for (auto const& [breach, found] : report.breaches) met.insert(breach.window);
  BOOST_TEST((met == windows));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(model)

BOOST_AUTO_TEST_CASE(as_asked) {
  char const* const asked = std::getenv("TRAINYARD_MODEL");
  if (asked == nullptr) return;
  std::string const words = asked, compute = "compute ";
  BOOST_TEST(!(words.starts_with(compute) ? explore_compute(words.substr(compute.size()), true)
                                          : explore(words, true))
                  .wrong());
}

BOOST_DATA_TEST_CASE(the_promises_are_kept_save_in_their_windows, boost::unit_test::data::make(kRulesOn),
                     bounds) {
  check_windows(explore(bounds.words), bounds.windows);
}

BOOST_DATA_TEST_CASE(a_promise_breaks_without_its_rule, boost::unit_test::data::make(kPromisesNeed),
                     without) {
  BOOST_TEST(explore(without.words).broke(without.breaks));
}

BOOST_DATA_TEST_CASE(there_is_no_rest_without_its_rule, boost::unit_test::data::make(kRestNeeds), words) {
  BOOST_TEST(explore(words).not_live > 0U);
}

BOOST_DATA_TEST_CASE(the_promises_about_a_compute_are_kept_save_in_their_windows,
                     boost::unit_test::data::make(kComputeRulesOn), bounds) {
  check_windows(explore_compute(bounds.words), bounds.windows);
}

BOOST_DATA_TEST_CASE(a_promise_about_a_compute_breaks_without_its_rule,
                     boost::unit_test::data::make(kComputePromisesNeed), without) {
  BOOST_TEST(explore_compute(without.words).broke(without.breaks));
}

BOOST_DATA_TEST_CASE(a_compute_does_not_come_to_rest_without_its_rule,
                     boost::unit_test::data::make(kComputeRestNeeds), words) {
  BOOST_TEST(explore_compute(words).not_live > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::model
