#include "controller/cli/operator_process.hpp"

#include <system_error>

#include "controller/cli/folder.hpp"
#include "controller/cli/identity.hpp"
#include "controller/manager/documents.hpp"
#include "manifests/kinds.hpp"

namespace trainyard::cli {

namespace {

constexpr Duration kLookAnyway = std::chrono::minutes(5);  // file systems of a network tell of no changes

std::filesystem::path own_executable() {
  std::error_code error;
  std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  check(!error, "/proc/self/exe cannot be read");
  return path;
}

git::GitOptions git_options(ProcessOptions const& options) {
  git::GitOptions git = options.core.git;
  git.cache = std::filesystem::absolute(options.folder.state) / "git";
  git.ca_file = options.ssl_cert_file.value_or("");
  return git;
}

}  // namespace

OperatorProcess::OperatorProcess(ProcessOptions options, ProcessParts parts,
                                 std::unique_ptr<directory::DirectoryStore> store,
                                 std::unique_ptr<directory::DirectoryWatch> watch, std::string holder)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      store_(std::move(store)),
      watch_(std::move(watch)),
      folders_(local::make_directory_sources({.root = options_.folder.directory}, parts_.surroundings.clock)),
      git_(
          git_options(options_), [this](auto const&... what) { return store_->secret(what...); },
          parts_.surroundings.clock),
      sources_(git_, *folders_),
      runner_(local::make_process_runner({.runs = std::filesystem::absolute(options_.folder.state) / "runs",
                                          .executable = own_executable(),
                                          .ssl_cert_file = options_.ssl_cert_file},
                                         sources_, parts_.surroundings.clock, parts_.surroundings.random,
                                         parts_.surroundings.scrubber)),
      core_(options_.core, parts_.surroundings,
            {.store = *store_, .local = *runner_, .sources = sources_, .holder = std::move(holder)}) {}

OperatorProcess::~OperatorProcess() { stop(); }

Result<std::unique_ptr<OperatorProcess>> OperatorProcess::open(ProcessOptions options, ProcessParts parts) {
  Result<std::unique_ptr<directory::DirectoryStore>> store =
      directory::DirectoryStore::open(options.folder, {.read = manager::document_reader(),
                                                       .check_change = manager::change_check(),
                                                       .clock = parts.surroundings.clock,
                                                       .log = parts.surroundings.log,
                                                       .scrubber = parts.surroundings.scrubber,
                                                       .written = parts.changed});
  if (!store) return store.error();
  Result<std::unique_ptr<directory::DirectoryWatch>> watch =
      directory::DirectoryWatch::open(options.folder, parts.surroundings.log);
  if (!watch) return watch.error();
  Result<std::string> holder = identity_of(options.folder.state, parts.surroundings.random);
  if (!holder) return holder.error();
  return std::unique_ptr<OperatorProcess>(new OperatorProcess(
      std::move(options), std::move(parts), *std::move(store), *std::move(watch), *std::move(holder)));
}

Result<Done> OperatorProcess::start() {
  if (Result<Done> scanned = scan(); !scanned) return scanned;
  if (options_.prune)
    if (Result<Done> pruned = prune(); !pruned) return pruned;
  core_.start();
  started_ = true;
  watcher_ = std::jthread([this](std::stop_token const& stop) {
    watch_->run(
        [this](directory::FolderChange change) {
          if (change.manifests) (void)scan();  // what went wrong is told, and the next look makes up for it
          if (change.sources) store_->sources_changed();
          core_.wake();
        },
        stop);
  });
  looker_ = std::jthread([this](std::stop_token const& stop) { look_now_and_then(stop); });
  return Done{};
}

void OperatorProcess::stop() {
  for (std::jthread* thread : {&looker_, &watcher_}) thread->request_stop();
  core_.stop();
  for (std::jthread* thread : {&looker_, &watcher_})
    if (thread->joinable()) thread->join();
}

void OperatorProcess::look_now_and_then(std::stop_token const& stop) {
  for (;;) {
    look_again_.wait_until(parts_.surroundings.clock.steady() + kLookAnyway, stop);
    if (stop.stop_requested()) return;
    (void)scan();
    store_->sources_changed();
    core_.wake();
  }
}

Result<Done> OperatorProcess::scan() {
  Result<std::vector<directory::Problem>> const found = store_->scan({});
  std::set<std::string> now;
  if (found)
    for (directory::Problem const& problem : *found) now.insert(problem.text);
  else if (started_)  // before that, it is what start() returns
    now.insert(found.error().message);
  std::vector<std::string> fresh;
  {
    std::lock_guard lock(told_mutex_);
    for (std::string const& text : now)
      if (!told_.contains(text)) fresh.push_back(text);
    told_ = std::move(now);
    problems_ = told_.size();
  }
  for (std::string const& text : fresh) parts_.problem(text);
  return found ? Result<Done>(Done{}) : found.error();
}

Result<Done> OperatorProcess::prune() {
  Result<std::vector<ObjectKey>> const orphans = store_->orphans();
  if (!orphans) return orphans.error().while_doing("--prune");
  std::size_t const all = objects().size();
  if (orphans->size() * 2 > all)
    return Error{
        .kind = ErrorKind::Invalid,
        .reason = "PruneRefused",
        .message =
            "--prune: " + std::to_string(orphans->size()) + " of " + std::to_string(all) +
            " objects are declared no more, which is more than half; is this the right folder? Put the "
            "manifests back, or delete one by one with trainyard delete"};
  for (ObjectKey const& key : *orphans) {
    if (Result<Done> const deleted = store_->request_delete(key); !deleted)
      parts_.problem("--prune: " + deleted.error().message);
    else
      parts_.surroundings.log.info("pruned", {{"object", to_string(key)}});
  }
  return Done{};
}

std::vector<ObjectPtr> OperatorProcess::objects() const {
  std::vector<ObjectPtr> all;
  for (manifests::Kind const& kind : manifests::kinds())
    for (ObjectPtr& object : store_->list(kind.kind)) all.push_back(std::move(object));
  return all;
}

}  // namespace trainyard::cli
