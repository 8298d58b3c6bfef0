#include <algorithm>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/directory/folder_fixture.hpp"

namespace data = boost::unit_test::data;

namespace trainyard::directory {
namespace {

using Texts = std::vector<std::string>;

bool holds(Texts const& texts, std::string const& part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](auto const& text) { return text.find(part) != std::string::npos; });
}

struct FileCase {
  char const* name;
  bool recursive, taken;
};
std::ostream& operator<<(std::ostream& out, FileCase const& c) {
  return out << c.name << (c.recursive ? " recursive" : "");
}
FileCase const kFiles[] = {{"a.yaml", false, true},           {"a.yml", false, true},
                           {"a.json", false, true},           {"a.txt", false, false},
                           {".a.yaml", false, false},         {"a.yaml~", false, false},
                           {"sub/a.yaml", false, false},      {"sub/a.yaml", true, true},
                           {"sub/.a.yaml", true, false},      {".git/a.yaml", true, false},
                           {"__pycache__/a.yml", true, false}};

BOOST_DATA_TEST_CASE(it_reads_the_files_kubectl_would, data::make(kFiles), c) {
  Folder folder(false);
  folder.options.recursive = c.recursive;
  folder.open();
  folder.write(c.name, "{\"kind\": \"Thing\", \"metadata\": {\"name\": \"a\"}, \"spec\": {}}");
  BOOST_TEST(folder.scan().empty());
  BOOST_TEST((folder.store->get(thing("a")) != nullptr) == c.taken);
}

BOOST_AUTO_TEST_CASE(a_folder_named_as_a_manifest_and_links_are_no_trouble) {
  Folder folder(false);
  folder.options.recursive = true;
  folder.open();
  std::filesystem::create_directory(folder.options.directory / "folder.yaml");
  folder.write("real/a.yaml", document("a"));
  std::filesystem::create_directory_symlink("..", folder.options.directory / "real" / "loop");
  std::filesystem::create_symlink("real/a.yaml", folder.options.directory / "link.yaml");
  Texts const problems = folder.scan();
  BOOST_TEST(problems.size() == 1U);  // the link declares it a second time
  BOOST_TEST(holds(problems, "declared twice"));
  BOOST_REQUIRE(::mkfifo((folder.options.directory / "pipe.yaml").c_str(), 0600) == 0);
  BOOST_TEST(holds(folder.scan(), "pipe.yaml is no regular file"));
}

BOOST_AUTO_TEST_CASE(a_vanished_document_deletes_nothing) {
  Folder folder;
  folder.write("a.yaml", document("a") + "---\n" + document("b"));
  folder.scan();
  BOOST_TEST(folder.get(thing("a"))->source == "a.yaml:1");
  BOOST_TEST(folder.get(thing("b"))->source == "a.yaml:5");
  folder.store->take_changes();

  folder.write("a.yaml", document("b"));
  BOOST_TEST(folder.scan().empty());
  BOOST_TEST(folder.get(thing("a"))->orphaned);
  BOOST_TEST(folder.get(thing("a"))->generation == 1);
  BOOST_TEST(!folder.get(thing("b"))->orphaned);
  BOOST_TEST((folder.store->take_changes() == std::vector<ObjectKey>{thing("a")}));
  BOOST_TEST((*folder.store->orphans() == std::vector<ObjectKey>{thing("a")}));
  BOOST_TEST(holds(folder.reasons(thing("a")), "Orphaned x1"));

  folder.remove("a.yaml");
  folder.scan();
  folder.open();  // an orphan stays one over a restart
  BOOST_TEST(folder.get(thing("b"))->orphaned);
  folder.scan();
  BOOST_TEST(folder.reasons(thing("a")).size() == 1U);

  folder.write("new.yaml", document("a", "{size: 2}"));
  folder.scan();
  BOOST_TEST(!folder.get(thing("a"))->orphaned);
  BOOST_TEST(folder.get(thing("a"))->generation == 2);
  BOOST_TEST(folder.get(thing("a"))->source == "new.yaml:1");
}

