// Schedules of a workspace: kept and shown, never due. Source: contract.jsonl; sheet 3, section 10.
#include <map>

#include "controller/base/time_text.hpp"
#include "tests/azsim/arm.hpp"
#include "tests/azsim/jobs_automl.hpp"
#include "tests/azsim/jobs_body.hpp"

namespace trainyard::azsim {
namespace {

constexpr std::size_t kPage = 100;
constexpr std::string_view kFamily = "mfeOperationsStatus";

struct Schedule {
  std::string name;
  Json properties;
  WallTime created{}, modified{};
  std::optional<WallTime> ready, gone;  // being made, being deleted until then
};

Json shown_trigger(Json const& sent) {
  Json trigger = Json::object({{"endTime", nullptr}, {"startTime", nullptr}, {"timeZone", "UTC"}});
  trigger = overlaid(std::move(trigger), sent);
  Json const& schedule = sent.at("schedule");
  if (sent.text("triggerType") == "Recurrence")
    trigger["schedule"] = overlaid(Json::object({{"hours", Json::array()},
                                                 {"minutes", Json::array()},
                                                 {"weekDays", nullptr},
                                                 {"monthDays", nullptr}}),
                                   schedule);
  return trigger;
}

Json shown_action(Json const& sent) {
  Json action = sent;
  if (sent.find("jobDefinition") != nullptr)
    action["jobDefinition"] = job_definition(sent.at("jobDefinition"));
  return action;
}

Json kept_properties(Json const& sent) {
  return overlaid(Json::object({{"description", nullptr},
                                {"tags", Json::object()},
                                {"properties", Json::object()},
                                {"displayName", nullptr},
                                {"isEnabled", true},
                                {"trigger", shown_trigger(sent.at("trigger"))},
                                {"action", shown_action(sent.at("action"))}}),
                  Json::object({{"description", sent.at("description")},
                                {"tags", sent.at("tags")},
                                {"properties", sent.at("properties")},
                                {"displayName", sent.at("displayName")},
                                {"isEnabled", sent.at("isEnabled")}}));
}

class ScheduleService final : public Service {
 public:
  explicit ScheduleService(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    std::string const all = std::string(kWorkspacePattern) + "/schedules", one = all + "/{name}";
    auto const add = [&](char const* act, char const* method, std::string const& pattern,
                         HttpResponse (ScheduleService::*serve)(Call const&)) {
      operations.push_back({.name = std::string("schedules.") + act,
                            .method = method,
                            .pattern = pattern,
                            .handler = [this, serve](Call const& call) { return (this->*serve)(call); }});
    };
    add("list", "GET", all, &ScheduleService::list);
    add("get", "GET", one, &ScheduleService::get);
    add("put", "PUT", one, &ScheduleService::put);
    add("delete", "DELETE", one, &ScheduleService::remove);
  }

  void tick(WallTime now) override {
    std::erase_if(schedules_, [&](auto const& item) { return item.second.gone && *item.second.gone <= now; });
  }

  [[nodiscard]] Json snapshot() const override {
    auto const time = [](std::optional<WallTime> const& at) { return at ? Json(to_rfc3339(*at)) : Json(); };
    Json saved = Json::object();
    for (auto const& [where, schedule] : schedules_)
      saved[where] = Json::object({{"name", schedule.name},
                                   {"properties", schedule.properties},
                                   {"created", to_rfc3339(schedule.created)},
                                   {"modified", to_rfc3339(schedule.modified)},
                                   {"ready", time(schedule.ready)},
                                   {"gone", time(schedule.gone)}});
    return saved;
  }
  Result<Done> restore(Json const& state) override {
    auto const time = [](Json const& value) {
      Result<WallTime> const at = parse_rfc3339(value.string_or(""));
      return at ? std::optional(*at) : std::nullopt;
    };
    schedules_.clear();
    for (auto const& [where, saved] : state.members())
      schedules_[where] = {.name = saved.text("name"),
                           .properties = saved.at("properties"),
                           .created = time(saved.at("created")).value_or(WallTime{}),
                           .modified = time(saved.at("modified")).value_or(WallTime{}),
                           .ready = time(saved.at("ready")),
                           .gone = time(saved.at("gone"))};
    return Done{};
  }

 private:
  static std::string key(Workspace const& workspace, std::string_view name = "") {
    return workspace.guid + "/" + lower(name);
  }
  Schedule* find(Call const& call) {
    auto const found = schedules_.find(key(shared_.workspace(call), call.name("name")));
    return found == schedules_.end() ? nullptr : &found->second;
  }

