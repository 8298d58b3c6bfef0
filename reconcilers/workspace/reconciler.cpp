// Workspace: opens the scope by which everything else sees Azure, and says whether it can be used.
#include "reconcilers/reconciler.hpp"

#include "controller/base/encoding.hpp"
#include "controller/base/time_text.hpp"
#include "manifests/workspace.hpp"
#include "reconcilers/azure/scope.hpp"
#include "reconcilers/conditions.hpp"
#include "reconcilers/names.hpp"
#include "reconcilers/status_pass.hpp"
#include "reconcilers/training_run/present.hpp"

namespace trainyard::reconcilers {

namespace {

using manifests::WorkspaceSpec;
using manifests::WorkspaceStatus;

constexpr Duration kLookAgain = std::chrono::minutes(10);  // lists tell sooner when something is wrong
// Whoever deletes a namespace deletes kind by kind, in any order: a Secret may go before its Workspace does.
constexpr Duration kOutlivesSecret = std::chrono::seconds(30);
constexpr Duration kTokenCheck = std::chrono::minutes(1);

class Pass : StatusPass<WorkspaceStatus> {
 public:
  Pass(Parts const& parts, ObjectPtr object, Context const& context)
      : StatusPass(parts, std::move(object), context),
        spec_(manifests::workspace_spec_from_json(object_->spec)),
        status_(manifests::workspace_status_from_json(object_->status)),
        before_(status_) {
    if (before_.observed_generation != object_->generation) status_.setbacks = 0;
  }

  Outcome run() {
    if (std::optional<Outcome> const ended = promise()) return *ended;
    if (deleting()) return remove();
    if (Result<Done> const opened = open(); !opened) return not_opened(opened.error());
    std::shared_ptr<azure::AzureScope> const scope = parts_.scopes.find(object_->key);
    Result<azure::AmlWorkspace> const seen = scope->read_workspace(context_);
    std::shared_ptr<azure::AzureView const> const view = scope->view();
    bool const stale = view->missed_lists >= 3;
    if (!seen && is_blip(seen.error()) && stale && !status_.workspace_id.empty()) return tell_stale(*view);
    if (!seen) return give_up(status_, seen.error().while_doing("reading workspace " + spec_.name));
    if (!before_.workspace_id.empty() && before_.workspace_id != seen->workspace_id) {
      parts_.scopes.close(object_->key);  // rule 2: what is absent there proves nothing about ours
      return set_back(status_, {.kind = ErrorKind::Invalid,
                                .reason = "WorkspaceReplaced",
                                .message = "spec.name: '" + spec_.name +
                                           "' is another workspace than before (workspaceId " +
                                           seen->workspace_id + " instead of " + before_.workspace_id +
                                           "); delete this Workspace and apply it again under another name"});
    }
    status_.workspace_id = seen->workspace_id;
    status_.location = seen->location;
    status_.provisioning_state = seen->provisioning_state;
    status_.studio_url = "https://ml.azure.com/?wsid=" + seen->arm_id;
    if (stale) return tell_stale(*view);
    if (!azure::same_text(seen->provisioning_state, "Succeeded"))
      return conclude(
          status_,
          {Verdict::Kind::InProgress, seen->provisioning_state, "the workspace is not provisioned yet"},
          Outcome::after(std::chrono::seconds(30)));
    return conclude(status_, {Verdict::Kind::Ready, "Available", "workspace " + spec_.name + " can be used"},
                    Outcome::after(kLookAgain));
  }

 private:
  /// Rule 5.
  Outcome tell_stale(azure::AzureView const& view) {
    return conclude(status_,
                    {Verdict::Kind::Unknown, "ObservationStale", "lists fail: " + view.last_error.message},
                    Outcome::after(std::chrono::minutes(1)));
  }

  /// A Secret that cannot be read for a moment closes nothing: what it opened goes on, and lists tell whether
  /// it still holds.
  Outcome not_opened(Error const& error) {
    std::shared_ptr<azure::AzureScope> const open = parts_.scopes.find(object_->key);
    if (open && is_blip(error)) {
      std::shared_ptr<azure::AzureView const> const view = open->view();
      if (view->missed_lists >= 3 && !status_.workspace_id.empty()) return tell_stale(*view);
      return give_up(status_, error);
    }
    Duration const left = secret_is_gone(error) ? outlives_secret() : Duration{0};
    if (left <= Duration{0}) parts_.scopes.close(object_->key);
    Outcome const again = set_back(status_, error);
    bool const too_late = left > Duration{0} && again.next == Outcome::Next::After && again.delay > left;
    return too_late ? Outcome::after(left) : again;
  }