BOOST_AUTO_TEST_CASE(a_broken_file_deletes_nothing_and_prunes_nothing) {
  Folder folder;
  BOOST_TEST(!folder.store->orphans().has_value(), "before the first look nothing is known");
  folder.write("a.yaml", document("a"));
  folder.write("b.yaml", document("b"));
  folder.scan();
  folder.write("a.yaml", "kind: [\n");
  folder.remove("b.yaml");
  Texts const problems = folder.scan();
  BOOST_REQUIRE(problems.size() == 1U);
  BOOST_TEST(problems[0].starts_with("a.yaml"));
  BOOST_TEST(folder.get(thing("a"))->orphaned);
  BOOST_TEST(folder.get(thing("b"))->orphaned);
  auto const orphans = folder.store->orphans();
  BOOST_REQUIRE(!orphans.has_value());
  BOOST_TEST(orphans.error().reason == "ManifestsUnreadable");
  BOOST_TEST(folder.scan() == problems, "a problem stays until it is mended");
  folder.write("a.yaml", document("a"));
  BOOST_TEST(folder.scan().empty());
  BOOST_TEST(!folder.get(thing("a"))->orphaned);
  BOOST_TEST((*folder.store->orphans() == std::vector<ObjectKey>{thing("b")}));
}

BOOST_AUTO_TEST_CASE(a_good_document_beside_a_bad_one_is_taken) {
  Folder folder;
  folder.write("a.yaml", document("a") + "---\nmetadata: {name: b}\n");
  BOOST_TEST(folder.scan() == Texts{"a.yaml:5: kind is missing"}, boost::test_tools::per_element());
  BOOST_TEST((folder.store->get(thing("a")) != nullptr));
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_read_changes_nothing) {
  Folder folder;
  folder.write("a.yaml", document("a"));
  folder.scan();
  std::filesystem::rename(folder.options.directory, folder.temp.path() / "elsewhere");
  auto const problems = folder.store->scan({});
  BOOST_REQUIRE(!problems.has_value());
  BOOST_TEST(problems.error().message.find("manifests") != std::string::npos);
  BOOST_TEST(!folder.get(thing("a"))->orphaned);
  BOOST_TEST(!folder.store->orphans().has_value());
}

BOOST_AUTO_TEST_CASE(of_two_documents_of_one_key_the_first_counts) {
  Folder folder;
  folder.write("b.yaml", document("a", "{size: 1}"));
  folder.scan();
  folder.write("a.yaml", document("a", "{size: 2}"));
  Texts const problems = folder.scan();
  BOOST_REQUIRE(problems.size() == 1U);
  BOOST_TEST(problems[0] ==
             "a.yaml:1: Thing/default/a is declared twice; the one at b.yaml:1 counts: remove or rename "
             "one of them");
  BOOST_TEST(folder.get(thing("a"))->generation == 1);
  BOOST_TEST(folder.get(thing("a"))->source == "b.yaml:1");
  folder.remove("b.yaml");
  BOOST_TEST(folder.scan().empty());
  BOOST_TEST(folder.get(thing("a"))->spec.at("size").integer_or(0) == 2);
  folder.write("a.yaml", document("x") + "---\n" + document("x", "{size: 2}"));
  BOOST_TEST(holds(folder.scan(), "a.yaml:5: Thing/default/x is declared twice; the one at a.yaml:1 counts"));
}

BOOST_AUTO_TEST_CASE(a_refused_change_leaves_the_old_spec) {
  Folder folder;
  folder.write("a.yaml", document("a", "{fixed: 1, size: 1}"));
  folder.scan();
  folder.store->take_changes();
  std::string const before = folder.get(thing("a"))->resource_version;
  folder.write("a.yaml", "# moved\n" + document("a", "{fixed: 2, size: 2}", "{note: new}"));
  for (int i = 0; i < 3; ++i) {
    Texts const problems = folder.scan();
    BOOST_REQUIRE(problems.size() == 1U);
    BOOST_TEST(problems[0] == "a.yaml:2: Thing/default/a keeps its old spec: spec.fixed cannot change");
  }
  ObjectPtr const object = folder.get(thing("a"));
  BOOST_TEST(object->spec.at("size").integer_or(0) == 1);
  BOOST_TEST(object->annotation("note") == "");
  BOOST_TEST(object->generation == 1);
  BOOST_TEST(object->resource_version == before);
  BOOST_TEST(!object->orphaned);
  BOOST_TEST(folder.store->take_changes().empty());
  BOOST_TEST(folder.reasons(thing("a")) == Texts{"ChangeRefused x1"}, boost::test_tools::per_element());
  folder.write("a.yaml", document("a", "{fixed: 1, size: 2}"));
  BOOST_TEST(folder.scan().empty());
  BOOST_TEST(folder.get(thing("a"))->generation == 2);
}

