// Names and marks computed from what the user asked for: the same for ever (design, rules 6, 11 and 21).
#pragma once

#include <string>
#include <string_view>

#include "controller/base/object_store.hpp"

namespace trainyard::reconcilers {

/// Value of the tag trainyard-owner on a compute and of the property on a job: 32 base32 characters.
std::string owner_mark(std::string_view cluster, ObjectKey const& key);

/// "ty-" and 20 base32 characters of a digest of the cluster's name: the key of the tag by which jobs are
/// listed.
std::string job_tag(std::string_view cluster);

/// ty-{stub}-{20 base32 characters}-a{n}: lower case, at most 54 characters, no "--"; legal in every service.
std::string run_name(std::string_view cluster, ObjectKey const& key, std::string_view revision,
                     std::int64_t attempt);

/// The attempt's number if `name` is one of that revision's names.
std::optional<std::int64_t> attempt_of(std::string_view name, std::string_view cluster, ObjectKey const& key,
                                       std::string_view revision);

std::string code_name(std::string_view source_digest);  // ty-{40 hex}

}  // namespace trainyard::reconcilers
