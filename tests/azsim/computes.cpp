// Computes of a workspace: clusters, instances, and what is attached. Source: recordings compute and attach;
// OpenAPI 2023-10-01; reports of users for what was not recorded.
#include <deque>
#include <map>
#include <utility>

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "tests/azsim/compute_record.hpp"
#include "tests/azsim/identity.hpp"

namespace trainyard::azsim {
namespace {

using Record = ComputeRecord;
constexpr std::string_view kFamily = "computeOperationsStatus";
constexpr std::size_t kPage = 100;
/// A create that cannot succeed is over sooner. Source: recordings, 6 s where a good one took 22.
constexpr int kFailsSoonerBy = 4;

/// Where a job has its nodes.
struct Place {
  std::string workspace_guid, compute;
};

class ComputeService final : public Computes {
 public:
  explicit ComputeService(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    auto const serve = [&](std::string name, std::string method, std::string pattern,
                           HttpResponse (ComputeService::*handler)(Call const&)) {
      operations.push_back({.name = std::move(name),
                            .method = std::move(method),
                            .pattern = std::string(kWorkspacePattern) + std::move(pattern),
                            .handler = [this, handler](Call const& call) { return (this->*handler)(call); }});
    };
    serve("computes.list", "GET", "/computes", &ComputeService::list);
    serve("computes.get", "GET", "/computes/{name}", &ComputeService::get);
    serve("computes.put", "PUT", "/computes/{name}", &ComputeService::put);
    serve("computes.patch", "PATCH", "/computes/{name}", &ComputeService::patch);
    serve("computes.delete", "DELETE", "/computes/{name}", &ComputeService::remove);
    serve("computes.listNodes", "POST", "/computes/{name}/listNodes", &ComputeService::list_nodes);
    serve("computes.listKeys", "POST", "/computes/{name}/listKeys", &ComputeService::list_keys);
    serve("computes.start", "POST", "/computes/{name}/start", &ComputeService::start);
    serve("computes.stop", "POST", "/computes/{name}/stop", &ComputeService::stop);
    serve("computes.restart", "POST", "/computes/{name}/restart", &ComputeService::restart);
  }

  void tick(WallTime now) override {
    std::erase_if(records_, [&](auto const& of_workspace) {
      return shared_.workspaces->find_by_guid(of_workspace.first) == nullptr;
    });
    for (auto& [guid, records] : records_) {
      std::erase_if(records, [&](auto const& item) {
        Record const& record = item.second;
        return record.state == Record::State::Deleting && !record.survives && *record.until <= now;
      });
      for (auto& [key, record] : records) settle(record, now);
    }
  }

  [[nodiscard]] State state(Workspace const& workspace, std::string_view name) const override {
    Record const* record = find(workspace.guid, name);
    if (record == nullptr) return State::Absent;
    switch (record->state) {
      case Record::State::Creating:
        return record->was_ready ? State::Usable : State::Creating;
      case Record::State::Succeeded:
        return State::Usable;
      case Record::State::Failed:
        return State::Failed;
      case Record::State::Deleting:
        break;
    }
    return State::Deleting;
  }

  [[nodiscard]] Json show(Workspace const& workspace, std::string_view name) const override {
    Record const* record = find(workspace.guid, name);
    return record == nullptr ? Json() : show_compute(shared_, workspace, *record);
  }

  [[nodiscard]] Json::Array all(Workspace const& workspace) const override {
    Json::Array items;
    if (auto const found = records_.find(workspace.guid); found != records_.end())
      for (auto const& [key, record] : found->second)
        items.push_back(show_compute(shared_, workspace, record));
    return items;
  }

  void request_nodes(Workspace const& workspace, std::string_view name, std::string const& job,
                     int nodes) override {
    Record* record = find(workspace.guid, name);
    if (record == nullptr || places_.contains(job)) return;
    places_.emplace(job, Place{workspace.guid, record->name});
    if (record->cluster)
      record->cluster->request(job, nodes);
    else
      record->jobs.insert(job);
  }

  [[nodiscard]] bool granted(std::string const& job) const override {
    auto const place = places_.find(job);
    if (place == places_.end()) return false;
    Record const* record = find(place->second.workspace_guid, place->second.compute);
    if (record == nullptr) return false;
    return record->cluster ? record->cluster->granted(job) : record->state == Record::State::Succeeded;
  }

  void release_nodes(std::string const& job) override {
    auto const place = places_.find(job);
    if (place == places_.end()) return;
    if (Record* record = find(place->second.workspace_guid, place->second.compute)) {
      record->jobs.erase(job);
      if (record->cluster) record->cluster->release(job, shared_.now());
    }
    places_.erase(place);
  }

