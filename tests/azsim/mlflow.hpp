// MLflow's REST API 2.0, as a workspace's tracking server speaks it.
// Source: MLflow, "REST API"; sheet 3, section 7.
#pragma once

#include <vector>

#include "tests/azsim/mlflow_store.hpp"

namespace trainyard::azsim {

/// An answer that says why not, in MLflow's form.
HttpResponse mlflow_error(int status, std::string_view code, std::string_view message);

/// Experiments, runs, metrics, artifacts' list. Shared and store must outlive the operations.
void add_mlflow_tracking(Shared& shared, MlflowStore& store, std::vector<Operation>& operations);
/// Registered models: the workspace's models under their other name.
void add_mlflow_registry(Shared& shared, std::vector<Operation>& operations);

/// One call of the API, at both versions of the path that clients use.
void add_mlflow_call(std::vector<Operation>& operations, std::string const& method, std::string const& call,
                     Handler const& handler);

}  // namespace trainyard::azsim
