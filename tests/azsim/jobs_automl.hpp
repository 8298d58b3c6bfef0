// An AutoML job's taskDetails with the service's defaults. Source: recordings automl_job.
#pragma once

#include "controller/base/json.hpp"

namespace trainyard::azsim {

Json automl_task(Json const& sent);

/// An input as it is given back: description, and the mode it gets when none was sent.
Json filled_input(Json const& sent);

/// The defaults overlaid with what was sent; a null that was sent changes nothing.
Json overlaid(Json defaults, Json const& sent);

}  // namespace trainyard::azsim
