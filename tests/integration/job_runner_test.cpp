// Runs as Jobs of a real API server. No controller and no kubelet is there: the test is both.
#include <boost/test/unit_test.hpp>

#include "controller/base/time_text.hpp"
#include "controller/kube/resource.hpp"
#include "tests/child.hpp"
#include "tests/integration/job_world.hpp"

namespace trainyard::tests {
namespace {

using reconcilers::LocalRun;
using reconcilers::LocalStart;
using State = LocalRun::State;

BOOST_AUTO_TEST_SUITE(job_runner)

BOOST_FIXTURE_TEST_CASE(a_run_is_started_once, JobWorld) {
  LocalStart const fit = run("ty-fit-a0");
  BOOST_TEST(!runner->find(kNamespace, "ty-fit-a0", context())->has_value());
  Result<Done> const first = runner->start(fit, context());
  BOOST_REQUIRE_MESSAGE(first, (first ? "" : first.error().message));
  Result<Done> const again = make_runner()->start(fit, context());
  BOOST_REQUIRE(!again);
  BOOST_TEST((again.error().kind == ErrorKind::Conflict));
  BOOST_TEST(again.error().reason == "NameClaimed");
  BOOST_TEST(server.must("GET", kube::collection_path(kube::kJobs, kNamespace)).at("items").items().size() ==
             1U);
  LocalRun const seen = find("ty-fit-a0");
  BOOST_TEST((seen.state == State::Running));
  BOOST_TEST(seen.started_at.empty());  // it waits for a node
  BOOST_TEST(seen.owner == "owner");
  BOOST_TEST(seen.revision == "r1:0123");
  BOOST_TEST(seen.holder == "holder");
  BOOST_TEST(seen.log_path == "kubectl logs --namespace job-runner job/ty-fit-a0");
}

BOOST_FIXTURE_TEST_CASE(its_pod_fits_a_restricted_namespace_and_says_what_was_written, JobWorld) {
  LocalStart fit = run("ty-fit-a0");
  fit.arguments = {"--home", "$(HOME)"};
  fit.variables.emplace_back("COST", "5$");
  fit.image = "example.com/python:3";
  BOOST_REQUIRE(runner->start(fit, context()));
  Json const pod = make_pod("ty-fit-a0");  // refused by the API server if it did not fit
  Json const& spec = pod.at("spec");
  BOOST_TEST(spec.at("automountServiceAccountToken").bool_or(true) == false);
  BOOST_TEST(spec.text("restartPolicy") == "Never");
  BOOST_TEST(spec.at("terminationGracePeriodSeconds").integer_or(0) == 10);
  BOOST_TEST(spec.at("volumes").items().size() == 2U);
  Json const& container = spec.at("containers").items().at(0);
  BOOST_TEST(container.text("image") == "example.com/python:3");
  BOOST_TEST(container.at("args").dump() == R"x(["python3","train.py","--home","$$(HOME)"])x");
  BOOST_TEST(container.at("env").items().at(0).dump() == R"({"name":"COST","value":"5$$"})");
  Json const made = job("ty-fit-a0");
  BOOST_TEST(made.at({"spec", "backoffLimit"}).integer_or(-1) == 0);
  BOOST_TEST(made.at({"spec", "ttlSecondsAfterFinished"}).is_null());
  BOOST_TEST(made.at({"metadata", "ownerReferences"}).items().at(0).text("uid") == fit.uid);
}

/// As a kubelet reads a text of a container: what stands for a dollar is one.
std::string as_kubelet(std::string text) {
  for (std::size_t at = text.find("$$"); at != std::string::npos; at = text.find("$$", at + 1))
    text.erase(at, 1);
  return text;
}

std::string replace_all(std::string text, std::string const& from, std::string const& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

BOOST_FIXTURE_TEST_CASE(its_command_runs_the_script_on_a_copy_of_the_files, JobWorld) {
  LocalStart fit = run("ty-fit-a0");
  fit.arguments = {"--home", "$(HOME) 'quoted'"};
  BOOST_REQUIRE(runner->start(fit, context()));
  Json const made = job("ty-fit-a0");
  Json const& container = made.at({"spec", "template", "spec", "containers"}).items().at(0);
  TempFolder folder;  // as a kubelet lays out a ConfigMap: links into a folder that is replaced whole
  folder.write("source/..2026/train.py",
               "import os, sys\nopen('outputs/seen', 'w').write(' '.join(sorted(os.listdir())) + "
               "'|' + '|'.join(sys.argv[1:]))\n");
  folder.write("source/..2026/.amlignore", "");
  folder.write("source/..2026/package/deep/part.py", "");
  folder.link("..2026", "source/..data");
  for (char const* const file : {"train.py", ".amlignore", "package"})
    folder.link("..data/" + std::string(file), "source/" + std::string(file));
  folder.write("work/.keep", "");
  std::filesystem::remove(folder.path() / "work/.keep");
  std::vector<std::string> words{"-c", "cd \"$0\"; exec \"$@\"", (folder.path() / "work").string()};
  for (char const* const field : {"command", "args"})
    for (Json const& word : container.at(field).items())
      words.push_back(replace_all(as_kubelet(word.string_or("")), "/trainyard/source",
                                  (folder.path() / "source").string()));
  Child child("/bin/sh", words);
  BOOST_TEST(child.wait() == 0);
  BOOST_TEST(read_all(folder.path() / "work/outputs/seen") ==
             ".amlignore logs outputs package train.py|--home|$(HOME) 'quoted'");
  BOOST_TEST(std::filesystem::is_regular_file(
      std::filesystem::symlink_status(folder.path() / "work/package/deep/part.py")));
}

BOOST_FIXTURE_TEST_CASE(an_edit_changes_no_run_that_was_started, JobWorld) {
  LocalStart const fit = run("ty-fit-a0"), next = run("ty-fit-a1");
  BOOST_REQUIRE(runner->start(fit, context()));
  auto const copy_of = [&](char const* name) {
    Json const made = job(name);
    Json const& volume = made.at({"spec", "template", "spec", "volumes"}).items().at(1);
    return server.must("GET",
                       kube::object_path(kube::kConfigMaps, kNamespace, volume.text({"configMap", "name"})));
  };
  put_source("print(2)\n");
  Json const copy = copy_of("ty-fit-a0");
  BOOST_TEST(copy.text({"data", "file-0"}) == "print(1)\n");
  BOOST_TEST(copy.at("immutable").bool_or(false));
  BOOST_TEST(copy.at({"metadata", "ownerReferences"}).items().at(0).text("uid") == fit.uid);
  Result<Done> const stale = runner->start(next, context());
  BOOST_REQUIRE(!stale);
  BOOST_TEST(stale.error().reason == "SourceChanged");
  BOOST_TEST(!runner->find(kNamespace, "ty-fit-a1", context())->has_value());
  BOOST_REQUIRE(runner->start(run("ty-fit-a1"), context()));
  BOOST_TEST(copy_of("ty-fit-a1").text({"data", "file-0"}) == "print(2)\n");
  BOOST_REQUIRE(runner->start(run("ty-fit-a2"), context()));  // shares the copy of a1
}

/// A source with folders, as a git repository has them.
struct Tree final : reconcilers::SourceReader {
  std::vector<reconcilers::SourceFile> files;
  Result<reconcilers::SourceInfo> scan(reconcilers::SourceRef const&, Context const&) override {
    return reconcilers::SourceInfo{};
  }
  Result<std::vector<reconcilers::SourceFile>> read(reconcilers::SourceRef const&, std::string const&,
                                                    Context const&) override {
    return files;
  }
};

BOOST_FIXTURE_TEST_CASE(files_in_folders_are_put_where_they_were, JobWorld) {
  Tree tree;
  tree.files = {{"package/deep/part.py", "part"}, {"train.py", "\xff\xfe"}};
  cluster::JobRunner of_tree({}, api, tree, server.scrubber);
  Result<Done> const started = of_tree.start(run("ty-fit-a0"), context());
  BOOST_REQUIRE_MESSAGE(started, (started ? "" : started.error().message));
  Json const made = job("ty-fit-a0");
  Json const& map = made.at({"spec", "template", "spec", "volumes"}).items().at(1).at("configMap");
  BOOST_TEST(map.at("items").dump() ==
             R"([{"key":"file-0","path":"package/deep/part.py"},{"key":"file-1","path":"train.py"}])");
  Json const copy = server.must("GET", kube::object_path(kube::kConfigMaps, kNamespace, map.text("name")));
  BOOST_TEST(copy.text({"data", "file-0"}) == "part");
  BOOST_TEST(copy.text({"binaryData", "file-1"}) == "//4=");
}

BOOST_FIXTURE_TEST_CASE(more_than_a_config_map_takes_is_refused_in_words, JobWorld) {
  Tree tree;
  cluster::JobRunner of_tree({}, api, tree, server.scrubber);
  tree.files = {{"data.bin", std::string(1'000'001, 'x')}};
  Result<Done> const refused = of_tree.start(run("ty-fit-a0"), context());
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().reason == "SourceTooLarge");
  BOOST_TEST(contains(refused.error().message, "1000001 bytes"));
  tree.files = {{"data.bin", std::string(1'000'000, '\xff')}};  // the most, and not as text
  Result<Done> const started = of_tree.start(run("ty-fit-a0"), context());
  BOOST_TEST_REQUIRE(bool(started), (started ? "" : started.error().message));
}

BOOST_FIXTURE_TEST_CASE(what_a_run_waits_for_is_told_in_the_same_words, JobWorld) {
  server.scrubber.add_secret("hunter2-of-the-registry");
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  BOOST_TEST(find("ty-fit-a0").submitted_at == job("ty-fit-a0").text({"metadata", "creationTimestamp"}));
  BOOST_TEST(find("ty-fit-a0").why ==
             "its Job has no pod yet; kubectl describe job ty-fit-a0 --namespace job-runner tells more");
  make_pod("ty-fit-a0");
  BOOST_TEST(find("ty-fit-a0").why.empty());  // as every pod at first
  pod_is_unschedulable("ty-fit-a0", "0/1 nodes are available");
  BOOST_TEST(find("ty-fit-a0").why == "Unschedulable: 0/1 nodes are available");
  pod_waits("ty-fit-a0", "ErrImagePull", "no such image");
  BOOST_TEST(find("ty-fit-a0").why == "ImagePullBackOff: no such image");
  pod_waits("ty-fit-a0", "ImagePullBackOff", "Back-off pulling image \"i\": ErrImagePull: no such image");
  BOOST_TEST(find("ty-fit-a0").why == "ImagePullBackOff: no such image");
  pod_waits("ty-fit-a0", "CreateContainerError", "it\nsays hunter2-of-the-registry");
  BOOST_TEST(find("ty-fit-a0").why.starts_with("CreateContainerError: it says "));
  BOOST_TEST(find("ty-fit-a0").why.find("hunter2") == std::string::npos);
  pod_waits("ty-fit-a0", "ContainerCreating", "");
  BOOST_TEST(find("ty-fit-a0").why.empty());
  pod_runs("ty-fit-a0");
  BOOST_TEST(find("ty-fit-a0").why.empty());
}

BOOST_FIXTURE_TEST_CASE(what_ended_a_run_is_told, JobWorld) {
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  make_pod("ty-fit-a0");
  pod_ended("ty-fit-a0", 137, false, "OOMKilled");
  job_failed("ty-fit-a0");
  BOOST_TEST(find("ty-fit-a0").why == "OOMKilled");
}

BOOST_FIXTURE_TEST_CASE(a_container_that_could_not_be_made_began_nothing, JobWorld) {
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  make_pod("ty-fit-a0");
  pod_ended("ty-fit-a0", 128, false, "StartError", "1970-01-01T00:00:00Z");
  job_failed("ty-fit-a0");
  BOOST_TEST(find("ty-fit-a0").started_at.empty());
  BOOST_TEST(*find("ty-fit-a0").exit_code == 128);
}

BOOST_FIXTURE_TEST_CASE(a_run_that_ends_well, JobWorld) {
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  make_pod("ty-fit-a0");
  pod_runs("ty-fit-a0");
  BOOST_TEST((find("ty-fit-a0").state == State::Running));
  BOOST_TEST(find("ty-fit-a0").started_at == kStarted);
  pod_ended("ty-fit-a0", 0);
  BOOST_TEST((find("ty-fit-a0").state == State::Running));  // until the Job says so
  job_completed("ty-fit-a0");
  LocalRun const ended = find("ty-fit-a0");
  BOOST_TEST((ended.state == State::Ended));
  BOOST_TEST(*ended.exit_code == 0);
  BOOST_TEST(ended.started_at == kStarted);
  BOOST_TEST(ended.ended_at == kEnded);
  pod_gone("ty-fit-a0");
  runner = make_runner();
  BOOST_TEST(*find("ty-fit-a0").exit_code == 0);
}

BOOST_FIXTURE_TEST_CASE(a_run_that_fails_keeps_its_exit_code_when_its_pod_is_forgotten, JobWorld) {
  server.scrubber.add_secret("hunter2-of-the-run");
  LoggingNode const node("one\nthe key is hunter2-of-the-run\nlast\n");
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  make_pod("ty-fit-a0", node.name());
  pod_ended("ty-fit-a0", 3);
  job_failed("ty-fit-a0");
  LocalRun const ended = find("ty-fit-a0");
  BOOST_TEST((ended.state == State::Ended));
  BOOST_TEST(*ended.exit_code == 3);
  BOOST_TEST(ended.ended_at == kEnded);
  BOOST_REQUIRE(ended.log_tail.size() == 3U);
  BOOST_TEST(ended.log_tail.at(1).find("hunter2") == std::string::npos);
  BOOST_TEST(ended.log_tail.at(2) == "last");
  BOOST_TEST(node.asked() == "/containerLogs/job-runner/ty-fit-a0/script?tailLines=20");
  pod_gone("ty-fit-a0");
  BOOST_TEST(find("ty-fit-a0").log_tail.size() == 3U);
  runner = make_runner();
  BOOST_TEST((find("ty-fit-a0").state == State::Ended));
  BOOST_TEST(*find("ty-fit-a0").exit_code == 3);
}

BOOST_FIXTURE_TEST_CASE(a_run_whose_node_was_taken_away_is_interrupted, JobWorld) {
  for (char const* const name : {"ty-fit-a0", "ty-fit-a1"})
    BOOST_REQUIRE(runner->start(run(name), context()));
  make_pod("ty-fit-a0");
  pod_ended("ty-fit-a0", 143, true);
  job_failed("ty-fit-a0");
  BOOST_TEST((find("ty-fit-a0").state == State::Interrupted));
  job_failed("ty-fit-a1");  // its pod has vanished
  BOOST_TEST((find("ty-fit-a1").state == State::Interrupted));
}

BOOST_FIXTURE_TEST_CASE(a_cancel_writes_its_reason_and_stops_the_job_at_once, JobWorld) {
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  make_pod("ty-fit-a0");
  pod_runs("ty-fit-a0");
  BOOST_REQUIRE(runner->cancel(kNamespace, "ty-fit-a0", "Superseded", context()));
  BOOST_TEST(job("ty-fit-a0").at({"spec", "suspend"}).bool_or(false));
  runner = make_runner();
  BOOST_REQUIRE(runner->cancel(kNamespace, "ty-fit-a0", "Deleted", context()));
  BOOST_TEST((find("ty-fit-a0").state == State::Running));
  BOOST_TEST(find("ty-fit-a0").cancel_reason == "Superseded");  // the first one stays
  job_suspended("ty-fit-a0");
  BOOST_TEST((find("ty-fit-a0").state == State::Running));  // it has its time to end
  pod_gone("ty-fit-a0");
  LocalRun const ended = find("ty-fit-a0");
  BOOST_TEST((ended.state == State::Ended));
  BOOST_TEST(ended.cancel_reason == "Superseded");
  BOOST_TEST(!ended.exit_code);
  BOOST_TEST(ended.ended_at == kEnded);
}

BOOST_FIXTURE_TEST_CASE(what_is_condemned_and_resumed_by_hand_is_stopped_again, JobWorld) {
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  BOOST_REQUIRE(runner->cancel(kNamespace, "ty-fit-a0", "Superseded", context()));
  Json resumed = job("ty-fit-a0");
  resumed["spec"]["suspend"] = false;
  server.must("PUT", kube::object_path(kube::kJobs, kNamespace, "ty-fit-a0"), resumed);
  BOOST_REQUIRE(runner->cancel(kNamespace, "ty-fit-a0", "Deleted", context()));
  BOOST_TEST(job("ty-fit-a0").at({"spec", "suspend"}).bool_or(false));
  BOOST_TEST(find("ty-fit-a0").cancel_reason == "Superseded");
}

/// Something happens just before a change leaves.
struct Meanwhile final : StreamingTransport {
  explicit Meanwhile(StreamingTransport& wire) : wire_(wire) {}
  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override {
    if (request.method == "PATCH") happens();
    return wire_.send(request, context);
  }
  Result<HttpResponse> stream_lines(HttpRequest const& request,
                                    std::function<void(std::string line)> const& on_line, Duration quiet,
                                    Context const& context) override {
    return wire_.stream_lines(request, on_line, quiet, context);
  }
  std::function<void()> happens;

