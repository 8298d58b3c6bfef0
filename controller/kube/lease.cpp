#include "controller/kube/lease.hpp"

#include <algorithm>

#include "controller/kube/objects.hpp"
#include "controller/kube/resource.hpp"

namespace trainyard::kube {

LeaderElection::LeaderElection(LeaseOptions options, LeaseParts parts, LeaseListener listener)
    : options_(std::move(options)),
      parts_(parts),
      listener_(std::move(listener)),
      master_(parts_.metrics.gauge("leader_election_master_status",
                                   "whether this process is the leader, by lease: 1 or 0",
                                   {{"name", options_.name}})) {
  master_.set(0);
}

bool LeaderElection::leading() const {
  std::lock_guard lock(mutex_);
  return renewed_at_ && parts_.clock.steady() - *renewed_at_ < options_.renew();
}

Duration LeaderElection::step(std::stop_token const& stop) {
  if (given_up_) return options_.lease;
  SteadyTime const began = parts_.clock.steady();
  std::optional<SteadyTime> before;
  {
    std::lock_guard lock(mutex_);
    before = renewed_at_;
  }
  // A renewal that is answered too late is of no use.
  SteadyTime const deadline =
      std::min(began + options_.renew() / 2, before.value_or(began) + options_.renew());
  Result<Done> const done =
      before && began >= deadline
          ? Error{.kind = ErrorKind::Canceled, .reason = "LeaseExpired", .message = "no time is left"}
          : take_or_renew({.stop = stop, .deadline = deadline});
  if (stop.stop_requested()) return Duration{0};
  if (done) {
    {
      std::lock_guard lock(mutex_);
      renewed_at_ = began;
    }
    if (!before) {
      parts_.log.info("this process is the leader", {{"lease", options_.ns + "/" + options_.name}});
      master_.set(1);
      listener_.elected();
    }
    return options_.retry();
  }
  if (!before) {
    if (done.error().reason != "HeldByAnother")
      parts_.log.warning("the lease cannot be taken",
                         {{"lease", options_.ns + "/" + options_.name}, {"error", done.error().message}});
    return options_.retry() +
           Duration(static_cast<Duration::rep>(parts_.random.next() %
                                               static_cast<std::uint64_t>(options_.retry().count())));
  }
  if (done.error().reason == "HeldByAnother" || parts_.clock.steady() - *before >= options_.renew()) {
    given_up_ = true;
    master_.set(0);
    {
      std::lock_guard lock(mutex_);
      renewed_at_.reset();
    }
    parts_.log.error("the lease is lost",
                     {{"lease", options_.ns + "/" + options_.name}, {"error", done.error().message}});
    listener_.lost();
    return options_.lease;
  }
  parts_.log.warning("the lease cannot be renewed",
                     {{"lease", options_.ns + "/" + options_.name}, {"error", done.error().message}});
  return std::min(options_.retry(), *before + options_.renew() - parts_.clock.steady());
}

void LeaderElection::observe(Json lease) {
  if (observed_.text({"metadata", "resourceVersion"}) != lease.text({"metadata", "resourceVersion"}))
    observed_at_ = parts_.clock.steady();
  observed_ = std::move(lease);
}

Result<Done> LeaderElection::take_or_renew(Context const& context) {
  bool const leading = this->leading();
  if (leading) {  // most likely nobody else touched it
    Result<Json> renewed = write(filled(observed_, false), context);
    if (renewed) {
      observe(*std::move(renewed));
      return Done{};
    }
    if (renewed.error().kind != ErrorKind::Conflict) return renewed.error();
  }
  Result<Json> lease = parts_.api.get(object_path(kLeases, options_.ns, options_.name), context);
  if (!lease && lease.error().kind == ErrorKind::NotFound) {
    Json const fresh =
        Json::object({{"apiVersion", api_version(kLeases)},
                      {"kind", "Lease"},
                      {"metadata", Json::object({{"namespace", options_.ns}, {"name", options_.name}})}});
    Result<Json> made = parts_.api.post(collection_path(kLeases, options_.ns), filled(fresh, true), context);
    if (!made) return made.error();
    observe(*std::move(made));
    return Done{};
  }
  if (!lease) return lease.error();
  observe(*std::move(lease));
  std::string const holder = observed_.text({"spec", "holderIdentity"});
  bool const ours = holder == options_.identity;
  auto const lasts = std::chrono::seconds(observed_.at({"spec", "leaseDurationSeconds"}).integer_or(0));
  if (!ours && !holder.empty() && parts_.clock.steady() - observed_at_ < lasts) {
    if (told_of_ != holder) parts_.log.info("another process is the leader", {{"holder", holder}});
    told_of_ = holder;
    return Error{
        .kind = ErrorKind::Conflict, .reason = "HeldByAnother", .message = "the leader is " + holder};
  }
  Result<Json> taken = write(filled(observed_, !ours), context);
  if (!taken) return taken.error();
  observe(*std::move(taken));
  return Done{};
}

Json LeaderElection::filled(Json lease, bool anew) const {
  std::string const now = micro_time(parts_.clock.wall());
  Json& spec = lease["spec"];
  spec["holderIdentity"] = options_.identity;
  spec["leaseDurationSeconds"] = std::chrono::duration_cast<std::chrono::seconds>(options_.lease).count();
  spec["renewTime"] = now;
  if (anew) {
    spec["acquireTime"] = now;
    spec["leaseTransitions"] =
        lease.at({"metadata", "uid"}).is_null() ? 0 : spec.at("leaseTransitions").integer_or(0) + 1;
  }
  return lease;
}

Result<Json> LeaderElection::write(Json lease, Context const& context) {
  return parts_.api.put(object_path(kLeases, options_.ns, options_.name), lease, context);
}

void LeaderElection::release(Context const& context) {
  {
    std::lock_guard lock(mutex_);
    if (!renewed_at_) return;
    renewed_at_.reset();
  }
  master_.set(0);
  // Read anew: a renewal that was cut short may have landed.
  Result<Json> found = parts_.api.get(object_path(kLeases, options_.ns, options_.name), context);
  if (found && found->text({"spec", "holderIdentity"}) != options_.identity) return;
  if (found) {
    Json lease = filled(*std::move(found), false);
    lease["spec"]["holderIdentity"] = "";
    lease["spec"]["leaseDurationSeconds"] = 1;
    found = write(std::move(lease), context);
  }
  if (!found)
    parts_.log.warning("the lease could not be given back; the next leader waits for its end",
                       {{"error", found.error().message}});
}

}  // namespace trainyard::kube
