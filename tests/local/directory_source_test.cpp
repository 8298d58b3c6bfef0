#include "controller/local/directory_source.hpp"

#include <sys/stat.h>

#include "tests/local/local_fixture.hpp"

namespace trainyard::local {
namespace {

using reconcilers::SourceInfo;
using reconcilers::SourceRef;

struct Sources {
  TempFolder root;
  SystemClock clock;
  std::unique_ptr<DirectorySources> reader =
      make_directory_sources({.root = root.path(), .max_bytes = 1 << 20, .max_files = 50}, clock);
  SourceRef const ref{.declared_in = "sub/runs.yaml:7", .directory = "src"};

  Sources() { root.write("sub/src/train.py", "print(1)\n"); }
  Result<SourceInfo> scan() { return reader->scan(ref, {}); }
  std::string reason() {
    Result<SourceInfo> const info = scan();
    return info ? "none" : info.error().reason;
  }
};

BOOST_FIXTURE_TEST_CASE(a_source_is_beside_the_manifest_that_names_it, Sources) {
  root.write("sub/src/lib/a.py", "a");
  root.write("src/other.py", "");
  Result<SourceInfo> const info = scan();
  BOOST_REQUIRE(info);
  BOOST_TEST(info->files == (std::vector<std::string>{"lib/a.py", "train.py"}),
             boost::test_tools::per_element());
  BOOST_TEST(info->bytes == 10);
  BOOST_TEST(info->digest.size() == 64U);
}

BOOST_FIXTURE_TEST_CASE(content_path_and_executable_bit_are_in_the_digest, Sources) {
  std::string const first = scan()->digest;
  BOOST_TEST(scan()->digest == first);
  root.write("sub/src/train.py", "print(2)\n");  // as long as before, and within the same second
  std::string const second = scan()->digest;
  BOOST_TEST(second != first);
  ::chmod((root.path() / "sub/src/train.py").c_str(), 0755);
  std::string const third = scan()->digest;
  BOOST_TEST(third != second);
  std::filesystem::rename(root.path() / "sub/src/train.py", root.path() / "sub/src/fit.py");
  BOOST_TEST(scan()->digest != third);
}

BOOST_FIXTURE_TEST_CASE(what_the_ignore_file_names_is_not_there, Sources) {
  std::string const before = scan()->digest;
  root.write("sub/src/__pycache__/train.pyc", "x");
  root.write("sub/src/.git/HEAD", "x");
  BOOST_TEST(scan()->digest == before);
  root.write("sub/src/data.bin", "x");
  root.write("sub/src/.gitignore", "*.bin\n");
  BOOST_TEST(scan()->files == (std::vector<std::string>{".gitignore", "train.py"}),
             boost::test_tools::per_element());
  root.write("sub/src/.amlignore", ".*\n");  // alone: .gitignore no longer counts
  BOOST_TEST(scan()->files == (std::vector<std::string>{"data.bin", "train.py"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_config_map_is_none_here, Sources) {
  Result<SourceInfo> const info =
      reader->scan({.declared_in = "sub/runs.yaml:7", .ns = "default", .config_map = "files"}, {});
  BOOST_REQUIRE(!info);
  BOOST_TEST((info.error().kind == ErrorKind::Invalid));
  BOOST_TEST(info.error().message ==
             "spec.source.configMap 'files' of sub/runs.yaml:7: a ConfigMap is read in a cluster only; give "
             "spec.source.directory, a folder beside the manifest");
}

BOOST_FIXTURE_TEST_CASE(bad_sources_are_refused_by_name, Sources) {
  root.write("secret.txt", "x");
  root.link("../../secret.txt", "sub/src/link");
  BOOST_TEST(reason() == "SourceLinkOutside");
  root.write("sub/src/.amlignore", "link\n");
  BOOST_TEST(reason() == "none");
  root.link("loop", "sub/src/loop");
  BOOST_TEST(reason() == "SourceLinkLoop");
  std::filesystem::remove(root.path() / "sub/src/loop");
  root.link("..", "sub/src/lib/up");
  BOOST_TEST(reason() == "SourceLinkLoop");
  std::filesystem::remove_all(root.path() / "sub/src/lib");
  root.write("sub/src/big", std::string(1 << 20, 'x'));
  BOOST_TEST(reason() == "SourceTooLarge");
  std::filesystem::remove(root.path() / "sub/src/big");
  for (int i = 0; i < 60; ++i) root.write("sub/src/many/" + std::to_string(i), "");
  BOOST_TEST(reason() == "SourceTooLarge");
  std::filesystem::remove_all(root.path() / "sub/src");
  BOOST_TEST(reason() == "SourceMissing");
  Result<SourceInfo> const outside = reader->scan({.declared_in = "runs.yaml:1", .directory = "../"}, {});
  BOOST_REQUIRE(!outside);
  BOOST_TEST(outside.error().reason == "SourceLinkOutside");
}

BOOST_FIXTURE_TEST_CASE(a_copy_keeps_links_and_executable_bits_a_read_follows, Sources) {
  root.write("sub/src/data/a.txt", "A");
  root.write("sub/src/run.sh", "#!/bin/sh\n");
  ::chmod((root.path() / "sub/src/run.sh").c_str(), 0755);
  root.link("data/a.txt", "sub/src/file");
  root.link("data", "sub/src/folder");
  root.write("sub/src/hidden.txt", "H");
  root.link("hidden.txt", "sub/src/shown");
  root.write("sub/src/.amlignore", "hidden.txt\n");
  Result<SourceInfo> const info = scan();
  BOOST_REQUIRE(info);
  BOOST_TEST(info->warnings.size() == 2U);
  auto const files = reader->read(ref, info->digest, {});
  BOOST_REQUIRE(files);
  std::map<std::string, std::string> contents;
  for (auto const& file : *files) contents[file.path] = file.content;
  BOOST_TEST(contents["folder/a.txt"] == "A");
  BOOST_TEST(contents["file"] == "A");
  BOOST_TEST(contents["shown"] == "H");
  TempFolder const copy;
  BOOST_REQUIRE(reader->copy(ref, info->digest, copy.path(), {}));
  BOOST_TEST(std::filesystem::read_symlink(copy.path() / "file").string() == "data/a.txt");
  BOOST_TEST(std::filesystem::read_symlink(copy.path() / "folder").string() == "data");
  BOOST_TEST(std::filesystem::is_regular_file(std::filesystem::symlink_status(copy.path() / "shown")));
  struct stat facts {};
  BOOST_REQUIRE(::stat((copy.path() / "run.sh").c_str(), &facts) == 0);
  BOOST_TEST((facts.st_mode & S_IXUSR) != 0U);
}

BOOST_FIXTURE_TEST_CASE(a_source_that_changed_is_neither_read_nor_copied, Sources) {
  std::string const digest = scan()->digest;
  root.write("sub/src/train.py", "print(2)\n");
  auto const files = reader->read(ref, digest, {});
  BOOST_REQUIRE(!files);
  BOOST_TEST(files.error().reason == "SourceChanged");
  TempFolder const copy;
  Result<Done> const copied = reader->copy(ref, digest, copy.path(), {});
  BOOST_REQUIRE(!copied);
  BOOST_TEST(copied.error().reason == "SourceChanged");
}

}  // namespace
}  // namespace trainyard::local
