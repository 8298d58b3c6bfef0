#include "tests/e2e/fixture.hpp"

#include <algorithm>

#include <sqlite3.h>

#include "controller/base/json.hpp"

namespace trainyard::tests {

namespace {

constexpr char kVersion[] = "---\napiVersion: trainyard.dev/v1alpha1\n";

bool is_change(Request const& request) {
  return request.method == "PUT" || request.method == "PATCH" || request.method == "DELETE" ||
         request.operation == "jobs.cancel";
}

}  // namespace

Azsim::Azsim(std::string const& faults) {
  folder_.write("faults.json", faults.empty() ? "{}" : faults);
  start();
}

Azsim::~Azsim() = default;

void Azsim::start() {
  auto const file = [&](char const* name) { return (folder_.path() / name).string(); };
  process_ = std::make_unique<Child>(
      kAzsim,
      std::vector<std::string>{"--listen", "127.0.0.1:" + port_, "--execute", "--fast", "--secret",
                               std::string(kClientSecret), "--state", file("state.json"), "--write-cloud",
                               file("clouds.yaml"), "--log", file("requests.jsonl"), "--workspace",
                               "trainyard-demo/demo", "--faults", file("faults.json")});
  std::string const said = "azsim listens on https://localhost:";
  process_->wait_for(said);
  std::string const out = process_->out();
  std::size_t const begin = out.find(said) + said.size();
  port_ = out.substr(begin, out.find('\n', begin) - begin);
}

void Azsim::stop() {
  process_->signal(SIGTERM);
  BOOST_TEST(process_->wait() == 0);
  process_.reset();
}

std::vector<Request> Azsim::requests() const {
  std::istringstream lines(log());
  std::vector<Request> requests;
  for (std::string line; std::getline(lines, line);) {
    Result<Json> const request = Json::parse(line);
    if (!request) break;  // the last line, half written yet
    requests.push_back({.operation = request->text("operation"),
                        .method = request->text("method"),
                        .path = request->text("path"),
                        .status = static_cast<int>(request->at("status").integer_or(0))});
  }
  return requests;
}

std::size_t Azsim::count(std::string_view operation, int status) const {
  std::vector<Request> const all = requests();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](Request const& request) {
    return request.operation == operation && (status < 0 || request.status == status);
  }));
}

std::size_t Azsim::changes() const {
  std::vector<Request> const all = requests();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), is_change));
}

void Azsim::wait_for(std::string_view operation, std::size_t wanted) const {
  wait_until([&] { return count(operation) >= wanted; },
             [&] { return "azsim is not asked for " + std::string(operation) + ", but:\n" + log(); });
}

Place::Place(std::string clouds) : clouds_(std::move(clouds)) {
  std::filesystem::create_directories(path("manifests"));
  write_secret("azsim-client", kClientSecret);
}

void Place::write_secret(std::string const& name, std::string_view value) const {
  std::string const file = "secrets/" + name + "/clientSecret";
  folder_.write(file, std::string(value) + "\n");
  std::filesystem::permissions(path(file), std::filesystem::perms::owner_read);
}

std::vector<std::string> Place::run_arguments(std::vector<std::string> const& more) const {
  std::vector<std::string> arguments{"run",
                                     "--directory",
                                     path("manifests").string(),
                                     "--state",
                                     path("state").string(),
                                     "--secrets",
                                     path("secrets").string(),
                                     "--cluster-name",
                                     "e2e"};
  if (!clouds_.empty()) arguments.insert(arguments.end(), {"--clouds", clouds_});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Said Place::run() {
  Said said = run_program(
      run_arguments({"--until-settled", "--log-level", "debug", "--log-file", path("log").string()}));
  said_ += said.out + said.err;
  return said;
}

Said Place::ask(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(),
                   {"--directory", path("manifests").string(), "--state", path("state").string()});
  Said said = run_program(std::move(arguments));
  said_ += said.out + said.err;
  return said;
}

std::string Place::all_written() const {
  std::string text = said_ + read_all(path("log"));
  for (auto const& entry : std::filesystem::recursive_directory_iterator(path("state")))
    if (entry.is_regular_file()) text += read_all(entry.path());
  return text;
}

std::string Place::integrity() const {
  TempFolder const copy;  // to open it would mend it
  for (char const* file : {"state.db", "state.db-wal"})
    if (std::filesystem::exists(path("state") / file))
      std::filesystem::copy_file(path("state") / file, copy.path() / file);
  sqlite3* database = nullptr;
  BOOST_REQUIRE(sqlite3_open((copy.path() / "state.db").c_str(), &database) == SQLITE_OK);
  std::string said;
  sqlite3_exec(
      database, "PRAGMA integrity_check",
      [](void* text, int, char** values, char**) {
        *static_cast<std::string*>(text) += values[0];
        return 0;
      },
      &said, nullptr);
  sqlite3_close(database);
  return said;
}

std::string all(Said const& said) { return "exit " + std::to_string(said.code) + "\n" + said.out + said.err; }

std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

std::string workspace(std::string const& name, std::string const& azure_name, std::string const& secret) {
  return kVersion + ("kind: Workspace\nmetadata: {name: " + name +
                     "}\n"
                     "spec:\n"
                     "  cloud: azsim\n"
                     "  subscriptionId: 00000000-0000-0000-0000-000000000001\n"
                     "  resourceGroup: trainyard-demo\n"
                     "  name: " +
                     azure_name +
                     "\n"
                     "  credential:\n"
                     "    clientSecret:\n"
                     "      tenantId: 11111111-1111-1111-1111-111111111111\n"
                     "      clientId: 22222222-2222-2222-2222-222222222222\n"
                     "      secretRef: {name: " +
                     secret + ", key: clientSecret}\n");
}

std::string local_target(std::string const& name) {
  return kVersion + ("kind: ComputeTarget\nmetadata: {name: " + name + "}\nspec: {local: {}}\n");
}

std::string cluster(std::string const& name, std::string const& vm_size) {
  return kVersion + ("kind: ComputeTarget\nmetadata: {name: " + name +
                     "}\n"
                     "spec:\n"
                     "  workspace: demo\n"
                     "  amlCompute: {create: {vmSize: " +
                     vm_size + ", minNodes: 0, maxNodes: 2}}\n");
}

std::string training(std::string const& name, std::string const& target, std::string const& argument,
                     std::string const& source) {
  return kVersion + ("kind: TrainingRun\nmetadata: {name: " + name + "}\nspec:\n  computeTarget: " + target +
                     "\n  source: {directory: " + source + "}\n  script: {file: train.py, arguments: [" +
                     argument + "]}\n");
}

}  // namespace trainyard::tests
