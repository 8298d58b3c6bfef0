#include "reconcilers/azure/cloud.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace trainyard::azure {
namespace {

namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_CASE(three_clouds_are_built_in) {
  for (auto const& [name, audience] : {std::pair{"public", "https://management.azure.com"},
                                       {"usgov", "https://management.core.usgovcloudapi.net"},
                                       {"china", "https://management.chinacloudapi.cn"}}) {
    Result<Cloud> const cloud = Clouds().find(name);
    BOOST_REQUIRE(cloud.has_value());
    BOOST_TEST(cloud->audience == audience);
    BOOST_TEST(cloud->authority.starts_with("https://login."));
    BOOST_TEST(!cloud->allows_host("mine." + cloud->storage_suffixes.front()));
    BOOST_TEST(cloud->allows_storage_host("mine." + cloud->storage_suffixes.front()));
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_cloud_is_met_with_the_known_names) {
  Result<Cloud> const cloud = Clouds().find("moon");
  BOOST_REQUIRE(!cloud.has_value());
  BOOST_TEST((cloud.error().kind == ErrorKind::Invalid));
  BOOST_TEST(cloud.error().message.find("'moon'") != std::string::npos);
  BOOST_TEST(cloud.error().message.find("china, public, usgov") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_adds_a_cloud) {
  Clouds clouds;
  Result<Done> const added = clouds.add_yaml("sim.yaml", R"(
clouds:
  - name: sim
    resourceManager: https://LocalHost:8443/
    authority: https://localhost:8443
    audience: https://management.azure.com/
    hostSuffixes: [localhost]
    ca: |
      -----BEGIN CERTIFICATE-----
      AAAA
      -----END CERTIFICATE-----
)");
  BOOST_REQUIRE(added.has_value());
  Result<Cloud> const cloud = clouds.find("sim");
  BOOST_REQUIRE(cloud.has_value());
  BOOST_TEST(cloud->resource_manager == "https://localhost:8443");
  BOOST_TEST(cloud->audience == "https://management.azure.com");
  BOOST_TEST(cloud->allows_host("localhost"));
  BOOST_TEST(cloud->allows_storage_host("LOCALHOST"));
  BOOST_TEST(!cloud->allows_host("notlocalhost"));
  BOOST_TEST(cloud->ca_pem.starts_with("-----BEGIN CERTIFICATE-----\n"));
  BOOST_TEST(clouds.all().size() == 4U);
}

struct BadFile {
  std::string name, text, told;
  friend std::ostream& operator<<(std::ostream& out, BadFile const& c) { return out << c.name; }
};
std::string one(std::string const& change, std::string const& to) {
  std::string text =
      "clouds:\n"
      "- name: sim\n"
      "  resourceManager: https://localhost:8443\n"
      "  authority: https://localhost:8443\n"
      "  audience: https://management.azure.com\n"
      "  hostSuffixes: [localhost]\n";
  std::size_t const at = text.find(change);
  return text.replace(at, change.size(), to);
}
std::vector<BadFile> const kBadFiles{
    {"no YAML", "clouds: [", "c.yaml"},
    {"a list on top", "- name: sim", "c.yaml:1:1: the file must be a mapping"},
    {"another field on top", "cloud: []", "c.yaml:1:1: cloud is not a field"},
    {"no list", "clouds: 3", "c.yaml:1:1: clouds must be a list"},
    {"an unknown field", one("audience:", "audiences:"),
     "c.yaml:5:3: clouds[0].audiences is not a field of a cloud"},
    {"a missing field", one("  audience: https://management.azure.com\n", ""),
     "clouds[0] must have audience"},
    {"an empty field", one("name: sim", "name: ''"), "c.yaml:2:3: clouds[0].name must have name"},
    {"a path in an origin",
     one("resourceManager: https://localhost:8443", "resourceManager: https://localhost:8443/arm"),
     "c.yaml:3:3: clouds[0].resourceManager must be an origin, such as https://localhost:8443"},
    {"no URL", one("authority: https://localhost:8443", "authority: localhost"),
     "clouds[0].authority cannot be used: address \"localhost\": it has no scheme"},
    {"a password in an origin", one("authority: https://localhost:8443", "authority: https://user:hunter2@h"),
     "clouds[0].authority cannot be used: address \"(not shown)\": it holds a user name"},
    {"suffixes no list", one("[localhost]", "localhost"), "clouds[0].hostSuffixes must be a list"},
    {"no suffix", one("[localhost]", "[]"), "clouds[0] must have hostSuffixes"},
    {"a wildcard", one("[localhost]", "['*.evil.example']"), "clouds[0].hostSuffixes[0] must be a host name"},
    {"a port", one("[localhost]", "['localhost:8443']"), "clouds[0].hostSuffixes[0] must be a host name"},
    {"an empty suffix allows every host", one("[localhost]", "['']"),
     "clouds[0].hostSuffixes[0] must be a host name"},
    {"a certificate's file name", one("hostSuffixes", "ca: ca.pem\n  hostSuffixes"),
     "clouds[0].ca must be the PEM text"},
    {"a name that is taken", one("name: sim", "name: public"), "cloud 'public' is known already"},
};
BOOST_DATA_TEST_CASE(a_bad_file_is_told_with_its_place, data::make(kBadFiles), c) {
  Result<Done> const added = Clouds().add_yaml("c.yaml", c.text);
  BOOST_REQUIRE(!added.has_value());
  BOOST_TEST((added.error().kind == ErrorKind::Invalid));
  BOOST_CHECK_MESSAGE(added.error().message.find(c.told) != std::string::npos, added.error().message);
}

}  // namespace
}  // namespace trainyard::azure
