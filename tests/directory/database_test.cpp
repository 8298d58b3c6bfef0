#include "controller/directory/database.hpp"

#include "tests/directory/folder_fixture.hpp"

namespace trainyard::directory {
namespace {

std::unique_ptr<Database> open(std::filesystem::path const& path) {
  auto opened = Database::open(path, Database::Mode::Create);
  BOOST_REQUIRE(opened.has_value());
  return *std::move(opened);
}

BOOST_AUTO_TEST_CASE(a_commit_is_on_the_disk_before_it_is_told) {
  TempFolder temp;
  BOOST_TEST(integer_of((*open(temp.path() / "x.db")->query("PRAGMA synchronous"))[0][0]) == 2);  // FULL
}

BOOST_AUTO_TEST_CASE(what_is_only_written_is_not_synced_and_the_next_is) {
  TempFolder temp;
  auto const database = open(temp.path() / "x.db");
  auto const level = [&] { return integer_of((*database->query("PRAGMA synchronous"))[0][0]); };
  constexpr std::int64_t kNormal = 1, kFull = 2;
  std::int64_t meanwhile = 0;
  auto const look = [&]() -> Result<Done> {
    meanwhile = level();
    return Done{};
  };
  BOOST_TEST(database->transaction(look, Kept::Written).has_value());
  BOOST_TEST(meanwhile == kNormal);
  BOOST_TEST(database->transaction(look).has_value());
  BOOST_TEST(meanwhile == kFull);
}

BOOST_AUTO_TEST_CASE(a_transaction_is_all_or_nothing) {
  TempFolder temp;
  auto const database = open(temp.path() / "x.db");
  BOOST_TEST(database->run("CREATE TABLE t (n INTEGER)").has_value());
  auto const failed = database->transaction([&]() -> Result<Done> {
    if (Result<Done> written = database->run("INSERT INTO t VALUES (1)"); !written) return written;
    return Error{.kind = ErrorKind::Conflict, .reason = "Ours"};
  });
  BOOST_REQUIRE(!failed.has_value());
  BOOST_TEST(failed.error().reason == "Ours");
  BOOST_TEST(
      database->transaction([&] { return database->run("INSERT INTO t VALUES (?)", {std::int64_t{2}}); })
          .has_value());
  auto const rows = database->query("SELECT n FROM t");
  BOOST_REQUIRE(rows->size() == 1U);
  BOOST_TEST(integer_of((*rows)[0][0]) == 2);
}

BOOST_AUTO_TEST_CASE(values_come_back_as_they_were) {
  TempFolder temp;
  auto const database = open(temp.path() / "x.db");
  std::string const odd("a\0'b\xE2\x82\xAC", 7);
  auto const rows = database->query("SELECT ?, ?, ?, ?", {odd, std::string(), nullptr, std::int64_t{-5}});
  BOOST_TEST((*rows)[0].size() == 4U);
  BOOST_TEST((text_of((*rows)[0][0]) == odd));
  BOOST_TEST((text_of((*rows)[0][1]).empty() && std::holds_alternative<std::string>((*rows)[0][1])));
  BOOST_TEST(std::holds_alternative<std::nullptr_t>((*rows)[0][2]));
  BOOST_TEST(integer_of((*rows)[0][3]) == -5);
  auto const wrong = database->run("SELEKT");
  BOOST_TEST((!wrong.has_value() && wrong.error().kind == ErrorKind::Internal));
}

}  // namespace
}  // namespace trainyard::directory
