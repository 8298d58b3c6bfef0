// A folder of manifests and one of runs, in a fresh temporary folder.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <boost/test/unit_test.hpp>
#include <poll.h>

#include "controller/local/process_runner.hpp"
#include "tests/temp_folder.hpp"

namespace trainyard::local {

using tests::TempFolder;

/// Whether it became true within a minute: other processes are waited for, which tell nobody.
inline bool eventually(std::function<bool()> const& happened) {
  for (int i = 0; i < 6000; ++i) {
    if (happened()) return true;
    ::poll(nullptr, 0, 10);
  }
  return false;
}

}  // namespace trainyard::local
