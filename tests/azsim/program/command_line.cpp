#include "tests/azsim/program/command_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "tests/azsim/program/fault_file.hpp"

namespace trainyard::azsim {
namespace {

Error wrong(std::string const& option, std::string const& what) {
  return {.kind = ErrorKind::Invalid,
          .reason = "CommandLine",
          .message = option + " " + what + "; see azsim --help"};
}

struct Option {
  std::string_view name;
  std::string_view takes;  // what its value is called; "" if it takes none
  std::string_view about;
  std::function<bool(CommandLine&, std::string const&)> set;  // false: the value is none of these
};

/// ADDRESS[:PORT], where an IPv6 address with a port stands in brackets.
bool set_listen(Listen& listen, std::string const& value) {
  std::size_t const colon = value.rfind(':');
  bool const bare_ipv6 = std::count(value.begin(), value.end(), ':') > 1 && !value.starts_with('[');
  std::string address = value;
  if (colon != std::string::npos && !bare_ipv6 && !value.ends_with(']')) {
    address = value.substr(0, colon);
    char const* const end = value.data() + value.size();
    auto const [stopped, error] = std::from_chars(value.data() + colon + 1, end, listen.port);
    if (error != std::errc() || stopped != end || listen.port < 0 || listen.port > 65535) return false;
  }
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (address.empty()) return false;
  listen.address = address == "localhost" ? "127.0.0.1" : address;
  return true;
}

bool set_text(std::string& to, std::string const& value) {
  to = value;
  return !value.empty();
}

bool set_number(std::uint64_t& to, std::string const& value) {
  char const* const end = value.data() + value.size();
  auto const [stopped, error] = std::from_chars(value.data(), end, to);
  return error == std::errc() && stopped == end;
}

bool add_workspace(CommandLine& line, std::string const& value) {
  std::size_t const slash = value.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == value.size() ||
      value.find('/', slash + 1) != std::string::npos)
    return false;
  line.workspaces.emplace_back(value.substr(0, slash), value.substr(slash + 1));
  return true;
}

std::array<Option, 21> const& all_options() {
  using Line = CommandLine;
  using Text = std::string const&;
  static std::array<Option, 21> const options = {{
      {"--listen", "ADDRESS[:PORT]", "HTTPS, 127.0.0.1:8443 unless told; port 0 is any free one",
       [](Line& line, Text value) { return set_listen(line.https, value); }},
      {"--listen-http", "ADDRESS[:PORT]", "HTTP too, 127.0.0.1:8080 for instance",
       [](Line& line, Text value) {
         return set_listen(line.http.emplace(Listen{"", 8080}), value);
       }},
      {"--execute", "", "run jobs for real, as processes of this machine",
       [](Line& line, Text) { return line.execute = true; }},
      {"--state", "FILE", "read the world from it at the start, keep it there",
       [](Line& line, Text value) { return set_text(line.state, value); }},
      {"--write-ca", "FILE", "write the CA of the certificate for localhost",
       [](Line& line, Text value) { return set_text(line.write_ca, value); }},
      {"--write-cloud", "FILE", "write the cloud as trainyard --clouds reads it",
       [](Line& line, Text value) { return set_text(line.write_cloud, value); }},
      {"--fast", "", "provisioning and runs take seconds", [](Line& line, Text) { return line.fast = true; }},
      {"--log", "FILE", "append one JSON line for each request",
       [](Line& line, Text value) { return set_text(line.log, value); }},
      {"--workspace", "GROUP/NAME", "make this workspace if it is missing; may be repeated",
       [](Line& line, Text value) { return add_workspace(line, value); }},
      {"--tenant", "GUID", "the tenant it knows",
       [](Line& line, Text value) { return set_text(line.options.tenant, value); }},
      {"--client", "GUID", "the application that may sign in",
       [](Line& line, Text value) { return set_text(line.options.client, value); }},
      {"--secret", "TEXT", "the application's secret",
       [](Line& line, Text value) { return set_text(line.options.secret, value); }},
      {"--client-certificate", "FILE", "sign it in by this certificate too (PEM, RSA); may be repeated",
       [](Line& line, Text value) { return set_text(line.client_certificates.emplace_back(), value); }},
      {"--federated", "FILE",
       "and by tokens as this JSON says: {issuer, subject, publicKey}; may be repeated",
       [](Line& line, Text value) { return set_text(line.federated.emplace_back(), value); }},
      {"--subscription", "GUID", "the subscription it has",
       [](Line& line, Text value) { return set_text(line.options.subscription, value); }},
      {"--public-names", "",
       "answer as Azure's own hosts, with a certificate for them; a proxy leads clients here",
       [](Line& line, Text) { return line.options.public_names = true; }},
      {"--buckets", "", "throttle as Resource Manager does",
       [](Line& line, Text) { return line.options.buckets = true; }},
      {"--faults", "FILE", "what goes wrong, and when; see below",
       [](Line& line, Text value) { return set_text(line.faults, value); }},
      {"--fault-seed", "NUMBER", "decides which calls suffer; without --faults 1 % of each kind",
       [](Line& line, Text value) { return set_number(line.fault_seed.emplace(), value); }},
      {"--operations", "", "print name, method and path of all that is served",
       [](Line& line, Text) { return line.operations = true; }},
      {"--help", "", "this text", [](Line& line, Text) { return line.help = true; }},
  }};
  return options;
}

bool is_loopback(std::string const& address) { return address == "::1" || address.starts_with("127."); }

std::optional<Error> contradiction(CommandLine const& line) {
  if (line.write_cloud.empty() || !line.options.public_names) return std::nullopt;
  return wrong("--write-cloud", "tells of azsim's own address, which no answer has with --public-names");
}

std::optional<Error> unsafe(CommandLine const& line) {
  bool const near = is_loopback(line.https.address) && (!line.http || is_loopback(line.http->address));
  if (!line.execute || near || line.options.secret != default_options().secret) return std::nullopt;
  return wrong("--execute",
               "runs what it is sent, and everybody knows the default secret: listen on loopback, or give a "
               "--secret of your own");
}

}  // namespace