BOOST_AUTO_TEST_CASE(comments_order_and_lines_are_no_change) {
  Folder folder;
  folder.write("a.yaml", document("a", "{size: 1, colour: red}"));
  folder.scan();
  folder.store->take_changes();
  ObjectPtr const before = folder.get(thing("a"));
  folder.write("a.yaml", "# a comment\n\n" + document("a", "{colour: red, size: 1}"));
  folder.scan();
  ObjectPtr const after = folder.get(thing("a"));
  BOOST_TEST(after->generation == 1);
  BOOST_TEST(after->resource_version == before->resource_version);
  BOOST_TEST(after->source == "a.yaml:3");
  BOOST_TEST(folder.store->take_changes().empty());
  BOOST_TEST(folder.store->put_status(*before, Json::object({{"phase", "Ready"}}), {}).has_value());
  BOOST_TEST(folder.get(thing("a"))->source == "a.yaml:3");
  folder.remove("a.yaml");
  folder.write("b.yaml",
               document("a", "{size: 1, colour: red}"));  // relative paths mean something else there
  folder.scan();
  BOOST_TEST((folder.store->take_changes() == std::vector<ObjectKey>{thing("a")}));
}

BOOST_AUTO_TEST_CASE(too_large_a_file_is_a_problem_of_its_own) {
  Folder folder;
  folder.write("a.yaml", document("a"));
  folder.write("big.yaml", std::string(2 << 20, '#'));
  BOOST_TEST(holds(folder.scan(), "big.yaml is larger than 1 MiB"));
  BOOST_TEST((folder.store->get(thing("a")) != nullptr));
}

BOOST_AUTO_TEST_CASE(a_changed_source_wakes_every_object) {
  Folder folder;
  folder.write("a.yaml", document("a") + "---\n" + document("b"));
  folder.scan();
  folder.store->take_changes();
  folder.store->sources_changed();
  BOOST_TEST((folder.store->take_changes() == std::vector<ObjectKey>{thing("a"), thing("b")}));
}

BOOST_AUTO_TEST_CASE(changes_come_in_their_order_and_once) {
  Folder folder;
  folder.write("a.yaml", document("b") + "---\n" + document("a"));
  folder.scan();
  folder.write("a.yaml", document("b") + "---\n" + document("a", "{size: 2}"));
  folder.scan();
  BOOST_TEST((folder.store->take_changes() == std::vector<ObjectKey>{thing("b"), thing("a")}));
}

BOOST_AUTO_TEST_CASE(pruning_goes_object_by_object) {
  Folder folder;
  folder.write("a.yaml", document("a") + "---\n" + document("b") + "---\n" +
                             document("c", "{}", "{trainyard.dev/protect: \"true\"}"));
  folder.scan();
  ObjectPtr const held = *folder.store->add_finalizer(*folder.get(thing("b")), "x/y", {});
  auto const declared = folder.store->request_delete(thing("a"));
  BOOST_REQUIRE(!declared.has_value());
  BOOST_TEST(declared.error().message ==
             "Thing/default/a is not deleted: it is declared at a.yaml:1; remove it there first");
  folder.remove("a.yaml");
  folder.scan();
  folder.store->take_changes();
  BOOST_TEST(folder.store->orphans()->size() == 3U);
  BOOST_TEST(folder.store->request_delete(thing("a")).has_value());
  BOOST_TEST(folder.store->request_delete(thing("b")).has_value());
  BOOST_TEST(folder.store->request_delete(thing("b")).has_value());
  auto const is_protected = folder.store->request_delete(thing("c"));
  BOOST_REQUIRE(!is_protected.has_value());
  BOOST_TEST(is_protected.error().reason == "Protected");
  BOOST_TEST(is_protected.error().message.find("trainyard.dev/protect") != std::string::npos);
  BOOST_TEST((folder.store->get(thing("a")) == nullptr));
  BOOST_TEST(folder.get(thing("b"))->deleted_at.has_value());
  BOOST_TEST((*folder.store->orphans() == std::vector<ObjectKey>{thing("c")}));
  BOOST_TEST((folder.store->take_changes() == std::vector<ObjectKey>{thing("a"), thing("b")}));
  auto const absent = folder.store->request_delete(thing("a"));
  BOOST_TEST((!absent.has_value() && absent.error().kind == ErrorKind::NotFound));
}

