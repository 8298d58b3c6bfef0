// A cluster as its user sees it: by kubectl's kubeconfig, with the user's own rights.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/object_store.hpp"
#include "controller/cli/options.hpp"
#include "controller/kube/api_client.hpp"

namespace trainyard::cli {

class ClusterSession {
 public:
  static Result<std::unique_ptr<ClusterSession>> open(Parsed const& parsed);

  [[nodiscard]] kube::ApiClient& api() { return *api_; }
  /// A GET. Where the server has answered before, a while without an answer is waited out: it may be
  /// restarting, and one that has just begun knows of no rights.
  Result<Json> get(std::string const& path, kube::Shape shape = kube::Shape::Whole);
  [[nodiscard]] Clock const& clock() const { return clock_; }
  [[nodiscard]] std::string const& ns() const { return ns_; }  // the context's
  Result<ObjectPtr> find(ObjectKey const& key);
  /// As field manager "trainyard-cli": GitOps tools undo what managers named kubectl* wrote (Flux does).
  Result<Done> patch(ObjectKey const& key, Json const& patch);
  /// A merge patch that rests on the object as it is: it is made anew when that has changed meanwhile.
  using Change = std::function<Result<Json>(StoredObject const&)>;
  Result<Done> change(ObjectKey const& key, Change const& change);
  void sleep(Duration duration);

 private:
  explicit ClusterSession(kube::ConfigSource source) : source_(std::move(source)) {}
  Result<Done> connect();

  kube::ConfigSource const source_;
  SystemClock clock_;
  Scrubber scrubber_;
  Metrics metrics_;
  std::string ns_;
  std::set<std::string> answered_;  // paths
  std::unique_ptr<StreamingTransport> http_;
  std::unique_ptr<kube::ApiClient> api_;
};

}  // namespace trainyard::cli
