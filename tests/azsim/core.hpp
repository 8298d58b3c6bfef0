// Inside the simulator: one request taken apart, the operations it can be, and the services that offer them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/http.hpp"
#include "tests/azsim/azsim.hpp"

namespace trainyard::azsim {

/// One request, taken apart.
struct Call {
  HttpRequest const& request;
  Url url;
  std::map<std::string, std::string>
      names;  // of the pattern's {placeholders}, decoded, as written by the caller
  Json body;  // null if there was none or it was no JSON
  std::string api_version;
  WallTime now;
  Json failure = {};  // {code, message}: the operation that it begins fails with it; null: it succeeds
  [[nodiscard]] std::string const& name(std::string const& placeholder) const {
    return names.at(placeholder);
  }
};

using Handler = std::function<HttpResponse(Call const&)>;

struct Operation {
  std::string name;     // "computes.put"
  std::string method;   // "PUT"
  std::string pattern;  // "/subscriptions/{sub}/resourceGroups/{rg}/..."; fixed segments match without case;
                        // {rest...} takes all that is left, encoded as it came
  enum class Door {
    Arm,
    DataPlane,
    Blob,
    Open
  } door = Door::Arm;  // who checks: bearer and api-version, bearer, SAS, nobody
  Handler handler;
};

/// One service's part of the state. It lives in its own file; register_operations() adds its routes.
struct Service {
  virtual ~Service() = default;
  virtual void register_operations(std::vector<Operation>& operations) = 0;
  virtual void tick(WallTime now) { (void)now; }
  [[nodiscard]] virtual Json snapshot() const = 0;
  virtual Result<Done> restore(Json const& state) = 0;
};

struct Shared;  // arm.hpp: what every service may use

}  // namespace trainyard::azsim
