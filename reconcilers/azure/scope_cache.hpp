// What an AzureScope's lock guards.
#pragma once

#include "reconcilers/azure/scope.hpp"

namespace trainyard::azure {

/// Which answer is the newer one is told by the order in which the requests began: no two are equal, and no
/// clock that jumps can turn them round (rule 1).
struct AzureScope::Cache {
  std::shared_ptr<AzureView const> view = std::make_shared<AzureView>();  // replaced whole, never changed
  std::shared_ptr<AzureView const> told = view;  // as it was when the last list ended
  std::map<std::string, std::uint64_t>
      newest;  // "compute/name", "job/name": order of the newest answer, a 404 too
  std::optional<AmlWorkspace> workspace;
  std::set<std::string> busy;
  WallTime azure_date{};
  std::uint64_t azure_date_order = 0;
  std::optional<SteadyTime> listed_at;          // when the last list began, then when it ended
  Duration asked_to_wait{0};                    // by a throttled list
  std::optional<SteadyTime> wrote_at;           // when the last write was answered
  bool jobs_wanted = false, with_jobs = false;  // since the last list began; by the last list
  std::optional<SteadyTime> full_at;            // when the last complete list of jobs began
  std::optional<SteadyTime> swept_at;           // when what is only remembered as gone was last forgotten
  std::uint64_t swept_order = 0;                // of the newest answer then

  /// Puts a changed copy of the view in its place.
  template <class Change>
  void change(Change const& apply) {
    auto next = std::make_shared<AzureView>(*view);
    apply(*next);
    view = std::move(next);
  }
  /// Nobody follows them: who does next needs a complete list, as at a start.
  void forget_jobs() {
    full_at.reset();
    if (!view->jobs_listed && view->jobs.empty()) return;
    change([](AzureView& next) {
      next.jobs.clear();
      next.jobs_listed.reset();
    });
  }
  /// Nothing that was sent before the last sweep is still under way: what is only remembered as gone is
  /// forgotten.
  void sweep(SteadyTime now) {
    std::erase_if(newest, [&](auto const& entry) {
      bool const job = entry.first.starts_with("job/");
      bool const seen =
          job ? view->jobs.contains(entry.first.substr(4)) : view->computes.contains(entry.first.substr(8));
      return !seen && entry.second < swept_order;
    });
    swept_at = now;
    swept_order = azure_date_order;
  }
  [[nodiscard]] bool is_newest(std::string const& key, std::uint64_t order) const {
    auto const known = newest.find(key);
    return known == newest.end() || order >= known->second;
  }
};

std::string lower_case(std::string_view text);
inline std::string compute_key(std::string_view name) { return "compute/" + lower_case(name); }
inline std::string job_key(std::string_view name) { return "job/" + std::string(name); }

}  // namespace trainyard::azure
