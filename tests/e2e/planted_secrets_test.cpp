// Secrets wherever a user, a script or Azure can put one, and a look for them in all that is written or said.
#include <boost/test/unit_test.hpp>

#include "controller/base/encoding.hpp"
#include "controller/base/http_transport.hpp"
#include "controller/base/json.hpp"
#include "controller/base/random.hpp"
#include "tests/e2e/fixture.hpp"

namespace trainyard::tests {

namespace {

/// Another one each time, with characters that every encoding writes differently.
std::string fresh_secret() {
  SystemRandom random;
  return "pl+/" + uuid4(random) + "&=\"x";
}

/// What the operator is told, and what it can know by its looks only; each is searched for in every form.
struct Planted {
  std::string document = fresh_secret();                           // in a Secret among the manifests
  std::string exposed = fresh_secret();                            // in a file that others may read
  std::string wrong_type = std::to_string(SystemRandom().next());  // a number where a text should be
  std::string no_base64 = "%" + fresh_secret();
  std::string misplaced = fresh_secret();               // where a manifest should refer to a Secret
  std::string proxy = fresh_secret();                   // in HTTPS_PROXY
  std::string clouds = fresh_secret();                  // in an address of --clouds
  std::string signature = hex(sha256(fresh_secret()));  // of a SAS
  std::string bearer = hex(sha256(fresh_secret()));
  std::string account_key = base64(sha256(fresh_secret()));
  std::string member = fresh_secret();  // "access_token": "..."

