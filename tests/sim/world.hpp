// Whole operators in one thread on virtual time, against the Azure simulator and their real stores: of
// folders, or of a simulated API server. The seed decides who goes on, what fails and what is late.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/azsim/azsim.hpp"
#include "tests/sim/judge.hpp"
#include "tests/sim/life.hpp"
#include "tests/sim/sim_azure.hpp"
#include "tests/sim/sim_kube.hpp"
#include "tests/sim/sim_machine.hpp"
#include "tests/sim/site.hpp"
#include "tests/sim/stage.hpp"

namespace trainyard::sim {

inline constexpr char const* kGroup = "trainyard-demo";
inline constexpr char const* kWorkspace = "demo";

enum class StoreKind { Directory, ApiServer };

struct WorldOptions {
  std::uint64_t seed = 1;
  StoreKind store = StoreKind::Directory;
  KubeFaults api = {};        // of the API server, where that is the store
  bool streams_lists = true;  // it does; one that does not sends pages
  NetworkFaults faults = {};
  std::vector<azsim::FaultRule> lies = {};  // of the service, to operators only
  std::optional<Kill> kill = std::nullopt;
  std::size_t lost_call = 0;  // the call to Azure or API server whose answer is lost, counted from 1
  int workers = 3;
};

/// A mixed lot of faults, each rare enough that the operator comes forward.
NetworkFaults rough_network();
/// Lists that are old, repeat or leave out pages, answers that are late, cut or no JSON, operations that fail
/// behind a 201, quota refused at once: all that azsim has beside what the network does.
std::vector<azsim::FaultRule> lying_service();

class World {
 public:
  explicit World(WorldOptions options);
  ~World();

  // What a user does at a site. Paths are below the folder of manifests.
  void write(std::string const& path, std::string const& text, std::size_t site = 0);
  [[nodiscard]] std::string read(std::string const& path) const { return sites_[0]->read(path); }
  void remove(std::string const& path, std::size_t site = 0);
  void ask_to_delete(ObjectKey const& key, std::size_t site = 0);
  void write_secret(std::string const& text);

  /// Azure takes another secret from now on.
  void change_secret(std::string const& text);

  // What another person does in the workspace: `path` is below it.
  HttpResponse somebody(std::string const& method, std::string const& path, Json const& body = {});

  // Operators: one at one site is there from the start.
  std::size_t add_site();
  void add_operator(std::size_t site);
  /// The operators of a site die, in the order they came, until so many are left.
  void leave_operators(std::size_t site, std::size_t left);
  /// All operators die now and are started again.
  void restart();
  /// They die, and what the first site's store knew is gone when they come again.
  void lose_store();

  /// Goes on until `done` says so. False if that takes longer than `within`, or a promise is broken.
  bool run_until(std::function<bool()> const& done, Duration within);
  void run_for(Duration span);
  /// Goes on that long. True if nothing was written meanwhile: to Azure, the store or the machine.
  bool is_quiet_for(Duration span);
  void set_faults(NetworkFaults faults) { network_.set_faults(faults); }
  /// Of the API server, where that is the store.
  void set_api_faults(KubeFaults faults) { api_faults_ = faults; }
  void forget_history(std::size_t site = 0) { sites_[site]->forget_history(); }
  void heal();
  /// From now on nothing but this is wrong with the service.
  void set_lies(std::vector<azsim::FaultRule> lies);
  [[nodiscard]] std::size_t on_its_way() const { return network_.on_its_way(); }  // requests that land later

  [[nodiscard]] ObjectPtr object(ObjectKey const& key, std::size_t site = 0) const;
  [[nodiscard]] bool ready(ObjectKey const& key, std::size_t site = 0) const;
  /// The reason of Ready when that is not True, by the object's current generation; "" otherwise.
  [[nodiscard]] std::string not_ready_because(ObjectKey const& key, std::size_t site = 0) const;
  /// What Ready says in words.
  [[nodiscard]] std::string words(ObjectKey const& key, std::size_t site) const;
  [[nodiscard]] std::string holder(std::size_t site) const { return sites_[site]->holder(); }
  [[nodiscard]] std::size_t count() const;  // of objects, at all sites
  [[nodiscard]] std::size_t count_at(std::size_t site) const;
  [[nodiscard]] bool empty() const { return count() == 0; }

  Stage stage;
  AzureClock azure_clock{stage.clock};
  azsim::AzureSim azure;
  SimMachine machine;
  Judge judge;

  /// What a failure shows: the broken promises, how to repeat the world, the end of its trace.
  [[nodiscard]] std::string story() const;

 private:
  void begin_life(std::size_t site);
  void look(std::size_t site);
  void step();
  [[nodiscard]] std::vector<ObjectPtr> objects() const;
  [[nodiscard]] std::vector<ObjectPtr> objects_at(std::size_t site) const;

  WorldOptions const options_;
  SeededRandom azure_random_;
  Network network_;
  std::vector<azsim::FaultRule> lies_;
  std::string azure_secret_;  // what Azure takes for the client's
  KubeFaults api_faults_;
  std::vector<std::unique_ptr<Site>> sites_;
  std::vector<std::unique_ptr<Life>> lives_;
  int lives_so_far_ = 0;
  SteadyTime stuck_since_{}, fresh_looked_{};
  std::size_t stuck_steps_ = 0, judged_ = 0;
};

}  // namespace trainyard::sim
