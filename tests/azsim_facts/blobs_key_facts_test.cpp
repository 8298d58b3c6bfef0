#include <boost/test/unit_test.hpp>

#include "controller/base/time_text.hpp"
#include "tests/azsim_facts/ml_world.hpp"

namespace trainyard::azsim {
namespace {

/// The workspace's storage account as a client with its key has it.
struct Account : MlWorld {
  Account() {
    Json const store = json(arm("GET", "/datastores/workspaceblobstore"));
    account = store.text({"properties", "accountName"});
    container = store.text({"properties", "containerName"});
    Json const secrets = json(arm("POST", "/datastores/workspaceblobstore/listSecrets"));
    key = base64_decode(secrets.text("key")).value();
  }
  /// As Shared Key has it; the canonical texts are written out by hand.
  HttpResponse signed_put(std::string const& content, std::string const& signing_key, WallTime when) {
    std::string const path = "/blob/" + account + "/" + container + "/a%20b", date = to_http_date(when);
    std::string const length = std::to_string(content.size());
    std::string const text = "PUT\n\n\n" + length +
                             "\n\n\n\n\n\n\n\n\nx-ms-blob-type:BlockBlob\nx-ms-date:" + date + "\n" + "/" +
                             account + path + "\ntimeout:1 0";
    return send({.method = "PUT",
                 .url = options.base_url + path + "?timeout=1%200",
                 .headers = {{"Content-Length", length},
                             {"x-ms-date", date},
                             {"x-ms-blob-type", "BlockBlob"},
                             {"Authorization",
                              "SharedKey " + account + ":" + base64(hmac_sha256(signing_key, text))}},
                 .body = content});
  }
  HttpResponse get(std::string const& authorization) {
    return send({.method = "GET",
                 .url = options.base_url + "/blob/" + account + "/" + container + "/a%20b",
                 .headers = {{"Authorization", authorization}}});
  }
  std::string account, container, key;
};

BOOST_FIXTURE_TEST_CASE(the_key_that_a_datastore_tells_signs_requests, Account) {
  BOOST_TEST(key.size() == 64U);
  BOOST_TEST(signed_put("x", key, clock.wall()).status == 201);
  BOOST_TEST(signed_put("", key, clock.wall()).status == 403);  // an empty body's length is signed as ""
  BOOST_TEST(json(arm("POST", "/listKeys")).text("userStorageKey") == base64(key));
}

BOOST_FIXTURE_TEST_CASE(another_key_or_an_old_date_is_refused, Account) {
  HttpResponse const other = signed_put("x", "another key", clock.wall());
  BOOST_TEST(other.status == 403);
  BOOST_TEST(other.header("x-ms-error-code").value_or("") == "AuthenticationFailed");
  BOOST_TEST(signed_put("x", key, clock.wall() - std::chrono::minutes(16)).status == 403);
  BOOST_TEST(get("Bearer " + token).status == 404);
}

BOOST_FIXTURE_TEST_CASE(a_token_of_the_tenant_opens_the_account_too, Account) {
  signed_put("x", key, clock.wall());
  BOOST_TEST(get("Bearer " + token).body == "x");
  BOOST_TEST(get("Bearer of.bad.news").status == 403);
}

BOOST_FIXTURE_TEST_CASE(the_containers_of_datastores_are_there_from_the_start, Account) {
  HttpResponse const listed =
      send({.method = "GET",
            .url = options.base_url + "/blob/" + account + "/" + container + "?restype=container&comp=list",
            .headers = {{"Authorization", "Bearer " + token}}});
  BOOST_TEST(listed.status == 200);
}

}  // namespace
}  // namespace trainyard::azsim
