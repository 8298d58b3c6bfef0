#include "tests/directory/folder_fixture.hpp"

namespace trainyard::directory {
namespace {

BOOST_AUTO_TEST_CASE(a_reader_needs_no_lock_and_sees_what_the_operator_wrote) {
  Folder folder;
  folder.write("a.yaml", document("a") + "---\n" + document("b"));
  folder.scan();
  auto const reader = folder.reader();
  BOOST_TEST((*reader->get(thing("none")) == nullptr));
  BOOST_TEST((*reader->get(thing("a")))->source == "a.yaml:1");
  BOOST_REQUIRE(
      folder.store->put_status(*folder.get(thing("a")), Json::object({{"phase", "Ready"}}), {}).has_value());
  folder.store->record({thing("a"), false, "Ready", "usable"});
  BOOST_TEST((*reader->get(thing("a")))->status.text("phase") == "Ready");
  auto const things = reader->list("Thing");
  BOOST_REQUIRE(things->size() == 2U);
  BOOST_TEST((things->back()->key == thing("b")));
  BOOST_TEST(reader->list("Other")->empty());
  BOOST_TEST(reader->events(thing("a"))->size() == 1U);
  BOOST_TEST(reader->events(std::nullopt)->size() == 1U);
  folder.store.reset();
  BOOST_TEST(reader->list("Thing")->size() == 2U, "without an operator too");
}

BOOST_AUTO_TEST_CASE(without_state_it_says_so_and_makes_none) {
  Folder folder(false);
  auto const opened = DirectoryReader::open(folder.options, read_documents, folder.clock, folder.scrubber);
  BOOST_REQUIRE(!opened.has_value());
  BOOST_TEST((opened.error().kind == ErrorKind::NotFound));
  BOOST_TEST(opened.error().message.find("no operator has run here") == 0U);
  BOOST_TEST(!std::filesystem::exists(folder.options.state));
}

BOOST_AUTO_TEST_CASE(a_deletion_is_granted_by_the_operator) {
  Folder folder;
  folder.write("a.yaml", document("a"));
  folder.scan();
  (void)*folder.store->add_finalizer(*folder.get(thing("a")), "x/y", {});
  folder.store->take_changes();
  auto const reader = folder.reader();
  std::filesystem::remove(folder.options.state / "wake");
  folder.remove("a.yaml");  // at once before the request: the operator has not looked yet
  BOOST_TEST(reader->request_delete(thing("a")).has_value());
  BOOST_TEST(reader->request_delete(thing("a")).has_value());
  BOOST_TEST(std::filesystem::exists(folder.options.state / "wake"));
  BOOST_TEST((*reader->get(thing("a")))->deleted_at.has_value());
  BOOST_TEST(reader->list("Thing")->front()->deleted_at.has_value());
  BOOST_TEST(!folder.get(thing("a"))->deleted_at.has_value());
  WallTime const asked = folder.clock.wall();
  folder.clock.advance(std::chrono::minutes(1));
  folder.store.reset();
  folder.open();  // the request waits for the operator's next run
  folder.scan();
  BOOST_TEST((folder.get(thing("a"))->deleted_at == asked));
  BOOST_TEST((folder.store->take_changes() == std::vector<ObjectKey>{thing("a")}));
  BOOST_TEST(folder.store->remove_finalizer(*folder.get(thing("a")), "x/y", {}).has_value());
  BOOST_TEST((*reader->get(thing("a")) == nullptr));
  folder.write("a.yaml", document("a"));
  folder.scan();
  BOOST_TEST(!folder.get(thing("a"))->deleted_at.has_value(), "a request serves once");
}

BOOST_AUTO_TEST_CASE(what_must_not_be_deleted_is_not) {
  Folder folder;
  folder.write("a.yaml", "# first\n" + document("a") + "---\n" + document("b"));
  folder.write("p.yaml", document("p", "{}", "{trainyard.dev/protect: \"true\"}"));
  folder.scan();
  auto const reader = folder.reader();
  auto const declared = reader->request_delete(thing("a"));
  BOOST_REQUIRE(!declared.has_value());
  BOOST_TEST(declared.error().message ==
             "Thing/default/a is not deleted: it is declared at a.yaml:2; remove it there first");
  folder.remove("p.yaml");
  auto const is_protected = reader->request_delete(thing("p"));
  BOOST_REQUIRE(!is_protected.has_value());
  BOOST_TEST(is_protected.error().reason == "Protected");
  folder.write("a.yaml", "kind: [\n");
  auto const unreadable = reader->request_delete(thing("a"));
  BOOST_REQUIRE(!unreadable.has_value());
  BOOST_TEST(unreadable.error().message.find("the file has errors; mend it first: a.yaml") !=
             std::string::npos);
  auto const absent = reader->request_delete(thing("none"));
  BOOST_TEST((!absent.has_value() && absent.error().kind == ErrorKind::NotFound));
  folder.scan();
  for (ObjectPtr const& object : folder.store->list("Thing")) BOOST_TEST(!object->deleted_at.has_value());
}

BOOST_AUTO_TEST_CASE(a_document_that_came_back_withdraws_the_request) {
  Folder folder;
  folder.write("a.yaml", document("a"));
  folder.scan();
  folder.remove("a.yaml");
  BOOST_REQUIRE(folder.reader()->request_delete(thing("a")).has_value());
  folder.write("b.yaml", document("a"));
  folder.scan();
  BOOST_TEST(!folder.get(thing("a"))->deleted_at.has_value());
  BOOST_TEST(folder.reasons(thing("a")) == std::vector<std::string>{"DeletionRefused x1"},
             boost::test_tools::per_element());
  folder.remove("b.yaml");
  folder.scan();
  BOOST_TEST(folder.get(thing("a"))->orphaned, "the old request is not kept for later");
}

}  // namespace
}  // namespace trainyard::directory
