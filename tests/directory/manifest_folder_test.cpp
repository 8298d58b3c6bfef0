#include "controller/directory/manifest_folder.hpp"

#include "tests/directory/folder_fixture.hpp"

namespace trainyard::directory {
namespace {

BOOST_AUTO_TEST_CASE(an_edit_within_one_tick_of_the_file_systems_clock_is_seen) {
  Folder folder(false);
  ManifestFolder manifests(folder.options, read_documents, folder.scrubber);
  for (int size = 100; size < 400; ++size) {  // all texts are of one length
    folder.write("a.yaml", document("a", "{size: " + std::to_string(size) + "}"));
    BOOST_REQUIRE(manifests.refresh({}).has_value());
    BOOST_REQUIRE(manifests.files().at("a.yaml").documents[0].spec.at("size").integer_or(0) == size);
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_did_not_change_is_parsed_once_and_soon_not_even_read) {
  Folder folder(false);
  int parsed = 0;
  ManifestFolder manifests(
      folder.options,
      [&](std::string_view file, std::string_view text) {
        ++parsed;
        return read_documents(file, text);
      },
      folder.scrubber);
  folder.write("a.yaml", document("a"));
  for (int i = 0; i < 4; ++i) BOOST_TEST(manifests.refresh({}).has_value());
  BOOST_TEST(parsed == 1);
  BOOST_TEST(manifests.files().at("a.yaml").settled);
  folder.write("a.yaml", document("a"));  // touched, not changed
  BOOST_TEST(manifests.refresh({}).has_value());
  BOOST_TEST(parsed == 1);
  folder.remove("a.yaml");
  BOOST_TEST(manifests.refresh({}).has_value());
  BOOST_TEST(manifests.files().empty());
}

}  // namespace
}  // namespace trainyard::directory
