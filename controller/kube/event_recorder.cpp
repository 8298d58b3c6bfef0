#include "controller/kube/event_recorder.hpp"

#include <algorithm>

#include "controller/base/encoding.hpp"
#include "controller/base/text.hpp"
#include "controller/kube/objects.hpp"
#include "controller/kube/resource.hpp"

namespace trainyard::kube {

namespace {

constexpr std::string_view kController = "trainyard.dev/operator";
constexpr Duration kSeriesLasts =
    std::chrono::minutes(6);  // as client-go: afterwards an equal event is a new one
constexpr std::size_t kMostQueued = 1000;
constexpr std::size_t kLongestNote = 1024;  // Source: events.k8s.io/v1, note
constexpr Duration kDropsAreTold =
    std::chrono::minutes(1);  // at most so late, and at most so often in a long burst
constexpr int kMostTries = 5;
constexpr Duration kDeadline = std::chrono::seconds(10);
constexpr Duration kRest = std::chrono::hours(1);

std::string series_key(Regarding const& about, Event const& event) {
  return sha256_of_parts({about.uid, event.reason, event.message, event.warning ? "W" : "N"});
}

}  // namespace

void EventRecorder::record(Regarding about, Event event) {
  event.message = readable(parts_.scrubber.scrub(readable(event.message)), kLongestNote);
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() >= kMostQueued) {
      if (dropped_++ == 0) dropped_since_ = parts_.clock.steady();
      return;
    }
    queue_.push_back({std::move(about), std::move(event), parts_.clock.wall()});
  }
  wake();
}

void EventRecorder::flush(Context const& context) {
  auto const idle = [this] {
    std::lock_guard lock(mutex_);
    return queue_.empty();
  };
  while (!idle() && !context.stop.stop_requested() && parts_.clock.steady() < context.deadline)
    idle_.wait_until(context.deadline, context.stop);
}

Duration EventRecorder::step(std::stop_token const& stop) {
  for (;;) {
    Recorded next;
    {
      std::lock_guard lock(mutex_);
      if (dropped_ > 0 && (queue_.empty() || parts_.clock.steady() - dropped_since_ >= kDropsAreTold)) {
        parts_.log.warning("events were dropped: too many at once", {{"events", dropped_}});
        dropped_ = 0;
      }
      if (queue_.empty()) return kRest;
      next = queue_.front();
    }
    forget_old(next.at);
    Series& series = series_[series_key(next.about, next.event)];
    if (failures_ == 0) {
      if (series.written > 0) ++series.count;
      series.last = next.at;
    }
    Result<Done> const written =
        write(next, series, {.stop = stop, .deadline = parts_.clock.steady() + kDeadline});
    if (!written && written.error().kind != ErrorKind::NotFound &&
        written.error().kind != ErrorKind::Forbidden && written.error().kind != ErrorKind::Invalid &&
        ++failures_ < kMostTries)
      return stop.stop_requested()
                 ? Duration{0}
                 : written.error().retry_after.value_or(std::chrono::seconds(1) * failures_);
    if (!written) {
      tell_unwritten(next.event, written.error());
      if (series.written == 0) series_.erase(series_key(next.about, next.event));
    }
    failures_ = 0;
    {
      std::lock_guard lock(mutex_);
      queue_.pop_front();
      if (!queue_.empty()) continue;
    }
    idle_.notify();
  }
}

/// A namespace that is being deleted takes none: its log line is all that tells of it.
void EventRecorder::tell_unwritten(Event const& event, Error const& error) const {
  std::vector<LogField> fields{
      {"object", to_string(event.about)}, {"reason", event.reason}, {"message", event.message}};
  if (error.reason == kNamespaceTerminating) {
    char const* const words = "an event of a namespace that is being deleted";
    return event.warning ? parts_.log.warning(words, fields) : parts_.log.info(words, fields);
  }
  fields.push_back({"error", error.message});
  parts_.log.warning("an event could not be written", fields);
}

Result<Done> EventRecorder::write(Recorded const& recorded, Series& series, Context const& context) {
  if (series.written == 0) return create(recorded, series, context);
  Json patch;
  patch["series"] = Json::object({{"count", series.count}, {"lastObservedTime", micro_time(series.last)}});
  Result<Json> const answer =
      parts_.api.merge_patch(object_path(kEvents, series.ns, series.name), patch, context);
  if (!answer && answer.error().kind == ErrorKind::NotFound) {  // it expired meanwhile
    series = {.last = recorded.at};
    return create(recorded, series, context);
  }
  if (!answer) return answer.error();
  series.written = series.count;
  return Done{};
}

Result<Done> EventRecorder::create(Recorded const& recorded, Series& series, Context const& context) {
  if (series.name.empty()) {  // kept over tries, so that one whose answer is lost is not made twice
    series.ns = recorded.about.key.ns;
    series.name =
        recorded.about.key.name.substr(0, 200) + "." + hex(sha256(uuid4(parts_.random))).substr(0, 16);
    series.first = recorded.at;
  }
  std::string const at = micro_time(series.first);
  Json body =
      Json::object({{"apiVersion", api_version(kEvents)},
                    {"kind", "Event"},
                    {"metadata", Json::object({{"namespace", series.ns}, {"name", series.name}})},
                    {"eventTime", at},
                    {"type", recorded.event.warning ? "Warning" : "Normal"},
                    {"reason", recorded.event.reason},
                    {"note", recorded.event.message},
                    {"action", "Reconcile"},
                    {"reportingController", kController},
                    {"reportingInstance", parts_.instance},
                    {"regarding", Json::object({{"apiVersion", recorded.about.api_version},
                                                {"kind", recorded.about.key.kind},
                                                {"namespace", recorded.about.key.ns},
                                                {"name", recorded.about.key.name},
                                                {"uid", recorded.about.uid},
                                                {"resourceVersion", recorded.about.resource_version}})}});
  Result<Json> const answer = parts_.api.post(collection_path(kEvents, series.ns), body, context);
  if (!answer && answer.error().reason != "AlreadyExists") return answer.error();
  series.written = series.count;
  return Done{};
}

void EventRecorder::forget_old(WallTime now) {
  std::erase_if(series_, [&](auto const& entry) {
    return entry.second.written > 0 && now - entry.second.last > kSeriesLasts;
  });
}

}  // namespace trainyard::kube
