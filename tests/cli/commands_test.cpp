// The table of commands: what is parsed, refused and told.
#include "controller/cli/commands.hpp"

#include <boost/test/unit_test.hpp>

#include "controller/cli/folder.hpp"
#include "controller/cli/health_server.hpp"

namespace trainyard::cli {

namespace {

Command const& command(std::string_view name) {
  for (Command const& each : commands())
    if (each.name == name) return each;
  throw std::logic_error("no such command");
}

std::string refusal(std::string_view name, std::vector<std::string> const& arguments) {
  Result<Parsed> const parsed = parse(command(name), arguments);
  return parsed ? "" : parsed.error().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_table)

std::vector<Command> all_commands() {
  std::vector<Command> all(commands().begin(), commands().end());
  all.insert(all.end(), plugin_commands().begin(), plugin_commands().end());
  return all;
}

BOOST_AUTO_TEST_CASE(help_tells_every_flag_and_has_an_example) {
  for (Command const& each : all_commands()) {
    std::string const help = help_of(each);
    for (Flag const& flag : each.flags)
      BOOST_TEST(help.find("--" + std::string(flag.name)) != std::string::npos,
                 each.name << " --" << flag.name);
    BOOST_TEST(help.find("Examples:") != std::string::npos, each.name);
    BOOST_TEST(help.find("Exit code") != std::string::npos, each.name);
    BOOST_TEST(
        help.find("Usage: " + std::string(each.program) + " " + std::string(each.name)) != std::string::npos,
        each.name);
    BOOST_TEST(each.examples.find(each.program) != std::string_view::npos, each.name);
    BOOST_TEST(help_of(commands()).find(std::string(each.name)) != std::string::npos, each.name);
  }
}

BOOST_AUTO_TEST_CASE(flags_and_words_are_read_in_any_order) {
  Result<Parsed> const parsed =
      parse(command("wait"), {"tr/a", "--timeout", "90s", "-d", "x", "--for=phase=Running"});
  BOOST_REQUIRE(parsed.has_value());
  BOOST_TEST(parsed->words().front() == "tr/a");
  BOOST_TEST(parsed->get("for") == "phase=Running");
  BOOST_TEST(parsed->get("directory") == "x");
  BOOST_TEST(parsed->duration("timeout", {}).value().count() == 90'000);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named) {
  BOOST_TEST(refusal("get", {"--outptu", "json"}).find("--outptu") != std::string::npos);
  BOOST_TEST(refusal("get", {"-o", "xml"}).find("json|yaml|wide") != std::string::npos);
  BOOST_TEST(refusal("get", {"-o"}).find("needs a value") != std::string::npos);
  BOOST_TEST(refusal("describe", {}).find("KIND/NAME") != std::string::npos);
  BOOST_TEST(refusal("describe", {"tr/a", "tr/b"}).find("tr/b") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_state_lies_beside_the_manifests_unless_told_otherwise) {
  Parsed const by_directory = *parse(command("get"), {"--directory", "m"});
  BOOST_TEST(folder_of(by_directory).state.string() == "m/.trainyard");
  BOOST_TEST(folder_flags(by_directory) == " --directory m");
  Parsed const by_both = *parse(command("get"), {"--directory", "m", "--state", "s"});
  BOOST_TEST(folder_of(by_both).state.string() == "s");
}

BOOST_AUTO_TEST_CASE(kinds_go_by_any_of_their_names) {
  for (char const* word : {"TrainingRun/a", "trainingruns/a", "TR/a", "trainingRUN/a", "run/a", "Runs/a",
                           "trainingrun.trainyard.dev/a", "trainingruns.v1alpha1.trainyard.dev/a"}) {
    Result<ObjectKey> const key = parse_key(word, "default");
    BOOST_REQUIRE_MESSAGE(key.has_value(), word);
    BOOST_TEST(to_string(*key) == "TrainingRun/default/a");
  }
  BOOST_TEST(parse_key("job/a", "default").error().message.find("trainingruns (tr)") != std::string::npos);
  BOOST_TEST(!parse_key("trainingrun.v1.trainyard.dev/a", "default"));
  BOOST_TEST(!parse_key("pod.trainyard.dev/a", "default"));
  BOOST_TEST(!parse_key("tr", "default"));
  BOOST_TEST(!parse_key("tr/", "default"));
  BOOST_TEST(!parse_key("tr/a/b", "default"));
}

BOOST_AUTO_TEST_CASE(addresses_of_metrics) {
  BOOST_TEST(parse_address("[::1]:9090").value().host == "::1");
  BOOST_TEST(parse_address("127.0.0.1:0").value().port == 0);
  for (char const* bad : {"9090", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:"})
    BOOST_TEST(!parse_address(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::cli
