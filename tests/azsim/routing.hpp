// Which operation a request is, and what is refused before its service sees it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/azsim/arm.hpp"

namespace trainyard::azsim {

struct Route {
  Operation const* operation;
  std::map<std::string, std::string> names;
};

class Router {
 public:
  explicit Router(std::vector<Operation> operations);
  [[nodiscard]] std::optional<Route> find(std::string_view method, std::string_view path) const;
  /// Whether any method is served there.
  [[nodiscard]] bool serves(std::string_view path) const;
  [[nodiscard]] std::vector<Served> served() const;

 private:
  struct Compiled {
    std::vector<std::string> segments;
    Operation operation;
  };
  // More fixed segments first, so that "/computes/list" wins over "/computes/{name}".
  std::vector<Compiled> compiled_;
};

/// What the front answers instead of the service: no token or a bad one, no api-version, no such
/// subscription, group or workspace. Nothing: the call may go on.
std::optional<HttpResponse> refuse(Shared const& shared, Operation const& operation, Call const& call);

/// No operation is served at this path, or not with this method.
HttpResponse not_served(bool other_methods, Call const& call);

/// The headers that every answer of ARM has, or of Azure ML behind it.
void add_front_headers(Shared const& shared, Operation const& operation, Call const& call,
                       HttpResponse& reply);

}  // namespace trainyard::azsim
