// What is told of each exchange with Azure: one debug line and the counters. Neither sees a query string or a
// header.
#pragma once

#include <string>
#include <string_view>

#include "reconcilers/azure/arm.hpp"

namespace trainyard::azure {

/// Makes every label set of trainyard_azure_requests_total, so that each exists at zero.
void register_request_counters(Metrics& metrics);

/// Makes or sets trainyard_azure_requests_remaining, what is left in the subscription's bucket.
void show_remaining(AzureParts const& parts, std::string const& subscription, Verb verb);

/// `service` is arm, dataplane or blob.
void tell_exchange(AzureParts const& parts, std::string_view service, HttpRequest const& request,
                   Result<HttpResponse> const& response, SteadyTime began);

/// The service's id of that exchange, "" if it gave none.
std::string request_id_of(HttpResponse const& response);

}  // namespace trainyard::azure