BOOST_AUTO_TEST_CASE(a_document_that_comes_back_while_its_object_goes_makes_a_new_one) {
  Folder folder;
  folder.write("a.yaml", document("a"));
  folder.scan();
  (void)*folder.store->add_finalizer(*folder.get(thing("a")), "x/y", {});
  folder.remove("a.yaml");
  folder.scan();
  BOOST_TEST(folder.store->request_delete(thing("a")).has_value());
  folder.write("a.yaml", document("a", "{size: 5}"));
  folder.scan();
  BOOST_TEST(folder.get(thing("a"))->deleted_at.has_value());
  BOOST_TEST(folder.get(thing("a"))->spec.at("size").integer_or(0) == 1);
  std::filesystem::remove(folder.options.state / "wake");
  BOOST_TEST(folder.store->remove_finalizer(*folder.get(thing("a")), "x/y", {}).has_value());
  BOOST_TEST((folder.store->get(thing("a")) == nullptr));
  BOOST_TEST(std::filesystem::exists(folder.options.state / "wake"), "asks for the scan that makes it anew");
  folder.scan();
  BOOST_TEST(!folder.get(thing("a"))->deleted_at.has_value());
  BOOST_TEST(folder.get(thing("a"))->generation == 1);
  BOOST_TEST(folder.get(thing("a"))->spec.at("size").integer_or(0) == 5);
}

BOOST_AUTO_TEST_CASE(events_are_bounded_and_outlive_their_object_for_a_week) {
  Folder folder;
  folder.write("a.yaml", document("a") + "---\n" + document("b"));
  folder.scan();
  for (int i = 0; i < 130; ++i) {
    folder.clock.advance(std::chrono::seconds(1));
    folder.store->record({thing("a"), false, "Seen", "number " + std::to_string(i)});
  }
  auto const events = *folder.store->events(thing("a"));
  BOOST_REQUIRE(events.size() == 100U);
  BOOST_TEST(events.front().event.message == "number 30");
  BOOST_TEST(events.back().event.message == "number 129");
  folder.clock.advance(std::chrono::seconds(1));
  folder.store->record({thing("a"), false, "Seen", "number 129"});
  StoredEvent const last = folder.store->events(thing("a"))->back();
  BOOST_TEST(last.count == 2);
  BOOST_TEST((last.last_seen - last.first_seen == std::chrono::seconds(1)));

  folder.remove("a.yaml");
  folder.scan();
  BOOST_TEST(folder.store->request_delete(thing("a")).has_value());
  BOOST_TEST(!folder.store->events(thing("a"))->empty());
  folder.clock.advance(std::chrono::hours(24 * 8));
  folder.open();
  BOOST_TEST(folder.store->events(thing("a"))->empty());
  BOOST_TEST(!folder.store->events(thing("b"))->empty());
}

BOOST_AUTO_TEST_CASE(a_stopped_scan_says_so) {
  Folder folder;
  folder.write("a.yaml", document("a"));
  std::stop_source stop;
  stop.request_stop();
  auto const problems = folder.store->scan({.stop = stop.get_token()});
  BOOST_REQUIRE(!problems.has_value());
  BOOST_TEST((problems.error().kind == ErrorKind::Canceled));
  folder.scan();
  BOOST_TEST((folder.store->get(thing("a")) != nullptr));
}

}  // namespace
}  // namespace trainyard::directory
