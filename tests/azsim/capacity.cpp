// What a region offers: sizes of machines, and how much of each family the subscription may use and does.
// Source: OpenAPI 2023-10-01; names of pools as quota errors and recordings of Batch AI have them.
#include <array>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {
namespace {

struct Size {
  std::string_view name, family;
  int cores, gpus;
  double memory;  // GB
  bool instance;  // a compute instance may have it too
};
constexpr std::array<Size, 7> kSizes{{{"Standard_DS2_v2", "standardDSv2Family", 2, 0, 7, true},
                                      {"Standard_DS3_v2", "standardDSv2Family", 4, 0, 14, true},
                                      {"Standard_D2_v2", "standardDv2Family", 2, 0, 7, true},
                                      {"Standard_NC6", "standardNCFamily", 6, 1, 56, true},
                                      {"Standard_NC6s_v3", "standardNCSv3Family", 6, 1, 112, true},
                                      {"Standard_ND6s", "standardNDSFamily", 6, 1, 112, false},
                                      {"Standard_NV6", "standardNVFamily", 6, 1, 56, false}}};

struct Pool {
  std::string_view name, type;
  int limit;
  std::string_view family;  // of kSizes; "" for the pools of a whole region
};
constexpr std::array<Pool, 8> kPools{
    {{"Clusters", "totalCores", 200, ""},
     {"Total Cluster Dedicated Regional vCPUs", "dedicatedCores", 100, ""},
     {"Standard DSv2 Family Cluster Dedicated vCPUs", "vmFamily", 100, "standardDSv2Family"},
     {"Standard Dv2 Family Cluster Dedicated vCPUs", "vmFamily", 100, "standardDv2Family"},
     {"Standard NC Family Cluster Dedicated vCPUs", "vmFamily", 48, "standardNCFamily"},
     {"Standard NCSv3 Family Cluster Dedicated vCPUs", "vmFamily", 24, "standardNCSv3Family"},
     {"Standard NDS Family Cluster Dedicated vCPUs", "vmFamily", 0, "standardNDSFamily"},
     {"Standard NV Family Cluster Dedicated vCPUs", "vmFamily", 24, "standardNVFamily"}}};

class Capacity final : public Service {
 public:
  explicit Capacity(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    auto const serve = [&](std::string name, std::string method, std::string_view below,
                           HttpResponse (Capacity::*handler)(Call const&) const) {
      operations.push_back({.name = std::move(name),
                            .method = std::move(method),
                            .pattern = std::string(kLocationPattern).append(below),
                            .handler = [this, handler](Call const& call) { return (this->*handler)(call); }});
    };
    serve("capacity.vmSizes", "GET", "/vmSizes", &Capacity::sizes);
    serve("capacity.usages", "GET", "/usages", &Capacity::usages);
    serve("capacity.quotas", "GET", "/quotas", &Capacity::quotas);
    serve("capacity.updateQuotas", "POST", "/updateQuotas", &Capacity::update_quotas);
  }
  [[nodiscard]] Json snapshot() const override { return {}; }
  Result<Done> restore(Json const&) override { return Done{}; }

 private:
  HttpResponse sizes(Call const&) const {
    Json values = Json::array();
    for (Size const& size : kSizes) {
      Json types = Json::array({"AmlCompute"});
      if (size.instance) types.push_back("ComputeInstance");
      values.push_back(Json::object({{"name", size.name},
                                     {"family", size.family},
                                     {"vCPUs", size.cores},
                                     {"gpus", size.gpus},
                                     {"osVhdSizeMB", 1047552},
                                     {"maxResourceVolumeMB", 14336},
                                     {"memoryGB", size.memory},
                                     {"lowPriorityCapable", true},
                                     {"premiumIO", size.name.find("S") != std::string_view::npos},
                                     {"supportedComputeTypes", std::move(types)}}));
    }
    return json_reply(200, Json::object({{"value", std::move(values)}}));
  }

  [[nodiscard]] Json row(Call const& call, Pool const& pool, std::string_view kind) const {
    std::string id = "/subscriptions/" + shared_.options.subscription + "/providers/" +
                     std::string(kProvider) + "/locations/" + call.name("loc") + "/" + std::string(kind);
    if (!pool.family.empty()) id.append("/").append(pool.family);
    return Json::object(
        {{"id", id},
         {"type", std::string(kProvider).append("/").append(pool.type).append("/").append(kind)},
         {"limit", pool.limit},
         {"unit", "Count"},
         {"name", Json::object({{"value", pool.name}, {"localizedValue", pool.name}})}});
  }

  HttpResponse usages(Call const& call) const {
    Json::Array values;
    for (Pool const& pool : kPools) {
      Json one = row(call, pool, "usages");
      one["currentValue"] = used(call.name("loc"), pool);
      values.push_back(std::move(one));
    }
    return json_reply(200, page(shared_, call, values, values.size()));
  }

  HttpResponse quotas(Call const& call) const {
    Json::Array values;
    for (Pool const& pool : kPools)
      if (!pool.family.empty()) values.push_back(row(call, pool, "quotas"));
    return json_reply(200, page(shared_, call, values, values.size()));
  }

  /// Limits are the service's to give: each row is told that the subscription's does not allow it.
  HttpResponse update_quotas(Call const& call) const {
    Json rows = Json::array();
    for (Json const& asked : call.body.at("value").items()) {
      Json one = asked;
      one["status"] = "InvalidQuotaExceedsSubscriptionLimit";
      rows.push_back(std::move(one));
    }
    return json_reply(200, Json::object({{"value", std::move(rows)}}));
  }

  /// Cores that the subscription's clusters hold there now, or their number.
  [[nodiscard]] int used(std::string_view location, Pool const& pool) const {
    int sum = 0;
    for (Workspace const* workspace : shared_.workspaces->all()) {
      if (!same_name(workspace->location, location)) continue;
      for (Json const& compute : shared_.computes->all(*workspace)) {
        Json const& properties = compute.at("properties");
        if (properties.text("computeType") != "AmlCompute") continue;
        if (pool.type == "totalCores") {
          ++sum;
          continue;
        }
        int const nodes = static_cast<int>(properties.at({"properties", "currentNodeCount"}).integer_or(0));
        for (Size const& size : kSizes)
          if (same_name(size.name, properties.text({"properties", "vmSize"})) &&
              (pool.family.empty() || pool.family == size.family))
            sum += nodes * size.cores;
      }
    }
    return sum;
  }

  Shared& shared_;
};

}  // namespace

std::unique_ptr<Service> make_capacity(Shared& shared) { return std::make_unique<Capacity>(shared); }

}  // namespace trainyard::azsim
