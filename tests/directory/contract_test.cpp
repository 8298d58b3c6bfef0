#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "tests/directory/folder_fixture.hpp"
#include "tests/directory/object_store_contract.hpp"

namespace data = boost::unit_test::data;

namespace trainyard::directory {
namespace {

struct FolderWorld final : contract::World {
  Folder folder;

  ObjectStore& store() override { return *folder.store; }
  void apply(ObjectKey const& key, int variant, std::map<std::string, std::string> const& labels,
             std::map<std::string, std::string> const& annotations) override {
    Json object = Json::object({{"kind", key.kind}});
    Json metadata = Json::object({{"name", key.name}, {"namespace", key.ns}});
    for (auto const& [name, value] : labels) metadata["labels"][name] = value;
    for (auto const& [name, value] : annotations) metadata["annotations"][name] = value;
    object["metadata"] = metadata;
    object["spec"] = Json::object({{"variant", variant}});
    folder.write(file_of(key), object.dump());
    BOOST_TEST(folder.scan().empty());
  }
  void request_delete(ObjectKey const& key) override {
    folder.remove(file_of(key));
    Result<Done> const asked = folder.reader()->request_delete(key);
    BOOST_REQUIRE_MESSAGE(asked.has_value(), (asked ? "" : asked.error().message));
    folder.scan();
  }
  void put_secret(std::string const& name, std::string const& key, std::string const& value) override {
    folder.write_at(*folder.options.secrets / name / key, value + "\n", 0600);
    BOOST_TEST(folder.scan().empty());
  }
  std::vector<StoredEvent> events(ObjectKey const& about) override { return *folder.store->events(about); }
  Scrubber& scrubber() override { return folder.scrubber; }
  void restart() override { folder.open(); }

  static std::string file_of(ObjectKey const& key) {
    return key.kind + "-" + key.ns + "-" + key.name + ".json";
  }
};

BOOST_DATA_TEST_CASE(the_directory_store_keeps_the_contract, data::make(contract::cases()), c) {
  FolderWorld world;
  c.run(world);
}

}  // namespace
}  // namespace trainyard::directory
