#include "reconcilers/names.hpp"

#include <charconv>

#include "controller/base/encoding.hpp"

namespace trainyard::reconcilers {

namespace {

std::string digest_text(std::vector<std::string_view> const& parts, std::size_t characters) {
  return base32_lower(sha256_of_parts(parts)).substr(0, characters);
}

/// Lower-case letters, digits and single dashes, none at the ends; at most 20 characters.
std::string stub_of(std::string_view name) {
  std::string stub;
  for (char c : name) {
    bool const upper = c >= 'A' && c <= 'Z';
    bool const plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (upper)
      stub += static_cast<char>(c - 'A' + 'a');
    else if (plain)
      stub += c;
    else if (!stub.empty() && stub.back() != '-')
      stub += '-';
    if (stub.size() == 20) break;
  }
  while (!stub.empty() && stub.back() == '-') stub.pop_back();
  return stub.empty() ? "run" : stub;
}

std::string name_without_attempt(std::string_view cluster, ObjectKey const& key, std::string_view revision) {
  return "ty-" + stub_of(key.name) + "-" + digest_text({cluster, key.ns, key.name, revision}, 20) + "-a";
}

}  // namespace

std::string owner_mark(std::string_view cluster, ObjectKey const& key) {
  return digest_text({cluster, key.kind, key.ns, key.name}, 32);
}

std::string job_tag(std::string_view cluster) { return "ty-" + digest_text({cluster}, 20); }

std::string run_name(std::string_view cluster, ObjectKey const& key, std::string_view revision,
                     std::int64_t attempt) {
  return name_without_attempt(cluster, key, revision) + std::to_string(attempt);
}

std::optional<std::int64_t> attempt_of(std::string_view name, std::string_view cluster, ObjectKey const& key,
                                       std::string_view revision) {
  std::string const stem = name_without_attempt(cluster, key, revision);
  if (!name.starts_with(stem)) return std::nullopt;
  std::string_view const digits = name.substr(stem.size());
  std::int64_t attempt = 0;
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), attempt);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return attempt;
}

std::string code_name(std::string_view source_digest) {
  return "ty-" + std::string(source_digest.substr(0, 40));
}

}  // namespace trainyard::reconcilers
