#include "controller/cli/cluster_session.hpp"

#include <unistd.h>

#include "controller/base/http_transport.hpp"
#include "controller/cli/cluster_names.hpp"
#include "controller/cli/transports.hpp"
#include "controller/kube/objects.hpp"

namespace trainyard::cli {

namespace {

constexpr int kMostConflicts = 10;
constexpr Duration kPatience = std::chrono::minutes(2), kRetry = std::chrono::seconds(1);

kube::ResourceType type_of(ObjectKey const& key) { return resource_type_of(*manifests::find_kind(key.kind)); }

}  // namespace

Result<std::unique_ptr<ClusterSession>> ClusterSession::open(Parsed const& parsed) {
  kube::ConfigSource source = config_source_of(parsed);
  source.exec_environment.emplace();  // as kubectl, since it is the user's own command
  for (char** variable = environ; *variable != nullptr; ++variable)
    source.exec_environment->emplace_back(*variable);
  std::unique_ptr<ClusterSession> session(new ClusterSession(std::move(source)));
  prepare_http_process();
  if (Result<Done> const connected = session->connect(); !connected) return connected.error();
  return session;
}

Result<Done> ClusterSession::connect() {
  Result<kube::ClusterAccess> access = kube::cluster_access(source_);
  if (!access) return access.error();
  ns_ = access->ns.empty() ? "default" : access->ns;
  api_.reset();
  http_ = make_http_transport(kube::transport_options(*access, transport_options_from_environment()), clock_);
  api_ = std::make_unique<kube::ApiClient>(*std::move(access), *http_, clock_, scrubber_, metrics_);
  return Done{};
}

Result<Json> ClusterSession::get(std::string const& path, kube::Shape shape) {
  SteadyTime const end = clock_.steady() + kPatience;
  for (;;) {
    Result<Json> answer = api_->get(path, {}, shape);
    if (!answer && answer.error().kind == ErrorKind::Unauthorized && answered_.contains(path)) {
      // What an exec plugin gave has expired, say.
      if (Result<Done> const connected = connect(); !connected) return connected.error();
      answer = api_->get(path, {}, shape);
    }
    if (answer || answer.error().kind == ErrorKind::NotFound) answered_.insert(path);
    bool const may_pass = !answer && (answer.error().kind == ErrorKind::Transient ||
                                      answer.error().kind == ErrorKind::Throttled ||
                                      answer.error().kind == ErrorKind::Forbidden);
    if (!may_pass || !answered_.contains(path) || clock_.steady() >= end) return answer;
    sleep(kRetry);
  }
}

Result<ObjectPtr> ClusterSession::find(ObjectKey const& key) {
  kube::ResourceType const type = type_of(key);
  Result<Json> const object = get(kube::object_path(type, key.ns, key.name));
  if (!object) return object.error();
  return kube::parse_object(type, *object);
}

Result<Done> ClusterSession::patch(ObjectKey const& key, Json const& patch) {
  Result<Json> const patched = api_->merge_patch(
      kube::object_path(type_of(key), key.ns, key.name) + kube::query({{"fieldManager", "trainyard-cli"}}),
      patch, {});
  if (!patched) return patched.error();
  return Done{};
}

Result<Done> ClusterSession::change(ObjectKey const& key, Change const& change) {
  for (int conflicts = 0;; ++conflicts) {
    Result<ObjectPtr> const object = find(key);
    if (!object) return object.error();
    Result<Json> wanted = change(**object);
    if (!wanted) return wanted.error();
    (*wanted)["metadata"]["resourceVersion"] = (*object)->resource_version;
    Result<Done> const done = patch(key, *wanted);
    if (done || done.error().kind != ErrorKind::Conflict || conflicts == kMostConflicts) return done;
  }
}

void ClusterSession::sleep(Duration duration) { Wakeup().wait_until(clock_.steady() + duration, {}); }

}  // namespace trainyard::cli