 private:
  StreamingTransport& wire_;
};

BOOST_FIXTURE_TEST_CASE(what_ended_meanwhile_was_not_cancelled, JobWorld) {
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  Meanwhile wire(server.transport());
  wire.happens = [&] { job_completed("ty-fit-a0"); };
  kube::ApiClient late(server.access(), wire, server.clock, server.scrubber, server.metrics);
  cluster::JobRunner canceller({}, late, sources, server.scrubber);
  Result<Done> const cancelled = canceller.cancel(kNamespace, "ty-fit-a0", "Timeout", context());
  BOOST_REQUIRE(!cancelled);
  BOOST_TEST((cancelled.error().kind == ErrorKind::Conflict));
  BOOST_TEST((find("ty-fit-a0").state == State::Ended));
  BOOST_TEST(find("ty-fit-a0").cancel_reason.empty());
}

BOOST_FIXTURE_TEST_CASE(what_no_controller_has_seen_yet_is_not_over, JobWorld) {
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  BOOST_REQUIRE(runner->cancel(kNamespace, "ty-fit-a0", "Suspended", context()));
  BOOST_TEST((find("ty-fit-a0").state == State::Running));  // its controller may be about to make the pod
  job_suspended("ty-fit-a0");
  BOOST_TEST((find("ty-fit-a0").state == State::Ended));
}

BOOST_FIXTURE_TEST_CASE(a_cancel_after_the_end_changes_nothing, JobWorld) {
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  make_pod("ty-fit-a0");
  pod_ended("ty-fit-a0", 3);
  job_failed("ty-fit-a0");
  BOOST_REQUIRE(runner->cancel(kNamespace, "ty-fit-a0", "User", context()));
  BOOST_TEST(find("ty-fit-a0").cancel_reason.empty());
  BOOST_TEST(!job("ty-fit-a0").at({"spec", "suspend"}).bool_or(false));
  Result<Done> const nobody = runner->cancel(kNamespace, "ty-none-a0", "User", context());
  BOOST_REQUIRE(!nobody);
  BOOST_TEST((nobody.error().kind == ErrorKind::NotFound));
}

BOOST_FIXTURE_TEST_CASE(a_job_that_a_person_suspended_waits, JobWorld) {
  BOOST_REQUIRE(runner->start(run("ty-fit-a0"), context()));
  job_suspended("ty-fit-a0");
  BOOST_TEST((find("ty-fit-a0").state == State::Running));
  BOOST_TEST(find("ty-fit-a0").started_at.empty());
  Json held = job("ty-fit-a0");
  held["spec"]["suspend"] = true;
  server.must("PUT", kube::object_path(kube::kJobs, kNamespace, "ty-fit-a0"), held);
  BOOST_TEST(find("ty-fit-a0").why == "its Job ty-fit-a0 is suspended");
}

BOOST_FIXTURE_TEST_CASE(somebody_elses_job_of_that_name_is_told_by_its_owner, JobWorld) {
  BOOST_REQUIRE(runner->start(run("ty-model-a0"), context()));
  Json theirs = job("ty-model-a0");
  Json spec = theirs.at("spec");
  for (char const* const field : {"selector", "manualSelector"}) spec.erase(field);
  spec["template"]["metadata"] = Json::object();
  server.must("POST", kube::collection_path(kube::kJobs, kNamespace),
              Json::object({{"apiVersion", "batch/v1"},
                            {"kind", "Job"},
                            {"metadata", Json::object({{"name", "ty-fit-a0"}})},
                            {"spec", spec}}));
  BOOST_TEST(find("ty-fit-a0").owner.empty());
  BOOST_TEST((runner->start(run("ty-fit-a0"), context()).error().kind == ErrorKind::Conflict));
  BOOST_TEST(*runner->list(kNamespace, "owner", context()) == (std::vector<std::string>{"ty-model-a0"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(the_list_is_an_owners_and_oldest_first, JobWorld) {
  LocalStart other = run("ty-c-a0");
  other.owner = "another";
  BOOST_REQUIRE(runner->start(run("ty-b-a0"), context()));
  BOOST_REQUIRE(runner->start(other, context()));
  WallTime const made = *parse_rfc3339(job("ty-b-a0").text({"metadata", "creationTimestamp"}));
  wait_until([&] { return server.clock.wall() >= made + std::chrono::seconds(1); }, "the clock stands still");
  BOOST_REQUIRE(runner->start(run("ty-a-a0"), context()));
  BOOST_TEST(
      *runner->list(kNamespace, "owner", context()) == (std::vector<std::string>{"ty-b-a0", "ty-a-a0"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::tests
