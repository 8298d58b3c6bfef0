// Statuses and claims as they are read back from the state file and the runs' folders.
#include "controller/local/run_folder.hpp"
#include "manifests/compute_target.hpp"
#include "manifests/training_run.hpp"
#include "manifests/workspace.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace trainyard::fuzz {

namespace {

template <class T>
void check_round_trip(Json const& json, T (*read)(Json const&)) {
  Json const written = to_json(read(json));
  Json const again = to_json(read(written));
  require(again == written, "what is read and written stays the same", written.dump());
}

}  // namespace

void statuses(std::string_view input) {
  Result<Json> const json = Json::parse(input);
  if (!json) return;
  check_round_trip(*json, trainyard::manifests::workspace_status_from_json);
  check_round_trip(*json, trainyard::manifests::compute_target_status_from_json);
  check_round_trip(*json, trainyard::manifests::training_run_status_from_json);
  check_round_trip(*json, local::claim_from);
}

}  // namespace trainyard::fuzz
