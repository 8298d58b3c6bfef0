// git_server.py as a process, and the hands of somebody who commits to what it serves.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <map>

#include "tests/child.hpp"

namespace trainyard::tests {

inline constexpr char const* kGitPassword = "planted-71c2-a-git-password";

/// Has code.git with a branch `main`; what is committed in its work folder is published by publish().
struct GitServer {
  TempFolder folder;
  Child process{"/usr/bin/python3", {source_folder() + "/tests/git/git_server.py", folder.path().string()}};
  std::string port;

  GitServer() {
    folder.write("password", kGitPassword);
    process.wait_for("port ");
    port = process.out().substr(5, process.out().find('\n') - 5);
    in_repository("init -q -b main .");
    in_repository("config user.name nobody && git config user.email nobody@example.test");
    commit("first", {{"src/train.py", "print('one')\n"},
                     {"src/.amlignore", "*.log\n"},
                     {"src/a.log", "x"},
                     {"README", "r"}});
    in_repository("clone -q --bare . ../repos/code.git");
    publish();
  }
  static GitServer& once() {
    static GitServer server;
    return server;
  }

  void in_repository(std::string const& words) const {
    std::filesystem::create_directories(folder.path() / "work");
    std::string const line =
        "cd " + (folder.path() / "work").string() + " && git -c init.defaultBranch=main " + words;
    BOOST_REQUIRE_MESSAGE(std::system(line.c_str()) == 0, line);
  }
  /// Of the branch that is checked out.
  void commit(std::string const& message, std::map<std::string, std::string> const& files) const {
    for (auto const& [path, text] : files) folder.write("work/" + path, text);
    in_repository("add -A && git commit -q -m '" + message + "'");
  }
  void publish() const {
    in_repository("push -q --all ../repos/code.git && git push -q --tags ../repos/code.git");
  }
  [[nodiscard]] std::string commit_of(std::string const& name) const {
    in_repository("rev-parse " + name + " > ../answer");
    return read_all(folder.path() / "answer").substr(0, 40);
  }
  [[nodiscard]] std::size_t requests() const {
    std::string const all = read_all(folder.path() / "requests");
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
  }
  [[nodiscard]] std::string url(std::string const& path = "code.git") const {
    return "https://127.0.0.1:" + port + "/" + path;
  }
};

}  // namespace trainyard::tests
