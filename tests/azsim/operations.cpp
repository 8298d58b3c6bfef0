// Long-running operations: the registry, and the addresses that computes and workspaces are polled at.
// Source: recordings compute, workspace, attach.
#include "controller/base/time_text.hpp"
#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {
namespace {

std::string key_of(std::string_view family, std::string_view id) {
  return lower(std::string(family) + "/" + std::string(id));
}

class Operations final : public Service {
 public:
  explicit Operations(Shared& shared) : shared_(shared) {}

  void register_operations(std::vector<Operation>& operations) override {
    for (std::string const family : {"computeOperationsStatus", "workspaceOperationsStatus"})
      operations.push_back(
          {.name = "operations." + family,
           .method = "GET",
           .pattern = std::string(kLocationPattern).append("/").append(family).append("/{id}"),
           .handler = [this, family](Call const& call) { return poll(family, call); }});
    operations.push_back({.name = "operations.mfeOperationsStatus",
                          .method = "GET",
                          .pattern = std::string(kLocationPattern) + "/mfeOperationsStatus/{id}",
                          .handler = [this](Call const& call) { return poll_timed(call); }});
  }
  [[nodiscard]] Json snapshot() const override { return shared_.operations.snapshot(); }
  Result<Done> restore(Json const& state) override { return shared_.operations.restore(state); }

 private:
  HttpResponse absent(Call const& call) {
    return ml_error(shared_, call,
                    {.status = 404,
                     .code = "NotFound",
                     .message = "The operation " + call.name("id") + " was not found.",
                     .inner = {"NotFoundError"}});
  }

  /// Tells its times, and an id that is the other address of the same operation.
  HttpResponse poll_timed(Call const& call) {
    LongOperation const* operation = shared_.operations.find("mfeOperationsStatus", call.name("id"));
    if (operation == nullptr) return absent(call);
    std::string const path = call.url.path;
    std::size_t const family = path.find("mfeOperationsStatus");
    bool const over = LongOperations::over(*operation, call.now);
    Json body = Json::object({{"id", path.substr(0, family) + "mfeOperationResults/" + operation->id},
                              {"name", operation->id},
                              {"status", !over                        ? operation->meanwhile
                                         : operation->error.is_null() ? "Succeeded"
                                                                      : "Failed"},
                              {"startTime", seven_digits(operation->began.value_or(call.now))}});
    if (over) body["endTime"] = seven_digits(*operation->ends);
    if (over && operation->error.is_null()) body["percentComplete"] = 100.0;
    if (over && !operation->error.is_null()) body["error"] = operation->error;
    return json_reply(200, body);
  }

  HttpResponse poll(std::string const& family, Call const& call) {
    LongOperation const* operation = shared_.operations.find(family, call.name("id"));
    if (operation == nullptr) return absent(call);
    bool const over = LongOperations::over(*operation, call.now);
    if (call.url.parameter("type") == "location") return result(*operation, over, call);
    Json body = Json::object({{"status", "InProgress"}});
    if (over && operation->error.is_null())
      body = Json::object({{"status", "Succeeded"}, {"percentComplete", 100.0}});
    else if (over)
      body = Json::object({{"status", "Failed"}, {"error", operation->error}});
    return json_reply(200, body);
  }

  HttpResponse result(LongOperation const& operation, bool over, Call const& call) {
    if (!over) {
      HttpResponse reply = empty_reply(202);
      std::string const version = "api-version=" + call.api_version;
      reply.headers = {{"Azure-AsyncOperation",
                        shared_.operation_address(operation.family, operation.id, version + "&type=async")},
                       {"Location", shared_.operation_address(operation.family, operation.id,
                                                              version + "&type=location")}};
      return reply;
    }
    Json const shown = operation.target.empty() ? Json() : shared_.workspaces->show(operation.target);
    return shown.is_null() ? empty_reply(200) : json_reply(200, shown);
  }

  Shared& shared_;
};

}  // namespace

void LongOperations::begin(LongOperation operation) {
  std::string const key = key_of(operation.family, operation.id);
  by_address_.insert_or_assign(key, std::move(operation));
}

void LongOperations::end(std::string_view family, std::string_view id, WallTime now, Json error) {
  auto const found = by_address_.find(key_of(family, id));
  if (found == by_address_.end() || over(found->second, now)) return;
  found->second.ends = now;
  found->second.error = std::move(error);
}

LongOperation const* LongOperations::find(std::string_view family, std::string_view id) const {
  auto const found = by_address_.find(key_of(family, id));
  return found == by_address_.end() ? nullptr : &found->second;
}

Json LongOperations::snapshot() const {
  Json all = Json::array();
  for (auto const& [key, operation] : by_address_)
    all.push_back(Json::object({{"family", operation.family},
                                {"id", operation.id},
                                {"target", operation.target},
                                {"ends", operation.ends ? Json(to_rfc3339(*operation.ends)) : Json()},
                                {"error", operation.error},
                                {"meanwhile", operation.meanwhile},
                                {"began", operation.began ? Json(to_rfc3339(*operation.began)) : Json()}}));
  return all;
}

Result<Done> LongOperations::restore(Json const& state) {
  by_address_.clear();
  for (Json const& item : state.items()) {
    LongOperation operation{.family = item.text("family"),
                            .id = item.text("id"),
                            .target = item.text("target"),
                            .ends = std::nullopt,
                            .error = item.at("error"),
                            .meanwhile = item.text("meanwhile")};
    if (Result<WallTime> const began = parse_rfc3339(item.text("began"))) operation.began = *began;
    if (item.at("ends").is_string()) {
      Result<WallTime> const ends = parse_rfc3339(item.text("ends"));
      if (!ends) return ends.error();
      operation.ends = *ends;
    }
    begin(std::move(operation));
  }
  return Done{};
}

std::unique_ptr<Service> make_operations(Shared& shared) { return std::make_unique<Operations>(shared); }

}  // namespace trainyard::azsim
