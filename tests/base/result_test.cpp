#include "controller/base/result.hpp"

#include <memory>
#include <set>
#include <stdexcept>

#include <boost/test/unit_test.hpp>

using namespace trainyard;

BOOST_AUTO_TEST_SUITE(result)

BOOST_AUTO_TEST_CASE(a_value) {
  Result<std::string> result = std::string("x");
  BOOST_TEST(bool(result));
  BOOST_TEST(result.has_value());
  BOOST_TEST(*result == "x");
  BOOST_TEST(result->size() == 1U);
  *result += "y";
  BOOST_TEST(result.value() == "xy");
}

BOOST_AUTO_TEST_CASE(a_value_that_only_moves) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  std::unique_ptr<int> const taken = std::move(*result);
  BOOST_TEST(*taken == 7);
}

BOOST_AUTO_TEST_CASE(an_error) {
  Result<int> const result = Error{.kind = ErrorKind::NotFound, .reason = "Gone", .message = "no such thing"};
  BOOST_TEST(!result);
  BOOST_TEST(result.error().reason == "Gone");
  BOOST_CHECK_THROW(static_cast<void>(result.value()), std::bad_variant_access);
}

BOOST_AUTO_TEST_CASE(while_doing_keeps_all_but_the_message) {
  Error const error{.kind = ErrorKind::Throttled,
                    .reason = "TooManyRequests",
                    .message = "wait",
                    .retry_after = std::chrono::seconds(7),
                    .maybe_applied = true,
                    .request_id = "r",
                    .status = 429};
  Error const told = error.while_doing("reading compute gpu");
  BOOST_TEST(told.message == "reading compute gpu: wait");
  BOOST_TEST(to_string(told.kind) == "Throttled");
  BOOST_TEST(told.reason == error.reason);
  BOOST_TEST((told.retry_after == error.retry_after));
  BOOST_TEST(told.maybe_applied);
  BOOST_TEST(told.request_id == "r");
  BOOST_TEST(told.status == 429);
}

BOOST_AUTO_TEST_CASE(every_kind_has_a_name) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::Internal); ++kind)
    names.insert(to_string(static_cast<ErrorKind>(kind)));
  BOOST_TEST(names.size() == static_cast<std::size_t>(ErrorKind::Internal) + 1);
}

BOOST_AUTO_TEST_CASE(a_broken_program_throws) {
  BOOST_CHECK_NO_THROW(check(true, "fine"));
  BOOST_CHECK_EXCEPTION(check(false, "broken"), std::logic_error,
                        [](std::logic_error const& error) { return std::string(error.what()) == "broken"; });
}

BOOST_AUTO_TEST_SUITE_END()
