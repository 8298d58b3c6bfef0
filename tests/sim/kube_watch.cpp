#include "tests/sim/kube_watch.hpp"

#include <utility>

#include "tests/sim/kube_wire.hpp"

namespace trainyard::sim {

namespace {
constexpr Duration kBookmarks = std::chrono::minutes(1);

std::int64_t number_of(std::optional<std::string> const& text) {
  return std::atoll(text.value_or("0").c_str());
}
}  // namespace

std::variant<KubeWatch, HttpResponse> KubeWatch::begin(KubeServer const& server, HttpRequest const& request) {
  std::optional<KubeAddress> const address = kube_address(request.url);
  if (!address || server.kind_of(address->collection).empty())
    return kube_failure(404, "NotFound", "the server could not find the requested resource");
  auto const asked = [&](char const* name) { return address->url.parameter(name); };
  bool const with_list = asked("sendInitialEvents") == "true";
  if (with_list && !server.streams_lists)
    return kube_failure(422, "Invalid",
                        "ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden");
  KubeWatch watch(server);
  watch.collection_ = address->collection;
  watch.ns_ = address->ns;
  watch.metadata_ = wants_metadata(request);
  watch.bookmarks_ = asked("allowWatchBookmarks") == "true";
  watch.began_ = server.clock().steady();
  watch.ends_ = watch.began_ + std::chrono::seconds(number_of(asked("timeoutSeconds")));
  watch.next_bookmark_ = watch.began_ + kBookmarks;
  watch.next_ = server.changes().size();
  if (with_list) {
    for (JsonPtr const& object : server.all(watch.collection_, watch.ns_))
      watch.first_.push_back(watch.line("ADDED", *object));
    Json end = watch.bookmark();
    end["metadata"]["annotations"] = Json::object({{"k8s.io/initial-events-end", "true"}});
    watch.first_.push_back(watch.line("BOOKMARK", end));
    return watch;
  }
  std::int64_t const from = number_of(asked("resourceVersion"));
  watch.expired_ = from < server.compacted();
  while (!watch.expired_ && watch.next_ > 0 && server.changes()[watch.next_ - 1].version > from)
    --watch.next_;
  return watch;
}

std::string KubeWatch::line(char const* type, Json const& object) const {
  return Json::object({{"type", type}, {"object", metadata_ ? metadata_of(object) : object}}).dump();
}

Json KubeWatch::bookmark() const {
  return Json::object(
      {{"kind", server_->kind_of(collection_)},
       {"apiVersion", collection_.substr(0, collection_.rfind('/'))},
       {"metadata", Json::object({{"resourceVersion", std::to_string(server_->version())}})}});
}

std::optional<KubeWatch::Line> KubeWatch::next() {
  SteadyTime const now = server_->clock().steady();
  if (std::exchange(expired_, false)) {
    ends_ = now;
    return Line{now, Json::object({{"type", "ERROR"},
                                   {"object", kube_status(410, "Expired", "too old resource version")}})
                         .dump()};
  }
  if (!first_.empty()) {
    Line out{began_, std::move(first_.front())};
    first_.pop_front();
    return out;
  }
  while (next_ < server_->changes().size()) {
    KubeChange const& change = server_->changes()[next_++];
    if (change.collection == collection_ && (ns_.empty() || change.ns == ns_))
      return Line{change.at, line(change.type, *change.object)};
  }
  if (!bookmarks_ || now < next_bookmark_) return std::nullopt;
  next_bookmark_ = now + kBookmarks;
  return Line{now, line("BOOKMARK", bookmark())};
}

}  // namespace trainyard::sim
