#include "tests/azsim/mlflow_search.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <compare>

namespace trainyard::azsim {
namespace {

struct Condition {
  std::string key, comparison, value;
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string unquoted(std::string_view text) {
  bool const quoted = text.size() >= 2 && text.front() == text.back() &&
                      (text.front() == '\'' || text.front() == '"' || text.front() == '`');
  return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

std::optional<Condition> parse_condition(std::string_view text) {
  for (std::string_view const comparison : {"!=", ">=", "<=", "=", ">", "<", " LIKE ", " ILIKE "}) {
    std::size_t const at = text.find(comparison);
    if (at == std::string_view::npos) continue;
    return Condition{std::string(trim(text.substr(0, at))), std::string(trim(comparison)),
                     unquoted(trim(text.substr(at + comparison.size())))};
  }
  return std::nullopt;
}

/// The value a key names, as text or number; null if the run has none.
Json value_of(Run const& run, std::string_view key) {
  std::size_t const dot = key.find('.');
  std::string const place(dot == std::string_view::npos ? "attributes" : key.substr(0, dot));
  std::string const name = unquoted(dot == std::string_view::npos ? key : key.substr(dot + 1));
  if (place == "metrics" || place == "metric") {
    auto const found = run.metrics.find(name);
    return found == run.metrics.end() ? Json() : last_point(found->second).value;
  }
  if (place == "params" || place == "parameters" || place == "param") {
    auto const found = run.params.find(name);
    return found == run.params.end() ? Json() : Json(found->second);
  }
  if (place == "tags" || place == "tag") return run.tags.at(name);
  if (name == "status") return run.status;
  if (name == "run_id") return run.id;
  if (name == "run_name" || name == "Run Name") return run.name;
  if (name == "start_time" || name == "Created") return run.start_time;
  if (name == "end_time") return run.end_time ? Json(*run.end_time) : Json();
  return {};
}

std::partial_ordering compare(Json const& a, Json const& b) {
  if (a.is_number() && b.is_number()) return a.number_or(0) <=> b.number_or(0);
  return a.string_or("") <=> b.string_or("");
}

/// With % for any text.
bool is_like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '%')
    return !text.empty() && text.front() == pattern.front() && is_like(text.substr(1), pattern.substr(1));
  for (std::size_t skip = 0; skip <= text.size(); ++skip)
    if (is_like(text.substr(skip), pattern.substr(1))) return true;
  return false;
}

bool holds(Run const& run, Condition const& condition) {
  Json const mine = value_of(run, condition.key);
  if (mine.is_null()) return false;
  if (condition.comparison == "LIKE") return is_like(mine.string_or(""), condition.value);
  if (condition.comparison == "ILIKE") return is_like(lower(mine.string_or("")), lower(condition.value));
  Json wanted = condition.value;
  if (mine.is_number()) {
    Result<Json> number = Json::parse(condition.value);
    if (!number || !number->is_number()) return false;
    wanted = std::move(*number);
  }
  std::partial_ordering const order = compare(mine, wanted);
  if (condition.comparison == "=") return order == 0;
  if (condition.comparison == "!=") return order != 0;
  if (condition.comparison == ">=") return order >= 0;
  if (condition.comparison == "<=") return order <= 0;
  return condition.comparison == ">" ? order > 0 : order < 0;
}

}  // namespace

Result<std::vector<Run*>> filter_runs(std::vector<Run*> runs, std::string_view filter) {
  while (!trim(filter).empty()) {
    std::size_t at = lower(filter).find(" and ");
    std::string_view const one = filter.substr(0, at);
    filter = at == std::string_view::npos ? "" : filter.substr(at + 5);
    std::optional<Condition> const condition = parse_condition(one);
    if (!condition)
      return Error{.kind = ErrorKind::Invalid,
                   .reason = "INVALID_PARAMETER_VALUE",
                   .message = "Invalid clause(s) in filter string: '" + std::string(one) + "'"};
    std::erase_if(runs, [&](Run const* run) { return !holds(*run, *condition); });
  }
  return runs;
}

void order_runs(std::vector<Run*>& runs, Json const& order_by) {
  std::stable_sort(runs.begin(), runs.end(),
                   [](Run const* a, Run const* b) { return a->start_time > b->start_time; });
  for (auto wish = order_by.items().rbegin(); wish != order_by.items().rend(); ++wish) {
    std::string text = wish->string_or("");
    bool const descending = lower(text).ends_with(" desc");
    if (descending || lower(text).ends_with(" asc")) text.resize(text.rfind(' '));
    std::stable_sort(runs.begin(), runs.end(), [&](Run const* a, Run const* b) {
      Json const x = value_of(*a, trim(text)), y = value_of(*b, trim(text));
      if (x.is_null() || y.is_null()) return !x.is_null() && y.is_null();  // those without it come last
      return descending ? compare(x, y) > 0 : compare(x, y) < 0;
    });
  }
}

}  // namespace trainyard::azsim
