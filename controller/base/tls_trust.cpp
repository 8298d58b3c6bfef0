#include "controller/base/tls_trust.hpp"

#include <cstdlib>
#include <utility>
#include <vector>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace trainyard {
namespace {

// Beyond the body: its head, the framing of its chunks, TLS itself.
constexpr std::size_t kAllowance = std::size_t{1} << 20U;
// A record's own overhead, so that a slow server that sends a byte in each is not taken for a flood.
constexpr std::size_t kRecordOverhead = 32;

void on_message(int is_write, int, int content_type, void const* bytes, std::size_t size, SSL*, void* watch) {
  auto const* const data = static_cast<unsigned char const*>(bytes);
  auto& seen = *static_cast<TlsWatch*>(watch);
  if (is_write == 1 && content_type == SSL3_RT_HANDSHAKE && size > 0 && data[0] == SSL3_MT_FINISHED)
    seen.saw_finished();
  if (is_write == 0 && content_type == SSL3_RT_HEADER && size >= SSL3_RT_HEADER_LENGTH) {
    std::size_t const length = static_cast<std::size_t>(data[3]) << 8U | data[4];
    if (length > kRecordOverhead) seen.saw_bytes(length - kRecordOverhead);
  }
}

// In the place of cpprestsdk's, which checks for the URL's host whatever name is to be verified.
int keep_verdict(int good, X509_STORE_CTX*) { return good; }

int verify(X509_STORE_CTX* context, void* watch) {
  X509_STORE_CTX_set_verify_cb(context, &keep_verdict);
  int const good = X509_verify_cert(context);
  if (good != 1) {
    int const error = X509_STORE_CTX_get_error(context);
    static_cast<TlsWatch*>(watch)->saw_bad_certificate(X509_verify_cert_error_string(error));
  }
  return good;
}

int accept_any(X509_STORE_CTX* context, void*) {
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

// A password is never asked for: OpenSSL would do so on the terminal.
int no_password(char*, int, int, void*) { return -1; }

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Bio reader(std::string const& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all};
}

std::vector<Certificate> certificates(std::string const& pem) {
  std::vector<Certificate> all;
  Bio const bio = reader(pem);
  while (X509* const certificate = PEM_read_bio_X509(bio.get(), nullptr, &no_password, nullptr))
    all.emplace_back(certificate, &X509_free);
  ERR_clear_error();  // the end of the text is one, too
  return all;
}

Error invalid(std::string reason, std::string message) {
  return {.kind = ErrorKind::Invalid, .reason = std::move(reason), .message = std::move(message)};
}

void add_system(X509_STORE* store, std::string const& file) {
  X509_STORE_load_file(store, file.empty() ? X509_get_default_cert_file() : file.c_str());
  char const* const folder = std::getenv(X509_get_default_cert_dir_env());
  X509_STORE_load_path(store, folder != nullptr ? folder : X509_get_default_cert_dir());
  ERR_clear_error();  // either may be missing: then nobody is trusted, and each handshake says so
}

}  // namespace

std::size_t with_allowance(std::size_t body) { return 2 * body + kAllowance; }

void TlsWatch::begin(std::size_t max_bytes, std::function<void()> flooded) {
  std::lock_guard const lock(mutex_);
  allowed_ = left_ = with_allowance(max_bytes);
  flooded_ = std::move(flooded);
}

void TlsWatch::end() {
  std::lock_guard const lock(mutex_);
  flooded_ = nullptr;
}

void TlsWatch::saw_progress() {
  std::lock_guard const lock(mutex_);
  left_ = allowed_;
}

void TlsWatch::saw_bytes(std::size_t count) {
  std::function<void()> flooded;
  {
    std::lock_guard const lock(mutex_);
    bool const over = count > left_;
    left_ -= over ? left_ : count;
    if (over) flooded = flooded_;
  }
  if (flooded) flooded();
}

void TlsWatch::saw_bad_certificate(std::string why) {
  std::lock_guard const lock(mutex_);
  bad_certificate_ = std::move(why);
}

