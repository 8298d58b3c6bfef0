// RunSite of a cluster.
#include "controller/cli/cluster_logs.hpp"
#include "controller/cli/run_site.hpp"

namespace trainyard::cli {

namespace {

constexpr Duration kLook = std::chrono::seconds(1);

class ClusterSite final : public RunSite {
 public:
  explicit ClusterSite(std::unique_ptr<ClusterSession> session) : session_(std::move(session)) {}

  [[nodiscard]] std::string ns() const override { return session_->ns(); }
  Result<ObjectPtr> find(ObjectKey const& key) override { return session_->find(key); }
  void wait() override { session_->sleep(kLook); }

  Result<std::unique_ptr<RunLog>> log_of(StoredObject const& run, bool follow) override {
    bool const here = run.status.text("runPlace") == "local";
    return here ? pod_log(*session_, run, follow) : map_log(*session_, run, follow);
  }

 private:
  std::unique_ptr<ClusterSession> session_;
};

}  // namespace

Result<std::unique_ptr<RunSite>> open_cluster_site(Parsed const& parsed) {
  Result<std::unique_ptr<ClusterSession>> session = ClusterSession::open(parsed);
  if (!session) return session.error();
  return std::unique_ptr<RunSite>(std::make_unique<ClusterSite>(*std::move(session)));
}

}  // namespace trainyard::cli
