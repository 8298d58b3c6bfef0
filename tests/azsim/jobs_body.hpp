// What the service makes of a job that was sent: defaults, and how each api-version shows it.
// Source: recordings command_job, sweep_job, automl_job, spark_job; sheet 3, section 1.
#pragma once

#include <string>
#include <string_view>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

/// The path of the container of artifacts at which a job's own begin.
inline std::string artifact_prefix(std::string_view job) { return "ExperimentRun/dcid." + std::string(job); }

/// azureml://HOST/mlflow/v1.0{workspace}?
std::string tracking_uri(Shared const& shared, Workspace const& workspace);

bool is_local(Json const& sent);

/// All properties but status, of what was sent; those of api-versions to come included.
Json job_properties(Shared& shared, Workspace const& workspace, std::string const& name, Json const& sent);

/// A job that a schedule is to put: what was sent, with defaults, and nothing of a run.
Json job_definition(Json const& sent);

/// Takes away what the api-version does not have.
Json for_version(Json properties, std::string_view api_version);

/// {"Tracking":..,"Studio":..}
Json job_services(Shared const& shared, Workspace const& workspace, std::string const& name);

/// {"default": ..}, as Command and Sweep have it.
Json default_output(std::string const& name);

}  // namespace trainyard::azsim
