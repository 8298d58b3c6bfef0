#include "controller/directory/plan.hpp"

#include "tests/directory/folder_fixture.hpp"

namespace trainyard::directory {
namespace {

constexpr WallTime kNow{std::chrono::hours(1000)};

ObjectPtr stored(std::string const& name, Json annotations, std::vector<std::string> finalizers) {
  StoredObject object;
  object.key = thing(name);
  object.resource_version = "1";
  object.finalizers = std::move(finalizers);
  object.labels = Json::object();
  object.annotations = std::move(annotations);
  object.spec = Json::object();
  object.status = Json::object();
  object.source = "gone.yaml:1";
  return std::make_shared<StoredObject const>(object);
}

BOOST_AUTO_TEST_CASE(a_request_is_judged_by_the_object_as_it_is_when_granted) {
  Objects const objects{{thing("protected"),
                         stored("protected", Json::object({{std::string(kProtectAnnotation), "true"}}), {})},
                        {thing("held"), stored("held", Json::object(), {"x/y"})},
                        {thing("free"), stored("free", Json::object(), {})}};
  WallTime const asked = kNow - std::chrono::minutes(3);
  Plan const plan = plan_changes(
      objects, {},
      {{thing("protected"), asked}, {thing("held"), asked}, {thing("free"), asked}, {thing("none"), asked}},
      check_change, kNow);
  BOOST_TEST((plan.gone == std::vector<ObjectKey>{thing("free")}));
  std::map<ObjectKey, StoredObject> written;
  for (Write const& write : plan.writes) BOOST_TEST(written.emplace(write.object.key, write.object).second);
  BOOST_REQUIRE(written.size() == 2U);
  BOOST_TEST(!written.at(thing("protected")).deleted_at.has_value());
  BOOST_TEST(written.at(thing("protected")).orphaned);
  BOOST_TEST((written.at(thing("held")).deleted_at == asked));
  std::vector<std::string> refused;
  for (Event const& event : plan.events)
    if (event.reason == "DeletionRefused") refused.push_back(event.about.name);
  BOOST_TEST(refused == std::vector<std::string>{"protected"}, boost::test_tools::per_element());
}

}  // namespace
}  // namespace trainyard::directory
