// Against git's own server, over TLS on loopback.
#include "controller/git/git_sources.hpp"

#include <thread>

#include <arpa/inet.h>

#include "controller/git/git_address.hpp"
#include "tests/base/why.hpp"
#include "tests/git/git_server.hpp"

using namespace trainyard;
using namespace trainyard::git;
using reconcilers::SourceInfo;
using reconcilers::SourceRef;
using tests::kGitPassword;
using tests::TempFolder;
using trainyard::test::why;

namespace {

SystemClock const kClock;

struct Sources {
  tests::GitServer& server = tests::GitServer::once();
  TempFolder cache;
  std::map<std::string, std::string> secret{{"username", "reader"}, {"password", kGitPassword}};
  GitSources sources{
      {.cache = cache.path() / "git",
       .ca_file = (server.folder.path() / "ca.pem").string(),
       .allowed_hosts = {"127.0.0.1"}},
      [this](std::string const&, std::string const&, std::string const& key, Context const&) {
        return secret.contains(key)
                   ? Result<std::string>(secret[key])
                   : Error{.kind = ErrorKind::NotFound, .reason = "SecretNotFound", .message = "none"};
      },
      kClock};

  [[nodiscard]] SourceRef ref(std::string const& name = "", std::string const& path = "src",
                              std::string const& where = "code.git") const {
    return {.declared_in = "runs.yaml:1",
            .ns = "team",
            .git = {.url = server.url(where), .ref = name, .path = path}};
  }
  Result<SourceInfo> scan(SourceRef const& source) {
    return sources.scan(source, {.stop = {}, .deadline = kClock.steady() + std::chrono::minutes(1)});
  }
  void refused(SourceRef const& source, ErrorKind kind, std::string const& reason, std::string const& words) {
    Result<SourceInfo> const info = scan(source);
    BOOST_REQUIRE(!info);
    Error const& error = info.error();
    BOOST_TEST_CONTEXT(error.reason << ": " << error.message) {
      BOOST_TEST((error.kind == kind));
      BOOST_TEST(error.reason == reason);
      BOOST_TEST(tests::contains(error.message, words));
      BOOST_TEST(!tests::contains(error.message, kGitPassword));
      BOOST_TEST(tests::contains(error.message, "spec.source.git"));
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(git_sources)

BOOST_FIXTURE_TEST_CASE(a_branch_is_read_as_a_folder_is, Sources) {
  Result<SourceInfo> const info = scan(ref("main"));
  BOOST_REQUIRE_MESSAGE(info, why(info));
  BOOST_TEST(info->commit == server.commit_of("main"));
  BOOST_TEST(info->files == (std::vector<std::string>{".amlignore", "train.py"}),
             boost::test_tools::per_element());
  BOOST_TEST(scan(ref())->commit == info->commit);  // the server's HEAD
  BOOST_TEST(scan(ref("main", ""))->files.size() == 4U);
}

BOOST_FIXTURE_TEST_CASE(a_commit_that_is_at_hand_asks_nobody, Sources) {
  SourceRef known = ref("main");
  Result<SourceInfo> const info = scan(known);
  BOOST_REQUIRE_MESSAGE(info, why(info));
  known.git.commit = info->commit;
  std::size_t const asked = server.requests();
  auto const files = sources.read(known, info->digest, {});
  BOOST_REQUIRE_MESSAGE(files, why(files));
  BOOST_TEST(files->at(1).content == "print('one')\n");
  TempFolder copy;
  Result<Done> const copied = sources.copy(known, info->digest, copy.path(), {});
  BOOST_REQUIRE_MESSAGE(copied, why(copied));
  BOOST_TEST(tests::read_all(copy.path() / "train.py") == "print('one')\n");
  BOOST_TEST(server.requests() == asked);
}

BOOST_FIXTURE_TEST_CASE(a_branch_moves_and_a_commit_does_not, Sources) {
  std::string const first = server.commit_of("main");
  server.in_repository("checkout -q -b moving && git tag release");
  server.publish();
  Result<SourceInfo> const before = scan(ref("moving"));
  server.commit("second", {{"src/train.py", "print('two')\n"}});
  server.publish();
  Result<SourceInfo> const after = scan(ref("moving"));
  BOOST_REQUIRE_MESSAGE(after, why(after));
  BOOST_TEST(after->commit == server.commit_of("moving"));
  BOOST_TEST(after->digest != before->digest);
  for (std::string const& name : {first, std::string("release")}) {  // neither is a branch's tip any more
    Result<SourceInfo> const still = scan(ref(name));
    BOOST_REQUIRE_MESSAGE(still, why(still));
    BOOST_TEST(still->digest == before->digest);
  }
  server.in_repository("checkout -q main");
}

BOOST_FIXTURE_TEST_CASE(a_private_repository_wants_the_secret, Sources) {
  SourceRef hidden = ref("main", "src", "private/code.git");
  refused(hidden, ErrorKind::Unauthorized, "GitUnauthorized", "give spec.source.git.secretRef");
  hidden.git.secret = "login";
  BOOST_TEST(bool(scan(hidden)));
  hidden.git.commit = server.commit_of("main");
  SourceRef stranger = hidden;  // who knows the commit is not served what another fetched
  stranger.git.secret = "";
  refused(stranger, ErrorKind::Unauthorized, "GitUnauthorized", "secretRef");
  secret["password"] = "another";
  hidden.git.commit = "";
  refused(hidden, ErrorKind::Unauthorized, "GitUnauthorized", "refuses the user and password");
  secret.erase("username");
  refused(hidden, ErrorKind::NotFound, "SecretNotFound", "secretRef");
}

BOOST_FIXTURE_TEST_CASE(what_is_not_there_is_named, Sources) {
  refused(ref("nowhere"), ErrorKind::Invalid, "SourceMissing", "no branch or tag 'nowhere'");
  refused(ref(std::string(40, 'a')), ErrorKind::Invalid, "SourceMissing", "correct spec.source.git.ref");
  refused(ref("main", "nothing"), ErrorKind::Invalid, "SourceMissing", "no folder 'nothing'");
  refused(ref("main", "src/train.py"), ErrorKind::Invalid, "SourceMissing", "is no folder");
  refused(ref("main", "src", "other.git"), ErrorKind::NotFound, "GitRepositoryNotFound",
          "no such repository");
}

BOOST_FIXTURE_TEST_CASE(a_redirect_is_not_followed, Sources) {
  refused(ref("main", "src", "moved/code.git"), ErrorKind::Invalid, "GitRedirected", "redirects");
}

BOOST_FIXTURE_TEST_CASE(a_silent_server_is_given_up, Sources) {
  std::stop_source stop;
  std::jthread const stopper([&](std::stop_token const&) {
    tests::wait_until(
        [&] { return tests::contains(tests::read_all(server.folder.path() / "requests"), "/silent/"); },
        [] { return std::string("it was not asked"); });
    stop.request_stop();
  });
  auto const info = sources.scan(ref("main", "src", "silent/code.git"), {.stop = stop.get_token()});
  BOOST_REQUIRE(!info);
  BOOST_TEST(info.error().reason == "Stopped");
  auto const late = sources.scan(ref("main", "src", "silent/code.git"),
                                 {.stop = {}, .deadline = kClock.steady() + std::chrono::seconds(1)});
  BOOST_REQUIRE(!late);
  BOOST_TEST(late.error().reason == "DeadlineExceeded");
  BOOST_TEST(std::filesystem::is_empty(cache.path() / "git"));  // nothing is left of them
}

BOOST_FIXTURE_TEST_CASE(what_would_come_in_part_is_refused, Sources) {
  server.in_repository("checkout -q -b parts");
  server.commit("pointer",
                {{"data/big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n"}});
  server.in_repository("update-index --add --cacheinfo 160000," + server.commit_of("main") + ",vendor/other");
  server.in_repository("commit -q -m submodule && git checkout -q -f main");
  server.publish();
  refused(ref("parts", ""), ErrorKind::Invalid, "SourceIncomplete",
          "submodules are not fetched: vendor/other");
  refused(ref("parts", "data"), ErrorKind::Invalid, "SourceIncomplete",
          "Git LFS keeps is not fetched: data/big.bin");
  BOOST_TEST(bool(scan(ref("parts"))));  // its src is whole
}

BOOST_FIXTURE_TEST_CASE(too_much_is_refused_before_it_takes_room, Sources) {
  auto const why_refused = [&](std::int64_t most_bytes, std::size_t most_files) {
    GitCheckouts checkouts({.cache = cache.path() / "small",
                            .ca_file = (server.folder.path() / "ca.pem").string(),
                            .allowed_hosts = {"127.0.0.1"},
                            .max_bytes = most_bytes,
                            .max_files = most_files},
                           kClock);
    auto const checkout =
        checkouts.get({.url = server.url(), .ref = "main", .path = "", .reader = "", .login = {}}, {});
    return checkout ? "" : checkout.error().reason;
  };
  constexpr std::int64_t kBytes = 21;  // of its 4 files
  BOOST_TEST(why_refused(kBytes, 3) == "SourceTooLarge");
  BOOST_TEST(why_refused(kBytes - 1, 4) == "SourceTooLarge");
  BOOST_TEST(std::filesystem::is_empty(cache.path() / "small"));
  BOOST_TEST(why_refused(kBytes, 4) == "");
}

BOOST_FIXTURE_TEST_CASE(the_operators_own_surroundings_are_no_git_server, Sources) {
  GitSources strict({.cache = cache.path() / "git"}, {}, kClock);
  for (std::string const host :
       {"localhost", "127.0.0.1", "169.254.169.254", "git.svc", "gitea.team.svc.cluster.local",
        "gitea.team.svc.cluster.local.", "git.svc."}) {
    std::size_t const asked = server.requests();
    auto const info = strict.scan(
        {.declared_in = "runs.yaml:1", .git = {.url = "https://" + host + ":" + server.port + "/code.git"}},
        {});
    BOOST_REQUIRE(!info);
    BOOST_TEST(info.error().reason == "GitHostForbidden");
    BOOST_TEST(tests::contains(info.error().message, "--allow-git-hosts " + host));
    BOOST_TEST(server.requests() == asked);
  }
}

BOOST_FIXTURE_TEST_CASE(a_fetch_that_was_cut_off_goes_and_checkouts_stay, Sources) {
  Result<SourceInfo> const info = scan(ref("main"));
  BOOST_REQUIRE_MESSAGE(info, why(info));
  auto const folder = cache.path() / "git";
  std::filesystem::create_directories(folder / "fetch-killed" / "repository");
  GitSources const next({.cache = folder}, {}, kClock);
  BOOST_TEST(!std::filesystem::exists(folder / "fetch-killed"));
  std::filesystem::directory_iterator const left(folder);
  BOOST_TEST(std::distance(begin(left), end(left)) == 1);
}

/// Another git goes first on the PATH: what it is started with goes to a file.
struct Recorded : Sources {
  Recorded() {
    programs.write("git",
                   "#!/bin/sh\n{ echo \"ARGUMENTS $*\"; env; } >> " + told() + "\nexec " + git + " \"$@\"\n");
    std::filesystem::permissions(programs.path() / "git", std::filesystem::perms::owner_all);
    ::setenv("PATH", (programs.path().string() + ":" + path).c_str(), 1);
  }
  ~Recorded() { ::setenv("PATH", path.c_str(), 1); }
  [[nodiscard]] std::string told() const { return (programs.path() / "told").string(); }

  std::string const path = std::getenv("PATH");
  std::string const git = "/usr/bin/git";
  TempFolder programs;
};

BOOST_FIXTURE_TEST_CASE(git_connects_to_the_address_that_was_looked_at_and_tells_no_password, Recorded) {
  SourceRef hidden = ref("main", "src", "private/code.git");
  hidden.git.secret = "login";
  BOOST_TEST(bool(scan(hidden)));
  std::string const told = tests::read_all(this->told());
  BOOST_TEST(tests::contains(told, "=127.0.0.1:" + server.port + ":127.0.0.1\n"));  // http.curloptResolve
  for (std::size_t at = told.find("ARGUMENTS"); at != std::string::npos; at = told.find("ARGUMENTS", at + 1))
    BOOST_TEST(!tests::contains(told.substr(at, told.find('\n', at) - at), "Basic"));
  BOOST_TEST(tests::contains(told, "Basic "));  // by the environment
}

BOOST_FIXTURE_TEST_CASE(a_program_that_is_missing_is_named, Recorded) {
  ::setenv("PATH", "/nowhere", 1);
  refused(ref("main"), ErrorKind::Invalid, "GitMissing", "no prlimit");
  std::filesystem::create_symlink("/usr/bin/prlimit", programs.path() / "prlimit");
  std::filesystem::remove(programs.path() / "git");
  ::setenv("PATH", programs.path().c_str(), 1);
  refused(ref("main"), ErrorKind::Invalid, "GitMissing", "no git");
}

BOOST_FIXTURE_TEST_CASE(a_proxy_is_not_asked_for_the_operators_own_surroundings, Sources) {
  GitSources by_proxy({.cache = cache.path() / "git",
                       .proxies = {.https_proxy = "http://127.0.0.1:9", .http_proxy = "", .no_proxy = ""}},
                      {}, kClock);
  for (std::string const host : {"169.254.169.254", "gitea.team.svc", "localhost."}) {
    auto const info =
        by_proxy.scan({.declared_in = "runs.yaml:1", .git = {.url = "https://" + host + "/code.git"}}, {});
    BOOST_REQUIRE(!info);
    BOOST_TEST(info.error().reason == "GitHostForbidden", why(info));
  }
  auto const other =
      by_proxy.scan({.declared_in = "runs.yaml:1", .git = {.url = "https://git.example/code.git"}}, {});
  BOOST_REQUIRE(!other);
  BOOST_TEST(other.error().reason == "GitFailed", why(other));  // nobody listens there
}

BOOST_FIXTURE_TEST_CASE(the_newest_checkouts_stay, Sources) {
  for (int i = 0; i < 60; ++i) {
    std::filesystem::path const old = cache.path() / "git" / ("old-" + std::to_string(i));
    std::filesystem::create_directories(old);
    std::filesystem::last_write_time(
        old, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1 + i));
  }
  Result<SourceInfo> const info = scan(ref("main"));
  BOOST_REQUIRE_MESSAGE(info, why(info));
  std::filesystem::directory_iterator const left(cache.path() / "git");
  BOOST_TEST(std::distance(begin(left), end(left)) == 50);
  BOOST_TEST(std::filesystem::exists(cache.path() / "git/old-48"));
  BOOST_TEST(!std::filesystem::exists(cache.path() / "git/old-49"));
}

BOOST_FIXTURE_TEST_CASE(links_and_executable_bits_survive_on_this_machine, Sources) {
  server.in_repository("checkout -q -b modes");
  server.folder.write("work/src/run.sh", "#!/bin/sh\n");
  std::filesystem::permissions(server.folder.path() / "work/src/run.sh", std::filesystem::perms::owner_all);
  server.folder.link("run.sh", "work/src/link.sh");
  server.in_repository("add -A && git commit -q -m modes && git checkout -q main");
  server.publish();
  SourceRef source = ref("modes");
  Result<SourceInfo> const info = scan(source);
  BOOST_REQUIRE_MESSAGE(info, why(info));
  source.git.commit = info->commit;
  TempFolder copy;
  Result<Done> const copied = sources.copy(source, info->digest, copy.path(), {});
  BOOST_REQUIRE_MESSAGE(copied, why(copied));
  BOOST_TEST(std::filesystem::read_symlink(copy.path() / "link.sh") == "run.sh");
  BOOST_TEST(::access((copy.path() / "run.sh").c_str(), X_OK) == 0);
}

struct Address {
  char const* text;
  bool forbidden;
};
std::ostream& operator<<(std::ostream& out, Address const& address) { return out << address.text; }
Address const kAddresses[] = {{"127.0.0.1", true},
                              {"127.9.9.9", true},
                              {"0.0.0.0", true},
                              {"169.254.169.254", true},
                              {"224.0.0.1", true},
                              {"255.255.255.255", true},
                              {"10.0.0.1", false},
                              {"192.168.1.1", false},
                              {"140.82.121.3", false},
                              {"::1", true},
                              {"::", true},
                              {"fe80::1", true},
                              {"ff02::1", true},
                              {"::ffff:127.0.0.1", true},
                              {"::ffff:169.254.1.1", true},
                              {"::ffff:140.82.121.3", false},
                              {"2606:50c0:8000::153", false},
                              {"fd00::1", false}};

BOOST_DATA_TEST_CASE(addresses, boost::unit_test::data::make(kAddresses), address) {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  bool const is_v4 = ::inet_pton(AF_INET, address.text, &v4.sin_addr) == 1;
  BOOST_REQUIRE((is_v4 || ::inet_pton(AF_INET6, address.text, &v6.sin6_addr) == 1));
  BOOST_TEST(is_forbidden(is_v4 ? reinterpret_cast<sockaddr const&>(v4)
                                : reinterpret_cast<sockaddr const&>(v6)) == address.forbidden);
}

BOOST_AUTO_TEST_SUITE_END()
