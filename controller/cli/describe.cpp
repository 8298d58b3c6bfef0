#include "controller/cli/describe.hpp"

#include <algorithm>
#include <array>

#include "controller/base/text.hpp"
#include "controller/base/time_text.hpp"
#include "controller/base/yaml.hpp"
#include "controller/cli/table.hpp"

namespace trainyard::cli {

namespace {

// Fields of a status that have a place of their own below.
constexpr std::array<std::string_view, 5> kToldApart{"conditions", "history", "logTail", "metrics",
                                                     "observedGeneration"};

std::string indented(std::string const& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const end = std::min(text.find('\n', at), text.size());
    out += "  " + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

std::string age_of(std::string const& time, WallTime now) {
  Result<WallTime> const at = parse_rfc3339(time);
  return at ? age_text(now - *at) : "";
}

std::string head_of(StoredObject const& object, WallTime now) {
  Row const row = row_of(object, now);
  std::vector<std::vector<std::string>> lines{
      {"Kind:", object.key.kind},
      {"Name:", object.key.name},
      {"Namespace:", object.key.ns},
      {"State:", row.state + (row.bad ? " (stalled)" : "")},
      {"Age:", row.age},
      {"Generation:", std::to_string(object.generation) + " (observed " +
                          std::to_string(object.status.at("observedGeneration").integer_or(0)) + ")"}};
  if (object.orphaned)
    lines.push_back({"Orphaned:", "its document is gone; trainyard delete " + row.kind + "/" + row.name});
  else if (!object.source.empty())
    lines.push_back({"Declared in:", object.source});
  if (object.deleted_at)
    lines.push_back({"Deleted:", age_text(now - *object.deleted_at) + " ago, waits for its end"});
  if (std::string const next = object.status.text("nextLook"); !next.empty())
    lines.push_back({"Tried again:", next});
  std::string text = table_of(lines.front(), {lines.begin() + 1, lines.end()}, 0);
  return text;
}

std::string conditions_of(Json const& conditions, WallTime now) {
  std::vector<std::vector<std::string>> lines;
  for (Json const& condition : conditions.items())
    lines.push_back({"  " + condition.text("type"), condition.text("status"),
                     age_of(condition.text("lastTransitionTime"), now), condition.text("reason"),
                     one_line(condition.text("message"))});
  if (lines.empty()) return "Conditions:\n  none yet\n";
  return "Conditions:\n" + table_of({"  TYPE", "STATUS", "SINCE", "REASON", "MESSAGE"}, lines, 0);
}

std::string attempts_of(Json const& history) {
  if (history.items().empty()) return "";
  std::vector<std::vector<std::string>> lines;
  for (Json const& attempt : history.items())
    lines.push_back({"  " + attempt.text("name"), attempt.text("place"), attempt.text("outcome"),
                     attempt.text("reason"), attempt.text("startedAt"), attempt.text("endedAt")});
  return "Attempts that ended:\n" +
         table_of({"  NAME", "PLACE", "OUTCOME", "REASON", "STARTED", "ENDED"}, lines, 0);
}

std::string events_of(std::vector<StoredEvent> const& events, WallTime now) {
  if (events.empty()) return "Events:\n  none\n";
  std::vector<std::vector<std::string>> lines;
  for (StoredEvent const& stored : events)
    lines.push_back({"  " + age_text(now - stored.last_seen) +
                         (stored.count > 1 ? " (x" + std::to_string(stored.count) + ")" : ""),
                     stored.event.warning ? "Warning" : "Normal", stored.event.reason,
                     one_line(stored.event.message)});
  return "Events:\n" + table_of({"  LAST SEEN", "TYPE", "REASON", "MESSAGE"}, lines, 0);
}

}  // namespace

std::string describe(StoredObject const& object, std::vector<StoredEvent> const& events, WallTime now) {
  Json const& status = object.status;
  std::string text = head_of(object, now) + conditions_of(status.at("conditions"), now);
  if (!status.at("metrics").members().empty()) text += "Metrics:\n" + indented(to_yaml(status.at("metrics")));
  Json rest = Json::object();
  for (auto const& [name, value] : status.members())
    if (std::find(kToldApart.begin(), kToldApart.end(), name) == kToldApart.end()) rest[name] = value;
  if (!rest.members().empty()) text += "Found:\n" + indented(to_yaml(rest));
  text += attempts_of(status.at("history"));
  if (!status.at("logTail").items().empty()) {
    text += "Last log lines:\n";
    for (Json const& line : status.at("logTail").items()) text += "  " + one_line(line.string_or("")) + "\n";
  }
  return text + "Spec:\n" + indented(to_yaml(object.spec)) + events_of(events, now);
}

}  // namespace trainyard::cli
