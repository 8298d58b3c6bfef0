// The informer's half of AzureScope: lists, and what they may and may not change in the cache.
#include <algorithm>

#include "controller/base/time_text.hpp"
#include "reconcilers/azure/scope.hpp"
#include "reconcilers/azure/scope_cache.hpp"

namespace trainyard::azure {

namespace {

constexpr std::size_t kMostReads = 50;  // GETs by name that one list may lead to; the next list goes on

bool is_stale(Job const& item, Job const& known) { return known.terminal() && !item.terminal(); }

bool same(Compute const& a, Compute const& b) {
  return static_cast<ComputeState const&>(a) == static_cast<ComputeState const&>(b);
}
bool same(Job const& a, Job const& b) { return a.body == b.body; }

std::string name_of(Compute const& item) { return lower_case(item.name); }
std::string name_of(Job const& item) { return item.name; }

/// Takes what a list brought into the map, save where something newer is known. Returns the names that came.
template <class Items, class IsNewest, class Took>
std::set<std::string> take(Items&& from, auto& into, IsNewest const& is_newest, Took const& took) {
  std::set<std::string> named;
  for (auto& item : from) {
    std::string const name = name_of(item);
    named.insert(name);
    auto const known = into.find(name);
    if (!is_newest(name, item.order) || (known != into.end() && is_stale(item, *known->second))) continue;
    took(name, item.order);
    using Item = std::remove_reference_t<decltype(item)>;
    into[name] = std::make_shared<Item const>(std::move(item));
  }
  return named;
}

template <class Map>
void compare(Map const& before, Map const& after, std::string const& prefix,
             std::vector<std::string>& changed) {
  for (auto const& [name, item] : after) {
    auto const was = before.find(name);
    if (was == before.end() || (was->second != item && !same(*was->second, *item)))
      changed.push_back(prefix + item->name);
  }
  for (auto const& [name, item] : before)
    if (!after.contains(name)) changed.push_back(prefix + item->name);
}

}  // namespace

void AzureScope::set_busy(std::string const& who, bool busy) {
  std::lock_guard lock(mutex_);
  if (busy)
    cache_->busy.insert(who);
  else
    cache_->busy.erase(who);
}

SteadyTime AzureScope::next_list() const {
  std::lock_guard lock(mutex_);
  if (!cache_->listed_at) return SteadyTime{};
  Duration interval = cache_->busy.empty() ? options_.idle_interval : options_.busy_interval;
  if (cache_->jobs_wanted && !cache_->with_jobs) interval = Duration(1);  // another time than the last one's
  SteadyTime due = *cache_->listed_at + interval;
  if (cache_->wrote_at && !cache_->busy.empty()) {
    SteadyTime const last = std::max(*cache_->listed_at, *cache_->wrote_at);
    due = std::min(due, last + std::max(options_.after_write, last - *cache_->wrote_at));
  }
  return std::max(due, *cache_->listed_at + cache_->asked_to_wait);
}

void AzureScope::want_jobs() {
  std::lock_guard lock(mutex_);
  cache_->jobs_wanted = true;
}

std::vector<std::string> AzureScope::list_now(bool with_jobs, Context const& context) {
  {
    std::lock_guard lock(mutex_);  // from its start, so that nobody finds it due while it is under way
    cache_->listed_at = parts_.clock.steady();
    cache_->asked_to_wait = Duration{0};
    with_jobs = with_jobs || cache_->jobs_wanted;
    cache_->with_jobs = with_jobs;
    cache_->jobs_wanted = false;
    if (!with_jobs) cache_->forget_jobs();
  }
  Result<Done> listed = same_workspace(context);
  if (listed) listed = list_computes(context);
  bool const go_on =
      listed || (listed.error().kind != ErrorKind::Throttled && listed.error().kind != ErrorKind::Canceled);
  if (go_on && with_jobs)
    if (Result<Done> jobs = list_jobs(context); !jobs && listed) listed = std::move(jobs);

  std::lock_guard lock(mutex_);
  cache_->listed_at = parts_.clock.steady();
  if (!listed) cache_->asked_to_wait = listed.error().retry_after.value_or(Duration{0});
  bool const stopped = !listed && context.stop.stop_requested();
  if (!stopped && (!listed || cache_->view->missed_lists > 0))
    cache_->change([&](AzureView& view) {
      view.missed_lists = listed ? 0 : view.missed_lists + 1;
      view.last_error = listed ? Error{} : listed.error();
    });
  std::vector<std::string> changed;
  compare(cache_->told->computes, cache_->view->computes, "compute/", changed);
  compare(cache_->told->jobs, cache_->view->jobs, "job/", changed);
  cache_->told = cache_->view;
  if (!cache_->swept_at || *cache_->listed_at - *cache_->swept_at >= options_.full_list_interval)
    cache_->sweep(*cache_->listed_at);
  return changed;
}

/// Rule 2: once a list was missed, the workspace may have gone and another may bear its name: what is absent
/// in one of its name proves nothing before that very workspace was seen again.
Result<Done> AzureScope::same_workspace(Context const& context) {
  std::optional<AmlWorkspace> const before = workspace();
  if (!before || view()->missed_lists == 0) return Done{};
  Result<AmlWorkspace> const now = get_workspace(arm_, id_, context);
  if (!now) return now.error().while_doing("reading the workspace");
  if (before->workspace_id == now->workspace_id) return Done{};
  return Error{.kind = ErrorKind::NotFound,
               .reason = "WorkspaceReplaced",
               .message = "the workspace is another one than before (workspaceId " + now->workspace_id +
                          " instead of " + before->workspace_id + ")"};
}

Result<Done> AzureScope::list_computes(Context const& context) {
  Result<ComputeList> list = computes_.list(context);
  if (!list) return list.error().while_doing("listing computes");
  keep_date({.order = list->told.order, .date = list->told.date});
  for (std::string const& name : merge(std::move(*list)))
    if (!fetch_compute(name, Urgency::Periodic, context)) break;  // still incomplete: who needs it reads it
  return Done{};
}

std::vector<std::string> AzureScope::merge(ComputeList list) {
  std::vector<std::string> to_read;
  std::lock_guard lock(mutex_);
  Cache& cache = *cache_;
  cache.change([&](AzureView& view) {
    std::set<std::string> const named = take(
        list.items, view.computes,
        [&](std::string const& name, std::uint64_t order) {
          return cache.is_newest("compute/" + name, order);
        },
        [&](std::string const& name, std::uint64_t order) { cache.newest["compute/" + name] = order; });
    // Left out: no proof of absence (rule 2), but nothing to rest on either. Who asks for it next gets a GET.
    std::erase_if(view.computes, [&](auto const& entry) {
      return !named.contains(entry.first) && entry.second->order < list.told.order;
    });
    view.computes_listed = list.told.began;
    for (auto const& [name, compute] : view.computes) {  // rule 5: null in a list item forces a GET
      bool const of_this_list = compute->order >= list.told.order;
      if (of_this_list && !compute->complete && to_read.size() < kMostReads) to_read.push_back(compute->name);
    }
  });
  return to_read;
}

Result<Done> AzureScope::list_jobs(Context const& context) {
  std::shared_ptr<AzureView const> const known = view();
  SteadyTime const now = parts_.clock.steady();
  bool full = false;
  {
    std::lock_guard lock(mutex_);
    SteadyTime const settled = opened_ + options_.settle;
    full = !cache_->full_at || now - *cache_->full_at >= options_.full_list_interval ||
           (*cache_->full_at < settled && now >= settled);
  }
  // Rule 3: newest first, as far as the oldest live one that is known.
  std::set<std::string> live;
  std::optional<WallTime> oldest;
  for (auto const& [name, job] : known->jobs) {
    if (job->terminal()) continue;
    live.insert(name);
    Result<WallTime> const created = parse_rfc3339(job->created_at);
    if (created && (!oldest || *created < *oldest)) oldest = *created;
  }
  std::size_t read = 0;
  auto const more = [&](std::vector<Job> const& so_far) {
    for (; read < so_far.size(); ++read) live.erase(so_far[read].name);
    if (full || so_far.empty()) return true;
    Result<WallTime> const last = parse_rfc3339(so_far.back().created_at);
    bool const past = last && oldest && *last < *oldest;
    return !live.empty() && !past;
  };
  Result<JobList> list = jobs_.list_tagged(options_.job_tag, more, context);
  if (!list) return list.error().while_doing("listing jobs");
  bool const complete = list->told.complete;
  for (std::string const& name : merge(std::move(*list)))
    if (Result<std::optional<Job>> const job = fetch_job(name, Urgency::Periodic, context); !job)
      return job.error().while_doing("reading a job that the list did not show");
  if (!complete) return Done{};
  std::lock_guard lock(mutex_);
  cache_->full_at = now;
  return Done{};
}

std::vector<std::string> AzureScope::merge(JobList list) {
  std::vector<std::string> to_read;
  std::lock_guard lock(mutex_);
  Cache& cache = *cache_;
  cache.change([&](AzureView& view) {
    std::set<std::string> const named = take(
        list.items, view.jobs,
        [&](std::string const& name, std::uint64_t order) { return cache.is_newest("job/" + name, order); },
        [&](std::string const& name, std::uint64_t order) { cache.newest["job/" + name] = order; });
    if (list.told.complete) {
      std::erase_if(view.jobs, [&](auto const& entry) {
        return !named.contains(entry.first) && entry.second->terminal() &&
               entry.second->order < list.told.order;
      });
      view.jobs_listed = list.told.began;
    }
    // A live one that was not shown is read by name: the order of a list proves nothing (rule 3).
    for (auto const& [name, job] : view.jobs)
      if (!named.contains(name) && !job->terminal() && job->order < list.told.order &&
          to_read.size() < kMostReads)
        to_read.push_back(name);
  });
  return to_read;
}

}  // namespace trainyard::azure
