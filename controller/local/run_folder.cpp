#include "controller/local/run_folder.hpp"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace trainyard::local {

namespace {

constexpr char kClaim[] = "claim.json";
constexpr char kSupervisor[] = "supervisor.json";
constexpr char kEnding[] = "result.json";
constexpr char kCancel[] = "cancel.json";

/// Field 22 of /proc/self/stat. The second, the program's name, is in parentheses and may hold anything.
std::int64_t start_of_this_process() {
  Result<std::string> const stat = read_file("/proc/self/stat");
  if (!stat) return 0;
  std::size_t at = stat->rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = stat->find(' ', at + 1);
  return at == std::string::npos ? 0 : std::strtoll(stat->c_str() + at, nullptr, 10);
}

Json pairs_to_json(std::vector<std::pair<std::string, std::string>> const& pairs) {
  Json json = Json::array();
  for (auto const& [name, value] : pairs) json.push_back(Json::object({{"name", name}, {"value", value}}));
  return json;
}

}  // namespace

Json to_json(Claim const& claim) {
  reconcilers::LocalStart const& start = claim.start;
  Json arguments = Json::array();
  for (std::string const& argument : start.arguments) arguments.push_back(argument);
  return Json::object({{"name", start.name},
                       {"owner", start.owner},
                       {"revision", start.revision},
                       {"holder", start.holder},
                       {"experiment", start.experiment},
                       {"sourceDigest", start.source_digest},
                       {"scriptFile", start.script_file},
                       {"arguments", arguments},
                       {"interpreter", start.interpreter},
                       {"variables", pairs_to_json(start.variables)},
                       {"token", claim.token},
                       {"claimedAt", claim.claimed_at}});
}

Claim claim_from(Json const& json) {
  Claim claim{.start = {.name = json.text("name"),
                        .owner = json.text("owner"),
                        .revision = json.text("revision"),
                        .holder = json.text("holder"),
                        .experiment = json.text("experiment"),
                        .source = {},
                        .source_digest = json.text("sourceDigest"),
                        .script_file = json.text("scriptFile"),
                        .arguments = {},
                        .interpreter = json.text("interpreter"),
                        .variables = {}},
              .token = json.text("token"),
              .claimed_at = json.text("claimedAt")};
  for (Json const& argument : json.at("arguments").items())
    claim.start.arguments.push_back(argument.string_or(""));
  for (Json const& variable : json.at("variables").items())
    claim.start.variables.emplace_back(variable.text("name"), variable.text("value"));
  return claim;
}

Supervisor this_process(std::string started_at) {
  Result<std::string> const read = read_file("/proc/sys/kernel/random/boot_id");
  std::string boot = read ? *read : std::string();
  if (boot.ends_with('\n')) boot.pop_back();
  return {.boot_id = std::move(boot),
          .process = ::getpid(),
          .process_started = start_of_this_process(),
          .started_at = std::move(started_at)};
}

Result<Json> RunFolder::read(char const* name) const {
  Result<std::string> const text = read_file(path_ / name);
  if (!text) return text.error();
  Result<Json> json = Json::parse(*text);
  if (json) return json;
  return Error{
      .kind = ErrorKind::Internal,
      .reason = "RunFolderDamaged",
      .message = (path_ / name).string() + " is not what was written there: " + json.error().message};
}

Result<Claim> RunFolder::read_claim() const {
  Result<Json> const json = read(kClaim);
  if (!json) return json.error();
  return claim_from(*json);
}

Result<Done> RunFolder::write_claim(Claim const& claim) const {
  return replace_file(path_ / kClaim, to_json(claim).dump_pretty(), Durable::Yes);
}

Result<Supervisor> RunFolder::read_supervisor() const {
  Result<Json> const json = read(kSupervisor);
  if (!json) return json.error();
  return Supervisor{.boot_id = json->text("bootId"),
                    .process = json->at("process").integer_or(0),
                    .process_started = json->at("processStarted").integer_or(0),
                    .started_at = json->text("startedAt")};
}

Result<Done> RunFolder::write_supervisor(Supervisor const& supervisor) const {
  Json const json = Json::object({{"bootId", supervisor.boot_id},
                                  {"process", supervisor.process},
                                  {"processStarted", supervisor.process_started},
                                  {"startedAt", supervisor.started_at}});
  return replace_file(path_ / kSupervisor, json.dump_pretty(), Durable::Yes);
}

Result<Ending> RunFolder::read_ending() const {
  Result<Json> const json = read(kEnding);
  if (!json) return json.error();
  return Ending{.exit_code = static_cast<int>(json->at("exitCode").integer_or(-1)),
                .cancel_reason = json->text("cancelReason"),
                .started_at = json->text("startedAt"),
                .ended_at = json->text("endedAt")};
}

Result<Done> RunFolder::write_ending(Ending const& ending) const {
  Json const json = Json::object({{"exitCode", ending.exit_code},
                                  {"cancelReason", ending.cancel_reason},
                                  {"startedAt", ending.started_at},
                                  {"endedAt", ending.ended_at}});
  return replace_file(path_ / kEnding, json.dump_pretty(), Durable::Yes);
}

std::string RunFolder::cancel_reason() const {
  Result<Json> const json = read(kCancel);
  return json ? json->text("reason") : std::string();
}

Result<Done> RunFolder::write_cancel_reason(std::string const& reason) const {
  Result<Done> const written = create_file(path_ / kCancel, Json::object({{"reason", reason}}).dump_pretty());
  if (!written && written.error().kind != ErrorKind::Conflict) return written.error();
  return Done{};
}

std::map<std::string, double> RunFolder::metrics() const {
  std::map<std::string, double> metrics;
  Result<std::string> const text = read_file(tracking());
  if (!text) return metrics;
  Result<Json> const json = Json::parse(*text);
  if (!json) return metrics;
  for (auto const& [name, metric] : json->at("metrics").members())
    if (metric.at("value").is_number()) metrics[name] = metric.at("value").number_or(0);
  return metrics;
}

Result<bool> RunFolder::is_held() const {
  // A shared lock: two who ask at once must not take each other for the holder.
  Fd const file(::open(lock().c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return file_error(errno, "opening", lock());
  if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return file_error(errno, "locking", lock());
}

Result<Fd> take_lock(std::filesystem::path const& lock) {
  Fd file(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return file_error(errno, "opening", lock);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK)
    return Error{.kind = ErrorKind::Conflict,
                 .reason = "Locked",
                 .message = lock.string() + " is held by another process"};
  return file_error(errno, "locking", lock);
}

}  // namespace trainyard::local
