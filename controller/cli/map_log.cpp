#include <iostream>

#include "controller/base/time_text.hpp"
#include "controller/cli/cluster_logs.hpp"
#include "controller/cluster/log_map.hpp"
#include "controller/kube/resource.hpp"

namespace trainyard::cli {

namespace {

using reconcilers::KeptLog;

constexpr Duration kRenew = reconcilers::kFollowFresh / 2, kPatience = std::chrono::seconds(30),
                   kLook = std::chrono::milliseconds(500);

class MapLog final : public RunLog {
 public:
  MapLog(ClusterSession& session, StoredObject run, bool follow)
      : session_(session), run_(std::move(run)), name_(run_.status.text("runName")), follow_(follow) {}

  Result<Done> print_more(Attempt attempt) override {
    if (Result<Done> const looked = look(); !looked) return looked;
    if (attempt != Attempt::Replaced && !(log_.complete && is_mine()))
      if (Result<Done> const asked = ask(); !asked) return asked;
    bool const comes_later = attempt == Attempt::Replaced || (follow_ && attempt == Attempt::Live);
    if (!comes_later && !wait_for_answer(attempt)) return print_without_answer();
    if (comes_later && !told_silence_ && !is_answered() && session_.clock().steady() > asked_at_ + kPatience)
      tell_silence();
    print();
    return Done{};
  }

 private:
  [[nodiscard]] bool is_mine() const { return log_.run == name_; }
  [[nodiscard]] bool is_answered() const { return is_mine() && log_.answered == request_; }

  /// Reads what is kept, if that has changed.
  Result<Done> look() {
    std::string const path =
        kube::object_path(kube::kConfigMaps, run_.key.ns, cluster::log_map_name(run_.key.name));
    Result<Json> map = session_.get(path, kube::Shape::Metadata);
    if (map && map->text({"metadata", "resourceVersion"}) == version_) return Done{};
    if (map) map = session_.get(path);
    if (!map && map.error().kind == ErrorKind::NotFound) return Done{};
    if (!map) return map.error().while_doing("reading the log that the operator keeps");
    if (!cluster::is_log_of(*map, run_)) return cluster::not_our_map(run_);
    version_ = map->text({"metadata", "resourceVersion"});
    log_ = cluster::kept_log_of(*map);
    return Done{};
  }

  /// Says to the operator that somebody follows, now and then.
  Result<Done> ask() {
    SteadyTime const now = session_.clock().steady();
    if (!request_.empty() && now < renewed_at_ + kRenew) return Done{};
    std::string const request = to_rfc3339(session_.clock().wall());
    Json const annotations = Json::object({{std::string(reconcilers::kFollowLogs), request}});
    Result<Done> const asked =
        session_.patch(run_.key, Json::object({{"metadata", Json::object({{"annotations", annotations}})}}));
    bool const refused = !asked && (asked.error().kind == ErrorKind::Forbidden ||
                                    asked.error().kind == ErrorKind::Unauthorized);
    bool const may_pass =
        !asked && (asked.error().kind == ErrorKind::Transient || (refused && !request_.empty()));
    if (may_pass) return Done{};  // again at the next look
    if (!asked) return asked.error().while_doing("asking the operator for the log");
    if (request_.empty() || is_answered()) asked_at_ = now;
    renewed_at_ = now;
    request_ = request;
    return Done{};
  }

  bool wait_for_answer(Attempt attempt) {
    SteadyTime const end = session_.clock().steady() + kPatience;
    auto const enough = [&] {
      return is_mine() &&
             (log_.complete || (is_answered() && (attempt == Attempt::Live || !log_.problem.empty())));
    };
    while (!enough()) {
      if (session_.clock().steady() >= end) return false;
      session_.sleep(kLook);
      (void)look();  // what keeps it from reading keeps it from an answer
    }
    return true;
  }

  Result<Done> print_without_answer() {
    print();
    if (any_printed_)
      return no_log(run_.key, "the operator does not answer, so the end of the log is missing");
    return print_status_tail(run_, "the operator does not answer");
  }

  void tell_silence() {
    told_silence_ = true;
    std::cerr
        << "trainyard: the operator does not answer yet; is it running, and are the clocks of it and of this "
           "machine right?\n";
  }

  void print() {
    if (!is_mine()) return;
    if (log_.problem != told_problem_ && !log_.problem.empty())
      std::cerr << "trainyard: the operator cannot read the log: " << log_.problem << "\n";
    told_problem_ = log_.problem;
    std::size_t const end = log_.offset + log_.text.size();
    if (printed_ < log_.offset)
      std::cerr << "trainyard: " << log_.offset - printed_ << " bytes are left out here; the whole log is at "
                << run_.status.text("link") << "\n";
    std::size_t const from = std::max(printed_, log_.offset);
    if (from >= end) return;  // also of one that was lost and is being filled again
    std::cout << std::string_view(log_.text).substr(from - log_.offset) << std::flush;
    printed_ = end;
    any_printed_ = true;
  }

  ClusterSession& session_;
  StoredObject const run_;
  std::string const name_;  // of the attempt
  bool const follow_;
  KeptLog log_;  // as last read
  std::string version_, request_, told_problem_;
  SteadyTime asked_at_{}, renewed_at_{};  // asked_at_: the first request since the last that was answered
  std::size_t printed_ = 0;               // bytes of the log, with what was left out
  bool any_printed_ = false, told_silence_ = false;
};

}  // namespace

std::unique_ptr<RunLog> map_log(ClusterSession& session, StoredObject run, bool follow) {
  return std::make_unique<MapLog>(session, std::move(run), follow);
}

}  // namespace trainyard::cli
