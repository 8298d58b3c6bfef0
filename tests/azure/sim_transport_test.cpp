#include "tests/azsim/sim_transport.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace trainyard::azsim {
namespace {

using std::chrono::seconds;
namespace data = boost::unit_test::data;

struct Sim {
  FakeClock clock{WallTime{}};
  ServerReply reply{.response = {.status = 200, .headers = {}, .body = "whole"}};
  int asked = 0;
  SimTransport transport{[this](HttpRequest const&) { return ++asked, reply; }, clock,
                         [this](Duration by) { clock.advance(by); }};
  Result<HttpResponse> send(std::string const& method, Context const& context = {}) {
    return transport.send({.method = method, .url = "https://localhost/x"}, context);
  }
};

BOOST_FIXTURE_TEST_CASE(an_answer_is_passed_on, Sim) {
  BOOST_TEST(send("GET")->body == "whole");
  reply.response.status = 500;
  BOOST_TEST(send("PUT")->status == 500);
}

struct LossCase {
  ReplyFault fault;
  std::string method;
  bool doubt;
  friend std::ostream& operator<<(std::ostream& out, LossCase const& c) {
    return out << static_cast<int>(c.fault) << " " << c.method;
  }
};
std::vector<LossCase> const kLosses{{ReplyFault::CloseBeforeHead, "PUT", true},
                                    {ReplyFault::CutHead, "POST", true},
                                    {ReplyFault::CutBody, "DELETE", true},
                                    {ReplyFault::CloseBeforeHead, "GET", false}};
BOOST_DATA_TEST_CASE_F(Sim, a_lost_answer_leaves_a_write_in_doubt, data::make(kLosses), c) {
  reply.fault = c.fault;
  Result<HttpResponse> const answer = send(c.method);
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST(answer.error().reason == "ConnectionLost");
  BOOST_TEST((answer.error().kind == ErrorKind::Transient));
  BOOST_TEST(answer.error().maybe_applied == c.doubt);
}

BOOST_FIXTURE_TEST_CASE(a_slow_answer_takes_its_time_but_not_more_than_the_deadline, Sim) {
  reply.delay = seconds(10);
  BOOST_TEST(send("GET", {.deadline = clock.steady() + seconds(11)}).has_value());
  BOOST_TEST((clock.steady() == SteadyTime(seconds(10))));
  Result<HttpResponse> const late = send("PUT", {.deadline = clock.steady() + seconds(4)});
  BOOST_REQUIRE(!late.has_value());
  BOOST_TEST(late.error().reason == "DeadlineExceeded");
  BOOST_TEST(late.error().maybe_applied);
  BOOST_TEST((clock.steady() == SteadyTime(seconds(14))));
}

BOOST_FIXTURE_TEST_CASE(nothing_is_sent_after_a_stop_or_the_deadline, Sim) {
  std::stop_source stop;
  stop.request_stop();
  BOOST_TEST(send("PUT", {.stop = stop.get_token()}).error().reason == "Stopped");
  BOOST_TEST(send("PUT", {.deadline = clock.steady()}).error().reason == "DeadlineExceeded");
  BOOST_TEST(!send("PUT", {.deadline = clock.steady()}).error().maybe_applied);
  BOOST_TEST(asked == 0);
}

BOOST_FIXTURE_TEST_CASE(an_answer_may_be_too_large, Sim) {
  Result<HttpResponse> const answer =
      transport.send({.method = "PUT", .url = "https://localhost/x", .max_response = 4}, {});
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST(answer.error().reason == "ResponseTooLarge");
  BOOST_TEST(answer.error().maybe_applied);
}

}  // namespace
}  // namespace trainyard::azsim
