// An API server as a state machine: objects, their versions and what became of them, as a real one tells
// them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/http.hpp"
#include "controller/base/json.hpp"
#include "controller/kube/resource.hpp"

namespace trainyard::sim {

using JsonPtr = std::shared_ptr<Json const>;

/// What a watch tells of.
struct KubeChange {
  std::int64_t version = 0;
  SteadyTime at{};
  std::string collection, ns;
  char const* type = "";  // ADDED, MODIFIED, DELETED
  JsonPtr object;         // of a deleted one what was last stored, with the version of its end
};

/// Requests are answered as kube-apiserver 1.35 answers them; what no client of ours asks for is not there.
class KubeServer {
 public:
  explicit KubeServer(Clock const& clock) : clock_(clock) {}

  /// A built-in type.
  void serve(kube::ResourceType const& type);
  /// A custom one, with its status beside it; `schema` says what is filled in: {} for nothing.
  void serve_custom(kube::ResourceType const& type, Json schema);
  /// A status was written.
  void on_status(std::function<void(Json const& before, Json const& after)> told) { told_ = std::move(told); }
  void on_gone(std::function<void()> gone) { gone_ = std::move(gone); }

  /// Everything but a watch.
  HttpResponse handle(HttpRequest const& request);

  /// Whoever asks from an older version on must list anew.
  void compact();
  bool streams_lists = true;  // a watch may begin with what is there

  // For watches.
  [[nodiscard]] std::vector<KubeChange> const& changes() const { return changes_; }
  [[nodiscard]] std::int64_t version() const { return version_; }
  [[nodiscard]] std::int64_t compacted() const { return compacted_; }
  [[nodiscard]] std::vector<JsonPtr> all(std::string const& collection, std::string const& ns) const;
  [[nodiscard]] std::string kind_of(std::string const& collection) const;  // "" if it is not served
  [[nodiscard]] Clock const& clock() const { return clock_; }

  /// Null if it is not there.
  [[nodiscard]] JsonPtr find(kube::ResourceType const& type, std::string const& ns,
                             std::string const& name) const;
  /// The object with what its type fills in.
  [[nodiscard]] Json filled(kube::ResourceType const& type, Json object) const;

 private:
  using Name = std::pair<std::string, std::string>;  // namespace and name
  struct Resource {
    std::string group, plural, kind, api_version;
    bool custom = false;
    Json schema = {};
    std::map<Name, JsonPtr> objects = {};
  };
  struct Snapshot {  // of a list that is read in pages
    std::int64_t version = 0;
    std::vector<JsonPtr> items;
    std::size_t next = 0;
  };
  struct Call;  // one request for a resource

  HttpResponse list(Resource const& resource, Call const& call);
  HttpResponse create(Resource& resource, Call const& call, Json object);
  HttpResponse replace(Resource& resource, Call const& call, JsonPtr const& before, Json const& next);
  HttpResponse patch(Resource& resource, Call const& call, JsonPtr const& before, Json const& next);
  HttpResponse apply(Resource& resource, Call const& call, JsonPtr const& before, Json const& wanted);
  HttpResponse remove(Resource& resource, Call const& call, JsonPtr const& before);
  /// What the object becomes by a write, or why it may not.
  HttpResponse update(Resource& resource, Call const& call, Json const& before, Json next);
  void store(Resource& resource, Name const& name, Json& object, char const* type);
  void end(Resource& resource, Name const& name, Json last);
  void record(Resource const& resource, Name const& name, char const* type, JsonPtr object);

  Clock const& clock_;
  std::map<std::string, Resource> resources_;  // by collection: "trainyard.dev/v1alpha1/workspaces"
  std::vector<KubeChange> changes_;
  std::int64_t version_ = 100, compacted_ = 0, made_ = 0;
  std::map<std::string, Snapshot> snapshots_;  // by continue token
  std::function<void(Json const&, Json const&)> told_ = [](Json const&, Json const&) {};
  std::function<void()> gone_ = [] {};
};

}  // namespace trainyard::sim
