// How Ready, Reconciling and Stalled are told, for every kind alike (kstatus).
#pragma once

#include <string>

#include "controller/base/object_store.hpp"
#include "manifests/condition.hpp"
#include "reconcilers/reaction.hpp"

namespace trainyard::reconcilers {

/// The three conditions say one thing: usable, on its way, or stuck until somebody acts. Those of Reconciling
/// and Stalled that are False carry no message: Ready has it.
struct Verdict {
  enum class Kind { Ready, InProgress, Stalled, Unknown } kind = Kind::InProgress;
  std::string reason, message;
};
void tell(manifests::Conditions& conditions, Verdict const& verdict, std::int64_t generation, WallTime now);

/// An error as a verdict in its reaction's words, and when to look again. Waits for the surroundings grow
/// with `setbacks`, which is kept in the status and so survives a restart; `next_look`, kept there too, tells
/// the user when.
struct Setback {
  Verdict verdict;
  Outcome outcome;
};
Setback setback(Error const& error, std::int64_t& setbacks, std::string& next_look, WallTime now);

/// After a status write that failed: another writer's change is looked at soon, a store that cannot write
/// backs off.
Outcome after_failed_write(Error const& error);

/// A failure that may be over at the next try: it takes no Ready away by itself (rule 5 does, after 3 missed
/// lists).
bool is_blip(Error const& error);

/// Do the conditions say Ready of the object's current generation?
bool says_ready(manifests::Conditions const& conditions, StoredObject const& object);

/// True while a setback's `next_look` says that it is too early to try again. One told before this process
/// `started` holds nothing back: a person who mends the cause and starts anew is not kept waiting.
bool too_early(std::string const& next_look, std::int64_t setbacks, WallTime started, WallTime now);

/// What an object that this one refers to is Stalled about, by its current generation; "" when it is not.
std::string stalled_because(StoredObject const& object);

/// Records an event when Ready's status or reason differs between the two.
void record_transition(ObjectStore& store, ObjectKey const& key, manifests::Conditions const& before,
                       manifests::Conditions const& after);

}  // namespace trainyard::reconcilers