  [[nodiscard]] std::vector<std::string> all() const {
    return {std::string(kClientSecret),
            document,
            exposed,
            wrong_type,
            no_base64,
            misplaced,
            proxy,
            clouds,
            signature,
            bearer,
            account_key,
            member};
  }
};

std::string quoted(std::string const& text) {
  std::string const json = Json(text).dump();
  return json.substr(1, json.size() - 2);
}

std::vector<std::string> forms_of(std::string const& secret) {
  return {secret,         percent_encode(secret), quoted(secret),
          base64(secret), quoted(quoted(secret)), percent_encode(percent_encode(secret))};
}

/// As a careless service, or a script, repeats what it was given.
std::string careless_words(Planted const& planted) {
  return "PUT https://a.blob.core.windows.net/c?sv=1&sig=" + planted.signature +
         "&se=2 with Authorization: Bearer " + planted.bearer +
         ", DefaultEndpointsProtocol=https;AccountKey=" + planted.account_key +
         ";x and {\"access_token\":\"" + quoted(planted.member) + "\"} by " + std::string(kClientSecret) +
         " or " + planted.document + " or " + percent_encode(planted.document) + " or " +
         base64("user:" + planted.document);
}

std::string faults(Planted const& planted) {
  Json const refusal = Json::object({{"operation", "computes.put"},
                                     {"path", "/computes/refused"},
                                     {"times", -1},
                                     {"status", 400},
                                     {"code", "BadArgument"},
                                     {"message", careless_words(planted)}});
  Json const failure = Json::object({{"code", "NodeSetupFailed"}, {"message", careless_words(planted)}});
  return Json::object({{"requests", Json::array({refusal})}, {"computes", Json::array({failure})}}).dump();
}

/// The words stand in it backwards: only what it prints holds them.
std::string careless_script(Planted const& planted) {
  std::string const words = careless_words(planted);
  return "import os, sys\nprint(" + Json(std::string(words.rbegin(), words.rend())).dump() +
         "[::-1], os.environ['MLFLOW_TRACKING_TOKEN'], flush=True)\nsys.exit(3)\n";
}

std::string secret_document(std::string const& name, std::string const& block) {
  return "---\napiVersion: v1\nkind: Secret\nmetadata: {name: " + name + "}\n" + block + "\n";
}

void write_manifests(Place const& place, Planted const& planted) {
  place.write("secrets.yaml",
              secret_document("other", "stringData: {clientSecret: " + Json(planted.document).dump() + "}") +
                  secret_document("wrong-type", "stringData: {key: " + planted.wrong_type + "}") +
                  secret_document("no-base64", "data: {key: " + Json(planted.no_base64).dump() + "}"));
  std::filesystem::permissions(place.path("manifests/secrets.yaml"), std::filesystem::perms(0600));
  place.write_secret("exposed", planted.exposed);
  std::filesystem::permissions(place.path("secrets/exposed/clientSecret"), std::filesystem::perms(0644));
  place.write("workspaces.yaml", workspace("demo") + workspace("other", "demo", "other") +
                                     workspace("exposed", "demo", "exposed"));
  place.write("misplaced.yaml", workspace("misplaced", "demo", Json(planted.misplaced).dump()));
  place.write("failing.yaml", cluster("failing"));
}

void write_runs(Place const& place, Planted const& planted) {
  place.write("runs.yaml", cluster("refused") + cluster("cluster") + local_target("here") +
                               training("there", "cluster") + training("at-home", "here"));
  place.write("src/train.py", careless_script(planted));
}

std::string metrics_page(Child const& process) {
  std::string const said = "metrics at ", text = process.out() + process.err();
  std::size_t const begin = text.find(said) + said.size();
  SystemClock const clock;
  Result<HttpResponse> const page =
      make_http_transport({}, clock)->send({.url = text.substr(begin, text.find('\n', begin) - begin)},
                                           {.deadline = clock.steady() + std::chrono::minutes(1)});
  BOOST_REQUIRE_MESSAGE((page && page->ok()), text);
  return page->body;
}

/// Everything in the folder of the state, the write-ahead log too. Not what a script wrote itself: its output
/// belongs to the user.
std::map<std::string, std::string> state_files(Place const& place) {
  std::map<std::string, std::string> texts;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(place.path("state"))) {
    if (!entry.is_regular_file()) continue;
    bool const of_the_script = std::count(entry.path().begin(), entry.path().end(), "work") > 0;
    BOOST_TEST(
        ((entry.status().permissions() & std::filesystem::perms(0077)) == std::filesystem::perms::none ||
         of_the_script),
        entry.path() << " may be read by others");
    if (entry.path().filename() != "std_log.txt") texts[entry.path().string()] = read_all(entry.path());
  }
  return texts;
}

/// Signatures and tokens that azsim gave, which no test knows.
void check_no_stranger(std::string const& where, std::string const& text) {
  for (std::size_t at = text.find("sig="); at != std::string::npos; at = text.find("sig=", at + 1))
    BOOST_TEST(text.substr(at + 4, 8) == "[hidden]",
               where << ": " << text.substr(at > 80 ? at - 80 : 0, 200));
  BOOST_TEST(!contains(text, "eyJ"), where << " holds a token");
}

void check_clean(std::string const& where, std::string const& text, Planted const& planted) {
  BOOST_TEST(!text.empty(), where << " is empty");
  std::vector<std::string> const secrets = planted.all();
  for (std::size_t i = 0; i < secrets.size(); ++i)
    for (std::string const& form : forms_of(secrets[i])) {
      std::size_t const at = text.find(form);
      if (at == std::string::npos) continue;
      BOOST_ERROR(where << " holds secret " << i << " as '" << form << "': ..."
                        << text.substr(at > 200 ? at - 200 : 0, 500));
    }
  check_no_stranger(where, text);
}

/// For the processes that are started while it is there.
class Variable {
 public:
  Variable(char const* name, std::string const& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(Variable const&) = delete;
  Variable& operator=(Variable const&) = delete;

 private:
  char const* name_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(e2e)

BOOST_AUTO_TEST_CASE(no_planted_secret_is_in_anything_that_is_written_or_said) {
  Planted const planted;
  Variable const proxy("HTTPS_PROXY", "http://user:" + percent_encode(planted.proxy) + "@127.0.0.1:1");
  Azsim const azsim(faults(planted));
  Place place(azsim);
  write_manifests(place, planted);

  std::string const log = place.path("log.json").string();
  Child process(kTrainyard, place.run_arguments({"--log-level", "debug", "--log-format", "json", "--log-file",
                                                 log, "--metrics-address", "127.0.0.1:0"}));
  process.wait_for("NodeSetupFailed");
  std::string const limits = read_all("/proc/" + std::to_string(process.pid()) + "/limits");
  std::size_t const core = limits.find("Max core file size");
  BOOST_REQUIRE(core != std::string::npos);
  BOOST_TEST(contains(limits.substr(core, limits.find('\n', core) - core), " 0                    0 "),
             limits);
  write_runs(place, planted);
  for (char const* told :
       {"trainingrun/there  Stalled: Failed", "trainingrun/at-home  Stalled: Failed", "BadArgument"})
    process.wait_for(told);
  check_clean("the metrics page", metrics_page(process), planted);
  for (auto const& [file, text] : state_files(place))  // the write-ahead log is there while it runs
    if (!text.empty()) check_clean(file, text, planted);
  process.signal(SIGTERM);
  BOOST_TEST(process.wait() == 0);
  check_clean("what the first process said", process.out() + process.err(), planted);
  check_clean("its log", read_all(log), planted);
  BOOST_TEST(contains(read_all(log), "azure request"));

  Said const again = place.run();  // with its log as text
  check_clean("what the second process said", all(again), planted);
  check_clean("its log", read_all(place.path("log")), planted);
  for (std::vector<std::string> const& question : {std::vector<std::string>{"get"},
                                                   {"get", "-o", "wide"},
                                                   {"get", "-o", "json"},
                                                   {"get", "-o", "yaml"},
                                                   {"describe", "ws/demo"},
                                                   {"describe", "ws/other"},
                                                   {"describe", "ws/exposed"},
                                                   {"describe", "ct/failing"},
                                                   {"describe", "ct/refused"},
                                                   {"describe", "tr/there"},
                                                   {"describe", "tr/at-home"},
                                                   {"logs", "tr/there"}}) {
    Said const said = place.ask(question);
    BOOST_TEST(said.code == 0, all(said));
    check_clean(question.front() + " " + question.back(), all(said), planted);
  }
  check_clean("validate", all(run_program({"validate", place.path("manifests").string()})), planted);
  place.write("clouds.yaml",
              "clouds:\n- {name: x, resourceManager: \"https://user:" + percent_encode(planted.clouds) +
                  "@h\", authority: https://h, audience: https://h, hostSuffixes: [h]}\n");
  check_clean("--clouds",
              all(run_program({"run", "--directory", place.path("manifests").string(), "--cluster-name",
                               "e2e", "--clouds", place.path("manifests/clouds.yaml").string()})),
              planted);
  for (auto const& [file, text] : state_files(place))
    if (!text.empty()) check_clean(file, text, planted);

  // It was all there to be found: these words stand around what was hidden.
  Said const described = place.ask({"describe", "tr/at-home"});
  BOOST_TEST(contains(described.out, "Authorization: Bearer [hidden]"), all(described));
  Said const there = place.ask({"describe", "tr/there"});
  BOOST_TEST(contains(there.out, "AccountKey=[hidden]"), all(there));
  Said const failing = place.ask({"describe", "ct/failing"});
  BOOST_TEST(contains(failing.out, "sig=[hidden]"), all(failing));
  Said const refused = place.ask({"describe", "ct/refused"});
  BOOST_TEST(contains(refused.out, "sig=[hidden]"), all(refused));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard::tests
