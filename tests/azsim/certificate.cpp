#include "tests/azsim/certificate.hpp"

#include <memory>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tests/azsim/release.hpp"

namespace trainyard::azsim {
namespace {

using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Release<X509_free>>;
using Number = std::unique_ptr<BIGNUM, Release<BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;

using std::chrono::hours;
using std::chrono::seconds;

void require(bool good, char const* what) {
  if (!good) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

template <class Write>
std::string to_pem(Write const& write) {
  Bio const bio(BIO_new(BIO_s_mem()));
  require(bio != nullptr && write(bio.get()) == 1, "writing PEM");
  char* text = nullptr;
  long const size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Bio from_text(std::string const& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

void add_extension(X509* subject, X509* issuer, int nid, std::string const& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, subject, nullptr, nullptr, 0);
  Extension const extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  require(extension != nullptr && X509_add_ext(subject, extension.get(), -1) == 1, value.c_str());
}

void set_serial_number(X509* certificate) {
  Number const number(BN_new());
  require(number != nullptr && BN_rand(number.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
          "serial number");
}

/// Everything but issuer, extensions and signature.
X509Ptr unsigned_certificate(EVP_PKEY* key, std::string const& common_name, hours valid_for) {
  X509Ptr certificate(X509_new());
  require(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1,
          "new certificate");
  set_serial_number(certificate.get());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -seconds(hours(24)).count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds(valid_for).count());
  require(X509_set_pubkey(certificate.get(), key) == 1, "public key");
  auto const* const name = reinterpret_cast<unsigned char const*>(common_name.c_str());
  require(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8, name, -1,
                                     -1, 0) == 1,
          "subject");
  return certificate;
}

Certificate sign(X509* certificate, EVP_PKEY* signer, EVP_PKEY* own_key) {
  require(X509_sign(certificate, signer, EVP_sha256()) > 0, "signing");
  return {.certificate_pem = to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); }),
          .key_pem = to_pem([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, own_key, nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace

Certificate make_ca(std::string const& common_name) {
  Key const key(EVP_EC_gen("P-256"));
  require(key != nullptr, "new key");
  X509Ptr const certificate = unsigned_certificate(key.get(), common_name, std::chrono::days(3650));
  X509* const raw = certificate.get();
  require(X509_set_issuer_name(raw, X509_get_subject_name(raw)) == 1, "issuer");
  add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(raw, raw, NID_subject_key_identifier, "hash");
  return sign(raw, key.get(), key.get());
}

Certificate issue(Certificate const& authority, std::vector<std::string> const& dns_names,
                  std::vector<std::string> const& ip_addresses, hours valid_for) {
  Bio const certificate_text = from_text(authority.certificate_pem);
  Bio const key_text = from_text(authority.key_pem);
  X509Ptr const issuer(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
  Key const issuer_key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  require(issuer != nullptr && issuer_key != nullptr, "reading the authority");

  std::string names;
  for (std::string const& name : dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
  for (std::string const& address : ip_addresses) names += (names.empty() ? "IP:" : ",IP:") + address;

  Key const key(EVP_EC_gen("P-256"));
  require(key != nullptr, "new key");
  X509Ptr const certificate = unsigned_certificate(key.get(), "trainyard test server", valid_for);
  X509* const raw = certificate.get();
  require(X509_set_issuer_name(raw, X509_get_subject_name(issuer.get())) == 1, "issuer");
  add_extension(raw, issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(raw, issuer.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(raw, issuer.get(), NID_ext_key_usage, "serverAuth");
  add_extension(raw, issuer.get(), NID_authority_key_identifier, "keyid");
  if (!names.empty()) add_extension(raw, issuer.get(), NID_subject_alt_name, names);
  return sign(raw, issuer_key.get(), key.get());
}

}  // namespace trainyard::azsim
