// Rows, tables, drawings, describe and the last verdict, as pure texts.
#include "controller/cli/table.hpp"

#include <boost/test/unit_test.hpp>

#include "controller/base/time_text.hpp"
#include "controller/cli/describe.hpp"
#include "controller/cli/progress_view.hpp"
#include "controller/cli/verdict.hpp"

namespace trainyard::cli {

namespace {

WallTime const kNow = *parse_rfc3339("2026-11-24T08:30:00Z");

Json condition(char const* type, char const* status, char const* reason, char const* message) {
  return Json::object({{"type", type},
                       {"status", status},
                       {"reason", reason},
                       {"message", message},
                       {"lastTransitionTime", "2026-11-24T08:29:00Z"},
                       {"observedGeneration", 1}});
}

StoredObject object(char const* kind, char const* name, bool ready, bool stalled, char const* reason,
                    char const* message) {
  StoredObject made{.key = {kind, "default", name}, .created_at = kNow - std::chrono::minutes(5)};
  made.status = Json::object({{"observedGeneration", 1}});
  made.status["conditions"] =
      Json::array({condition("Ready", ready ? "True" : "False", reason, message),
                   condition("Stalled", stalled ? "True" : "False", reason, message)});
  made.source = "runs.yaml:3";
  return made;
}

StoredObject failed_run() {
  StoredObject run =
      object("TrainingRun", "fit", false, true, "Failed", "run ty-fit failed (UserCode): exit code 3");
  run.status["phase"] = "Failed";
  run.status["runName"] = "ty-fit-a0";
  run.status["runPlace"] = "local";
  run.status["failureClass"] = "UserCode";
  run.status["exitCode"] = 3;
  run.status["logTail"] = Json::array({"Traceback", "ValueError: no\x1b[2J"});
  return run;
}

ObjectPtr pointer(StoredObject made) { return std::make_shared<StoredObject const>(std::move(made)); }

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(texts)

BOOST_AUTO_TEST_CASE(a_row_of_each_kind) {
  StoredObject workspace = object("Workspace", "ml", true, false, "Available", "can be used");
  workspace.status["location"] = "westeurope";
  BOOST_TEST(row_of(workspace, kNow).progress == "westeurope");
  BOOST_TEST(row_of(workspace, kNow).age == "5m");

  StoredObject target = object("ComputeTarget", "cpu", true, false, "Available", "ready");
  target.status["nodes"] = Json::object({{"current", 1}, {"target", 2}, {"running", 1}, {"idle", 0}});
  BOOST_TEST(row_of(target, kNow).progress == "1/2 nodes, 1 running, 0 idle");

  StoredObject run = object("TrainingRun", "fit", true, false, "Completed", "done");
  run.status["phase"] = "Completed";
  run.status["metrics"] = Json::object({{"accuracy", 0.98125}, {"loss", 2}});
  Row const row = row_of(run, kNow);
  BOOST_TEST(row.state == "Completed");
  BOOST_TEST(row.progress == "accuracy=0.9812 loss=2");
  BOOST_TEST(!row.bad);
  BOOST_TEST(row_of(failed_run(), kNow).bad);
  BOOST_TEST(row_of(StoredObject{.key = {"Workspace", "default", "new"}, .created_at = kNow}, kNow).state ==
             "Pending");
}

BOOST_AUTO_TEST_CASE(columns_are_as_wide_as_needed_and_lines_as_wide_as_allowed) {
  std::string const table = table_of({"A", "BB"}, {{"long", "x"}, {"\xc3\xa4", "y"}}, 0);
  BOOST_TEST(table == "A      BB\nlong   x\n\xc3\xa4      y\n");  // an umlaut is one character of two bytes
  BOOST_TEST(table_of({"A", "B"}, {{"ab", "cdefgh"}}, 8) == "A    B\nab   cd~\n");
}

BOOST_AUTO_TEST_CASE(progress_gives_way_in_a_narrow_terminal) {
  Row const row{.kind = "trainingrun",
                .name = "fit",
                .ready = "False",
                .state = "Failed",
                .progress = std::string(300, 'x'),
                .age = "5m",
                .bad = true};
  std::string const drawing = drawing_of({row}, {.width = 80, .height = 24}, false);
  for (std::size_t at = 0; at < drawing.size();) {
    std::size_t const end = drawing.find('\n', at);
    BOOST_TEST(end - at <= 80);
    at = end + 1;
  }
  BOOST_TEST(contains(drawing, "~   5m\n"));
}

BOOST_AUTO_TEST_CASE(colours_only_for_ready_and_stuck) {
  Row const good{.kind = "workspace", .name = "a", .ready = "True"},
      bad{.kind = "workspace", .name = "b", .bad = true},
      moving{.kind = "workspace", .name = "c", .ready = "False"};
  std::string const colourful = drawing_of({good, bad, moving}, {}, true);
  BOOST_TEST(contains(colourful, "\033[32mTrue\033[0m"));
  BOOST_TEST(contains(colourful, "\033[31mworkspace   b"));
  BOOST_TEST(contains(colourful, "\nworkspace   c"));
  BOOST_TEST(!contains(drawing_of({good, bad, moving}, {}, false), "\033"));
}

BOOST_AUTO_TEST_CASE(a_low_terminal_says_what_it_leaves_out) {
  std::vector<Row> const rows(20, Row{.kind = "workspace"});
  std::string const drawing = drawing_of(rows, {.width = 80, .height = 10}, false);
  BOOST_TEST(std::count(drawing.begin(), drawing.end(), '\n') <= 9);
  BOOST_TEST(contains(drawing, "... and 13 more"));
}

BOOST_AUTO_TEST_CASE(plain_lines_tell_each_change_once) {
  FakeClock const clock(kNow);
  std::string out;
  auto const view = plain_view(
      clock, [&](std::string_view text) { out += text; }, [](std::string_view) {});
  Row row{.kind = "trainingrun", .name = "fit", .ready = "False", .state = "Running", .progress = "loss=1"};
  view->show({row});
  row.progress = "loss=0.5";
  view->show({row});
  BOOST_TEST(out == "2026-11-24T08:30:00Z  trainingrun/fit  Running  loss=1\n");
  row.state = "Completed";
  view->show({row});
  BOOST_TEST(contains(out, "Completed  loss=0.5\n"));
  view->show({});
  BOOST_TEST(contains(out, "trainingrun/fit  Gone\n"));
}

BOOST_AUTO_TEST_CASE(the_live_table_is_redrawn_where_it_was) {
  std::string out, err;
  auto const view = live_view([] { return Terminal{}; }, false, [&](std::string_view text) { out += text; },
                              [&](std::string_view text) { err += text; });
  view->show({Row{.kind = "workspace", .name = "a"}});
  view->show({Row{.kind = "workspace", .name = "a"}});
  BOOST_TEST(!contains(out, "\033"));  // the same is not drawn again
  view->show({Row{.kind = "workspace", .name = "a", .state = "Available"}});
  BOOST_TEST(contains(out, "\r\033[2A\033[J"));
  view->note("hello");
  BOOST_TEST(err == "hello\n");
  view->end(true);
  BOOST_TEST(out.ends_with("\r\033[2A\033[J"));  // the verdict shows the table again
  std::size_t const before = out.size();
  view->show({Row{.kind = "workspace", .name = "b"}});
  BOOST_TEST(out.size() == before);
}

BOOST_AUTO_TEST_CASE(describe_tells_conditions_attempts_log_and_events) {
  StoredObject run = failed_run();
  run.status["history"] = Json::array({Json::object(
      {{"name", "ty-fit-a0"}, {"place", "local"}, {"outcome", "Failed"}, {"reason", "UserCode"}})});
  std::string const text =
      describe(run,
               {{.event = {.about = run.key, .warning = true, .reason = "Failed", .message = "it failed"},
                 .first_seen = kNow,
                 .last_seen = kNow - std::chrono::seconds(30),
                 .count = 2}},
               kNow);
  for (char const* part :
       {"Declared in:   runs.yaml:3", "State:         Failed (stalled)", "  Stalled   True     60s",
        "ty-fit-a0   local   Failed    UserCode", "ValueError: no", "30s (x2)", "exitCode: 3"})
    BOOST_TEST(contains(text, part), part << " is missing in:\n" << text);
  BOOST_TEST(!contains(text, "\x1b"));
}

BOOST_AUTO_TEST_CASE(the_verdict_of_a_failure_says_why_and_what_next) {
  Verdict const verdict = verdict_of({pointer(failed_run())}, 0, {.azure_writes = 0, .runs_started = 1}, true,
                                     " --directory m", kNow);
  BOOST_TEST(!verdict.good);
  for (char const* part :
       {"exit code: 3", "      Traceback", "next: mend the script", "1 run started, 0 writes to Azure",
        "trainyard describe trainingrun/fit --directory m", "trainyard logs trainingrun/fit --directory m",
        "Not everything is ready: 0 of 1 object ready, 1 stalled."})
    BOOST_TEST(contains(verdict.text, part), part << " is missing in:\n" << verdict.text);
}

BOOST_AUTO_TEST_CASE(the_verdict_when_there_was_nothing_to_do) {
  StoredObject run = object("TrainingRun", "fit", true, false, "Completed", "done");
  run.status["metrics"] = Json::object({{"accuracy", 0.98125}});
  Verdict const verdict = verdict_of({pointer(run)}, 0, {}, true, "", kNow);
  BOOST_TEST(verdict.good);
  BOOST_TEST(contains(verdict.text, "trainingrun/fit  accuracy=0.98125"));
  BOOST_TEST(contains(verdict.text, "Nothing to do: nothing was written to Azure, and nothing was run."));
  BOOST_TEST(contains(verdict.text, "Everything is ready: 1 object."));
  BOOST_TEST(!verdict_of({pointer(run)}, 1, {}, true, "", kNow).good);  // a manifest with errors is not ready
  BOOST_TEST(!verdict_of({}, 0, {}, true, "", kNow).good);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::cli
