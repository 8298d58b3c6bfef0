// azsim: the Azure simulator as a program.
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/azsim/addresses.hpp"
#include "tests/azsim/assertion.hpp"
#include "tests/azsim/executor.hpp"
#include "tests/azsim/faults.hpp"
#include "tests/azsim/program/command_line.hpp"
#include "tests/azsim/program/fault_file.hpp"
#include "tests/azsim/program/files.hpp"
#include "tests/azsim/program/world.hpp"

namespace trainyard::azsim {
namespace {

constexpr int kFailed = 1, kUsage = 2;
constexpr Duration kStep{200};  // how often time has its effects when nobody asks

int fail(Error const& error, int code = kFailed) {
  std::cerr << "azsim: " << error.message << "\n";
  return code;
}

/// Signals come to wait_for_end() alone; threads and children that begin later do not get them either.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

void wait_for_end(sigset_t const& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
}

/// As trainyard --clouds reads it.
std::string cloud_text(std::string const& base_url, std::string const& ca_pem) {
  std::string text =
      "# Written by azsim.\n"
      "clouds:\n"
      "  - name: azsim\n"
      "    resourceManager: " +
      base_url +
      "\n"
      "    authority: " +
      base_url +
      "\n"
      "    audience: " +
      base_url +
      "\n"
      "    hostSuffixes: [localhost]\n"
      "    storageSuffixes: [localhost]\n"
      "    ca: |\n";
  std::size_t begin = 0;
  while (begin < ca_pem.size()) {
    std::size_t const end = std::min(ca_pem.find('\n', begin), ca_pem.size());
    text += "      " + ca_pem.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return text;
}

Result<std::unique_ptr<HttpServer>> listen(Listen const& at, Certificate const& certificate, World& world) {
  return HttpServer::start({.address = at.address,
                            .port = at.port,
                            .certificate_pem = certificate.certificate_pem,
                            .key_pem = certificate.key_pem},
                           [&world](HttpRequest const& request) { return world.handle(request); });
}

/// Steps the world until stopped; a state file that cannot be written is told each time it fails anew.
void keep_stepping(World& world, std::stop_token const& stop) {
  SystemClock const clock;
  Wakeup wakeup;
  std::string told;
  while (!stop.stop_requested()) {
    Result<Done> const done = world.step();
    std::string const message = done ? "" : done.error().message;
    if (!message.empty() && message != told) fail(done.error());
    told = message;
    wakeup.wait_until(clock.steady() + kStep, stop);
  }
}

Result<Done> write_public_files(CommandLine const& line, std::string const& base_url, std::string const& ca) {
  if (!line.write_ca.empty())
    if (Result<Done> done = write_file(line.write_ca, ca, Readers::Everybody); !done) return done.error();
  if (!line.write_cloud.empty())
    return write_file(line.write_cloud, cloud_text(base_url, ca), Readers::Everybody);
  return Done{};
}

Error bad_file(std::string message) {
  return {.kind = ErrorKind::Invalid, .reason = "File", .message = std::move(message)};
}

Result<std::string> text_of(std::string const& path) {
  Result<std::optional<std::string>> text = read_file(path);
  if (!text) return text.error();
  if (!*text) return bad_file("there is no file " + path);
  return std::move(**text);
}

Result<FaultPlan> faults_of(CommandLine const& line) {
  constexpr double kShare = 0.01;
  FaultPlan plan;
  if (!line.faults.empty()) {
    Result<std::string> const text = text_of(line.faults);
    if (!text) return text.error();
    Result<FaultPlan> read = parse_fault_plan(*text);
    if (!read) return read.error().while_doing("reading " + line.faults);
    plan = std::move(*read);
  } else if (line.fault_seed) {
    plan.requests = common_faults(kShare);
  }
  plan.seed = line.fault_seed.value_or(0);
  return plan;
}

/// Reads what the application may sign in with besides its secret.
Result<Done> add_credentials(CommandLine& line) {
  for (std::string const& path : line.client_certificates) {
    Result<std::string> const pem = text_of(path);
    if (!pem) return pem.error();
    if (!is_rsa_public_key(*pem)) return bad_file(path + " is no PEM certificate with an RSA key");
    line.options.client_certificates.push_back(*pem);
  }
  for (std::string const& path : line.federated) {
    Result<std::string> const text = text_of(path);
    if (!text) return text.error();
    Result<Json> const json = Json::parse(*text);
    if (!json) return json.error().while_doing("reading " + path);
    FederatedCredential credential{json->text("issuer"), json->text("subject"), json->text("publicKey")};
    if (credential.issuer.empty() || credential.subject.empty() ||
        !is_rsa_public_key(credential.public_key_pem))
      return bad_file(path + " must have issuer, subject and publicKey, an RSA key in PEM");
    line.options.federated.push_back(std::move(credential));
  }
  return Done{};
}

void print_operations(Options const& options) {
  SystemClock const clock;
  SystemRandom random;
  for (auto const& [name, method, pattern] : AzureSim(clock, random, options).served())
    std::cout << name << ' ' << method << ' ' << pattern << '\n';
}

int serve(CommandLine line) {
  sigset_t const signals = block_signals();
  if (Result<Done> const done = add_credentials(line); !done) return fail(done.error());
  Result<FaultPlan> const faults = faults_of(line);
  if (!faults) return fail(faults.error());
  SystemClock const clock;
  SystemRandom random;
  Result<SavedWorld> saved = load_world(line.state);
  if (!saved) return fail(saved.error());
  Certificate const own = issue(saved->authority, host_names(line.options), {"127.0.0.1", "::1"});

  // Jobs find the authority in a file of their own, whatever becomes of --write-ca.
  TemporaryFolder const folder;
  std::string const ca_file = folder.path() + "/ca.pem";
  if (Result<Done> const done = write_file(ca_file, saved->authority.certificate_pem, Readers::Everybody);
      !done)
    return fail(done.error());
  std::unique_ptr<JobExecutor> const executor =
      line.execute
          ? make_process_executor(
                {.folder = folder.path() + "/jobs", .environment = {{"SSL_CERT_FILE", ca_file}}}, clock)
          : nullptr;

  World world(saved->authority, line.state, line.log);
  Result<std::unique_ptr<HttpServer>> const https = listen(line.https, own, world);
  if (!https) return fail(https.error());
  Result<std::unique_ptr<HttpServer>> const http =
      line.http ? listen(*line.http, {}, world) : Result<std::unique_ptr<HttpServer>>(nullptr);
  if (!http) return fail(http.error());

  std::string const listens_on = "https://localhost:" + std::to_string((*https)->port());
  line.options.base_url = line.options.public_names ? std::string(kPublicResourceManager) : listens_on;
  Result<Done> const begun =
      world.begin(std::make_unique<AzureSim>(clock, random, line.options, executor.get()), saved->world);
  if (!begun) return fail(begun.error());
  for (auto const& [group, name] : line.workspaces) world.add_workspace(group, name);
  world.add_faults(*faults);
  if (Result<Done> const done = world.step(); !done) return fail(done.error());
  if (Result<Done> const done =
          write_public_files(line, line.options.base_url, saved->authority.certificate_pem);
      !done)
    return fail(done.error());

  std::jthread stepper([&world](std::stop_token const& stop) { keep_stepping(world, stop); });
  std::cout << "azsim listens on " << listens_on << std::endl;
  if (line.http) std::cout << "azsim listens on http://localhost:" << (*http)->port() << std::endl;
  wait_for_end(signals);
  stepper.request_stop();
  stepper.join();
  Result<Done> const last = world.step();
  return last ? 0 : fail(last.error());
}

int run(std::vector<std::string> const& arguments) {
  Result<CommandLine> line = parse_command_line(arguments);
  if (!line) return fail(line.error(), kUsage);
  if (line->help) {
    std::cout << help_text();
    return 0;
  }
  if (line->operations) {
    print_operations(line->options);
    return 0;
  }
  return serve(std::move(*line));
}

}  // namespace
}  // namespace trainyard::azsim

int main(int argc, char** argv) {
  try {
    return trainyard::azsim::run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (std::exception const& error) {
    std::cerr << "azsim: " << error.what() << "\n";
    return 1;
  }
}