Result<CommandLine> parse_command_line(std::vector<std::string> const& arguments) {
  CommandLine line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::size_t const equals = arguments[i].find('=');
    std::string const name = arguments[i].substr(0, equals);
    auto const option = std::find_if(all_options().begin(), all_options().end(),
                                     [&](Option const& known) { return known.name == name; });
    if (option == all_options().end()) return wrong(name, "is not an option of azsim");
    std::string value;
    if (option->takes.empty()) {
      if (equals != std::string::npos) return wrong(name, "takes no value");
    } else if (equals != std::string::npos) {
      value = arguments[i].substr(equals + 1);
    } else if (i + 1 == arguments.size()) {
      return wrong(name, "needs a value, " + std::string(option->takes));
    } else {
      value = arguments[++i];
    }
    if (!option->set(line, value))
      return wrong(name, "takes " + std::string(option->takes) + ", not '" + value + "'");
  }
  if (std::optional<Error> const error = contradiction(line)) return *error;
  if (std::optional<Error> const error = unsafe(line)) return *error;
  if (line.fast) line.options = fast(line.options);
  return line;
}

std::string help_text() {
  std::string text =
      "azsim [OPTION]...\n\n"
      "Simulates the parts of Azure that Trainyard uses: Entra ID, Resource Manager, Azure Machine "
      "Learning,\n"
      "MLflow and blobs by SAS. Its world is empty at first, or what --state holds.\n\n";
  for (Option const& option : all_options()) {
    std::string head = "  " + std::string(option.name);
    if (!option.takes.empty()) head += " " + std::string(option.takes);
    head.resize(std::max<std::size_t>(head.size() + 1, 32), ' ');
    text += head + std::string(option.about) + "\n";
  }
  Options const known = default_options();
  return text + "\n" + fault_file_help() + "\nUnless told otherwise: tenant " + known.tenant + ", client " +
         known.client + ",\nsecret '" + known.secret + "', subscription " + known.subscription +
         ".\nOnce it answers it prints one line to standard output: azsim listens on "
         "https://localhost:8443\n";
}

}  // namespace trainyard::azsim
