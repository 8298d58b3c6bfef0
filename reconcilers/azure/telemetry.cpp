#include "reconcilers/azure/telemetry.hpp"

#include <array>

namespace trainyard::azure {

namespace {

constexpr std::array<std::string_view, 3> kServices{"arm", "dataplane", "blob"};
constexpr std::array<Verb, 3> kVerbs{Verb::Read, Verb::Write, Verb::Delete};
constexpr std::array<std::string_view, 5> kClasses{"2xx", "3xx", "4xx", "5xx", "none"};

std::string_view word(Verb verb) {
  switch (verb) {
    case Verb::Read:
      return "read";
    case Verb::Write:
      return "write";
    case Verb::Delete:
      return "delete";
  }
  return {};
}

std::string_view class_of(int status) {
  if (status >= 200 && status < 600) return kClasses[static_cast<std::size_t>(status / 100 - 2)];
  return "none";
}

Counter& counter(Metrics& metrics, std::string_view service, Verb verb, std::string_view status_class) {
  return metrics.counter("trainyard_azure_requests_total",
                         "requests to Azure by service, verb and class of status (none: no answer)",
                         {{"service", std::string(service)},
                          {"verb", std::string(word(verb))},
                          {"status_class", std::string(status_class)}});
}

}  // namespace

void register_request_counters(Metrics& metrics) {
  for (std::string_view const service : kServices)
    for (Verb const verb : kVerbs)
      for (std::string_view const status_class : kClasses) counter(metrics, service, verb, status_class);
}

void show_remaining(AzureParts const& parts, std::string const& subscription, Verb verb) {
  parts.metrics
      .gauge("trainyard_azure_requests_remaining",
             "requests left in the subscription's token bucket, by verb",
             {{"subscription", subscription}, {"verb", std::string(word(verb))}})
      .set(parts.limits.remaining(subscription, verb));
}

void tell_exchange(AzureParts const& parts, std::string_view service, HttpRequest const& request,
                   Result<HttpResponse> const& response, SteadyTime began) {
  int const status = response ? response->status : 0;
  counter(parts.metrics, service, verb_of(request.method), class_of(status)).add();
  Result<Url> const url = parse_url(request.url);
  std::vector<LogField> fields{{"service", service},
                               {"method", request.method},
                               {"host", url ? url->host : ""},
                               {"path", url ? url->path : ""},
                               {"elapsed_ms", std::int64_t{(parts.clock.steady() - began).count()}}};
  if (response) {
    fields.push_back({"status", status});
    fields.push_back({"request_id", request_id_of(*response)});
  } else {
    fields.push_back({"reason", response.error().reason});
  }
  parts.log.debug("azure request", fields);
}

std::string request_id_of(HttpResponse const& response) {
  if (std::optional<std::string> id = response.header("x-ms-request-id")) return *id;
  return response.header("x-ms-correlation-request-id").value_or("");
}

}  // namespace trainyard::azure
