// Secrets of folder mode: files of their own folder, or v1 Secret documents. Read on use, kept nowhere.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/log.hpp"
#include "controller/directory/documents.hpp"

namespace trainyard::directory {

struct SecretDocument {
  std::string ns, name;
  std::map<std::string, std::string> values;
  std::string place;  // "FILE:LINE"
};

struct SecretDocuments {
  std::vector<SecretDocument> documents;
  std::vector<std::string> errors;  // whole sentences; no value is in them
};

/// The v1 Secrets among a file's documents, stringData before data.
SecretDocuments read_secret_documents(std::string_view file, std::string_view text);

/// Where a Secret lies and a digest of what is in it.
struct SecretPlace {
  ObjectKey key;  // kind "Secret"
  std::string place;
  std::string digest;
};
std::string digest_of(std::map<std::string, std::string> const& values);

struct SecretsFound {
  std::vector<SecretPlace> places;
  std::vector<Problem> problems;
};
/// Every SECRETS/<name>/<key>; tells their values to the scrubber.
SecretsFound look_at_secrets_folder(std::filesystem::path const& secrets, Scrubber& scrubber);

/// True if SECRETS has a folder of that name; a name that would lead elsewhere is none.
bool is_secret_folder(std::filesystem::path const& secrets, std::string_view name);
/// The value in SECRETS/<name>/<key>, less one final line end. NotFound if it is not there, Forbidden while
/// others may read it.
Result<std::string> read_secret_file(std::filesystem::path const& secrets, std::string_view name,
                                     std::string_view key);
/// The same from the document in that file of the folder.
Result<std::string> read_secret_document(std::filesystem::path const& directory, std::string_view file,
                                         ObjectKey const& secret, std::string_view key);

/// What is wrong with a file of secrets that others may read, and the command that mends it.
std::string exposed_text(std::filesystem::path const& path, std::string_view mode);

}  // namespace trainyard::directory
