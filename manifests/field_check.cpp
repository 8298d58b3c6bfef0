#include "manifests/field_check.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>

namespace trainyard::manifests {

namespace {

constexpr std::size_t kMostShown = 60;

std::string with_article(std::string_view type) {
  bool const vowel = type == "object" || type == "integer" || type == "array";
  return (vowel ? "an " : "a ") + std::string(type);
}

/// Compiled once: patterns are those of the tables, and a std::regex may be used from many threads.
std::regex const& compiled(std::string_view pattern) {
  static std::map<std::string_view, std::regex> const kAll = [] {
    std::map<std::string_view, std::regex> all;
    for (Kind const& kind : kinds())
      for (Field const& field : kind.fields)
        if (!field.pattern.empty()) all.try_emplace(field.pattern, std::string(field.pattern));
    return all;
  }();
  return kAll.at(pattern);
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Characters, as an API server counts them.
std::int64_t length(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); });
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t const end = std::min(text.find(at, begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// Edits (insert, remove, replace, swap neighbours) from one word to the other, without case.
std::size_t distance(std::string_view a, std::string_view b) {
  auto const lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      bool const same = lower(a[i - 1]) == lower(b[j - 1]);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (same ? 0 : 1)});
      bool const swapped =
          i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

bool has_type(Json const& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_integer();
  return value.is_bool();
}

std::string expected(Field const& field) {
  if (!field.expects.empty()) return std::string(field.expects);
  if (!field.allowed.empty()) return "one of " + listed(split(field.allowed, '|'));
  if (field.type == "boolean") return "true or false";
  return with_article(field.type);
}

class FieldCheck {
 public:
  FieldCheck(Kind const& kind, std::vector<FieldError>& errors) : kind_(kind), errors_(errors) {}

  /// `row_path` is the table's ("spec.x[].y"), `path` the document's ("spec.x[2].y").
  void object(std::string const& row_path, std::string const& path, Json const& value) {
    std::vector<Field const*> const fields = children(row_path);
    std::vector<std::string_view> names;
    for (Field const* field : fields) names.push_back(leaf(*field));
    for (auto const& [name, member] : value.members()) {
      auto const at = std::find(names.begin(), names.end(), name);
      if (at == names.end())
        unknown(path, name, names);
      else
        field(*fields[static_cast<std::size_t>(at - names.begin())], path + "." + name, member);
    }
    for (Field const* field : fields) {
      if (field->required && value.find(leaf(*field)) == nullptr)
        add(path + "." + std::string(leaf(*field)), "", "is missing; give " + expected(*field));
    }
  }

 private:
  void field(Field const& field, std::string const& path, Json const& value) {
    if (!has_type(value, field.type)) return wrong_type(field, path, value);
    if (value.is_object()) return object(std::string(field.path), path, value);
    if (value.is_array()) return array(field, path, value);
    if (value.is_integer()) return integer(field, path, value.integer_or(0));
    if (value.is_string()) {
      std::string const text = value.string_or("");
      if (std::string const problem = misfit(field, text); !problem.empty())
        add(path, field.hidden ? "" : shown(value), problem);
    }
  }

  void array(Field const& field, std::string const& path, Json const& value) {
    auto const count = static_cast<std::int64_t>(value.items().size());
    if (field.most > 0 && (count < field.least || count > field.most))
      add(path, "",
          "has " + std::to_string(count) + " items; give " + std::to_string(field.least) + " to " +
              std::to_string(field.most));
    Field const& item = row(kind_, std::string(field.path) + "[]");
    for (std::size_t i = 0; i < value.items().size(); ++i)
      this->field(item, path + "[" + std::to_string(i) + "]", value.items()[i]);
  }

  void integer(Field const& field, std::string const& path, std::int64_t value) {
    if (field.least == 0 && field.most == 0) return;
    std::string const range = "give " + std::to_string(field.least) + " to " + std::to_string(field.most) +
                              ", " + std::string(field.expects);
    if (value < field.least) add(path, std::to_string(value), "is too small; " + range);
    if (value > field.most) add(path, std::to_string(value), "is too large; " + range);
  }

  void wrong_type(Field const& field, std::string const& path, Json const& value) {
    std::string const text = field.hidden ? "" : shown(value);
    if (value.is_null())
      return add(path, "", "has no value; give " + expected(field) + ", or leave the field out");
    std::string problem =
        "must be " + with_article(field.type) + ", not " + with_article(value.type_name()) + "; ";
    bool const scalar = !value.is_object() && !value.is_array();
    if (field.type == "string" && scalar)
      problem += "put it in quotes";
    else if ((field.type == "integer" || field.type == "boolean") && value.is_string())
      problem += "write " + expected(field) + ", without quotes";
    else
      problem += "give " + expected(field);
    add(path, text, problem);
  }

  void unknown(std::string const& path, std::string const& name, std::vector<std::string_view> const& names) {
    std::string problem = "is not a field of " + path;
    if (names.empty())
      problem += ", which has none; leave it out";
    else if (std::string const guess = did_you_mean(name, names); !guess.empty())
      problem += guess;
    else
      problem += "; there are " + listed(names);
    add(path + "." + shown(Json(name)), "", problem);
  }

  [[nodiscard]] std::vector<Field const*> children(std::string const& parent) const {
    std::vector<Field const*> found;
    for (Field const& field : kind_.fields) {
      std::string_view const path = field.path;
      bool const below =
          path.size() > parent.size() + 1 && path.starts_with(parent) && path[parent.size()] == '.';
      if (below && path.find_first_of(".[", parent.size() + 1) == std::string_view::npos)
        found.push_back(&field);
    }
    return found;
  }

  static std::string_view leaf(Field const& field) { return field.path.substr(field.path.rfind('.') + 1); }

  void add(std::string const& path, std::string const& value, std::string const& problem) {
    errors_.push_back({.path = path, .value = value, .problem = problem, .place = {}});
  }

  Kind const& kind_;
  std::vector<FieldError>& errors_;
};

}  // namespace

std::string shown(Json const& value) {
  if (value.is_object() || value.is_array() || value.is_null()) return "";
  std::string text = value.is_string() ? value.string_or("") : value.dump();
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  if (text.size() <= kMostShown) return text;
  std::size_t end = kMostShown;
  while (end > 0 && is_continuation(text[end])) --end;
  return text.substr(0, end) + "...";
}

std::string did_you_mean(std::string_view word, std::span<std::string_view const> known) {
  if (word.size() > 64) return "";  // no name of ours is near that, and the table of distances stays small
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 4) + 1;
  for (std::string_view const candidate : known) {
    if (std::size_t const cost = distance(word, candidate); cost < least && cost < candidate.size()) {
      least = cost;
      best = candidate;
    }
  }
  return best.empty() ? "" : "; did you mean '" + std::string(best) + "'?";
}

