// Lists that are not what they should be: stale, with a page twice, or without one.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tests/azsim/core.hpp"

namespace trainyard::azsim {

/// What lists were answered before, by their address: a stale list is one of these.
class ListHistory {
 public:
  void keep(Call const& call, HttpResponse const& answer);
  /// The newest that is at least so old.
  [[nodiscard]] std::optional<std::string> body(Call const& call, Duration age) const;

 private:
  struct Answered {
    WallTime time;
    std::string body;
  };
  std::map<std::string, std::deque<Answered>> by_address_;
};

/// Resource Manager's form of a list. Others have no pages that these faults know.
bool is_list(Call const& call, HttpResponse const& answer);

/// Its nextLink leads back to itself.
void repeat_page(Call const& call, HttpResponse& answer);
/// `handler` tells the page that comes instead.
void skip_page(Handler const& handler, Call const& call, HttpResponse& answer);

}  // namespace trainyard::azsim
