#include "controller/base/core_files.hpp"

#include <csignal>

#include <boost/test/unit_test.hpp>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trainyard {

namespace {

/// How a process ends that forbids core files and then does this.
int end_of(void (*then)()) {
  pid_t const pid = ::fork();
  BOOST_REQUIRE(pid >= 0);
  if (pid == 0) {
    forbid_core_files();
    then();
    ::_exit(0);
  }
  int status = 0;
  BOOST_REQUIRE(::waitpid(pid, &status, 0) == pid);
  return status;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_files)

BOOST_AUTO_TEST_CASE(the_limit_is_none_and_the_process_gives_no_image) {
  int const status = end_of([] {
    rlimit limit{1, 1};
    ::getrlimit(RLIMIT_CORE, &limit);
    if (limit.rlim_cur != 0 || limit.rlim_max != 0) ::_exit(1);
    if (::prctl(PR_GET_DUMPABLE) != 0) ::_exit(2);
  });
  BOOST_REQUIRE(WIFEXITED(status));
  BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_CASE(a_crash_leaves_none) {
  int const status = end_of([] {
    std::signal(SIGABRT, SIG_DFL);
    ::raise(SIGABRT);
  });
  BOOST_REQUIRE(WIFSIGNALED(status));
  BOOST_TEST(WTERMSIG(status) == SIGABRT);
  BOOST_TEST(!WCOREDUMP(status));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace trainyard