std::string listed(std::span<std::string_view const> words) {
  std::string text;
  for (std::string_view const word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

std::string misfit(Field const& field, std::string const& text) {
  if (text.find('\0') != std::string::npos) return "has a NUL character in it; take it out";
  if (!field.allowed.empty()) {
    std::vector<std::string_view> const words = split(field.allowed, '|');
    if (std::find(words.begin(), words.end(), text) != words.end()) return "";
    return "is not one of " + listed(words) + did_you_mean(text, words);
  }
  std::int64_t const size = length(text);
  if (text.empty() && field.least > 0) return "is empty; give " + expected(field);
  if (field.most > 0 && size > field.most)
    return "is too long: " + std::to_string(size) + " characters, " + std::to_string(field.most) + " at most";
  if (size < field.least) return "is too short; give " + expected(field);
  if (!field.pattern.empty() && !std::regex_match(text, compiled(field.pattern)))
    return "does not fit; give " + expected(field);
  return "";
}

Field const& row(Kind const& kind, std::string_view path) {
  auto const found =
      std::find_if(kind.fields.begin(), kind.fields.end(), [&](Field const& f) { return f.path == path; });
  check(found != kind.fields.end(), "a field without its row");
  return *found;
}

void check_fields(Kind const& kind, Json const& spec, std::vector<FieldError>& errors) {
  FieldCheck(kind, errors).object("spec", "spec", spec);
}

}  // namespace trainyard::manifests