std::string TlsWatch::bad_certificate() const {
  std::lock_guard const lock(mutex_);
  return bad_certificate_;
}

struct TlsTrust::Parsed {
  std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> roots{X509_STORE_new(), &X509_STORE_free};
  std::vector<Certificate> chain;  // the client's own certificate first
  Key key{nullptr, &EVP_PKEY_free};

  Result<Done> add_client(std::string const& certificate_pem, std::string const& key_pem);
};

Result<Done> TlsTrust::Parsed::add_client(std::string const& certificate_pem, std::string const& key_pem) {
  chain = certificates(certificate_pem);
  if (chain.empty())
    return invalid("InvalidClientCertificate",
                   "the client certificate given is none; write it as PEM (-----BEGIN CERTIFICATE-----)");
  key.reset(PEM_read_bio_PrivateKey(reader(key_pem).get(), nullptr, &no_password, nullptr));
  bool const belongs = key && X509_check_private_key(chain.front().get(), key.get()) == 1;
  ERR_clear_error();
  if (!key)
    return invalid(
        "InvalidClientKey",
        "the client key given is no private key, or needs a password; write it as PEM without a password "
        "(-----BEGIN PRIVATE KEY-----)");
  if (!belongs)
    return invalid("InvalidClientKey", "the client key given does not belong to the client certificate");
  return Done{};
}

TlsTrust::TlsTrust() : parsed_(std::make_unique<Parsed>()) {}
TlsTrust::~TlsTrust() = default;

Result<std::shared_ptr<TlsTrust const>> TlsTrust::make(TlsSettings const& settings) {
  std::shared_ptr<TlsTrust> trust(new TlsTrust());
  trust->server_name_ = settings.server_name;
  trust->verify_ = settings.verify;
  Parsed& parsed = *trust->parsed_;
  check(parsed.roots != nullptr, "OpenSSL: no memory for a certificate store");
  if (settings.system_roots) add_system(parsed.roots.get(), settings.system_file);
  std::vector<Certificate> const roots = certificates(settings.ca_pem);
  for (Certificate const& root : roots) X509_STORE_add_cert(parsed.roots.get(), root.get());
  if (!settings.ca_pem.empty() && roots.empty())
    return invalid("InvalidCa",
                   "the CA given holds no certificate; write it as PEM (-----BEGIN CERTIFICATE-----)");
  if (!settings.client_certificate_pem.empty() || !settings.client_key_pem.empty())
    if (Result<Done> const added =
            parsed.add_client(settings.client_certificate_pem, settings.client_key_pem);
        !added)
      return added.error();
  return std::shared_ptr<TlsTrust const>(std::move(trust));
}

void TlsTrust::install(void* ssl_context, std::string const& host, TlsWatch& watch) const {
  auto* const context = static_cast<SSL_CTX*>(ssl_context);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set1_cert_store(context, parsed_->roots.get());
  SSL_CTX_set_cert_verify_callback(context, verify_ ? &verify : &accept_any, &watch);
  SSL_CTX_set_msg_callback(context, &on_message);
  SSL_CTX_set_msg_callback_arg(context, &watch);
  X509_VERIFY_PARAM* const parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  std::string const& name = server_name_.empty() ? host : server_name_;
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) != 1)
    X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size());
  if (parsed_->key) {
    SSL_CTX_use_certificate(context, parsed_->chain.front().get());
    for (std::size_t i = 1; i < parsed_->chain.size(); ++i)
      SSL_CTX_add1_chain_cert(context, parsed_->chain[i].get());
    SSL_CTX_use_PrivateKey(context, parsed_->key.get());
  }
  ERR_clear_error();
}

void TlsTrust::ask_for_server_name(void* ssl) const {
  SSL_set_tlsext_host_name(static_cast<SSL*>(ssl), server_name_.c_str());
}

std::string tls_reason(unsigned long code) {
  char const* const text = ERR_reason_error_string(code);
  return text == nullptr ? "" : text;
}

}  // namespace trainyard
