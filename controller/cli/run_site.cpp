#include "controller/cli/run_site.hpp"

#include <iostream>

#include "controller/cli/folder.hpp"

namespace trainyard::cli {

bool is_of_cluster(Parsed const& parsed) {
  return parsed.is_plugin() || parsed.has("kubeconfig") || parsed.has("context");
}

Result<std::unique_ptr<RunSite>> open_site(Parsed const& parsed) {
  if (!is_of_cluster(parsed)) return open_folder_site(parsed);
  for (std::string const flag : {"directory", "state"})
    if (parsed.has(flag))
      return usage_error("--" + flag +
                         " is of a folder, --kubeconfig and --context are of a cluster: leave one of "
                         "them out");
  return open_cluster_site(parsed);
}

Result<ObjectKey> run_key_of(Parsed const& parsed, std::string const& ns) {
  Result<ObjectKey> key = parse_key(parsed.words().front(), parsed.get("namespace", ns));
  if (key && key->kind != "TrainingRun")
    return usage_error("'" + parsed.words().front() + "' is no training run; write run/NAME");
  return key;
}

Error no_log(ObjectKey const& key, std::string const& why) {
  return {.kind = ErrorKind::NotFound, .reason = "NoLog", .message = short_name(key) + ": " + why};
}

Result<Done> print_status_tail(StoredObject const& run, std::string const& why) {
  std::string const link = run.status.text("link");
  std::string const where = link.empty() ? "" : "; the whole of it is at " + link;
  if (run.status.at("logTail").items().empty())
    return no_log(run.key, why + ", and its status holds no lines of its log" + where);
  std::cerr << "trainyard: " << why << "; the last lines as the status holds them" << where << "\n";
  for (Json const& line : run.status.at("logTail").items()) std::cout << line.string_or("") << "\n";
  return Done{};
}

}  // namespace trainyard::cli
