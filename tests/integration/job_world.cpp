#include "tests/integration/job_world.hpp"

#include <boost/test/unit_test.hpp>

#include "controller/kube/resource.hpp"
#include "tests/azsim/certificate.hpp"

namespace trainyard::tests {

namespace {

using kube::collection_path;
using kube::object_path;
using kube::ResourceType;

constexpr ResourceType kAccounts{"", "v1", "serviceaccounts", "ServiceAccount"};
constexpr ResourceType kNamespaces{"", "v1", "namespaces", "Namespace"};
constexpr ResourceType kNodes{"", "v1", "nodes", "Node"};
constexpr char const* kUid = "8b2e2f0a-0000-4000-8000-000000000001";

Json object(ResourceType const& type, std::string const& name, Json more = Json::object()) {
  more["apiVersion"] = kube::api_version(type);
  more["kind"] = type.kind;
  more["metadata"]["name"] = name;
  return more;
}

Json condition(std::string const& type, char const* at) {
  return Json::object({{"type", type},
                       {"status", "True"},
                       {"reason", "Test"},
                       {"message", "as the test says"},
                       {"lastProbeTime", at},
                       {"lastTransitionTime", at}});
}

Json container_status(Json state) {
  return Json::array({Json::object({{"name", "script"},
                                    {"image", "i"},
                                    {"imageID", ""},
                                    {"ready", false},
                                    {"restartCount", 0},
                                    {"state", std::move(state)}})});
}

}  // namespace

JobWorld::JobWorld() {
  Json const enforced = Json::object({{"pod-security.kubernetes.io/enforce", "restricted"}});
  server.must(
      "PATCH", object_path(kNamespaces, "", kNamespace),
      object(kNamespaces, kNamespace, Json::object({{"metadata", Json::object({{"labels", enforced}})}})));
  server.must("PATCH", object_path(kAccounts, kNamespace, "default"), object(kAccounts, "default"));
  for (ResourceType const& type : {kube::kJobs, kube::kPods}) {
    Json const left = server.must("GET", collection_path(type, kNamespace));
    for (Json item : left.at("items").items()) {
      item["metadata"].erase("finalizers");
      std::string const path = object_path(type, kNamespace, item.text({"metadata", "name"}));
      server.must("PUT", path, item);
      (void)server.call("DELETE", path + "?gracePeriodSeconds=0&propagationPolicy=Background");
    }
  }
  server.must("DELETE", collection_path(kube::kConfigMaps, kNamespace));
  store.start();
  put_source("print(1)\n");
}

Context JobWorld::context() {
  return {.stop = {}, .deadline = server.clock.steady() + std::chrono::minutes(1)};
}

void JobWorld::put_source(std::string const& script) {
  std::string const version =
      server
          .must("PATCH", object_path(kube::kConfigMaps, kNamespace, "files"),
                object(kube::kConfigMaps, "files",
                       Json::object({{"data", Json::object({{"train.py", script}})}})))
          .text({"metadata", "resourceVersion"});
  ObjectKey const key{"ConfigMap", kNamespace, "files"};
  (void)sources.scan({.ns = kNamespace, .config_map = "files"}, context());
  wait_until([&] { return store.seen_version(key) == version; }, "the source is not seen");
}

reconcilers::LocalStart JobWorld::run(std::string const& name) {
  reconcilers::LocalStart start{.name = name,
                                .owner = "owner",
                                .revision = "r1:0123",
                                .holder = "holder",
                                .run = {"TrainingRun", kNamespace, "fit"},
                                .uid = kUid,
                                .experiment = "fit",
                                .source = {.ns = kNamespace, .config_map = "files"},
                                .script_file = "train.py",
                                .interpreter = "python3"};
  Result<reconcilers::SourceInfo> const info = sources.scan(start.source, context());
  BOOST_REQUIRE(info);
  start.source_digest = info->digest;
  return start;
}

std::unique_ptr<cluster::JobRunner> JobWorld::make_runner() {
  return std::make_unique<cluster::JobRunner>(cluster::JobOptions{}, api, sources, server.scrubber);
}

reconcilers::LocalRun JobWorld::find(std::string const& name) {
  Result<std::optional<reconcilers::LocalRun>> const run = runner->find(kNamespace, name, context());
  BOOST_REQUIRE_MESSAGE(run, (run ? "" : run.error().message));
  BOOST_REQUIRE(run->has_value());
  return **run;
}

Json JobWorld::job(std::string const& name) {
  return server.must("GET", object_path(kube::kJobs, kNamespace, name));
}

Json JobWorld::make_pod(std::string const& name, std::string const& node) {
  Json const of = job(name);
  Json const& pattern = of.at({"spec", "template"});
  Json pod = object(kube::kPods, name, Json::object({{"spec", pattern.at("spec")}}));
  pod["metadata"]["labels"] = pattern.at({"metadata", "labels"});
  if (!node.empty()) pod["spec"]["nodeName"] = node;
  return server.must("POST", collection_path(kube::kPods, kNamespace), pod);
}

void JobWorld::pod_status(std::string const& name, Json status) {
  server.must("PATCH", object_path(kube::kPods, kNamespace, name, "status"),
              object(kube::kPods, name, Json::object({{"status", std::move(status)}})));
}

void JobWorld::pod_waits(std::string const& name, std::string const& reason, std::string const& message) {
  Json waiting = Json::object({{"reason", reason}, {"message", message}});
  pod_status(name, Json::object({{"phase", "Pending"},
                                 {"containerStatuses",
                                  container_status(Json::object({{"waiting", std::move(waiting)}}))}}));
}

void JobWorld::pod_is_unschedulable(std::string const& name, std::string const& message) {
  Json scheduled = condition("PodScheduled", kStarted);
  scheduled["status"] = "False";
  scheduled["reason"] = "Unschedulable";
  scheduled["message"] = message;
  pod_status(name, Json::object({{"conditions", Json::array({std::move(scheduled)})}}));
}

void JobWorld::pod_runs(std::string const& name) {
  pod_status(name,
             Json::object(
                 {{"phase", "Running"},
                  {"containerStatuses",
                   container_status(Json::object({{"running", Json::object({{"startedAt", kStarted}})}}))}}));
}

void JobWorld::pod_ended(std::string const& name, int exit_code, bool disrupted, std::string const& reason,
                         char const* started) {
  Json const ended = Json::object(
      {{"exitCode", exit_code}, {"reason", reason}, {"startedAt", started}, {"finishedAt", kEnded}});
  Json status =
      Json::object({{"phase", exit_code == 0 ? "Succeeded" : "Failed"},
                    {"containerStatuses", container_status(Json::object({{"terminated", ended}}))}});
  if (disrupted) status["conditions"].push_back(condition("DisruptionTarget", kEnded));
  pod_status(name, std::move(status));
}

void JobWorld::pod_gone(std::string const& name) {
  server.must("DELETE", object_path(kube::kPods, kNamespace, name) + "?gracePeriodSeconds=0");
}

void JobWorld::job_conditions(std::string const& name, Json status, std::vector<std::string> const& types) {
  for (std::string const& type : types) status["conditions"].push_back(condition(type, kEnded));
  server.must("PATCH", object_path(kube::kJobs, kNamespace, name, "status"),
              object(kube::kJobs, name, Json::object({{"status", std::move(status)}})));
}

void JobWorld::job_completed(std::string const& name) {
  job_conditions(name, Json::object({{"startTime", kStarted}}), {"SuccessCriteriaMet"});
  job_conditions(name, Json::object({{"startTime", kStarted}, {"completionTime", kEnded}, {"succeeded", 1}}),
                 {"SuccessCriteriaMet", "Complete"});
}

void JobWorld::job_failed(std::string const& name) {
  job_conditions(name, Json::object({{"startTime", kStarted}}), {"FailureTarget"});
  job_conditions(name, Json::object({{"startTime", kStarted}, {"failed", 1}}), {"FailureTarget", "Failed"});
}

void JobWorld::job_suspended(std::string const& name) { job_conditions(name, Json::object(), {"Suspended"}); }

LoggingNode::LoggingNode(std::string log) : log_(std::move(log)) {
  azsim::Certificate const authority = azsim::make_ca("kubelet");
  azsim::Certificate const own = azsim::issue(authority, {"localhost"}, {"127.0.0.1"});
  Result<std::unique_ptr<HttpServer>> kubelet = HttpServer::start(
      {.certificate_pem = own.certificate_pem, .key_pem = own.key_pem}, [this](HttpRequest const& request) {
        std::lock_guard const lock(mutex_);
        asked_ = request.url.substr(request.url.find('/', std::string_view("https://").size()));
        return ServerReply{
            .response = {.status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = log_}};
      });
  BOOST_REQUIRE(kubelet);
  kubelet_ = *std::move(kubelet);
  name_ = "logging-" + std::to_string(kubelet_->port());
  ApiServer& server = ApiServer::get();
  server.must("PATCH", object_path(kNodes, "", name_), object(kNodes, name_));
  Json const port = Json::object({{"kubeletEndpoint", Json::object({{"Port", kubelet_->port()}})}});
  Json const address = Json::object({{"type", "InternalIP"}, {"address", "127.0.0.1"}});
  server.must("PATCH", object_path(kNodes, "", name_, "status"),
              object(kNodes, name_,
                     Json::object({{"status", Json::object({{"addresses", Json::array({address})},
                                                            {"daemonEndpoints", port}})}})));
}

LoggingNode::~LoggingNode() { (void)ApiServer::get().call("DELETE", object_path(kNodes, "", name_)); }

std::string LoggingNode::asked() const {
  std::lock_guard const lock(mutex_);
  return asked_;
}

}  // namespace trainyard::tests
