#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "controller/base/encoding.hpp"
#include "tests/directory/folder_fixture.hpp"

namespace data = boost::unit_test::data;

namespace trainyard::directory {
namespace {

ObjectKey const kSecret{"Secret", "default", "azure"};

struct ValueCase {
  char const* name;
  std::string content, value;
};
std::ostream& operator<<(std::ostream& out, ValueCase const& c) { return out << c.name; }
ValueCase const kValues[] = {{"no line end", "s3cret", "s3cret"},
                             {"one line end", "s3cret\n", "s3cret"},
                             {"two line ends", "s3cret\n\n", "s3cret\n"},
                             {"empty", "", ""},
                             {"spaces stay", " s3cret ", " s3cret "},
                             {"many lines", "-----BEGIN\nabc\n-----END\n", "-----BEGIN\nabc\n-----END"}};

BOOST_DATA_TEST_CASE(a_file_is_its_value_less_one_line_end, data::make(kValues), c) {
  Folder folder;
  folder.write_at(*folder.options.secrets / "azure" / "key", c.content, 0600);
  auto const value = folder.store->secret("default", "azure", "key", {});
  BOOST_REQUIRE(value.has_value());
  BOOST_TEST(*value == c.value);
}

struct ModeCase {
  unsigned mode;
  bool usable;
};
std::ostream& operator<<(std::ostream& out, ModeCase const& c) {
  return out << std::oct << c.mode << std::dec;
}
ModeCase const kModes[] = {{0600, true},  {0400, true},  {0700, true},  {0640, false},
                           {0604, false}, {0620, false}, {0602, false}, {0644, false}};

std::string secret_document(std::string const& value) {
  return "apiVersion: v1\nkind: Secret\nmetadata: {name: azure}\nstringData: {key: " + value + "}\n---\n" +
         document("a");
}

BOOST_DATA_TEST_CASE(others_must_not_read_a_secret, data::make(kModes) * data::make({false, true}), c,
                     as_document) {
  Folder folder;
  std::filesystem::path const path =
      as_document ? folder.options.directory / "a.yaml" : *folder.options.secrets / "azure" / "key";
  folder.write_at(path, as_document ? secret_document("s3cret-value") : "s3cret-value", c.mode);
  auto const problems = folder.scan();
  auto const value = folder.store->secret("default", "azure", "key", {});
  BOOST_TEST(value.has_value() == c.usable);
  BOOST_TEST(folder.scrubber.scrub("s3cret-value") != "s3cret-value", "a value that was seen is never shown");
  if (as_document) BOOST_TEST((folder.store->get(thing("a")) != nullptr));
  if (c.usable) {
    BOOST_TEST(problems.empty());
    return;
  }
  BOOST_TEST((value.error().kind == ErrorKind::Forbidden));
  BOOST_REQUIRE(problems.size() == 1U);
  for (std::string const& text : {problems[0], value.error().message}) {
    BOOST_TEST(text.find("chmod 600 " + path.string()) != std::string::npos, text);
    BOOST_TEST(text.find("s3cret-value") == std::string::npos);
  }
  folder.store->take_changes();
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  BOOST_TEST(folder.scan().empty());
  BOOST_TEST((folder.store->take_changes() == std::vector<ObjectKey>{kSecret}));
  BOOST_TEST(folder.store->secret("default", "azure", "key", {}).has_value());
}

BOOST_AUTO_TEST_CASE(secret_documents) {
  Folder folder;
  folder.write("s.yaml",
               "apiVersion: v1\nkind: Secret\nmetadata: {name: azure, namespace: team}\n"
               "data: {one: " +
                   base64("first") + ", two: " + base64("hidden") + "}\nstringData: {two: shown}\n",
               0600);
  BOOST_TEST(folder.scan().empty());
  ObjectKey const key{"Secret", "team", "azure"};
  BOOST_TEST((folder.store->take_changes() == std::vector<ObjectKey>{key}));
  BOOST_TEST(*folder.store->secret("team", "azure", "one", {}) == "first");
  BOOST_TEST(*folder.store->secret("team", "azure", "two", {}) == "shown");
  auto const no_key = folder.store->secret("team", "azure", "three", {});
  BOOST_TEST(no_key.error().message == "Secret team/azure has no key three: add it in s.yaml:1");
  auto const elsewhere = folder.store->secret("default", "azure", "one", {});
  BOOST_TEST((elsewhere.error().kind == ErrorKind::NotFound));
  BOOST_TEST(elsewhere.error().message.find("Secret default/azure is not there: write it to ") == 0U);

  folder.write("s.yaml", "# only a comment\n" + read_all(folder.options.directory / "s.yaml"), 0600);
  folder.scan();
  BOOST_TEST(folder.store->take_changes().empty());
  folder.remove("s.yaml");
  folder.scan();
  BOOST_TEST((folder.store->take_changes() == std::vector<ObjectKey>{key}));
  BOOST_TEST((folder.store->secret("team", "azure", "one", {}).error().reason == "SecretNotFound"));
}

struct BadCase {
  char const* name;
  char const* text;
  char const* said;
};
std::ostream& operator<<(std::ostream& out, BadCase const& c) { return out << c.name; }
BadCase const kBad[] = {
    {"no name", "apiVersion: v1\nkind: Secret\nstringData: {key: s3cret}\n",
     "s.yaml:1: metadata.name of the Secret is missing"},
    {"a number", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {key: 12345}\n",
     "s.yaml:1: stringData.key must be a text; write it in quotes"},
    {"not base64", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {key: '%%%s3cret'}\n",
     "s.yaml:1: data.key is not base64; write plain text under stringData instead"},
    {"a list", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: [s3cret]\n",
     "s.yaml:1: data must be an object of texts"}};

BOOST_DATA_TEST_CASE(bad_secret_documents_are_told_without_their_values, data::make(kBad), c) {
  Folder folder;
  folder.write("s.yaml", c.text, 0600);
  auto const problems = folder.scan();
  BOOST_REQUIRE(problems.size() == 1U);
  BOOST_TEST(problems[0] == c.said);
}

BOOST_AUTO_TEST_CASE(the_same_secret_twice_is_told) {
  Folder folder;
  folder.write("s.yaml", secret_document("from-document"), 0600);
  folder.write_at(*folder.options.secrets / "azure" / "key", "from-file", 0600);
  auto const problems = folder.scan();
  BOOST_REQUIRE(problems.size() == 1U);
  BOOST_TEST(problems[0].starts_with("s.yaml:1: Secret default/azure is there twice; the one at "));
  BOOST_TEST(*folder.store->secret("default", "azure", "key", {}) == "from-file");
}

BOOST_DATA_TEST_CASE(no_name_leads_out_of_the_folder,
                     data::make({"..", ".", "", "../secrets/azure", "/etc", "azure/../azure"}), name) {
  Folder folder;
  folder.write_at(folder.temp.path() / "key", "outside", 0600);
  folder.write_at(*folder.options.secrets / "azure" / "key", "inside", 0600);
  BOOST_TEST(!folder.store->secret("default", name, "key", {}).has_value());
  BOOST_TEST(!folder.store->secret("default", "azure", name + std::string("/key"), {}).has_value());
  BOOST_TEST(!folder.store->secret("default", "azure", name, {}).has_value());
}

BOOST_AUTO_TEST_CASE(no_secret_reaches_the_state_file_or_the_log) {
  Folder folder;
  folder.write("s.yaml", secret_document("hunter2-hunter2"), 0600);
  folder.write_at(*folder.options.secrets / "other" / "key", "swordfish-42", 0600);
  folder.scan();
  BOOST_TEST(*folder.store->secret("default", "azure", "key", {}) == "hunter2-hunter2");
  folder.store->record({thing("a"), true, "Failed", "with hunter2-hunter2 and swordfish-42"});
  folder.log.info("swordfish-42");
  for (char const* file : {"state.db", "state.db-wal"}) {
    std::string const text = read_all(folder.options.state / file);
    BOOST_TEST(!text.empty());
    BOOST_TEST(text.find("hunter2") == std::string::npos);
    BOOST_TEST(text.find("swordfish") == std::string::npos);
  }
  for (std::string const& line : folder.lines) BOOST_TEST(line.find("swordfish") == std::string::npos);
}

}  // namespace
}  // namespace trainyard::directory
