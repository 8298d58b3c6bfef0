#include "reconcilers/compute_target/put.hpp"

#include "controller/base/time_text.hpp"

namespace trainyard::reconcilers {

Json put_body(std::string const& act, ComputeFacts const& facts, ComputeDriver const& driver,
              manifests::ComputeTargetStatus const& status, std::string const& location,
              WallTime absent_date) {
  azure::Compute const* const found = facts.found;
  // Nothing changes but our mark, save by an Update.
  Json body = act == "Create"
                  ? driver.create_body(facts.spec, location)
                  : driver.update_body(act == "Update" ? facts.spec : manifests::ComputeTargetSpec{}, *found);
  Json tags = found != nullptr ? found->tags : Json::object();
  for (std::string_view const tag : {kOwnerTag, kHolderTag, kSinceTag, kCreatedTag}) tags.erase(tag);
  if (act != "Unmark" && (act != "Update" || status.origin == "Created")) {
    tags[kOwnerTag] = facts.owner;
    tags[kHolderTag] = facts.holder;
    tags[kSinceTag] = to_http_date(found != nullptr ? found->date : absent_date);
    if (found != nullptr) tags[kCreatedTag] = found->created_on;
  }
  body["tags"] = std::move(tags);
  return body;
}

void note_answer(manifests::ComputeTargetStatus& status, azure::Compute const& answer,
                 std::string const& expected) {
  if (answer.created_on == answer.modified_on)
    status.origin = "Created";
  else if (answer.created_on != expected)
    status.origin = "Adopted";  // else the update of what was already judged
  status.created_on = answer.created_on;
}

}  // namespace trainyard::reconcilers