  /// Opens the scope, or opens it anew when the spec or the credential is another one.
  Result<Done> open() {
    Result<azure::Cloud> cloud = parts_.clouds.find(spec_.cloud);
    if (!cloud) return cloud.error().while_doing("spec.cloud");
    manifests::SecretKeyRef const& ref = spec_.client_secret.secret_ref;
    Result<std::string> secret = parts_.store.secret(object_->key.ns, ref.name, ref.key, context_);
    if (!secret) return secret.error().while_doing("spec.credential.clientSecret.secretRef");
    std::string const fingerprint =
        hex(sha256_of_parts({object_->spec.canonical(), *secret, cloud->resource_manager, cloud->authority}));
    if (parts_.scopes.fingerprint(object_->key) == fingerprint) return Done{};
    azure::AzureParts const& own = parts_.azure;
    azure::AzureParts const azure{
        parts_.transport_for(*cloud), own.clock, own.random, own.log, own.scrubber, own.metrics, own.limits};
    auto tokens = azure::client_secret_tokens(azure.transport, azure.clock, azure.scrubber, *cloud,
                                              {.tenant_id = spec_.client_secret.tenant_id,
                                               .client_id = spec_.client_secret.client_id,
                                               .secret = *secret});
    azure::AzureScope::Options options = parts_.scope_options;
    options.job_tag = job_tag(parts_.cluster);
    azure::WorkspaceId const id{spec_.subscription_id, spec_.resource_group, spec_.name};
    parts_.scopes.open(object_->key, fingerprint,
                       std::make_shared<azure::AzureScope>(azure, *cloud, std::move(tokens), id, options));
    return Done{};
  }

  /// Rule 24: a Workspace stays while anything refers to it.
  Outcome remove() {
    std::string const holder = first_reference();
    if (!holder.empty())
      if (std::optional<Error> const error = open_for_others()) return set_back(status_, *error);
    if (!holder.empty())
      return conclude(status_,
                      {Verdict::Kind::InProgress, "InUse",
                       "deletion waits for " + holder + ", which refers to this workspace"},
                      // the end of what refers to it wakes this pass; the end of a token does not
                      retired_ ? Outcome::after(kTokenCheck) : Outcome::rest());
    parts_.scopes.close(object_->key);
    return release();
  }

  /// What refers to this workspace is waited for, and cannot go before this process has opened and read it.
  std::optional<Error> open_for_others() {
    if (Result<Done> const opened = open(); !opened) {
      retired_ = secret_is_gone(opened.error()) &&
                 parts_.scopes.retire(object_->key, parts_.clock().steady()).has_value();
      if (!retired_) return opened.error();
    }
    auto const scope = parts_.scopes.find(object_->key);
    if (scope->workspace()) return std::nullopt;
    Result<azure::AmlWorkspace> const seen = scope->read_workspace(context_);
    return seen ? std::nullopt : std::optional<Error>(seen.error());
  }

  static bool secret_is_gone(Error const& error) { return error.reason == "SecretNotFound"; }

  /// How much longer a token of the credential may serve a Workspace that is not being deleted.
  [[nodiscard]] Duration outlives_secret() const {
    SteadyTime const now = parts_.clock().steady();
    std::optional<SteadyTime> const since = parts_.scopes.retire(object_->key, now);
    return since ? *since + kOutlivesSecret - now : Duration{0};
  }

  [[nodiscard]] std::string first_reference() const {
    for (ObjectPtr const& target : parts_.store.list("ComputeTarget"))
      if (target->key.ns == object_->key.ns && target->spec.text("workspace") == object_->key.name)
        return to_string(target->key);
    for (ObjectPtr const& run : parts_.store.list("TrainingRun")) {
      if (run->key.ns != object_->key.ns || run->status.text("runPlace") != to_string(object_->key)) continue;
      if (run->deleted_at || is_live(manifests::training_run_status_from_json(run->status)))
        return to_string(run->key);
    }
    return "";
  }

  WorkspaceSpec spec_;
  WorkspaceStatus status_;
  WorkspaceStatus const before_;
  bool retired_ = false;  // opened before its Secret went
};

class WorkspaceReconciler final : public Reconciler {
 public:
  explicit WorkspaceReconciler(Parts const& parts) : parts_(parts) {}
  [[nodiscard]] std::string_view kind() const override { return "Workspace"; }
  Outcome reconcile(ObjectPtr read, Context const& context) override {
    return Pass(parts_, std::move(read), context).run();
  }

 private:
  Parts const& parts_;
};

}  // namespace

std::unique_ptr<Reconciler> make_workspace_reconciler(Parts const& parts) {
  return std::make_unique<WorkspaceReconciler>(parts);
}

}  // namespace trainyard::reconcilers