  void fail_next(std::string const& code, std::string const& message) override {
    failures_.push_back(Json::object({{"code", code}, {"message", message}}));
  }

  [[nodiscard]] Json snapshot() const override {
    Json all = Json::object();
    for (auto const& [guid, records] : records_) {
      Json items = Json::array();
      for (auto const& [key, record] : records) items.push_back(snapshot_of(record));
      all[guid] = std::move(items);
    }
    return all;
  }
  Result<Done> restore(Json const& state) override {
    records_.clear();
    places_.clear();
    for (auto const& [guid, items] : state.members())
      for (Json const& item : items.items()) {
        Result<Record> record = restore_compute(item, shared_.options.resize);
        if (!record) return record.error();
        for (std::string const& job : record->jobs) places_.emplace(job, Place{guid, record->name});
        if (record->cluster)
          for (std::string const& job : record->cluster->jobs())
            places_.emplace(job, Place{guid, record->name});
        records_[guid].insert_or_assign(lower(record->name), std::move(*record));
      }
    return Done{};
  }

 private:
  [[nodiscard]] Record const* find(std::string_view guid, std::string_view name) const {
    auto const of_workspace = records_.find(std::string(guid));
    if (of_workspace == records_.end()) return nullptr;
    auto const found = of_workspace->second.find(lower(name));
    return found == of_workspace->second.end() ? nullptr : &found->second;
  }
  [[nodiscard]] Record* find(std::string_view guid, std::string_view name) {
    return const_cast<Record*>(std::as_const(*this).find(guid, name));
  }
  [[nodiscard]] Record* record_of(Call const& call) {
    return find(shared_.workspace(call).guid, call.name("name"));
  }

  static void settle(Record& record, WallTime now) {
    bool const survived = record.state == Record::State::Deleting && record.survives;
    if ((record.state == Record::State::Creating || survived) && *record.until <= now) {
      record.survives = false;
      WallTime const at = *std::exchange(record.until, std::nullopt);
      record.modified = at;
      record.state = record.error.is_null() ? Record::State::Succeeded : Record::State::Failed;
      record.was_ready = record.was_ready || record.error.is_null();
    }
    if (record.power_until && *record.power_until <= now) {
      record.modified = *std::exchange(record.power_until, std::nullopt);
      record.power = record.power == "Stopping" ? "Stopped" : "Running";
    }
    if (record.cluster && record.was_ready) record.cluster->advance(now);
  }

  HttpResponse bad(Call const& call, std::string message, std::string code = "UserError") {
    return ml_error(shared_, call,
                    {.status = 400,
                     .code = std::move(code),
                     .message = std::move(message),
                     .inner = {"BadArgument"},
                     .component = "computeinstance-rp"});
  }

  HttpResponse absent(Call const& call) {
    return ml_error(shared_, call,
                    {.status = 404,
                     .code = "NotFound",
                     .message = "Compute with name " + call.name("name") + " was not found.",
                     .inner = {"NotFoundError"}});
  }

  HttpResponse conflict(Call const& call, Record const& record) {
    return ml_error(shared_, call,
                    {.status = 409,
                     .code = "Conflict",
                     .message = "The compute " + record.name + " is being deleted.",
                     .inner = {"ConflictError"}});
  }

  HttpResponse list(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::optional<std::string> const type = call.url.parameter("computeType");
    Json::Array items = all(workspace);
    if (type)
      std::erase_if(items, [&](Json const& item) {
        return !same_name(*type, item.text({"properties", "computeType"}));
      });
    return json_reply(200, page(shared_, call, items, kPage));
  }

  HttpResponse get(Call const& call) {
    Record const* record = record_of(call);
    if (record == nullptr) return empty_reply(404);  // recorded so: without a body
    return json_reply(200, show_compute(shared_, shared_.workspace(call), *record));
  }

  HttpResponse put(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    if (std::optional<std::string> const wrong = wrong_compute(call.name("name"), call.body))
      return bad(call, *wrong);
    Record* record = record_of(call);
    if (record == nullptr) return create(call, workspace);
    if (record->state == Record::State::Deleting) return conflict(call, *record);
    if (record->state == Record::State::Failed)
      return bad(call,
                 "The compute " + record->name + " is in a failed state. Delete it before using its name.");
    if (!same_name(record->type, call.body.text({"properties", "computeType"})))
      return bad(call, "The compute " + record->name + " exists already as " + record->type + ".");
    return update(call, workspace, *record);
  }

