// One watch of an API server: which line comes next.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "tests/sim/kube_server.hpp"

namespace trainyard::sim {

/// The server outlives it.
class KubeWatch {
 public:
  struct Line {
    SteadyTime at;  // when it came to be
    std::string text;
  };
  /// Begins where the request says, or the answer that refuses it.
  static std::variant<KubeWatch, HttpResponse> begin(KubeServer const& server, HttpRequest const& request);

  /// What is to be told now; nullopt: nothing.
  std::optional<Line> next();
  /// When the server ends it, and when it has a bookmark to tell unless there is a change before.
  [[nodiscard]] SteadyTime ends() const { return ends_; }
  [[nodiscard]] SteadyTime next_bookmark() const { return next_bookmark_; }

 private:
  explicit KubeWatch(KubeServer const& server) : server_(&server) {}
  [[nodiscard]] std::string line(char const* type, Json const& object) const;
  [[nodiscard]] Json bookmark() const;

  KubeServer const* server_;
  std::string collection_, ns_;
  bool metadata_ = false, bookmarks_ = false, expired_ = false;
  std::deque<std::string> first_;  // what it begins with
  std::size_t next_ = 0;           // of the server's changes
  SteadyTime began_{}, ends_{}, next_bookmark_{};
};

}  // namespace trainyard::sim
