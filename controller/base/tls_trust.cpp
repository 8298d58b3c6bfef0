#include "controller/base/tls_trust.hpp"

#include <cstdlib>
#include <utility>

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

int verify(X509_STORE_CTX* context, void* watch) {
  int const good = X509_verify_cert(context);
  if (good != 1) {
    int const error = X509_STORE_CTX_get_error(context);
    static_cast<TlsWatch*>(watch)->saw_bad_certificate(X509_verify_cert_error_string(error));
  }
  return good;
}

bool add_pem(X509_STORE* store, std::string const& pem) {
  std::unique_ptr<BIO, decltype(&BIO_free_all)> const bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all);
  int count = 0;
  while (X509* const certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    count += X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  ERR_clear_error();  // the end of the text is one, too
  return count > 0;
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

Result<std::shared_ptr<TlsTrust const>> TlsTrust::make(bool system_roots, std::string const& system_file,
                                                       std::string const& ca_pem) {
  X509_STORE* const store = X509_STORE_new();
  check(store != nullptr, "OpenSSL: no memory for a certificate store");
  std::shared_ptr<TlsTrust const> trust(new TlsTrust(store));
  if (system_roots) add_system(store, system_file);
  if (!ca_pem.empty() && !add_pem(store, ca_pem))
    return Error{
        .kind = ErrorKind::Invalid,
        .reason = "InvalidCa",
        .message = "the CA given holds no certificate; write it as PEM (-----BEGIN CERTIFICATE-----)"};
  return trust;
}

TlsTrust::~TlsTrust() { X509_STORE_free(static_cast<X509_STORE*>(store_)); }

void TlsTrust::install(void* ssl_context, std::string const& host, TlsWatch& watch) const {
  auto* const context = static_cast<SSL_CTX*>(ssl_context);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set1_cert_store(context, static_cast<X509_STORE*>(store_));
  SSL_CTX_set_cert_verify_callback(context, &verify, &watch);
  SSL_CTX_set_msg_callback(context, &on_message);
  SSL_CTX_set_msg_callback_arg(context, &watch);
  X509_VERIFY_PARAM* const parameters = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) != 1)
    X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size());
  ERR_clear_error();
}

std::string tls_reason(unsigned long code) {
  char const* const text = ERR_reason_error_string(code);
  return text == nullptr ? "" : text;
}

}  // namespace trainyard
