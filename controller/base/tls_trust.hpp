// Whom a TLS client believes, and what it noticed on a connection. OpenSSL stays in tls_trust.cpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "controller/base/result.hpp"

namespace trainyard {

/// How many bytes may come for a body of so many: much more is a flood.
std::size_t with_allowance(std::size_t body);

/// What OpenSSL's callbacks report about the connections of one client. Written on the I/O thread.
class TlsWatch {
 public:
  /// Before a call: counts start anew, and `flooded` is called (once or more) when much more than `max_bytes`
  /// came.
  void begin(std::size_t max_bytes, std::function<void()> flooded);
  void end();
  /// Of a body without end: a part of it was taken, and counts start anew.
  void saw_progress();

  void saw_finished() { finished_ = true; }
  void saw_bytes(std::size_t count);
  void saw_bad_certificate(std::string why);

  /// Whether the handshake came so far that a request may have followed.
  [[nodiscard]] bool finished() const { return finished_; }
  /// Why the certificate was refused, in OpenSSL's words; empty if it was not.
  [[nodiscard]] std::string bad_certificate() const;

 private:
  std::atomic<bool> finished_ = false;
  mutable std::mutex mutex_;
  std::size_t allowed_ = 0;        // guarded by mutex_
  std::size_t left_ = 0;           // guarded by mutex_
  std::function<void()> flooded_;  // guarded by mutex_
  std::string bad_certificate_;    // guarded by mutex_
};

struct TlsSettings {
  bool system_roots = true;
  std::string system_file = {};  // the system's roots; empty: where OpenSSL looks
  std::string ca_pem = {};       // more roots
  std::string client_certificate_pem = {},
              client_key_pem = {};  // both or neither; the certificate's chain may follow it
  std::string server_name = {};     // asked for and verified instead of the URL's host
  bool verify = true;               // false: any certificate will do
};

/// What is trusted and shown, parsed once: a client that parses the system's bundle for each connection
/// spends most of its time on that.
class TlsTrust {
 public:
  /// Invalid (InvalidCa, InvalidClientCertificate, InvalidClientKey) if a text does not hold what it should.
  static Result<std::shared_ptr<TlsTrust const>> make(TlsSettings const& settings);
  ~TlsTrust();
  TlsTrust(TlsTrust const&) = delete;
  TlsTrust& operator=(TlsTrust const&) = delete;

  /// Sets an SSL_CTX up: these roots only, TLS 1.2 or later, a certificate for `host` (a name or an address).
  /// `watch` must outlive the context.
  void install(void* ssl_context, std::string const& host, TlsWatch& watch) const;

  [[nodiscard]] std::string const& server_name() const { return server_name_; }
  /// Asks the server (an SSL) for the certificate of server_name().
  void ask_for_server_name(void* ssl) const;

 private:
  struct Parsed;
  TlsTrust();
  std::unique_ptr<Parsed> parsed_;
  std::string server_name_;
  bool verify_ = true;
};

/// OpenSSL's words for an error number of its own, empty if it is none.
std::string tls_reason(unsigned long code);

}  // namespace trainyard