  HttpResponse create(Call const& call, Workspace const& workspace) {
    Json const& properties = call.body.at("properties");
    Record record{
        .name = call.name("name"),
        .type = properties.text("computeType"),
        .location = call.body.text("location").empty() ? workspace.location : call.body.text("location"),
        .tags = call.body.at("tags"),
        .identity = {},
        .description = properties.at("description"),
        .resource_id = properties.at("resourceId"),
        .disable_local_auth = properties.at("disableLocalAuth").bool_or(false),
        .inner = properties.at("properties"),
        .created = call.now,
        .modified = call.now,
        .error = {}};
    set_identity(record, call.body.at("identity"));
    bool const machines = record.type == "AmlCompute" || record.type == "ComputeInstance";
    Duration takes = machines ? shared_.options.provision : shared_.options.del;
    record.error = call.failure;
    if (machines && record.error.is_null()) record.error = failure_of(record);
    if (!record.error.is_null()) takes /= kFailsSoonerBy;
    record.until = call.now + takes;
    if (record.type == "AmlCompute")
      record.cluster = Cluster(scale_settings(record.inner), shared_.options.resize, *record.until);
    Record& kept =
        records_[workspace.guid].insert_or_assign(lower(record.name), std::move(record)).first->second;
    HttpResponse reply = json_reply(201, show_compute(shared_, workspace, kept));
    add_operation(reply, call, *kept.until, kept.error);
    return reply;
  }

  /// What its creation will fail with; null if it will not.
  Json failure_of(Record const& record) {
    if (!failures_.empty()) {
      Json failure = std::move(failures_.front());
      failures_.pop_front();
      return failure;
    }
    std::string const size = record.inner.text("vmSize");
    if (known_vm_size(size)) return {};
    return Json::object(
        {{"code", "InvalidPropertyValue"},
         {"message", "The specified value " + size +
                         " for property Cluster.Properties.VMSize is not a supported VM size. See additional "
                         "details for supported VM sizes."}});
  }

  void set_identity(Record& record, Json const& given) {
    if (!given.is_object()) return;
    record.identity = completed_identity(shared_, given, record.identity);
    if (record.identity.at("principalId").is_null()) record.identity.erase("principalId");
  }

  HttpResponse update(Call const& call, Workspace const& workspace, Record& record) {
    Json const& properties = call.body.at("properties");
    Json const& inner = properties.at("properties");
    Record changed = record;
    changed.tags = call.body.at("tags");
    if (changed.tags.is_null()) changed.tags = Json::object();
    set_identity(changed, call.body.at("identity"));
    if (properties.find("description") != nullptr) changed.description = properties.at("description");
    if (changed.cluster) {
      changed.inner["scaleSettings"] = inner.at("scaleSettings");
      changed.cluster->set_scale(scale_settings(changed.inner));
    }
    begin_change(changed, call);
    // The answer gives back what was sent, though only the scale of a cluster changes; and for once it names
    // the cluster underneath.
    Record answered = changed;
    answered.inner = inner.is_object() ? inner : record.inner;
    if (changed.cluster)
      answered.resource_id = "/subscriptions/" + shared_.options.subscription + "/resourceGroups/" +
                             workspace.group + "/providers/Microsoft.BatchAI/workspaces/" + workspace.name +
                             "/clusters/" + record.name;
    if (call.failure.is_null())
      record = std::move(changed);
    else
      begin_change(record, call);
    HttpResponse reply = json_reply(201, show_compute(shared_, workspace, answered));
    add_operation(reply, call, *record.until, call.failure);
    return reply;
  }
  void begin_change(Record& record, Call const& call) const {
    record.modified = call.now;
    record.state = Record::State::Creating;
    record.until = call.now + shared_.options.del / 3;
  }

  HttpResponse patch(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    Record* record = record_of(call);
    if (record == nullptr) return absent(call);
    if (record->state == Record::State::Deleting) return conflict(call, *record);
    Json const& scale = call.body.at({"properties", "properties", "scaleSettings"});
    if (!record->cluster || !scale.is_object())
      return bad(call, "Only the scaleSettings of an AmlCompute can be changed.");
    Json const before = record->inner.at("scaleSettings");
    for (auto const& [name, value] : scale.members()) record->inner["scaleSettings"][name] = value;
    bool const changed = !(before == record->inner.at("scaleSettings"));
    if (changed) {
      record->cluster->set_scale(scale_settings(record->inner));
      record->modified = call.now;
    }
    HttpResponse reply = json_reply(200, show_compute(shared_, workspace, *record));
    if (changed) add_operation(reply, call, call.now, {});
    return reply;
  }

