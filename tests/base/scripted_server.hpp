// A server that plays scripts on raw sockets, for what no proper server does. A thread for each connection.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "controller/base/result.hpp"

namespace trainyard::test {

struct ScriptedTls {
  std::string certificate_pem, key_pem;
  int newest = 0;             // TLS version as OpenSSL numbers it; 0: any
  std::string client_ca_pem;  // who must have signed a client's certificate; empty: none is asked for
};

class ScriptedServer;

/// The value of a header of a recorded request, which may be written with or without a space; "" if absent.
std::string header_of(std::string const& request, std::string const& name);

/// What a script does with its connection. The destructor closes it.
class Connection {
 public:
  Connection(ScriptedServer& server, int descriptor, int number);
  ~Connection();
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;

  [[nodiscard]] int number() const { return number_; }  // 0 is the first one
  bool handshake(void* ssl_context);                    // SSL_CTX
  /// What the handshake brought: the name that the client asked for, and its certificates as PEM.
  [[nodiscard]] std::string asked_name() const;
  [[nodiscard]] std::vector<std::string> client_certificates() const;
  /// The next whole request, head and body, which is also recorded; nothing at the end of the connection.
  std::optional<std::string> read_request();
  /// Bytes as they are; empty at the end.
  std::string read_some();
  bool write(std::string_view bytes);
  /// The script's own slowness; false when the server ends or the client has left.
  bool pause(Duration time);
  /// Waits until the client leaves.
  void wait_for_end();
  void close();  // with TLS's own goodbye
  void cut();    // without
  void reset();  // by RST
  /// Carries bytes both ways between this client and a local port until one side ends.
  void splice_to(int port);

 private:
  ScriptedServer& server_;
  int descriptor_;
  int number_;
  void* ssl_ = nullptr;
  std::string unread_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Connection&)>;
  explicit ScriptedServer(Script script, std::optional<ScriptedTls> tls = std::nullopt);
  ~ScriptedServer();
  ScriptedServer(ScriptedServer const&) = delete;
  ScriptedServer& operator=(ScriptedServer const&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int connections() const;
  [[nodiscard]] std::vector<std::string> requests() const;
  /// How many recorded requests hold this text.
  [[nodiscard]] int requests_with(std::string_view text) const;
  /// Returns once as many connections have been made, or after ten seconds (then false).
  bool wait_for_connections(int count) const;
  /// Returns once no script is running, or after ten seconds (then false).
  bool wait_for_idle() const;

 private:
  friend class Connection;
  void accept_all();
  void serve(int descriptor, int number);

  Script script_;
  void* ssl_context_ = nullptr;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::string> requests_;  // guarded by mutex_
  std::vector<int> open_;              // guarded by mutex_: the descriptors of running scripts
  int connections_ = 0;                // guarded by mutex_
  int running_ = 0;                    // guarded by mutex_
  bool stopping_ = false;              // guarded by mutex_
  std::vector<std::jthread> threads_;  // of accept_all only, until it has ended
  std::jthread acceptor_;
};

}  // namespace trainyard::test
