// AmlCompute: a managed cluster of an Azure ML workspace. Source: Azure ML REST, Compute - Create Or Update,
// 2023-10-01.
#pragma once

#include "reconcilers/drivers/compute_driver.hpp"

namespace trainyard::reconcilers {

extern ComputeDriver const kAmlComputeDriver;

}  // namespace trainyard::reconcilers
