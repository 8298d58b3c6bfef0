// The state file under bad conditions: other programs, newer versions, damage, SIGKILL, a full disk, a second
// process.
#include <array>
#include <functional>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/directory/folder_fixture.hpp"

namespace data = boost::unit_test::data;

namespace trainyard::directory {
namespace {

/// Runs `body` in a child process, which ends without destructors or Boost's own reports.
pid_t in_child(std::function<int()> const& body) {
  pid_t const child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    int code = 99;
    try {
      code = body();
    } catch (...) {  // must not get back into the test program a second time
    }
    ::_exit(code);
  }
  return child;
}

int exit_code_of(pid_t child) {
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void run_sql(std::filesystem::path const& path, char const* sql) {
  sqlite3* connection = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &connection) == SQLITE_OK);
  BOOST_REQUIRE(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(connection);
}

struct SecondCase {
  char const* name;
  bool other_state, other_directory;
  char const* refused;  // the folder named, "" if both may run
};
std::ostream& operator<<(std::ostream& out, SecondCase const& c) { return out << c.name; }
SecondCase const kSeconds[] = {{"the same folders", false, false, "state"},
                               {"the same manifests", true, false, "manifests"},
                               {"the same state", false, true, "state"},
                               {"others", true, true, ""}};

BOOST_DATA_TEST_CASE(a_second_process_is_refused, data::make(kSeconds), c) {
  Folder folder;
  DirectoryOptions second = folder.options;
  if (c.other_state) second.state = folder.temp.path() / "state2";
  if (c.other_directory) second.directory = folder.temp.path() / "manifests2";
  std::filesystem::create_directory(folder.temp.path() / "manifests2");
  auto const opened =
      DirectoryStore::open(second, {read_documents, check_change, folder.clock, folder.log, folder.scrubber});
  if (*c.refused == 0) {
    BOOST_TEST(opened.has_value());
    return;
  }
  BOOST_REQUIRE(!opened.has_value());
  BOOST_TEST((opened.error().kind == ErrorKind::Conflict));
  BOOST_TEST(opened.error().message == (folder.temp.path() / c.refused).string() + " is in use by process " +
                                           std::to_string(::getpid()) +
                                           ": only one trainyard may run on it; stop that one first");
  folder.store.reset();
  BOOST_TEST(
      DirectoryStore::open(second, {read_documents, check_change, folder.clock, folder.log, folder.scrubber})
          .has_value());
}

struct FolderCase {
  char const* name;
  std::function<void(Folder&)> spoil;
  char const* said;
};
std::ostream& operator<<(std::ostream& out, FolderCase const& c) { return out << c.name; }

std::vector<FolderCase> spoilt() {
  auto const state_db = [](Folder& folder) { return folder.options.state / "state.db"; };
  return {{"no folder", [](Folder& f) { f.options.directory = f.temp.path() / "absent"; },
           "absent' is no folder"},
          {"a file as folder",
           [](Folder& f) {
             f.write("a.yaml", "");
             f.options.directory = f.options.directory / "a.yaml";
           },
           "a.yaml' is no folder"},
          {"no folder of secrets", [](Folder& f) { f.options.secrets = f.temp.path() / "none"; },
           "none' is no folder"},
          {"state among manifests", [](Folder& f) { f.options.state = f.options.directory; }, "name another"},
          {"state is a file", [](Folder& f) { f.write_at(f.options.state, ""); }, "making the state folder"},
          {"no database", [=](Folder& f) { f.write_at(state_db(f), std::string(5000, 'x')); },
           "is damaged or no state file"},
          {"another program's",
           [=](Folder& f) {
             f.write_at(state_db(f), "");
             run_sql(state_db(f), "CREATE TABLE notes (text)");
           },
           "is another program's"},
          {"a newer trainyard's",
           [=](Folder& f) {
             f.open();
             f.store.reset();
             run_sql(state_db(f), "PRAGMA user_version=7");
           },
           "was made by a newer trainyard (its version is 7, this program knows 1)"},
          {"a damaged row",
           [=](Folder& f) {
             f.open();
             f.write("a.yaml", document("a"));
             f.scan();
             f.store.reset();
             run_sql(state_db(f), "UPDATE objects SET status='{'");
           },
           "row of Thing/default/a is damaged"}};
}

BOOST_DATA_TEST_CASE(what_does_not_fit_is_refused_in_words_and_left_alone, data::make(spoilt()), c) {
  Folder folder(false);
  c.spoil(folder);
  std::filesystem::path const file = folder.options.state / "state.db";
  std::string const before = read_all(file);
  auto const opened = folder.try_open();
  BOOST_REQUIRE(!opened.has_value());
  BOOST_TEST(opened.error().message.find(c.said) != std::string::npos, opened.error().message);
  BOOST_TEST((read_all(file) == before));
}

BOOST_AUTO_TEST_CASE(the_state_is_for_its_owner_only) {
  Folder folder;
  folder.write("a.yaml", document("a"));
  folder.scan();
  for (char const* file : {"", "state.db", "state.db-wal", "lock"}) {
    auto const rights = std::filesystem::status(folder.options.state / file).permissions();
    BOOST_TEST((static_cast<unsigned>(rights) & 077U) == 0U, file);
  }
}

BOOST_AUTO_TEST_CASE(what_was_acknowledged_survives_sigkill) {
  Folder folder(false);
  folder.write("a.yaml", document("a"));
  std::int64_t least = 0;
  for (int round = 0; round < 12; ++round) {
    std::array<int, 2> pipe{};
    BOOST_REQUIRE(::pipe(pipe.data()) == 0);
    pid_t const child = in_child([&] {
      folder.open();
      if (!folder.store->scan({})) return 1;
      for (std::int64_t count = least + 1;; ++count) {
        Json status = Json::object(
            {{"count", count}, {"text", std::string(static_cast<std::size_t>(count % 5000), 'x')}});
        if (!folder.store->put_status(*folder.store->get(thing("a")), std::move(status), {})) return 2;
        folder.store->record({thing("a"), false, "Counted", "to " + std::to_string(count)});
        if (::write(pipe[1], &count, sizeof(count)) != sizeof(count)) return 3;
      }
    });
    ::close(pipe[1]);
    std::int64_t acknowledged = 0;
    for (int i = 0; i < 5 + round * 3; ++i)
      BOOST_REQUIRE(::read(pipe[0], &acknowledged, sizeof(acknowledged)) == sizeof(acknowledged));
    ::kill(child, SIGKILL);
    BOOST_TEST(exit_code_of(child) == 128 + SIGKILL);
    for (std::int64_t more = 0; ::read(pipe[0], &more, sizeof(more)) == sizeof(more);) acknowledged = more;
    ::close(pipe[0]);

    folder.open();  // the dead process's locks are gone with it
    std::int64_t const kept = folder.get(thing("a"))->status.at("count").integer_or(-1);
    BOOST_TEST((kept == acknowledged || kept == acknowledged + 1),
               "kept " << kept << ", acknowledged " << acknowledged);
    BOOST_TEST(!folder.store->events(thing("a"))->empty());
    least = kept;
    folder.store.reset();
  }
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_told_and_nothing_is_lost) {
  Folder folder(false);
  folder.write("a.yaml", document("a"));
  pid_t const child = in_child([&] {
    folder.open();
    if (!folder.store->scan({})) return 1;
    if (!folder.store->put_status(*folder.store->get(thing("a")), Json::object({{"kept", true}}), {}))
      return 2;
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit const full{16384 * 8, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &full);
    Json const large = Json::object({{"text", std::string(1 << 20, 'x')}});
    ObjectPtr const before = folder.store->get(thing("a"));
    Result<ObjectPtr> const written = folder.store->put_status(*before, large, {});
    if (written) return 3;
    if (written.error().kind != ErrorKind::Transient) return 4;
    if (written.error().message.find("disk") == std::string::npos) return 5;
    if (folder.store->get(thing("a")) != before) return 6;
    folder.store->record({thing("a"), true, "Large", std::string(1 << 20, 'y')});  // must not fail, only tell
    if (folder.lines.empty() || folder.lines.back().find("an event could not be kept") == std::string::npos)
      return 7;
    rlimit const free{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &free);
    if (!folder.store->put_status(*before, Json::object({{"kept", true}, {"more", 1}}), {})) return 8;
    return 0;
  });
  BOOST_TEST(exit_code_of(child) == 0);
  folder.open();
  BOOST_TEST((folder.get(thing("a"))->status == Json::object({{"kept", true}, {"more", 1}})));
}

BOOST_AUTO_TEST_CASE(a_scan_that_could_not_be_written_is_made_up_for) {
  Folder folder(false);
  folder.write("a.yaml", document("a"));
  pid_t const child = in_child([&] {
    folder.open();
    std::string many;
    for (int i = 0; i < 40; ++i)
      many += document("n" + std::to_string(i), "{text: " + std::string(10000, 'x') + "}") + "---\n";
    folder.write("many.yaml", many);
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit const full{16384 * 8, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &full);
    if (folder.store->scan({})) return 1;
    if (!folder.store->list("Thing").empty()) return 2;  // all or nothing
    rlimit const free{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &free);
    if (!folder.store->scan({})) return 3;
    return folder.store->list("Thing").size() == 41 ? 0 : 4;
  });
  BOOST_TEST(exit_code_of(child) == 0);
}

}  // namespace
}  // namespace trainyard::directory
