// MLflow's search expressions: metrics.loss < 0.5 and params.lr = '0.1' and tags.`mlflow.user` != 'x'.
// Source: MLflow, "Search Runs".
#pragma once

#include <string_view>
#include <vector>

#include "controller/base/json.hpp"
#include "tests/azsim/mlflow_store.hpp"

namespace trainyard::azsim {

/// Keeps the runs for which the filter holds. Invalid if it cannot be understood.
Result<std::vector<Run*>> filter_runs(std::vector<Run*> runs, std::string_view filter);

/// `order_by`: texts such as "metrics.loss DESC"; the newest first where they leave it open.
void order_runs(std::vector<Run*>& runs, Json const& order_by);

}  // namespace trainyard::azsim
