#include <iostream>

#include "controller/cli/cluster_logs.hpp"
#include "controller/cluster/job_manifest.hpp"
#include "controller/cluster/job_state.hpp"
#include "controller/kube/resource.hpp"

namespace trainyard::cli {

namespace {

constexpr Duration kQuiet = std::chrono::minutes(10);  // then the connection is made anew

class PodLog final : public RunLog {
 public:
  PodLog(ClusterSession& session, StoredObject run, bool follow)
      : session_(session), run_(std::move(run)), follow_(follow) {}

  Result<Done> print_more(Attempt attempt) override {
    Result<std::string> const pod = find_pod();
    if (!pod) return pod.error();
    bool const comes = follow_ && attempt == Attempt::Live;
    if (pod->empty())
      return comes || printed_ > 0 ? Result<Done>(Done{}) : print_status_tail(run_, "its pod is not there");
    return comes ? stream(*pod) : print_rest(*pod);
  }

 private:
  /// "" while there is none, or none any more.
  Result<std::string> find_pod() {
    Result<Json> const pods =
        session_.get(kube::collection_path(kube::kPods, run_.key.ns) +
                     kube::query({{"labelSelector",
                                   std::string(cluster::kRunLabel) + "=" + run_.status.text("runName")}}));
    if (!pods) return pods.error().while_doing("looking for its pod");
    return cluster::last_pod(pods->at("items")).text({"metadata", "name"});
  }

  [[nodiscard]] std::string path_of(std::string const& pod, char const* follow) const {
    return kube::object_path(kube::kPods, run_.key.ns, pod, "log") +
           kube::query({{"container", cluster::kContainer}, {"follow", follow}});
  }

  /// Until the container ends, or the connection does; what is left then is for the next call.
  Result<Done> stream(std::string const& pod) {
    std::size_t line_number = 0;
    Result<Done> const ended = session_.api().watch(path_of(pod, "true"),
                                                    [&](std::string const& line) {
                                                      if (line_number++ < printed_) return;
                                                      std::cout << line << std::endl;
                                                      printed_ = line_number;
                                                    },
                                                    kQuiet, {});
    if (ended) return ended;
    ErrorKind const kind = ended.error().kind;  // Invalid: its container was not started yet
    bool const passes =
        kind == ErrorKind::Transient || kind == ErrorKind::Invalid || kind == ErrorKind::NotFound;
    return passes ? Result<Done>(Done{}) : ended;
  }

  Result<Done> print_rest(std::string const& pod) {
    Result<std::string> const text = session_.api().get_text(path_of(pod, ""), {});
    if (!text) return text.error();
    std::size_t at = 0;
    for (std::size_t i = 0; i < printed_ && at < text->size(); ++i)
      at = std::min(text->find('\n', at), text->size() - 1) + 1;
    std::cout << std::string_view(*text).substr(at) << std::flush;
    return Done{};
  }

  ClusterSession& session_;
  StoredObject const run_;
  bool const follow_;
  std::size_t printed_ = 0;  // lines
};

}  // namespace

std::unique_ptr<RunLog> pod_log(ClusterSession& session, StoredObject run, bool follow) {
  return std::make_unique<PodLog>(session, std::move(run), follow);
}

}  // namespace trainyard::cli
