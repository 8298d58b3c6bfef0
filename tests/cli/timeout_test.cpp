// `run --until-settled --timeout`: what cannot be settled ends all the same.
#include <boost/test/unit_test.hpp>

#include "tests/child.hpp"

namespace trainyard::tests {

BOOST_AUTO_TEST_SUITE(timeout)

BOOST_AUTO_TEST_CASE(azure_out_of_reach_is_told_when_the_time_has_passed) {
  TempFolder const folder;
  folder.write("manifests/ws.yaml",
               "apiVersion: trainyard.dev/v1alpha1\nkind: Workspace\nmetadata: {name: ml}\nspec:\n"
               "  cloud: nowhere\n  subscriptionId: 12345678-90ab-cdef-1234-567890abcdef\n"
               "  resourceGroup: g\n  name: ml-west\n  credential:\n    clientSecret:\n"
               "      tenantId: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee\n"
               "      clientId: abcdef01-2345-6789-abcd-ef0123456789\n"
               "      secretRef: {name: ml-client, key: clientSecret}\n");
  folder.write("clouds.yaml",  // port 1: nobody listens there
               "clouds:\n- name: nowhere\n  resourceManager: https://localhost:1\n"
               "  authority: https://localhost:1\n  audience: https://localhost:1\n"
               "  hostSuffixes: [localhost]\n  storageSuffixes: [localhost]\n");
  folder.write("secrets/ml-client/clientSecret", "s");
  std::filesystem::permissions(folder.path() / "secrets/ml-client/clientSecret",
                               std::filesystem::perms::owner_read);
  std::string const root = folder.path().string();
  std::vector<std::string> const run{"run",
                                     "--directory",
                                     root + "/manifests",
                                     "--cluster-name",
                                     "t",
                                     "--secrets",
                                     root + "/secrets",
                                     "--clouds",
                                     root + "/clouds.yaml",
                                     "--plain",
                                     "--timeout",
                                     "1s"};
  BOOST_TEST(run_program(run).code == 2);  // it limits --until-settled
  std::vector<std::string> limited = run;
  limited.push_back("--until-settled");
  Said const said = run_program(limited);
  BOOST_TEST(said.code == 1);
  BOOST_TEST(said.out.find("Still on its way:\n  workspace/ml") != std::string::npos, said.out + said.err);
  BOOST_TEST(said.out.find("Stopped before all was settled") != std::string::npos, said.out);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::tests
