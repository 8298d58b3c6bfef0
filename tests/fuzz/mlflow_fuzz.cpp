// What a script asks the MLflow service of a local run: a line "METHOD PATH", and a body.
#include <algorithm>

#include "controller/local/mlflow_service.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/temp_folder.hpp"

namespace trainyard::fuzz {

namespace {

HttpRequest request_for(std::string const& method, std::string const& path, std::string body) {
  return {.method = method,
          .url = "http://127.0.0.1:5000" + path,
          .headers = {{"Authorization", "Bearer token"}},
          .body = std::move(body)};
}

}  // namespace

void mlflow(std::string_view input) {
  static tests::TempFolder const folder;
  local::MlflowService service({.id = "run",
                                .experiment = "experiment",
                                .token = "token",
                                .artifacts = folder.path() / "outputs",
                                .last_values = folder.path() / "values.json",
                                .history = "/dev/null"});
  std::size_t const end = std::min(input.find('\n'), input.size());
  std::string_view const line = input.substr(0, end);
  std::size_t const space = std::min(line.find(' '), line.size());
  HttpRequest request = request_for(std::string(line.substr(0, space)),
                                    std::string(line.substr(std::min(space + 1, line.size()))),
                                    std::string(input.substr(std::min(end + 1, input.size()))));
  for (int times = 0; times < 2; ++times) {  // the second one meets what the first one left
    HttpResponse const response = service.answer(request);
    require(response.status == 200 || (response.status >= 400 && response.status < 500),
            "a request is served or refused", response.body);
    Result<Json> const body = Json::parse(response.body);
    require(body && body->is_object(), "an answer is JSON", response.body);
    require(response.status == 200 || !body->text("error_code").empty(), "a refusal has a code",
            response.body);
  }
  HttpResponse const run = service.answer(request_for("GET", "/api/2.0/mlflow/runs/get?run_id=run", ""));
  require(run.status == 200 && Json::parse(run.body), "the run can be read", run.body);
  request.headers = {{"Authorization", "Bearer another"}};
  require(service.answer(request).status == 401, "nobody is served without the token");
}

}  // namespace trainyard::fuzz
