#include "controller/directory/secrets.hpp"

#include <algorithm>

#include "controller/base/encoding.hpp"
#include "controller/base/yaml.hpp"
#include "controller/directory/files.hpp"

namespace trainyard::directory {

namespace {

/// Names come from manifests: they must not lead out of the folder.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

std::string without_final_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

Error exposed(std::filesystem::path const& path, std::string_view mode) {
  return {.kind = ErrorKind::Forbidden, .reason = "SecretExposed", .message = exposed_text(path, mode)};
}

Error key_not_found(std::string_view ns, std::string_view name, std::string_view key,
                    std::string const& where) {
  return {.kind = ErrorKind::NotFound,
          .reason = "SecretKeyNotFound",
          .message = "Secret " + std::string(ns) + "/" + std::string(name) + " has no key " +
                     std::string(key) + ": add it in " + where};
}

/// Adds the members of stringData or data to `values`.
void take_values(Json const& block, bool encoded, std::string const& where, SecretDocument& secret,
                 std::vector<std::string>& errors) {
  if (!block.is_null() && !block.is_object()) errors.push_back(where + " must be an object of texts");
  for (auto const& [name, value] : block.members()) {
    if (!value.is_string()) {
      errors.push_back(where + "." + name + " must be a text; write it in quotes");
      continue;
    }
    std::string text = value.string_or("");
    if (encoded) {
      Result<std::string> decoded = base64_decode(text);
      if (!decoded) {
        errors.push_back(where + "." + name + " is not base64; write plain text under stringData instead");
        continue;
      }
      text = *std::move(decoded);
    }
    secret.values[name] = std::move(text);
  }
}

/// The entries of a folder in order; hidden ones are left out (mounted volumes keep their links there).
Result<std::vector<std::filesystem::path>> entries_of(std::filesystem::path const& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> entries;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (!it->path().filename().string().starts_with('.')) entries.push_back(it->path());
  if (error) return file_error(error.value(), "reading the folder", folder);
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace

std::string exposed_text(std::filesystem::path const& path, std::string_view mode) {
  return path.string() + " holds a secret and others than its owner may read it (mode " + std::string(mode) +
         "), so it is not used; run: chmod 600 " + path.string();
}

std::string digest_of(std::map<std::string, std::string> const& values) {
  std::vector<std::string_view> parts;
  for (auto const& [name, value] : values) {
    parts.emplace_back(name);
    parts.emplace_back(value);
  }
  return sha256_of_parts(parts);
}

SecretDocuments read_secret_documents(std::string_view file, std::string_view text) {
  SecretDocuments found;
  Result<std::vector<YamlDocument>> const documents = parse_yaml(text);
  if (!documents) return found;  // the reader of documents has told
  for (YamlDocument const& document : *documents) {
    Json const& value = document.value;
    if (value.text("kind") != "Secret" || value.text("apiVersion") != "v1") continue;
    SecretDocument secret;
    secret.place = std::string(file) + ":" + std::to_string(document.place.line);
    secret.ns = value.text({"metadata", "namespace"});
    if (secret.ns.empty()) secret.ns = "default";
    secret.name = value.text({"metadata", "name"});
    if (secret.name.empty()) {
      found.errors.push_back(secret.place + ": metadata.name of the Secret is missing");
      continue;
    }
    take_values(value.at("data"), true, secret.place + ": data", secret, found.errors);
    take_values(value.at("stringData"), false, secret.place + ": stringData", secret, found.errors);
    found.documents.push_back(std::move(secret));
  }
  return found;
}

SecretsFound look_at_secrets_folder(std::filesystem::path const& secrets, Scrubber& scrubber) {
  SecretsFound found;
  Result<std::vector<std::filesystem::path>> const folders = entries_of(secrets);
  if (!folders) {
    found.problems.push_back({secrets.string(), folders.error().message});
    return found;
  }
  std::error_code error;
  for (std::filesystem::path const& folder : *folders) {
    if (!std::filesystem::is_directory(folder, error)) continue;
    Result<std::vector<std::filesystem::path>> const files = entries_of(folder);
    if (!files) {
      found.problems.push_back({folder.string(), files.error().message});
      continue;
    }
    std::map<std::string, std::string> values;
    for (std::filesystem::path const& path : *files) {
      if (!std::filesystem::is_regular_file(path, error)) continue;
      Result<FileText> file = read_file(path);
      if (!file) {
        found.problems.push_back({path.string(), file.error().message});
        continue;
      }
      std::string value = without_final_newline(std::move(file->text));
      scrubber.add_secret(value);
      if (!file->identity.is_private()) {
        found.problems.push_back({path.string(), exposed_text(path, mode_text(file->identity))});
        continue;
      }
      values[path.filename().string()] = std::move(value);
    }
    found.places.push_back(
        {{"Secret", "default", folder.filename().string()}, folder.string(), digest_of(values)});
  }
  return found;
}

bool is_secret_folder(std::filesystem::path const& secrets, std::string_view name) {
  std::error_code error;
  return is_plain_name(name) && std::filesystem::is_directory(secrets / name, error);
}

Result<std::string> read_secret_file(std::filesystem::path const& secrets, std::string_view name,
                                     std::string_view key) {
  std::filesystem::path const path = secrets / name / key;
  if (!is_plain_name(key)) return key_not_found("default", name, key, (secrets / name).string());
  Result<FileText> file = read_file(path);
  if (!file) {
    if (file.error().kind != ErrorKind::NotFound) return file.error();
    return key_not_found("default", name, key, "file " + path.string() + " (mode 0600)");
  }
  if (!file->identity.is_private()) return exposed(path, mode_text(file->identity));
  return without_final_newline(std::move(file->text));
}

Result<std::string> read_secret_document(std::filesystem::path const& directory, std::string_view file,
                                         ObjectKey const& secret, std::string_view key) {
  std::filesystem::path const path = directory / file;
  Result<FileText> const read = read_file(path);
  if (!read) return read.error().while_doing("reading Secret " + secret.ns + "/" + secret.name);
  if (!read->identity.is_private()) return exposed(path, mode_text(read->identity));
  for (SecretDocument& document : read_secret_documents(file, read->text).documents) {
    if (document.ns != secret.ns || document.name != secret.name) continue;
    auto const value = document.values.find(std::string(key));
    if (value == document.values.end()) return key_not_found(secret.ns, secret.name, key, document.place);
    return std::move(value->second);
  }
  return Error{.kind = ErrorKind::NotFound,
               .reason = "SecretNotFound",
               .message = "Secret " + secret.ns + "/" + secret.name + " is no longer in " + path.string()};
}

}  // namespace trainyard::directory
