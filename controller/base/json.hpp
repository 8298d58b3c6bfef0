// A JSON value of our own, so that RapidJSON stays in json.cpp. Objects keep the order they were written in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "controller/base/result.hpp"

namespace trainyard {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;  // names are unique; look-up is linear, objects here are small

  Json() = default;                                             // null
  Json(std::nullptr_t) {}                                       // NOLINT: values convert, as in JSON
  Json(bool value) : value_(value) {}                           // NOLINT
  Json(int value) : value_(std::int64_t{value}) {}              // NOLINT
  Json(std::int64_t value) : value_(value) {}                   // NOLINT
  Json(double value) : value_(value) {}                         // NOLINT
  Json(char const* value) : value_(std::string(value)) {}       // NOLINT
  Json(std::string_view value) : value_(std::string(value)) {}  // NOLINT
  Json(std::string value) : value_(std::move(value)) {}         // NOLINT
  Json(Array value) : value_(std::move(value)) {}               // NOLINT
  Json(Object value) : value_(std::move(value)) {}              // NOLINT
  static Json object(std::initializer_list<Member> members = {});
  static Json array(std::initializer_list<Json> items = {});

  [[nodiscard]] bool is_null() const { return value_.index() == 0; }
  [[nodiscard]] bool is_bool() const { return std::holds_alternative<bool>(value_); }
  [[nodiscard]] bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  [[nodiscard]] bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
  [[nodiscard]] bool is_string() const { return std::holds_alternative<std::string>(value_); }
  [[nodiscard]] bool is_array() const { return std::holds_alternative<Array>(value_); }
  [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(value_); }
  [[nodiscard]] std::string_view type_name()
      const;  // "null", "boolean", "integer", "number", "string", "array", "object"

  // The value, or the given one if this is something else: outside input never throws.
  [[nodiscard]] bool bool_or(bool other) const;
  [[nodiscard]] std::int64_t integer_or(std::int64_t other) const;
  [[nodiscard]] double number_or(double other) const;
  [[nodiscard]] std::string string_or(std::string_view other) const;
  [[nodiscard]] Array const& items() const;     // empty unless an array
  [[nodiscard]] Object const& members() const;  // empty unless an object

  /// The member, or null (a pointer) if this is no object or has no such member.
  [[nodiscard]] Json const* find(std::string_view name) const;
  /// As find(), but names a path of members: at({"properties", "status"}). Absent is the JSON null.
  [[nodiscard]] Json const& at(std::initializer_list<std::string_view> path) const;
  [[nodiscard]] Json const& at(std::string_view name) const { return at({name}); }
  /// The member's text; "" if absent or no string.
  [[nodiscard]] std::string text(std::string_view name) const { return at({name}).string_or(""); }
  [[nodiscard]] std::string text(std::initializer_list<std::string_view> path) const {
    return at(path).string_or("");
  }

  /// The member to write to; makes this an object and the member null when they are not there.
  Json& operator[](std::string_view name);
  void erase(std::string_view name);
  void push_back(Json item);  // makes this an array

  /// Strict JSON, iterative (depth is no danger to the stack); duplicate names, trailing text, depth above
  /// 200 and numbers that are not finite are refused. Doubles round-trip.
  static Result<Json> parse(std::string_view text);
  [[nodiscard]] std::string dump() const;         // one line, members in order
  [[nodiscard]] std::string dump_pretty() const;  // two spaces
  [[nodiscard]] std::string canonical() const;    // RFC 8785

  friend bool operator==(Json const& a, Json const& b);  // members compared without order

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> value_ = nullptr;
};

}  // namespace trainyard
