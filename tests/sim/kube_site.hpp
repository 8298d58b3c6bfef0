// A site whose store is an API server, to which its users apply what they declare.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/kube_server.hpp"
#include "tests/sim/sim_kube.hpp"
#include "tests/sim/site.hpp"

namespace trainyard::sim {

/// Two operators may be there, each with a store of its own.
class KubeSite final : public Site {
 public:
  /// The faults are those of every way to the server, and outlive this.
  KubeSite(std::string name, Stage& stage, Judge& judge, KubeFaults const& faults, bool streams_lists);
  void set_secret(std::string const& text) override;
  void lose_state() override;
  void look() override;
  void forget_history() override { server_->compact(); }
  void ask_to_delete(ObjectKey const& key) override;
  std::unique_ptr<Door> enter(Visitor const& visitor) override;
  [[nodiscard]] ObjectPtr get(ObjectKey const& key) const override;
  [[nodiscard]] std::vector<ObjectPtr> list(std::string_view kind) const override;

 private:
  void fresh_server();
  [[nodiscard]] ObjectPtr parsed(kube::ResourceType const& type, Json const& object) const;
  void apply_folder(std::filesystem::path const& folder);
  void apply_file(std::filesystem::path const& file);
  void apply(kube::ResourceType const& type, ObjectKey const& key, Json const& object);

  KubeFaults const& faults_;
  bool const streams_lists_;
  std::unique_ptr<KubeServer> server_;
  std::string secret_;
  mutable std::map<ObjectKey, ObjectPtr> parsed_;  // as seen last: they are looked at again and again
};

}  // namespace trainyard::sim
