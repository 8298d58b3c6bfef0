#include "controller/base/object_store.hpp"

#include <boost/test/unit_test.hpp>

using namespace trainyard;

BOOST_AUTO_TEST_SUITE(object_store)

BOOST_AUTO_TEST_CASE(keys) {
  ObjectKey const key{"Workspace", "default", "ml"};
  BOOST_TEST(to_string(key) == "Workspace/default/ml");
  BOOST_TEST((key == ObjectKey{"Workspace", "default", "ml"}));
  BOOST_TEST((ObjectKey{"A", "z", "z"} < ObjectKey{"B", "a", "a"}));
  BOOST_TEST((ObjectKey{"A", "a", "b"} < ObjectKey{"A", "b", "a"}));
}

BOOST_AUTO_TEST_CASE(finalizers_and_annotations) {
  StoredObject object;
  BOOST_TEST(!object.has_finalizer("trainyard.dev/azure"));
  BOOST_TEST(object.annotation("absent").empty());
  object.finalizers = {"other", "trainyard.dev/azure"};
  object.annotations = Json::object({{"a", "b"}});
  BOOST_TEST(object.has_finalizer("trainyard.dev/azure"));
  BOOST_TEST(!object.has_finalizer("trainyard.dev"));
  BOOST_TEST(object.annotation("a") == "b");
}

BOOST_AUTO_TEST_SUITE_END()
