#include "controller/cli/table.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "controller/base/time_text.hpp"
#include "controller/base/yaml.hpp"
#include "manifests/condition.hpp"
#include "manifests/kinds.hpp"

namespace trainyard::cli {

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// One line, without what would move a terminal's cursor.
std::string one_line(std::string const& text) {
  std::string out;
  for (char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return out;
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string metrics_text(Json const& metrics) {
  std::string text;
  for (auto const& [name, value] : metrics.members())
    text += (text.empty() ? "" : " ") + name + "=" + short_number(value.number_or(0));
  return text;
}

std::string nodes_text(Json const& nodes) {
  if (!nodes.is_object()) return "";
  auto const count = [&](char const* name) { return std::to_string(nodes.at(name).integer_or(0)); };
  return count("current") + "/" + count("target") + " nodes, " + count("running") + " running, " + count("idle") + " idle";
}

char const* word(manifests::ConditionStatus status) {
  switch (status) {
    case manifests::ConditionStatus::True: return "True";
    case manifests::ConditionStatus::False: return "False";
    case manifests::ConditionStatus::Unknown: return "Unknown";
  }
  return "Unknown";
}

}  // namespace

Row row_of(StoredObject const& object, WallTime now) {
  manifests::Conditions const conditions = manifests::conditions_from_json(object.status.at("conditions"));
  manifests::Condition const* const ready = find_condition(conditions, manifests::kReady);
  manifests::Condition const* const stalled = find_condition(conditions, manifests::kStalled);
  Row row{.kind = lower(object.key.kind), .name = object.key.name};
  row.ready = ready == nullptr ? "Unknown" : word(ready->status);
  row.bad = stalled != nullptr && stalled->status == manifests::ConditionStatus::True;
  row.age = age_text(now - object.created_at);
  bool const usable = ready != nullptr && ready->status == manifests::ConditionStatus::True;
  row.state = ready == nullptr ? "Pending" : ready->reason;
  if (object.key.kind == "TrainingRun") {
    if (std::string phase = object.status.text("phase"); !phase.empty() && !row.bad) row.state = phase;
    row.progress = metrics_text(object.status.at("metrics"));
  } else if (object.key.kind == "ComputeTarget") {
    row.progress = nodes_text(object.status.at("nodes"));
  } else if (usable) {
    row.progress = object.status.text("location");
  }
  bool const explain = !usable && (row.bad || row.progress.empty()) && ready != nullptr;
  if (explain) row.progress = ready->message;
  if (object.deleted_at) row.state = "Deleting";
  if (object.orphaned) row.progress = "Orphaned: its document is gone; trainyard delete " + row.kind + "/" + row.name;
  row.progress = one_line(row.progress);
  return row;
}

std::string table_of(std::vector<std::string> const& head, std::vector<std::vector<std::string>> const& lines,
                     std::size_t width) {
  std::vector<std::size_t> widths;
  for (std::string const& cell : head) widths.push_back(cell.size());
  for (auto const& line : lines)
    for (std::size_t i = 0; i < line.size() && i < widths.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string text;
  auto const add = [&](std::vector<std::string> const& line) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
      out += line[i];
      if (i + 1 < line.size()) out.append(widths[i] - line[i].size() + 3, ' ');
    }
    if (width > 0 && out.size() > width) out = out.substr(0, width - 1) + "~";
    text += out + "\n";
  };
  add(head);
  for (auto const& line : lines) add(line);
  return text;
}

Json document_of(StoredObject const& object) {
  Json metadata = Json::object({{"name", object.key.name},
                                {"namespace", object.key.ns},
                                {"generation", object.generation},
                                {"resourceVersion", object.resource_version},
                                {"creationTimestamp", to_rfc3339(object.created_at)}});
  if (!object.labels.members().empty()) metadata["labels"] = object.labels;
  if (!object.annotations.members().empty()) metadata["annotations"] = object.annotations;
  if (object.deleted_at) metadata["deletionTimestamp"] = to_rfc3339(*object.deleted_at);
  Json::Array finalizers;
  for (std::string const& finalizer : object.finalizers) finalizers.emplace_back(finalizer);
  if (!finalizers.empty()) metadata["finalizers"] = Json(std::move(finalizers));
  return Json::object({{"apiVersion", manifests::kGroupVersion},
                       {"kind", object.key.kind},
                       {"metadata", std::move(metadata)},
                       {"spec", object.spec},
                       {"status", object.status}});
}

std::string describe(StoredObject const& object, std::vector<StoredEvent> const& events, WallTime now) {
  std::string text = to_yaml(document_of(object));
  if (!object.source.empty()) text += "declared in: " + object.source + "\n";
  text += "events:\n";
  if (events.empty()) return text + "  none\n";
  std::vector<std::vector<std::string>> lines;
  for (StoredEvent const& stored : events)
    lines.push_back({"  " + age_text(now - stored.last_seen) + (stored.count > 1 ? " (x" + std::to_string(stored.count) + ")" : ""),
                     stored.event.warning ? "Warning" : "Normal", stored.event.reason, one_line(stored.event.message)});
  return text + table_of({"  LAST SEEN", "TYPE", "REASON", "MESSAGE"}, lines, 0);
}

}  // namespace trainyard::cli
