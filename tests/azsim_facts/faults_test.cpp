// Faults by script and by seed: over the library, and over the program's server where the connection suffers.
#include "tests/azsim/faults.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "controller/base/http_transport.hpp"
#include "tests/azsim_facts/asker.hpp"

namespace trainyard::azsim {
namespace {

namespace data = boost::unit_test::data;
using std::chrono::seconds;
using Kind = FaultRule::Kind;

std::string c1(Asker const& asker) { return asker.workspace() + "/computes/c1"; }

struct FaultCase {
  Kind kind;
  ReplyFault fault;
  bool effect;
  friend std::ostream& operator<<(std::ostream& out, FaultCase const& c) {
    return out << static_cast<int>(c.kind);
  }
};
std::vector<FaultCase> const kFaults{{Kind::Answer, ReplyFault::Send, false},
                                     {Kind::LostBefore, ReplyFault::CloseBeforeHead, false},
                                     {Kind::LostAfter, ReplyFault::CloseBeforeHead, true},
                                     {Kind::CutHead, ReplyFault::CutHead, true},
                                     {Kind::CutBody, ReplyFault::CutBody, true},
                                     {Kind::Truncate, ReplyFault::Send, true},
                                     {Kind::NotJson, ReplyFault::Send, true},
                                     {Kind::Slow, ReplyFault::Send, true},
                                     {Kind::StaleList, ReplyFault::Send, true},
                                     {Kind::RepeatPage, ReplyFault::Send, true},
                                     {Kind::SkipPage, ReplyFault::Send, true},
                                     {Kind::FailOperation, ReplyFault::Send, true}};

BOOST_DATA_TEST_CASE(a_fault_meets_one_call, data::make(kFaults), c) {
  Asker asker;
  asker.sim.add_fault(
      {.operation = "computes.*", .path_part = "/c1", .skip = 1, .kind = c.kind, .delay = seconds{9}});
  BOOST_TEST(asker.ask("GET", c1(asker)).status == 404);
  BOOST_TEST(asker.ask("GET", asker.workspace()).status == 200);
  ServerReply const reply = asker.send("PUT", c1(asker), cluster_body(1));
  BOOST_TEST((reply.fault == c.fault));
  BOOST_TEST((reply.delay == seconds{9}));
  bool const readable = c.kind != Kind::NotJson && c.kind != Kind::Truncate && c.kind != Kind::LostBefore &&
                        c.kind != Kind::LostAfter;
  if (readable) BOOST_TEST(Asker::body(reply.response).is_object());
  if (c.kind == Kind::Truncate) BOOST_TEST(reply.response.body.starts_with("{\"id\":"));
  if (c.kind == Kind::NotJson || c.kind == Kind::Truncate) BOOST_TEST(Asker::body(reply.response).is_null());
  ServerReply const next = asker.send("GET", c1(asker));
  BOOST_TEST(next.response.status == (c.effect ? 200 : 404));
  BOOST_TEST((next.delay == seconds{0}));
}

struct AnswerCase {
  int status;
  std::string code;
  friend std::ostream& operator<<(std::ostream& out, AnswerCase const& c) { return out << c.status; }
};
std::vector<AnswerCase> const kAnswers{{401, "ExpiredAuthenticationToken"},
                                       {403, "AuthorizationFailed"},
                                       {404, "ResourceNotFound"},
                                       {409, "Conflict"},
                                       {429, "SubscriptionRequestsThrottled"},
                                       {500, "InternalServerError"},
                                       {503, "ServiceUnavailable"}};
BOOST_DATA_TEST_CASE(a_status_has_the_services_words, data::make(kAnswers), c) {
  Asker asker;
  asker.sim.add_fault({.operation = "*", .path_part = "", .status = c.status});
  HttpResponse const reply = asker.ask("GET", asker.workspace());
  BOOST_TEST(reply.status == c.status);
  BOOST_TEST(Asker::code(reply) == c.code);
  BOOST_TEST(!Asker::body(reply).text({"error", "message"}).empty());
  BOOST_TEST(reply.header("WWW-Authenticate").has_value() == (c.status == 401));
  BOOST_TEST(!reply.header("Retry-After").has_value());
}

BOOST_AUTO_TEST_CASE(a_wait_is_told_in_seconds_or_as_a_date) {
  Asker asker;
  FaultRule rule{.operation = "computes.put", .path_part = "", .status = 429};
  rule.retry_after = seconds{90};
  asker.sim.add_fault(rule);
  rule.retry_after_as_date = true;
  asker.sim.add_fault(rule);
  HttpResponse const in_seconds = asker.ask("PUT", c1(asker), cluster_body(1));
  BOOST_TEST(in_seconds.header("Retry-After").value_or("") == "90");
  BOOST_TEST(in_seconds.header("x-ms-ratelimit-remaining-subscription-writes").value_or("") == "0");
  HttpResponse const as_date = asker.ask("PUT", c1(asker), cluster_body(1));
  BOOST_TEST(as_date.header("Retry-After").value_or("") == "Mon, 05 Jan 2026 08:01:30 GMT");
}

BOOST_AUTO_TEST_CASE(a_quota_may_be_told_at_the_put) {
  Asker asker;
  asker.sim.add_fault({.operation = "computes.put",
                       .path_part = "",
                       .status = 400,
                       .code = "QuotaExceeded",
                       .message = "Operation results in exceeding quota limits of Core."});
  HttpResponse const refused = asker.ask("PUT", c1(asker), cluster_body(1));
  BOOST_TEST(refused.status == 400);
  BOOST_TEST(Asker::code(refused) == "QuotaExceeded");
  BOOST_TEST(asker.ask("GET", c1(asker)).status == 404);
}

BOOST_AUTO_TEST_CASE(a_quota_may_be_told_later_by_an_operation_that_fails_with_200) {
  Asker asker;
  asker.sim.add_fault({.operation = "computes.put",
                       .path_part = "",
                       .kind = Kind::FailOperation,
                       .code = "ClusterMinNodesExceedCoreQuota",
                       .message = "No quota."});
  HttpResponse const taken = asker.ask("PUT", c1(asker), cluster_body(1));
  BOOST_TEST(taken.status == 201);
  asker.clock.advance(asker.options.provision);
  HttpResponse const poll = asker.ask("GET", taken.header("Azure-AsyncOperation").value_or(""));
  BOOST_TEST(poll.status == 200);
  BOOST_TEST(Asker::body(poll).text("status") == "Failed");
  BOOST_TEST(Asker::code(poll) == "ClusterMinNodesExceedCoreQuota");
  BOOST_TEST(asker.get(c1(asker)).text({"properties", "provisioningState"}) == "Failed");
}

struct VainCase {
  std::string operation, method, path;
  Json body;
  friend std::ostream& operator<<(std::ostream& out, VainCase const& c) { return out << c.operation; }
};
std::vector<VainCase> const kVain{
    {"computes.put", "PUT", "/computes/c1", cluster_body(5)},
    {"computes.delete", "DELETE", "/computes/c1", {}},
    {"workspaces.put", "PUT", "", Json::object({{"location", "eastus"}, {"properties", Json::object()}})},
    {"workspaces.patch", "PATCH", "", Json::object({{"tags", Json::object({{"a", "b"}})}})},
    {"workspaces.delete", "DELETE", "", {}}};
BOOST_DATA_TEST_CASE(a_change_whose_operation_fails_changes_nothing, data::make(kVain), c) {
  Asker asker;
  asker.ask("PUT", c1(asker), cluster_body(2));
  asker.clock.advance(asker.options.provision);
  std::string const path = asker.workspace() + c.path;
  auto const seen = [&] {
    Json body = asker.get(path);
    body["properties"].erase("modifiedOn");
    body.erase("systemData");
    return body.dump();
  };
  std::string const before = seen();
  asker.sim.add_fault({.operation = c.operation, .path_part = "", .kind = Kind::FailOperation});
  HttpResponse const taken = asker.ask(c.method, path, c.body);
  BOOST_TEST(taken.status < 300);
  asker.clock.advance(asker.options.provision);
  BOOST_TEST(asker.get(taken.header("Azure-AsyncOperation").value_or("")).text("status") == "Failed");
  BOOST_TEST(seen() == before);
}

std::string names(Json const& list) {
  std::string all;
  for (Json const& item : list.at("value").items()) all += (all.empty() ? "" : " ") + item.text("name");
  return all;
}

BOOST_AUTO_TEST_CASE(a_stale_list_is_what_was_answered_before) {
  Asker asker;
  std::string const list = asker.workspace() + "/computes";
  BOOST_TEST(names(asker.get(list)).empty());
  asker.clock.advance(seconds{10});
  asker.ask("PUT", list + "/aa", cluster_body(1));
  BOOST_TEST(names(asker.get(list)) == "aa");
  asker.clock.advance(seconds{10});
  asker.ask("PUT", list + "/bb", cluster_body(1));
  asker.sim.add_fault({.operation = "computes.list", .path_part = "", .kind = Kind::StaleList});
  BOOST_TEST(names(asker.get(list)) == "aa");
  asker.sim.add_fault(
      {.operation = "computes.list", .path_part = "", .kind = Kind::StaleList, .age = seconds{15}});
  BOOST_TEST(names(asker.get(list)).empty());
  BOOST_TEST(names(asker.get(list)) == "aa bb");
}

/// The names on each page, as a client that follows nextLink sees them.
std::string pages(Asker& asker) {
  std::string told, next = asker.workspace() + "/datastores?count=2";
  for (int i = 0; !next.empty() && i < 9; ++i) {
    Json const page = asker.get(next);
    told += (i == 0 ? "" : " | ") + names(page);
    next = page.text("nextLink");
  }
  return told;
}

BOOST_AUTO_TEST_CASE(a_page_comes_twice_or_not_at_all) {
  Asker asker;
  std::string const whole = pages(asker);
  std::size_t const middle = whole.find(" | ");
  BOOST_REQUIRE(middle != std::string::npos);
  std::string const first = whole.substr(0, middle), second = whole.substr(middle + 3);
  BOOST_REQUIRE(second.find(" | ") == std::string::npos);
  auto const with = [&](Kind kind, int skip) {
    asker.sim.add_fault({.operation = "datastores.list", .path_part = "", .skip = skip, .kind = kind});
    return pages(asker);
  };
  BOOST_TEST(with(Kind::RepeatPage, 0) == first + " | " + first + " | " + second);
  BOOST_TEST(with(Kind::RepeatPage, 1) == first + " | " + second + " | " + second);
  BOOST_TEST(with(Kind::SkipPage, 0) == second);
  BOOST_TEST(with(Kind::SkipPage, 1) == first + " | ");
  BOOST_TEST(pages(asker) == whole);
}

BOOST_AUTO_TEST_CASE(a_fault_without_end_lasts_until_cleared) {
  Asker asker;
  asker.sim.add_fault({.operation = "*", .path_part = "", .times = -1, .status = 500});
  for (int i = 0; i < 5; ++i) BOOST_TEST(asker.ask("GET", asker.workspace()).status == 500);
  asker.sim.clear_faults();
  BOOST_TEST(asker.ask("GET", asker.workspace()).status == 200);
}

/// Which of a hundred calls fail.
std::string story(std::uint64_t seed) {
  Asker asker;
  asker.sim.set_fault_seed(seed);
  asker.sim.add_fault({.operation = "workspaces.get", .path_part = "", .times = -1, .share = 0.3});
  std::string told;
  for (int i = 0; i < 100; ++i) told += asker.ask("GET", asker.workspace()).status == 200 ? '.' : 'x';
  return told;
}

BOOST_AUTO_TEST_CASE(the_seed_decides_which_share_suffers) {
  BOOST_TEST(story(1) == story(1));
  BOOST_TEST(story(1) != story(2));
  auto const failed = std::ranges::count(story(1), 'x');
  BOOST_TEST(failed > 10);
  BOOST_TEST(failed < 50);
}

BOOST_AUTO_TEST_CASE(the_common_faults_have_one_of_each_kind) {
  std::set<Kind> kinds;
  std::set<int> statuses;
  for (FaultRule const& rule : common_faults(0.5)) {
    kinds.insert(rule.kind);
    if (rule.kind == Kind::Answer) statuses.insert(rule.status);
    BOOST_TEST(rule.share == 0.5);
    BOOST_TEST(rule.times < 0);
  }
  BOOST_TEST(kinds.size() == kFaults.size());
  BOOST_TEST(statuses.size() == kAnswers.size());
}

struct WireCase {
  Kind kind;
  bool answered;
  friend std::ostream& operator<<(std::ostream& out, WireCase const& c) {
    return out << static_cast<int>(c.kind);
  }
};
std::vector<WireCase> const kWire{{Kind::LostBefore, false}, {Kind::LostAfter, false}, {Kind::CutHead, false},
                                  {Kind::CutBody, false},    {Kind::Truncate, true},   {Kind::NotJson, true}};
BOOST_DATA_TEST_CASE(a_client_of_the_server_feels_the_fault, data::make(kWire), c) {
  Asker asker;
  std::mutex one_at_a_time;
  auto const server = *HttpServer::start({.threads = 1}, [&](HttpRequest const& request) {
    std::lock_guard const lock(one_at_a_time);
    return asker.sim.handle(request);
  });
  SystemClock const clock;
  auto const client = make_http_transport({}, clock);
  HttpRequest const request{.method = "GET",
                            .url = "http://127.0.0.1:" + std::to_string(server->port()) + asker.workspace() +
                                   "?api-version=2023-10-01",
                            .headers = {{"Authorization", "Bearer " + asker.token}}};
  Context const context{.deadline = clock.steady() + seconds{60}};
  asker.sim.add_fault({.operation = "workspaces.get", .path_part = "", .kind = c.kind});
  Result<HttpResponse> const met = client->send(request, context);
  BOOST_TEST(met.has_value() == c.answered);
  if (met) BOOST_TEST(!Json::parse(met->body).has_value());
  Result<HttpResponse> const next = client->send(request, context);
  BOOST_REQUIRE(next.has_value());
  BOOST_TEST(next->status == 200);
}

}  // namespace
}  // namespace trainyard::azsim
