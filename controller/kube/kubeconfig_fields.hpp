// The members of one kubeconfig entry, read with an error that says where and what to do.
#pragma once

#include <string>

#include "controller/kube/kubeconfig.hpp"

namespace trainyard::kube {

class KubeconfigFields {
 public:
  /// `entry` must outlive this. `kind` as in "clusters[name].cluster".
  KubeconfigFields(KubeconfigEntry const& entry, std::string const& kind)
      : entry_(entry), where_(kind + "s[" + entry.name + "]." + kind + ".") {}

  [[nodiscard]] bool has(std::string const& name) const;                  // and it is neither null nor empty
  [[nodiscard]] Result<std::string> text(std::string const& name) const;  // "" if absent
  [[nodiscard]] Result<bool> flag(std::string const& name) const;
  /// The PEM text in `name`-data, in Base64, else that of the file called `name`; "" if neither is there.
  [[nodiscard]] Result<std::string> pem(std::string const& name) const;
  /// The path of the file called `name`, found from the kubeconfig's folder; empty if absent.
  [[nodiscard]] Result<std::filesystem::path> path(std::string const& name) const;

  /// Never give a value: it may be a secret.
  [[nodiscard]] Error wrong(std::string const& name, std::string const& why) const;

 private:
  KubeconfigEntry const& entry_;
  std::string where_;
};

}  // namespace trainyard::kube
