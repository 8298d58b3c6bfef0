#include "controller/base/core_files.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace trainyard {

void forbid_core_files() {
  rlimit const none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace trainyard
