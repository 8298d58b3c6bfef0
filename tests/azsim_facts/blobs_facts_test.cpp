#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/azsim_facts/ml_world.hpp"

namespace trainyard::azsim {
namespace {

using std::chrono::hours;
namespace data = boost::unit_test::data;

/// A container as a client gets one to upload into.
struct Container : MlWorld {
  Container() {
    Json const upload = json(arm("POST", "/codes/c/versions/1/startPendingUpload",
                                 Json::object({{"pendingUploadType", "TemporaryBlobReference"}})));
    std::string const uri = upload.text({"blobReferenceForConsumption", "credential", "sasUri"});
    std::size_t const mark = uri.find('?');
    address = uri.substr(0, mark);
    sas = uri.substr(mark + 1);
  }
  HttpResponse blob(std::string const& method, std::string const& path, std::string const& body = "",
                    HttpHeaders headers = {}, std::string const& query = "") {
    return send({.method = method,
                 .url = address + path + "?" + (query.empty() ? "" : query + "&") + sas,
                 .headers = std::move(headers),
                 .body = body});
  }
  HttpResponse put(std::string const& path, std::string const& body, HttpHeaders headers = {}) {
    headers.emplace_back("x-ms-blob-type", "BlockBlob");
    return blob("PUT", path, body, std::move(headers));
  }
  std::string address, sas;
};

BOOST_FIXTURE_TEST_CASE(a_blob_comes_back_whole_in_part_and_by_head, Container) {
  HttpResponse const made = put("/src/a%20b.txt", "0123456789", {{"Content-MD5", base64(md5("0123456789"))}});
  BOOST_TEST(made.status == 201);
  BOOST_TEST(made.header("ETag").value_or("").starts_with("\"0x"));
  BOOST_TEST(blob("GET", "/src/a%20b.txt").body == "0123456789");
  HttpResponse const part = blob("GET", "/src/a%20b.txt", "", {{"Range", "bytes=7-99"}});
  BOOST_TEST(part.status == 206);
  BOOST_TEST(part.body == "789");
  BOOST_TEST(part.header("Content-Range").value_or("") == "bytes 7-9/10");
  HttpResponse const head = blob("HEAD", "/src/a%20b.txt");
  BOOST_TEST(head.body.empty());
  BOOST_TEST(head.header("Content-Length").value_or("") == "10");
  BOOST_TEST(blob("GET", "/src/a%20b.txt", "", {{"Range", "bytes=10-11"}}).status == 416);
}

BOOST_FIXTURE_TEST_CASE(an_empty_blob_has_no_range_and_is_there, Container) {
  put("/log", "");
  HttpResponse const ranged = blob("GET", "/log", "", {{"x-ms-range", "bytes=0-33554431"}});
  BOOST_TEST(ranged.status == 416);
  BOOST_TEST(ranged.header("x-ms-error-code").value_or("") == "InvalidRange");
  BOOST_TEST(blob("GET", "/log").status == 200);
}

BOOST_FIXTURE_TEST_CASE(what_storage_refuses_of_a_put, Container) {
  BOOST_TEST(blob("PUT", "/f", "x").header("x-ms-error-code").value_or("") == "MissingRequiredHeader");
  HttpResponse const damaged = put("/f", "x", {{"Content-MD5", base64(md5("y"))}});
  BOOST_TEST(damaged.status == 400);
  BOOST_TEST(damaged.header("x-ms-error-code").value_or("") == "Md5Mismatch");
  BOOST_TEST(put("/f", "x", {{"If-None-Match", "*"}}).status == 201);
  HttpResponse const again = put("/f", "z", {{"If-None-Match", "*"}});
  BOOST_TEST(again.status == 409);
  BOOST_TEST(again.header("x-ms-error-code").value_or("") == "BlobAlreadyExists");
  BOOST_TEST(blob("GET", "/f").body == "x");
}

BOOST_FIXTURE_TEST_CASE(metadata_is_replaced_and_told, Container) {
  put("/f", "x");
  BOOST_TEST(blob("PUT", "/f", "", {{"x-ms-meta-upload_status", "completed"}}, "comp=metadata").status ==
             200);
  BOOST_TEST(blob("HEAD", "/f").header("x-ms-meta-upload_status").value_or("") == "completed");
}

BOOST_FIXTURE_TEST_CASE(a_blob_is_made_of_blocks_in_the_order_of_the_list, Container) {
  blob("PUT", "/big", "world", {}, "comp=block&blockid=Yg%3D%3D");
  blob("PUT", "/big", "hello ", {}, "comp=block&blockid=YQ%3D%3D");
  BOOST_TEST(blob("GET", "/big").status == 404);
  std::string const list = "<BlockList><Latest>YQ==</Latest><Latest>Yg==</Latest></BlockList>";
  BOOST_TEST(blob("PUT", "/big", list, {}, "comp=blocklist").status == 201);
  BOOST_TEST(blob("GET", "/big").body == "hello world");
  HttpResponse const wrong =
      blob("PUT", "/big", "<BlockList><Latest>eA==</Latest></BlockList>", {}, "comp=blocklist");
  BOOST_TEST(wrong.header("x-ms-error-code").value_or("") == "InvalidBlockList");
}

BOOST_FIXTURE_TEST_CASE(a_container_is_listed_in_pages_and_by_folder, Container) {
  for (char const* path : {"/a/1", "/a/2", "/b"}) put(path, "x");
  HttpResponse const page = blob("GET", "", "", {}, "restype=container&comp=list&maxresults=2");
  BOOST_TEST(page.body.find("<Name>a/2</Name>") != std::string::npos);
  BOOST_TEST(page.body.find("<NextMarker>b</NextMarker>") != std::string::npos);
  HttpResponse const folders = blob("GET", "", "", {}, "restype=container&comp=list&delimiter=%2F");
  BOOST_TEST(folders.body.find("<BlobPrefix><Name>a/</Name></BlobPrefix>") != std::string::npos);
  BOOST_TEST(folders.body.find("<Name>a/1</Name>") == std::string::npos);
}

struct DoorCase {
  std::string what, sas;
  int status;
  std::string code;
  friend std::ostream& operator<<(std::ostream& out, DoorCase const& c) { return out << c.what; }
};
std::vector<DoorCase> const kDoors{
    {"no signature", "sv=2021-08-06", 401, "NoAuthenticationInformation"},
    {"another signature", "sv=2021-08-06&sr=c&sp=rcwl&se=2090-01-01T00%3A00%3A00Z&sig=AAAA", 403,
     "AuthenticationFailed"}};
BOOST_DATA_TEST_CASE_F(Container, nobody_comes_in_without_a_good_signature, data::make(kDoors), c) {
  HttpResponse const refused = send({.method = "PUT",
                                     .url = address + "/f?" + c.sas,
                                     .headers = {{"x-ms-blob-type", "BlockBlob"}},
                                     .body = "x"});
  BOOST_TEST(refused.status == c.status);
  BOOST_TEST(refused.header("x-ms-error-code").value_or("") == c.code);
  BOOST_TEST(blob("GET", "/f").status == 404);
}

BOOST_FIXTURE_TEST_CASE(a_signature_ends_after_eight_hours_and_gives_what_it_says, Container) {
  BOOST_TEST(blob("DELETE", "/f").header("x-ms-error-code").value_or("") ==
             "AuthorizationPermissionMismatch");
  clock.advance(hours(8));
  BOOST_TEST(put("/f", "x").header("x-ms-error-code").value_or("") == "AuthenticationFailed");
}

}  // namespace
}  // namespace trainyard::azsim
