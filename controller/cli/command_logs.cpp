#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "controller/cli/commands.hpp"
#include "controller/cli/folder.hpp"
#include "controller/cli/state_changes.hpp"

namespace trainyard::cli {

namespace {

Error no_log(ObjectKey const& key, std::string const& why) {
  return {.kind = ErrorKind::NotFound, .reason = "NoLog", .message = short_name(key) + ": " + why};
}

/// What has been added to the file since `from`, to stdout; where it ends now.
std::streamoff print_rest(std::string const& path, std::streamoff from) {
  std::ifstream file(path, std::ios::binary);
  if (!file.seekg(from)) return from;
  std::array<char, 1 << 16> buffer{};
  while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0) {
    std::cout.write(buffer.data(), file.gcount());
    from += file.gcount();
  }
  std::cout.flush();
  return from;
}

bool is_live(StoredObject const& run) {
  std::string const phase = run.status.text("phase");
  return phase == "Preparing" || phase == "Queued" || phase == "Running" || phase == "Canceling";
}

/// The attempt that the status speaks of now, until it has ended: a later one has a log of its own.
int follow(FolderReader const& folder, StateChanges& changes, ObjectPtr run) {
  std::string const name = run->status.text("runName"), path = run->status.text("link");
  changes.also(std::filesystem::path(path).parent_path());
  std::streamoff at = 0;
  for (;;) {
    bool const live = run && run->status.text("runName") == name && is_live(*run);
    at = print_rest(path, at);  // after the look at the status: of an ended run this is all
    if (!live) return kExitOk;
    changes.wait(SteadyTime::max());
    Result<ObjectPtr> next = folder.objects().get(run->key);
    if (!next) return fail(next.error());
    run = *std::move(next);
  }
}

}  // namespace

int logs(Parsed const& parsed) {
  Result<ObjectKey> const key = parse_key(parsed.words().front(), parsed.get("namespace", "default"));
  if (!key) return fail(key.error());
  if (key->kind != "TrainingRun")
    return fail(usage_error("only training runs have logs; write trainingrun/NAME"));
  Result<FolderReader> const folder = FolderReader::open(parsed);
  if (!folder) return fail(folder.error());
  StateChanges changes(folder_of(parsed).state, folder->clock());
  Result<ObjectPtr> const found = folder->find(*key);
  if (!found) return fail(found.error());
  Json const& status = (*found)->status;
  if (status.text("runName").empty()) return fail(no_log(*key, "nothing has run yet"));
  if (status.text("runPlace") == "local") {
    std::string const path = status.text("link");
    std::error_code none;
    if (path.empty() || !std::filesystem::exists(path, none))
      return fail(no_log(*key, "its log '" + path + "' is not there"));
    if (parsed.has("follow")) return follow(*folder, changes, *found);
    print_rest(path, 0);
    return kExitOk;
  }
  std::string const where =
      status.text("link").empty() ? "" : "; the whole of it is at " + status.text("link");
  if (status.at("logTail").items().empty())
    return fail(no_log(*key, "it runs in Azure, and its status holds no lines of its log" + where));
  std::cerr << "trainyard: the last lines of a run in Azure, as the status holds them" << where << "\n";
  for (Json const& line : status.at("logTail").items()) std::cout << line.string_or("") << "\n";
  return kExitOk;
}

}  // namespace trainyard::cli
