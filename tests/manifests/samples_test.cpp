// Every sample is a manifest that Trainyard takes, and the quickstart says what its README promises.
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <boost/test/unit_test.hpp>

#include "manifests/compute_target.hpp"
#include "manifests/kinds.hpp"
#include "manifests/training_run.hpp"
#include "tests/folders.hpp"

namespace trainyard::manifests::test {

namespace {

namespace fs = std::filesystem;

fs::path const kSamples = fs::path(source_folder()) / "manifests" / "samples";

Documents read(fs::path const& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return parse_documents(file.filename().string(), text.str());
}

std::map<std::string, Json> quickstart() {
  std::map<std::string, Json> specs;
  for (char const* const file : {"workspace.yaml", "compute.yaml", "runs.yaml"})
    for (Document const& document : read(kSamples / "quickstart" / file).documents)
      specs[document.name] = document.spec;
  return specs;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(samples)

BOOST_AUTO_TEST_CASE(every_sample_is_valid_and_its_source_is_there) {
  std::map<std::string, int> kinds_seen;
  for (fs::directory_entry const& entry : fs::recursive_directory_iterator(kSamples)) {
    if (entry.path().extension() != ".yaml") continue;
    BOOST_TEST_CONTEXT(entry.path().string()) {
      Documents const found = read(entry.path());
      for (FieldError const& error : found.errors) BOOST_TEST(false, to_string(error, entry.path().string()));
      BOOST_TEST(found.documents.size() + found.ignored.size() > 0U);
      for (auto const& [place, kind] : found.ignored)
        BOOST_TEST(kind == "Kustomization", "a sample holds no Secret");
      for (Document const& document : found.documents) {
        ++kinds_seen[document.kind];
        if (document.kind != "TrainingRun") continue;
        TrainingRunSpec const run = training_run_spec_from_json(document.spec);
        if (!run.source_git_url.empty()) continue;  // elsewhere
        fs::path const source = run.source_directory.empty() ? "src" : run.source_directory;  // of a ConfigMap
        BOOST_TEST(fs::exists(entry.path().parent_path() / source / run.script_file));
      }
    }
  }
  BOOST_TEST(kinds_seen.size() == kinds().size(), "each kind has a sample");
}

BOOST_AUTO_TEST_CASE(each_target_block_has_a_sample) {
  std::map<std::string, int> blocks;
  for (fs::directory_entry const& entry : fs::directory_iterator(kSamples)) {
    if (entry.path().extension() != ".yaml") continue;
    for (Document const& document : read(entry.path()).documents)
      if (document.kind == "ComputeTarget") ++blocks[compute_target_spec_from_json(document.spec).block];
  }
  for (Kind const& kind : kinds()) {
    if (kind.kind != "ComputeTarget") continue;
    for (Field const& field : kind.fields) {
      std::string const block(field.path.substr(std::string_view("spec.").size()));
      if (field.type == "object" && block.find('.') == std::string::npos)
        BOOST_TEST(blocks[block] > 0, block);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_quickstart_runs_differ_in_name_and_target_alone) {
  std::map<std::string, Json> specs = quickstart();
  BOOST_REQUIRE(specs.size() == 5U);
  Json& local = specs.at("fit-local");
  Json& cluster = specs.at("fit-cluster");
  BOOST_TEST(local.text("computeTarget") == "this-machine");
  BOOST_TEST(cluster.text("computeTarget") == "cpu-cluster");
  local.erase("computeTarget");
  cluster.erase("computeTarget");
  BOOST_TEST((local == cluster));
  BOOST_TEST(specs.at("cpu-cluster").text("workspace") == "demo");
  BOOST_TEST(specs.at("demo").text("cloud") == "azsim");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::manifests::test
