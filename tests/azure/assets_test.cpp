#include "reconcilers/azure/assets.hpp"

#include "controller/base/encoding.hpp"
#include "tests/azure/bodies.hpp"
#include "tests/azure/scripted_transport.hpp"

namespace trainyard::azure {
namespace {

constexpr char const* kAbsent = R"({"error":{"code":"UserError","message":"not found"}})";
// A SAS as Azure writes it: nothing of it may be decoded and written anew.
constexpr char const* kSas = "sv=2021-08-06&sr=c&sp=rcwl&sig=ab%2Bcd%2Fef%3D&se=2026-03-01T08%3A00%3A00Z";

std::string pending(std::string const& host = "mine.blob.core.windows.net") {
  return R"({"blobReferenceForConsumption":{"blobUri":"https://)" + host +
         R"(:443/box","storageAccountArmId":"/a","credential":{"credentialType":"SAS","sasUri":"https://)" +
         host + "/box?" + kSas + R"("}},"pendingUploadId":"p","pendingUploadType":"None"})";
}

BOOST_FIXTURE_TEST_CASE(code_is_found_by_name, Scripted) {
  wire().expect("GET", "/workspaces/W/codes/ty-1/versions/1?api-version=2023-10-01", 200,
                R"({"id":"/the/id"})");
  BOOST_TEST(*find_code(arm, id, "ty-1", {}) == "/the/id");
  wire().expect("GET", "/codes/ty-1/versions/1", 404, kAbsent);
  BOOST_TEST(find_code(arm, id, "ty-1", {})->empty());
  wire().expect("GET", "/codes/ty-1/versions/1", 404, kWorkspaceMissing);
  BOOST_TEST(!find_code(arm, id, "ty-1", {}).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_snapshot_is_uploaded_file_by_file_and_then_named, Scripted) {
  wire()
      .expect("POST", "/codes/ty-1/versions/1/startPendingUpload?api-version=", 200, pending())
      .expect("PUT", std::string("https://mine.blob.core.windows.net/box/source/train.py?") + kSas, 201)
      .expect("PUT",
              std::string("https://mine.blob.core.windows.net/box/source/data/a%20b%23%2B.csv?") + kSas, 201)
      .expect("PUT",
              std::string("https://mine.blob.core.windows.net/box/source/train.py?comp=metadata&") + kSas,
              200)
      .expect("PUT",
              "https://management.azure.com/subscriptions/S/resourceGroups/G/providers/"
              "Microsoft.MachineLearningServices/workspaces/W/codes/ty-1/versions/1?api-version=",
              201, R"({"id":"/the/id"})");
  Result<std::string> const uploaded =
      upload_code(arm, id, "ty-1", {{"train.py", "print(1)\n"}, {"data/a b#+.csv", ""}}, {});
  BOOST_REQUIRE(uploaded.has_value());
  BOOST_TEST(*uploaded == "/the/id");

  BOOST_TEST(wire().sent[0].body == R"({"pendingUploadType":"TemporaryBlobReference"})");
  HttpHeaders const& put = wire().sent[1].headers;
  BOOST_TEST(wire().sent[1].body == "print(1)\n");
  BOOST_TEST(find_header(put, "x-ms-blob-type").value_or("") == "BlockBlob");
  BOOST_TEST(find_header(put, "If-None-Match").value_or("") == "*");
  BOOST_TEST(find_header(put, "Content-MD5").value_or("") == base64(md5("print(1)\n")));
  HttpHeaders const& mark = wire().sent[3].headers;
  BOOST_TEST(find_header(mark, "x-ms-meta-upload_status").value_or("") == "completed");
  BOOST_TEST(find_header(mark, "x-ms-meta-name").value_or("") == "ty-1");
  for (std::size_t const blob : {1, 2, 3})
    BOOST_TEST(!find_header(wire().sent[blob].headers, "Authorization").has_value());
  Result<Json> const named = Json::parse(wire().sent[4].body);
  BOOST_TEST(named->text({"properties", "codeUri"}) == "https://mine.blob.core.windows.net:443/box/source");
  BOOST_TEST(lines.find("sig") == std::string::npos);
  BOOST_TEST(lines.find("ab%2Bcd") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_blob_that_is_there_already_is_ours, Scripted) {
  wire()
      .expect("POST", "/startPendingUpload", 200, pending())
      .expect("PUT", "/box/source/a?", 409, "<Error/>", {{"x-ms-error-code", "BlobAlreadyExists"}})
      .expect("PUT", "comp=metadata", 200)
      .expect("PUT", "/codes/ty-1/versions/1?", 200, R"({"id":"/the/id"})");
  BOOST_TEST(upload_code(arm, id, "ty-1", {{"a", "x"}}, {}).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_failed_blob_is_told_without_its_address, Scripted) {
  wire()
      .expect("POST", "/startPendingUpload", 200, pending())
      .expect("PUT", "/box/source/a?", 403,
              "<Error><Code>AuthenticationFailed</Code><Message>sig=ab%2Bcd</Message></Error>",
              {{"x-ms-error-code", "AuthenticationFailed"}});
  Result<std::string> const uploaded = upload_code(arm, id, "ty-1", {{"a", "x"}}, {});
  BOOST_REQUIRE(!uploaded.has_value());
  BOOST_TEST((uploaded.error().kind == ErrorKind::Forbidden));
  BOOST_TEST(uploaded.error().reason == "AuthenticationFailed");
  BOOST_TEST(uploaded.error().message.find("uploading a") != std::string::npos);
  BOOST_TEST(uploaded.error().message.find("sig") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(nothing_is_uploaded_to_a_foreign_host, Scripted) {
  wire().expect("POST", "/startPendingUpload", 200, pending("blob.core.windows.net.evil.example"));
  Result<std::string> const uploaded = upload_code(arm, id, "ty-1", {{"a", "x"}}, {});
  BOOST_REQUIRE(!uploaded.has_value());
  BOOST_TEST(uploaded.error().reason == "HostNotAllowed");
}

BOOST_FIXTURE_TEST_CASE(a_refused_version_that_is_there_is_the_one_we_put_before, Scripted) {
  wire()
      .expect("POST", "/startPendingUpload", 200, pending())
      .expect("PUT", "/box/source/a?", 201)
      .expect("PUT", "comp=metadata", 200)
      .expect("PUT", "/codes/ty-1/versions/1?", 400,
              R"({"error":{"code":"UserError","message":"codeUri is immutable"}})")
      .expect("GET", "/codes/ty-1/versions/1?", 200, R"({"id":"/the/id"})");
  BOOST_TEST(*upload_code(arm, id, "ty-1", {{"a", "x"}}, {}) == "/the/id");
}

BOOST_FIXTURE_TEST_CASE(an_empty_source_is_refused, Scripted) {
  Result<std::string> const uploaded = upload_code(arm, id, "ty-1", {}, {});
  BOOST_REQUIRE(!uploaded.has_value());
  BOOST_TEST((uploaded.error().kind == ErrorKind::Invalid));
}

BOOST_FIXTURE_TEST_CASE(an_environment_is_put_once_for_an_image, Scripted) {
  wire()
      .expect("GET", "/environments/ty-", 404, kAbsent)
      .expect("PUT", "/environments/ty-", 201, R"({"id":"/env"})");
  BOOST_TEST(*ensure_environment(arm, id, "img:1", {}) == "/env");
  BOOST_TEST(Json::parse(wire().sent[1].body)->text({"properties", "image"}) == "img:1");
  wire().expect("GET", "/environments/ty-", 200, R"({"id":"/env"})");
  BOOST_TEST(*ensure_environment(arm, id, "img:1", {}) == "/env");
  BOOST_TEST(wire().sent[2].url == wire().sent[0].url);
  wire().expect("GET", "/environments/ty-", 200, R"({"id":"/other"})");
  BOOST_TEST(*ensure_environment(arm, id, "img:2", {}) == "/other");
  BOOST_TEST(wire().sent[3].url != wire().sent[0].url);
}

}  // namespace
}  // namespace trainyard::azure