  [[nodiscard]] Json properties(Schedule const& schedule) const {
    Json shown = schedule.properties;
    bool const making = schedule.ready && *schedule.ready > shared_.now();
    shown["provisioningState"] = schedule.gone ? "Deleting" : making ? "Creating" : "Succeeded";
    return shown;
  }
  [[nodiscard]] Json show(Workspace const& workspace, Schedule const& schedule) const {
    return Json::object({{"id", workspace.id + "/schedules/" + schedule.name},
                         {"name", schedule.name},
                         {"type", std::string(kProvider) + "/workspaces/schedules"},
                         {"properties", properties(schedule)},
                         {"systemData", shared_.system_data(schedule.created, schedule.modified)}});
  }

  HttpResponse list(Call const& call) {
    Workspace const& workspace = shared_.workspace(call);
    std::string const view = call.url.parameter("listViewType").value_or("EnabledOnly");
    Json::Array items;
    std::string const prefix = key(workspace);
    for (auto at = schedules_.lower_bound(prefix); at != schedules_.end() && at->first.starts_with(prefix);
         ++at) {
      bool const enabled = at->second.properties.at("isEnabled").bool_or(true);
      if (same_name(view, "All") || enabled == same_name(view, "EnabledOnly"))
        items.push_back(show(workspace, at->second));
    }
    return json_reply(200, page(shared_, call, items, kPage));
  }

  HttpResponse get(Call const& call) {
    Schedule const* const schedule = find(call);
    if (schedule != nullptr) return json_reply(200, show(shared_.workspace(call), *schedule));
    return ml_error(shared_, call,
                    {.status = 404,
                     .message = "Resource Trigger " + call.name("name") + " not found",
                     .inner = {"NotFound", "ResourceNotFound"}});
  }

  HttpResponse put(Call const& call) {
    Json const& sent = call.body.at("properties");
    if (!sent.is_object() || sent.text({"trigger", "triggerType"}).empty() ||
        sent.text({"action", "actionType"}).empty())
      return ml_error(shared_, call,
                      {.status = 400,
                       .message = "The Trigger and Action fields are required.",
                       .inner = {"BadArgument"}});
    Workspace const& workspace = shared_.workspace(call);
    Schedule* known = find(call);
    Schedule schedule{.name = known == nullptr ? call.name("name") : known->name,
                      .properties = kept_properties(sent),
                      .created = known == nullptr ? call.now : known->created,
                      .modified = call.now,
                      .ready = call.now + shared_.options.del,
                      .gone = {}};
    HttpResponse reply = json_reply(201, Json::object({{"properties", properties(schedule)}}));
    begin(reply, call, "Creating", *schedule.ready, call.failure);
    reply.headers.emplace_back("Location",
                               shared_.options.base_url + call.url.path + "?api-version=" + call.api_version);
    if (call.failure.is_null())
      schedules_.insert_or_assign(key(workspace, schedule.name), std::move(schedule));
    return reply;
  }

  HttpResponse remove(Call const& call) {
    Schedule* const schedule = find(call);
    if (schedule == nullptr) return empty_reply(204);
    WallTime const ends = call.now + shared_.options.del;
    Json failure = call.failure;
    if (schedule->properties.at("isEnabled").bool_or(true))
      failure = Json::object({{"code", "UserError"},
                              {"message", "Cannot delete an active trigger " + schedule->name},
                              {"details", Json::array()},
                              {"additionalInfo", Json::array()}});
    if (failure.is_null()) schedule->gone = ends;
    HttpResponse reply = json_reply(202, Json());
    std::string const id = begin(reply, call, "Deleting", ends, std::move(failure));
    reply.headers.emplace_back("Location", address("mfeOperationResults", id, call));
    return reply;
  }

  /// Of both addresses: s:WORKSPACE:SCHEDULE:GUID.
  std::string begin(HttpResponse& reply, Call const& call, std::string_view meanwhile, WallTime ends,
                    Json failure) {
    std::string const id =
        "s:" + shared_.workspace(call).guid + ":" + call.name("name") + ":" + shared_.guid();
    shared_.operations.begin({.family = std::string(kFamily),
                              .id = id,
                              .target = "",
                              .ends = ends,
                              .error = std::move(failure),
                              .meanwhile = std::string(meanwhile),
                              .began = call.now});
    reply.headers.emplace_back("Azure-AsyncOperation", address(kFamily, id, call));
    reply.headers.emplace_back("x-ms-async-operation-timeout", "PT30M");
    return id;
  }
  [[nodiscard]] std::string address(std::string_view family, std::string const& id, Call const& call) const {
    return shared_.options.base_url + "/subscriptions/" + shared_.options.subscription + "/providers/" +
           std::string(kProvider) + "/locations/" + shared_.workspace(call).location + "/" +
           std::string(family) + "/" + id + "?api-version=" + call.api_version;
  }

  Shared& shared_;
  std::map<std::string, Schedule> schedules_;  // by workspace's guid and name
};

}  // namespace

std::unique_ptr<Service> make_schedules(Shared& shared) { return std::make_unique<ScheduleService>(shared); }

}  // namespace trainyard::azsim
