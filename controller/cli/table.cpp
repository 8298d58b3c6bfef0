#include "controller/cli/table.hpp"

#include <algorithm>
#include <cctype>

#include "controller/base/text.hpp"
#include "controller/base/time_text.hpp"
#include "manifests/condition.hpp"
#include "manifests/kinds.hpp"

namespace trainyard::cli {

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string nodes_text(Json const& nodes) {
  if (!nodes.is_object()) return "";
  auto const count = [&](char const* name) { return std::to_string(nodes.at(name).integer_or(0)); };
  return count("current") + "/" + count("target") + " nodes, " + count("running") + " running, " +
         count("idle") + " idle";
}

char const* word(manifests::ConditionStatus status) {
  switch (status) {
    case manifests::ConditionStatus::True:
      return "True";
    case manifests::ConditionStatus::False:
      return "False";
    case manifests::ConditionStatus::Unknown:
      return "Unknown";
  }
  return "Unknown";
}

/// Characters, not bytes, of UTF-8.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// The first `count` characters.
std::string first_of(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U && count-- == 0) break;
  return std::string(text.substr(0, at));
}

std::vector<std::string> cells_of(Row const& row) {
  return {row.kind, row.name, row.ready, row.state, row.progress, row.age};
}

}  // namespace

std::string metrics_text(Json const& metrics, int digits) {
  std::string text;
  for (auto const& [name, value] : metrics.members())
    text += (text.empty() ? "" : " ") + one_line(name) + "=" +
            (value.is_number() ? short_number(value.number_or(0), digits) : one_line(value.string_or("")));
  return text;
}

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
    row.progress = metrics_text(object.status.at("metrics"), 4);
  } else if (object.key.kind == "ComputeTarget") {
    row.progress = nodes_text(object.status.at("nodes"));
  } else if (usable) {
    row.progress = object.status.text("location");
  }
  bool const explain = !usable && (row.bad || row.progress.empty()) && ready != nullptr;
  if (explain) row.progress = ready->message;
  if (object.orphaned) {
    row.state = "Orphaned";
    row.progress = "its document is gone; trainyard delete " + row.kind + "/" + row.name;
  }
  if (object.deleted_at) row.state = "Deleting";
  row.progress = one_line(row.progress);
  return row;
}

std::string table_of(std::vector<std::string> const& head, std::vector<std::vector<std::string>> const& lines,
                     std::size_t width) {
  std::vector<std::size_t> widths;
  for (std::string const& cell : head) widths.push_back(length_of(cell));
  for (auto const& line : lines)
    for (std::size_t i = 0; i < line.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], length_of(line[i]));
  std::string text;
  auto const add = [&](std::vector<std::string> const& line) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
      out += line[i];
      if (i + 1 < line.size()) out.append(widths[i] - length_of(line[i]) + 3, ' ');
    }
    if (width > 0 && length_of(out) > width) out = first_of(out, width - 1) + "~";
    text += out + "\n";
  };
  add(head);
  for (auto const& line : lines) add(line);
  return text;
}

std::string table_of(std::vector<Row> const& rows, std::size_t width) {
  std::vector<std::vector<std::string>> lines;
  for (Row const& row : rows) lines.push_back(cells_of(row));
  std::vector<std::string> const head{"KIND", "NAME", "READY", "STATE", "PROGRESS", "AGE"};
  if (width == 0) return table_of(head, lines, 0);
  // What is told of the progress gives way, so that the age is seen in a narrow terminal too.
  std::size_t others = 3 * (head.size() - 1), widest = length_of(head[4]);
  for (std::size_t i = 0; i < head.size(); ++i) {
    std::size_t cell = length_of(head[i]);
    for (auto const& line : lines) cell = std::max(cell, length_of(line[i]));
    if (i != 4) others += cell;
  }
  std::size_t const room = std::max(width > others ? width - others : 0, widest);
  for (auto& line : lines)
    if (length_of(line[4]) > room) line[4] = first_of(line[4], room - 1) + "~";
  return table_of(head, lines, width);
}

std::string wide_table_of(std::vector<ObjectPtr> const& objects, WallTime now) {
  std::vector<std::vector<std::string>> lines;
  for (ObjectPtr const& object : objects) {
    std::vector<std::string> line = cells_of(row_of(*object, now));
    std::string found = object->status.text("runName");
    for (char const* field : {"azureId", "studioUrl"})
      if (found.empty()) found = object->status.text(field);
    line.insert(line.end(),
                {object->key.ns, std::to_string(object->generation), object->source, one_line(found)});
    lines.push_back(std::move(line));
  }
  return table_of({"KIND", "NAME", "READY", "STATE", "PROGRESS", "AGE", "NAMESPACE", "GENERATION",
                   "DECLARED IN", "FOUND AS"},
                  lines, 0);
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

}  // namespace trainyard::cli
