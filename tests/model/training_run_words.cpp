// How the model is told to people.
#include "tests/model/training_run_policy.hpp"
#include "tests/model/training_run_world.hpp"

namespace trainyard::model {

namespace {

using S = RunState;
using Job = S::Job;
using Reason = S::Reason;
using Get = S::Get;

char const* const kJobWords[] = {"none", "Live", "Canceling", "Completed", "Failed", "Canceled", "gone"};
char const* const kReasonWords[] = {"", "Superseded", "Suspended", "Deleted", "User"};
char const* const kActWords[] = {"", "PUT", "reason", "cancel"};

template <class Enum>
char const* word(char const* const* words, Enum value) {
  return words[static_cast<std::size_t>(value)];
}

}  // namespace

std::string words_of(S::Request const& request) {
  std::string text = std::string(word(kActWords, request.act)) + " " + short_name(request.name);
  if (request.reason != Reason::None) text += std::string(" ") + word(kReasonWords, request.reason);
  return text;
}

std::string words_of(int name, S::Answer const& answer) {
  std::string text = " " + short_name(name) + "=";
  if (answer.get == Get::AbsentAfterSettle) return text + "404(after settle)";
  if (answer.get == Get::Absent) return text + "404";
  text += word(kJobWords, answer.job);
  return answer.reason == Reason::None ? text : text + "/" + word(kReasonWords, answer.reason);
}

std::string RunModel::text(S const& s) const {
  static char const* const kObjects[] = {"no object", "a new object", "the object", "the object, deleting"};
  std::string text = std::string(word(kObjects, s.spec.object)) + " " + "AB"[s.spec.revision] +
                     (s.spec.suspend ? " suspended" : "") +
                     (s.spec.cancel ? ", " + short_name(s.spec.cancel - 1) + " cancelled by its user" : "");
  for (int name = 0; name < kNames; ++name)
    if (S::JobState const& job = s.jobs[name]; job.job != Job::None)
      text += "; " + short_name(name) + " " + word(kJobWords, job.job) + " " + word(kReasonWords, job.reason);
  text += "; status: run " + (s.status.run == 0 ? "none" : short_name(s.status.run - 1));
  for (int name = 0; name < kNames; ++name)
    if (has_doubt(s.status, name)) text += ", doubt " + short_name(name);
  for (int revision = 0; revision < kRevisions; ++revision)
    if ((s.status.finished >> revision & 1) != 0) text += std::string(", finished ") + "AB"[revision];
  return text;
}

}  // namespace trainyard::model