  HttpResponse remove(Call const& call) {
    Record* record = record_of(call);
    if (record == nullptr) return empty_reply(204);
    if (record->state != Record::State::Deleting) {
      record->state = Record::State::Deleting;
      record->until = call.now + shared_.options.del;
      record->modified = call.now;
      record->survives = !call.failure.is_null();
    }
    HttpResponse reply = empty_reply(202);
    add_operation(reply, call, *record->until, call.failure);
    return reply;
  }

  HttpResponse list_nodes(Call const& call) {
    Record const* record = record_of(call);
    if (record == nullptr) return absent(call);
    if (!record->cluster)
      return bad(call, "ComputeListNodes with computeType " + record->type + " is not supported.");
    NodeCounts const counts = record->was_ready ? record->cluster->counts(call.now) : NodeCounts();
    Json nodes = Json::array();
    auto const add = [&](std::string_view state, int count) {
      for (int i = 0; i < count; ++i) {
        int const number = static_cast<int>(nodes.items().size());
        nodes.push_back(
            Json::object({{"nodeId", "tvmps_" + hex(sha256(record->name + std::to_string(number))) + "_d"},
                          {"privateIpAddress", "10.0.0." + std::to_string(number + 4)},
                          {"publicIpAddress", nullptr},
                          {"port", 50000 + number},
                          {"nodeState", state}}));
      }
    };
    add("running", counts.running);
    add("idle", counts.idle);
    add("preparing", counts.preparing);
    add("leaving", counts.leaving);
    return json_reply(200, Json::object({{"nodes", std::move(nodes)}}));
  }

  HttpResponse list_keys(Call const& call) {
    Record const* record = record_of(call);
    if (record == nullptr) return absent(call);
    Json keys = Json::object({{"computeType", record->type}});
    if (record->type == "VirtualMachine" || record->type == "HDInsight")
      keys["administratorAccount"] = record->inner.at("administratorAccount");
    else if (record->type == "Databricks")
      keys["databricksAccessToken"] = record->inner.at("databricksAccessToken");
    else
      return bad(call, "ComputeListKeys with computeType " + record->type + " is not supported.");
    return json_reply(200, keys);
  }

  HttpResponse start(Call const& call) {
    Record const* record = record_of(call);
    if (record != nullptr && record->type == "ComputeInstance" && record->power != "Stopped")
      return bad(call,
                 "Start Azure ML Compute Instance is only allowed when the instance " + record->name +
                     " is in 'stopped' state",
                 "StartComputeInstanceOnlyAllowedInStoppedState");
    return switch_power(call, "Start", "Starting");
  }
  HttpResponse stop(Call const& call) { return switch_power(call, "Stop", "Stopping"); }
  HttpResponse restart(Call const& call) { return switch_power(call, "Restart", "Restarting"); }

  HttpResponse switch_power(Call const& call, std::string const& operation, std::string const& meanwhile) {
    Record* record = record_of(call);
    if (record == nullptr) return absent(call);
    if (record->type != "ComputeInstance")
      return bad(call, operation + " with computeType " + record->type + " is not supported.");
    if (record->state == Record::State::Deleting) return conflict(call, *record);
    WallTime const ends = call.now + shared_.options.resize;
    if (call.failure.is_null()) {
      record->power = meanwhile;
      record->last_operation = operation;
      record->modified = call.now;
      record->power_until = ends;
    }
    HttpResponse reply = empty_reply(202);
    add_operation(reply, call, ends, call.failure);
    return reply;
  }

  void add_operation(HttpResponse& reply, Call const& call, WallTime ends, Json error) {
    std::string const id = shared_.guid();
    if (!error.is_null()) error["details"] = Json::array();
    shared_.operations.begin(
        {.family = std::string(kFamily), .id = id, .target = "", .ends = ends, .error = std::move(error)});
    reply.headers.emplace_back(
        "Azure-AsyncOperation",
        shared_.operation_address(kFamily, id, "api-version=" + call.api_version + "&service=new"));
  }

  Shared& shared_;
  std::map<std::string, std::map<std::string, Record>>
      records_;                          // by the workspace's GUID, then lower-case name
  std::map<std::string, Place> places_;  // by the job's id
  std::deque<Json> failures_;            // of the next creations
};

}  // namespace

std::unique_ptr<Computes> make_computes(Shared& shared) { return std::make_unique<ComputeService>(shared); }

}  // namespace trainyard::azsim
