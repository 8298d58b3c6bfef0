#include "controller/cli/core_options.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "controller/cli/folder.hpp"
#include "controller/directory/files.hpp"

namespace trainyard::cli {

namespace {

constexpr int kMostWorkers = 64;

Result<int> workers_of(Parsed const& parsed) {
  std::string const text = parsed.get("workers", "20");
  int workers = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), workers);
  if (error != std::errc{} || end != text.data() + text.size() || workers < 1 || workers > kMostWorkers)
    return usage_error("--workers: '" + text + "' is no number from 1 to " + std::to_string(kMostWorkers));
  return workers;
}

std::set<std::string> words_of(std::string const& list) {
  std::set<std::string> words;
  for (std::size_t at = 0; at < list.size();) {
    std::size_t const end = std::min(list.find(',', at), list.size());
    if (end > at) words.insert(list.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace

Result<CoreOptions> core_options_of(Parsed const& parsed) {
  CoreOptions options{.cluster = parsed.get("cluster-name")};
  if (options.cluster.empty())
    return usage_error(
        "--cluster-name is missing: it is part of every mark and run name in Azure, so it has no default. "
        "Choose a name "
        "for this place, such as --cluster-name laptop, and keep it for ever");
  Result<int> const workers = workers_of(parsed);
  if (!workers) return workers.error();
  options.workers = *workers;
  if (parsed.has("clouds")) {
    std::string const file = parsed.get("clouds");
    Result<directory::FileText> const text = directory::read_file(file);
    if (!text) return text.error().while_doing("--clouds");
    if (Result<Done> const added = options.clouds.add_yaml(file, text->text); !added)
      return added.error().while_doing("--clouds");
  }
  options.transport = transport_options_from_environment();
  options.git.proxies = {.https_proxy = options.transport.https_proxy,
                         .http_proxy = options.transport.http_proxy,
                         .no_proxy = options.transport.no_proxy};
  options.git.allowed_hosts = words_of(parsed.get("allow-git-hosts"));
  return options;
}

LogLevel log_level_of(Parsed const& parsed, std::string_view otherwise) {
  std::string const level = parsed.get("log-level", otherwise);
  if (level == "debug") return LogLevel::Debug;
  if (level == "info") return LogLevel::Info;
  return level == "warning" ? LogLevel::Warning : LogLevel::Error;
}

LogFormat log_format_of(Parsed const& parsed) {
  return parsed.get("log-format") == "json" ? LogFormat::Json : LogFormat::Text;
}

}  // namespace trainyard::cli
