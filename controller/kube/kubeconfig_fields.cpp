#include "controller/kube/kubeconfig_fields.hpp"

#include "controller/base/encoding.hpp"
#include "controller/kube/text_file.hpp"

namespace trainyard::kube {

bool KubeconfigFields::has(std::string const& name) const {
  Json const& value = entry_.value.at(name);
  return !value.is_null() && value != Json("") && value != Json::array() && value != Json::object();
}

Result<std::string> KubeconfigFields::text(std::string const& name) const {
  Json const& value = entry_.value.at(name);
  if (!value.is_null() && !value.is_string()) return wrong(name, "must be a text; quote it");
  return value.string_or("");
}

Result<bool> KubeconfigFields::flag(std::string const& name) const {
  Json const& value = entry_.value.at(name);
  if (!value.is_null() && !value.is_bool()) return wrong(name, "must be true or false, without quotes");
  return value.bool_or(false);
}

Result<std::filesystem::path> KubeconfigFields::path(std::string const& name) const {
  Result<std::string> const file = text(name);
  if (!file) return file.error();
  return file->empty() ? std::filesystem::path() : entry_.file.parent_path() / *file;
}

Result<std::string> KubeconfigFields::pem(std::string const& name) const {
  std::string source = name + "-data";
  std::string content;
  if (has(source)) {
    Result<std::string> encoded = text(source);
    if (!encoded) return encoded.error();
    std::erase_if(*encoded,
                  [](char c) { return c == '\n' || c == '\r'; });  // folded by some, ignored by kubectl
    Result<std::string> decoded = base64_decode(*encoded);
    if (!decoded)
      return wrong(source, "is no Base64; write the PEM text so encoded, or name its file in " + name);
    content = std::move(*decoded);
  } else if (has(name)) {
    source = name;
    Result<std::filesystem::path> const file = path(name);
    if (!file) return file.error();
    Result<std::string> read = read_text_file(*file);
    if (!read)
      return wrong(name, read.error().message + "; check the path, which starts at the kubeconfig's folder");
    content = std::move(*read);
  } else {
    return std::string();
  }
  if (content.find("-----BEGIN ") == std::string::npos)
    return wrong(source, "holds no PEM text (-----BEGIN ...-----)");
  return content;
}

Error KubeconfigFields::wrong(std::string const& name, std::string const& why) const {
  return invalid_kubeconfig(entry_.file, where_ + name, why);
}

}  // namespace trainyard::kube
