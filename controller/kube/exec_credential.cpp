#include "controller/kube/exec_credential.hpp"

#include <array>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller/base/fd.hpp"

namespace trainyard::kube {

namespace {

constexpr std::size_t kMostOutput = std::size_t{1} << 20U;
constexpr std::string_view kGroup = "client.authentication.k8s.io/";

struct Said {
  std::string output;
  int code = 0;
};

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(SpawnActions const&) = delete;
  SpawnActions& operator=(SpawnActions const&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// Its standard output is ours to read; the rest is as ours. nullopt if it could not be started.
std::optional<Said> run(std::vector<std::string> words, std::vector<std::string> environment) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  Fd const reader(ends[0]);
  Fd writer(ends[1]);
  SpawnActions actions;
  ::posix_spawn_file_actions_adddup2(actions.get(), writer.get(), STDOUT_FILENO);
  pid_t child = 0;
  if (::posix_spawnp(&child, words.front().c_str(), actions.get(), nullptr, pointers(words).data(),
                     pointers(environment).data()) != 0)
    return std::nullopt;
  writer = Fd();
  Said said;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0;
       (got = ::read(reader.get(), buffer.data(), buffer.size())) > 0 || (got < 0 && errno == EINTR);)
    if (got > 0 && said.output.size() < kMostOutput)
      said.output.append(buffer.data(), static_cast<std::size_t>(got));
  while (::waitpid(child, &said.code, 0) < 0 && errno == EINTR) {
  }
  return said;
}

/// What the plugin is told in its environment.
Json told(Json const& exec, Json const& cluster) {
  Json spec =
      Json::object({{"interactive", exec.text("interactiveMode") != "Never" && ::isatty(STDIN_FILENO) == 1}});
  if (exec.at("provideClusterInfo").bool_or(false)) spec["cluster"] = cluster;
  return Json::object(
      {{"apiVersion", exec.text("apiVersion")}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}});
}

}  // namespace

Result<ExecCredential> exec_credential(Json const& exec, std::filesystem::path const& folder,
                                       Json const& cluster, std::vector<std::string> environment) {
  std::string command = exec.text("command");
  auto const failed = [&](std::string const& why) {
    std::string const hint = exec.text("installHint");
    return Error{.kind = ErrorKind::Invalid,
                 .reason = "ExecFailed",
                 .message = "exec: " + command + " " + why + (hint.empty() ? "" : "; " + hint)};
  };
  if (command.empty()) return failed("names no command");
  std::string const version = exec.text("apiVersion");
  if (version != std::string(kGroup) + "v1" && version != std::string(kGroup) + "v1beta1")
    return failed("is to speak '" + version +
                  "'; only v1 and v1beta1 of client.authentication.k8s.io are known");
  if (command.find('/') != std::string::npos) command = (folder / command).string();

  std::vector<std::string> words{command};
  for (Json const& argument : exec.at("args").items()) words.push_back(argument.string_or(""));
  for (Json const& variable : exec.at("env").items()) {
    std::string const name = variable.text("name") + "=";
    std::erase_if(environment, [&](std::string const& text) { return text.starts_with(name); });
    environment.push_back(name + variable.text("value"));
  }
  environment.push_back("KUBERNETES_EXEC_INFO=" + told(exec, cluster).dump());
  std::optional<Said> const said = run(std::move(words), std::move(environment));
  if (!said) return failed("could not be started");
  if (said->code != 0)
    return failed(WIFEXITED(said->code) ? "ended with exit code " + std::to_string(WEXITSTATUS(said->code))
                                        : "was ended by a signal");
  Result<Json> const credential = Json::parse(said->output);
  if (!credential || credential->text("kind") != "ExecCredential" ||
      credential->text("apiVersion") != version)
    return failed("printed no ExecCredential of " + version);
  Json const& status = credential->at("status");
  ExecCredential found{.token = status.text("token"),
                       .client_certificate_pem = status.text("clientCertificateData"),
                       .client_key_pem = status.text("clientKeyData")};
  if (found.client_certificate_pem.empty() != found.client_key_pem.empty())
    return failed("gave a certificate or its key, but not both");
  if (found.token.empty() && found.client_certificate_pem.empty()) return failed("gave no credential");
  return found;
}

}  // namespace trainyard::kube
