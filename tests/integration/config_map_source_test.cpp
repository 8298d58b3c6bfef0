// Sources in ConfigMaps of a real API server.
#include "controller/cluster/config_map_source.hpp"

#include <boost/test/unit_test.hpp>

#include "controller/base/encoding.hpp"
#include "controller/local/directory_source.hpp"
#include "tests/integration/api_server.hpp"
#include "tests/temp_folder.hpp"

namespace trainyard::tests {
namespace {

using reconcilers::SourceFile;
using reconcilers::SourceInfo;
using reconcilers::SourceRef;

constexpr char const* kNamespace = "config-map-source";

struct Sources {
  ApiServer& server = ApiServer::get();
  Logger log{server.clock, server.scrubber, LogFormat::Text, LogLevel::Info,
             [](std::string_view line) { BOOST_TEST_MESSAGE(line); }};
  kube::ApiClient api{server.access(), server.transport(), server.clock, server.scrubber, server.metrics};
  kube::KubeStore store{
      {.kinds = {}, .ns = kNamespace, .instance = "test"},
      {.api = api, .clock = server.clock, .random = server.random, .log = log, .scrubber = server.scrubber}};
  cluster::ConfigMapSources reader{store};
  SourceRef const ref{.ns = kNamespace, .config_map = "files"};

  Sources() {
    server.need_namespace(kNamespace);
    server.must("DELETE", kube::collection_path(kube::kConfigMaps, kNamespace));
    store.start();
  }

  Context context() { return {.stop = {}, .deadline = server.clock.steady() + std::chrono::minutes(1)}; }
  Result<SourceInfo> scan() { return reader.scan(ref, context()); }

  /// As kubectl does: what is UTF-8 is text.
  std::string put(std::map<std::string, std::string> const& texts,
                  std::map<std::string, std::string> const& bytes = {}) {
    Json map = Json::object({{"apiVersion", "v1"},
                             {"kind", "ConfigMap"},
                             {"metadata", Json::object({{"name", ref.config_map}})}});
    for (auto const& [name, text] : texts) map["data"][name] = text;
    for (auto const& [name, text] : bytes) map["binaryData"][name] = base64(text);
    return server.must("PATCH", kube::object_path(kube::kConfigMaps, kNamespace, ref.config_map), map)
        .text({"metadata", "resourceVersion"});
  }
};

BOOST_AUTO_TEST_SUITE(config_map_sources)

BOOST_FIXTURE_TEST_CASE(the_same_files_have_the_digest_they_have_in_a_directory, Sources) {
  std::string const image("\x89PNG\0\xFF\r\n", 8), script = "print('ä')\r\n\x01";
  std::map<std::string, std::string> const texts{
      {"train.py", script}, {"empty", ""}, {".amlignore", "*.log\n"}, {"a.log", "not part of it"}};
  put(texts, {{"mark.png", image}});
  TempFolder folder;
  for (auto const& [name, text] : texts) folder.write("src/" + name, text);
  folder.write("src/mark.png", image);
  auto const directories = local::make_directory_sources({.root = folder.path()}, server.clock);
  Result<SourceInfo> const there =
      directories->scan({.declared_in = "run.yaml:1", .directory = "src"}, context());
  Result<SourceInfo> const here = scan();
  BOOST_REQUIRE(there);
  BOOST_REQUIRE_MESSAGE(here, (here ? "" : here.error().message));
  BOOST_TEST(here->digest == there->digest);
  BOOST_TEST(here->files == there->files, boost::test_tools::per_element());
  BOOST_TEST(here->bytes == there->bytes);
  Result<std::vector<SourceFile>> const files = reader.read(ref, here->digest, context());
  BOOST_REQUIRE(files);
  BOOST_REQUIRE(files->size() == 4U);
  BOOST_TEST(files->at(2).path == "mark.png");
  BOOST_TEST(files->at(2).content == image);
  BOOST_TEST(files->at(3).content == script);
}

BOOST_FIXTURE_TEST_CASE(an_edit_is_told_and_seen, Sources) {
  Result<SourceInfo> const missing = scan();
  BOOST_REQUIRE(!missing);
  BOOST_TEST((missing.error().kind == ErrorKind::Invalid));
  BOOST_TEST(missing.error().reason == "SourceMissing");
  BOOST_TEST(missing.error().message ==
             "ConfigMap config-map-source/files is not there; create it: kubectl create configmap files "
             "--namespace config-map-source --from-file=DIR");
  ObjectKey const key{"ConfigMap", kNamespace, "files"};
  std::vector<std::string> digests;
  for (char const* const text : {"print(1)", "print(2)"}) {
    std::string const version = put({{"train.py", text}});
    std::vector<ObjectKey> told;
    wait_until(
        [&] {
          for (ObjectKey& changed : store.take_changes()) told.push_back(std::move(changed));
          return !told.empty() && store.seen_version(key) == version;
        },
        "the change is not told");
    BOOST_TEST((told.back() == key));
    Result<SourceInfo> const info = scan();
    BOOST_REQUIRE(info);
    digests.push_back(info->digest);
    BOOST_TEST(scan()->digest == info->digest);
  }
  BOOST_TEST(digests.front() != digests.back());
  Result<std::vector<SourceFile>> const old = reader.read(ref, digests.front(), context());
  BOOST_REQUIRE(!old);
  BOOST_TEST((old.error().kind == ErrorKind::Transient));
  BOOST_TEST(old.error().reason == "SourceChanged");
  server.must("DELETE", kube::object_path(kube::kConfigMaps, kNamespace, "files"));
  wait_until([&] { return store.seen_version(key).empty(); }, "the deletion is not seen");
  BOOST_TEST(scan().error().reason == "SourceMissing");
}

BOOST_FIXTURE_TEST_CASE(a_directory_is_none_here, Sources) {
  Result<SourceInfo> const info = reader.scan({.directory = "src", .ns = kNamespace}, context());
  BOOST_REQUIRE(!info);
  BOOST_TEST((info.error().kind == ErrorKind::Invalid));
  BOOST_TEST(info.error().reason == "SourceNotServed");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace trainyard::tests
