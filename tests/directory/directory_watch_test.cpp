#include "controller/directory/directory_watch.hpp"

#include <condition_variable>
#include <thread>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <sys/stat.h>

#include "tests/directory/folder_fixture.hpp"

namespace data = boost::unit_test::data;

namespace trainyard::directory {
namespace {

/// Collects what a running watch tells. A last file written to the state ends each collection, so nothing
/// waits for time.
class Watched {
 public:
  explicit Watched(Folder& folder) : folder_(folder) {
    auto opened = DirectoryWatch::open(folder.options, folder.log);
    BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().message));
    watch_ = *std::move(opened);
    thread_ = std::jthread([this](std::stop_token const& stop) {
      watch_->run(
          [this](FolderChange change) {
            std::lock_guard lock(mutex_);
            seen_.manifests = seen_.manifests || change.manifests;
            seen_.sources = seen_.sources || change.sources;
            told_.notify_all();
          },
          stop);
    });
  }

  /// Returns when the watch has told both (or the test has hung for a minute).
  bool told(bool manifests, bool sources) {
    std::unique_lock lock(mutex_);
    bool const fits = told_.wait_for(lock, std::chrono::minutes(1), [&] {
      return (!manifests || seen_.manifests) && (!sources || seen_.sources);
    });
    return fits;
  }
  /// What was told up to now: inotify keeps the order, so all that came before the request to wake has been
  /// read.
  FolderChange until_woken() {
    BOOST_REQUIRE(wake_operator(folder_.options).has_value());
    BOOST_TEST(told(true, false));
    std::lock_guard lock(mutex_);
    return std::exchange(seen_, {});
  }
  FolderChange take() {
    std::lock_guard lock(mutex_);
    return std::exchange(seen_, {});
  }

 private:
  Folder& folder_;
  std::unique_ptr<DirectoryWatch> watch_;
  std::mutex mutex_;
  std::condition_variable told_;
  FolderChange seen_;  // guarded by mutex_
  std::jthread thread_;
};

struct TouchCase {
  char const* name;
  bool recursive;
  std::function<void(Folder&)> touch;
  bool manifests, sources;
};
std::ostream& operator<<(std::ostream& out, TouchCase const& c) { return out << c.name; }

std::vector<TouchCase> touches() {
  return {
      {"a new manifest", false, [](Folder& f) { f.write("new.yaml", "x: 1"); }, true, false},
      {"an edited manifest", false, [](Folder& f) { f.write("a.yaml", "x: 2"); }, true, false},
      {"a removed manifest", false, [](Folder& f) { f.remove("a.yaml"); }, true, false},
      {"a manifest put in place by a rename", false,
       [](Folder& f) {
         f.write(".a.yaml.tmp", "x: 2");
         std::filesystem::rename(f.options.directory / ".a.yaml.tmp", f.options.directory / "a.yaml");
       },
       true, false},
      {"a manifest's rights", false,
       [](Folder& f) { ::chmod((f.options.directory / "a.yaml").c_str(), 0600); }, true, false},
      {"a source", false, [](Folder& f) { f.write("src/train.py", "print(2)"); }, false, true},
      {"a source deep down", false, [](Folder& f) { f.write("src/lib/deep/x.py", "2"); }, false, true},
      {"a script beside the manifests", false, [](Folder& f) { f.write("train.py", "2"); }, false, true},
      {"a YAML file among sources", false, [](Folder& f) { f.write("src/conda.yml", "x: 1"); }, false, true},
      {"a YAML file below, recursive", true, [](Folder& f) { f.write("src/conda.yml", "x: 1"); }, true, true},
      {"a new folder of sources", false, [](Folder& f) { f.write("src/new/a.py", "1"); }, false, true},
      {"a secret", false, [](Folder& f) { f.write_at(*f.options.secrets / "azure" / "key", "v", 0600); },
       true, false},
      {"a new secret", false, [](Folder& f) { f.write_at(*f.options.secrets / "new" / "key", "v", 0600); },
       true, false},
      {"a request", false, [](Folder& f) { BOOST_TEST(wake_operator(f.options).has_value()); }, true, false}};
}

void fill(Folder& folder) {
  folder.write("a.yaml", "x: 1");
  folder.write("src/train.py", "print(1)");
  folder.write("src/lib/deep/x.py", "1");
  folder.write("src/__pycache__/x.pyc", "1");
  folder.write(".git/index", "1");
  folder.write_at(*folder.options.secrets / "azure" / "key", "v", 0600);
  std::filesystem::create_directories(folder.options.state);
}

BOOST_DATA_TEST_CASE(what_changes_is_told, data::make(touches()), c) {
  Folder folder(false);
  folder.options.recursive = c.recursive;
  fill(folder);
  Watched watched(folder);
  c.touch(folder);
  BOOST_TEST(watched.told(c.manifests, c.sources));
  FolderChange const change = watched.take();
  BOOST_TEST(change.manifests == c.manifests);
  BOOST_TEST(change.sources == c.sources);
}

BOOST_AUTO_TEST_CASE(what_does_not_matter_is_not_told) {
  Folder folder(false);
  folder.options.state = folder.options.directory / "state";  // below the manifests, as a user may have it
  fill(folder);
  Watched watched(folder);
  folder.write(".a.yaml.swp", "1");
  folder.write(".git/index", "2");
  folder.write(".git/new/deep", "2");
  folder.write("src/__pycache__/y.pyc", "1");
  folder.write("state/runs/x/log", "1");
  folder.write("state/state.db-wal", "1");
  ::chmod(folder.options.state.c_str(), 0700);
  FolderChange const change = watched.until_woken();
  BOOST_TEST(!change.sources);
}

BOOST_AUTO_TEST_CASE(a_folder_that_came_later_is_watched_and_one_that_moved_away_is_not) {
  Folder folder(false);
  fill(folder);
  Watched watched(folder);
  std::filesystem::create_directories(folder.options.directory / "later");
  BOOST_TEST(watched.told(false, true));
  watched.until_woken();
  folder.write("later/a.py", "1");
  BOOST_TEST(watched.told(false, true));
  watched.until_woken();
  std::filesystem::rename(folder.options.directory / "later", folder.temp.path() / "away");
  BOOST_TEST(watched.told(false, true));
  watched.until_woken();
  folder.write_at(folder.temp.path() / "away" / "a.py", "2");
  BOOST_TEST(!watched.until_woken().sources);
}

BOOST_AUTO_TEST_CASE(a_watch_ends_when_asked_and_can_run_again) {
  Folder folder(false);
  fill(folder);
  auto const watch = *DirectoryWatch::open(folder.options, folder.log);
  for (int i = 0; i < 2; ++i) {
    std::stop_source stop;
    int calls = 0;
    folder.write("a.yaml", "x: 1");
    watch->run(
        [&](FolderChange) {
          ++calls;
          stop.request_stop();
        },
        stop.get_token());
    BOOST_TEST(calls == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_refused) {
  Folder folder(false);
  folder.options.directory = folder.temp.path() / "none";
  auto const opened = DirectoryWatch::open(folder.options, folder.log);
  BOOST_REQUIRE(!opened.has_value());
  BOOST_TEST(opened.error().message.find("none") != std::string::npos);
}

}  // namespace
}  // namespace trainyard::directory
