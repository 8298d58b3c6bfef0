// RunSite of a folder: what its operator's state holds, and the files of runs on this machine.
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "controller/cli/folder.hpp"
#include "controller/cli/run_site.hpp"
#include "controller/cli/state_changes.hpp"

namespace trainyard::cli {

namespace {

/// Of a run on this machine: a file that grows.
class FileLog final : public RunLog {
 public:
  explicit FileLog(std::string path) : path_(std::move(path)) {}

  Result<Done> print_more(Attempt) override {
    std::ifstream file(path_, std::ios::binary);
    if (!file.seekg(at_)) return Done{};
    std::array<char, 1 << 16> buffer{};
    while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0) {
      std::cout.write(buffer.data(), file.gcount());
      at_ += file.gcount();
    }
    std::cout.flush();
    return Done{};
  }

 private:
  std::string const path_;
  std::streamoff at_ = 0;  // all before it was printed
};

/// Of a run in Azure.
class StatusLog final : public RunLog {
 public:
  explicit StatusLog(StoredObject run) : run_(std::move(run)) {}
  Result<Done> print_more(Attempt) override { return print_status_tail(run_, "it runs in Azure"); }
  [[nodiscard]] bool can_follow() const override { return false; }

 private:
  StoredObject const run_;
};

class FolderSite final : public RunSite {
 public:
  FolderSite(FolderReader folder, std::filesystem::path const& state)
      : folder_(std::move(folder)), changes_(state, folder_.clock()) {}

  [[nodiscard]] std::string ns() const override { return "default"; }
  Result<ObjectPtr> find(ObjectKey const& key) override { return folder_.find(key); }
  void wait() override { changes_.wait(SteadyTime::max()); }

  Result<std::unique_ptr<RunLog>> log_of(StoredObject const& run, bool) override {
    if (run.status.text("runPlace") != "local")
      return std::unique_ptr<RunLog>(std::make_unique<StatusLog>(run));
    std::string const path = run.status.text("link");
    std::error_code none;
    if (path.empty() || !std::filesystem::exists(path, none))
      return no_log(run.key, "its log '" + path + "' is not there");
    changes_.also(std::filesystem::path(path).parent_path());
    return std::unique_ptr<RunLog>(std::make_unique<FileLog>(path));
  }

 private:
  FolderReader folder_;
  StateChanges changes_;
};

}  // namespace

Result<std::unique_ptr<RunSite>> open_folder_site(Parsed const& parsed) {
  Result<FolderReader> folder = FolderReader::open(parsed);
  if (!folder) return folder.error();
  return std::unique_ptr<RunSite>(std::make_unique<FolderSite>(*std::move(folder), folder_of(parsed).state));
}

}  // namespace trainyard::cli
