#include "tests/sim/site.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace trainyard::sim {

namespace fs = std::filesystem;

namespace {

/// In memory where the machine has such a place: what is tested is not the disk.
fs::path fresh_folder() {
  fs::path const shm = "/dev/shm";
  std::error_code error;
  fs::path const base = fs::is_directory(shm, error) ? shm : fs::temp_directory_path();
  std::string name = (base / "trainyard-world-XXXXXX").string();
  check(::mkdtemp(name.data()) != nullptr, "no folder for a world");
  return name;
}

}  // namespace

void Site::write_file(fs::path const& path, std::string const& text) {
  fs::create_directories(path.parent_path());
  fs::path const next = path.string() + ".new";
  std::ofstream(next, std::ios::binary) << text;
  fs::permissions(next, fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(next, path);
}

Site::Site(std::string name, Stage& stage, Judge& judge)
    : name_(std::move(name)), stage_(stage), judge_(judge), folder_(fresh_folder()) {
  fs::create_directories(manifests());
}

Site::~Site() {
  std::error_code error;
  fs::remove_all(folder_, error);
}

void Site::write(std::string const& path, std::string const& text) { write_file(manifests() / path, text); }

std::string Site::read(std::string const& path) const {
  std::ifstream const file(manifests() / path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void Site::remove(std::string const& path) { fs::remove(manifests() / path); }

}  // namespace trainyard::sim
