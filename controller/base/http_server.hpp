// A small HTTP/1.1 server (Boost.Beast): metrics and health, the MLflow service of local runs, the Azure simulator.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "controller/base/http.hpp"

namespace trainyard {

struct HttpServerOptions {
  std::string address = "127.0.0.1";
  int port = 0;                 // 0: any free one
  std::string certificate_pem;  // with key_pem: HTTPS
  std::string key_pem;
  std::size_t max_body = std::size_t{64} << 20U;
  Duration idle_timeout = std::chrono::seconds(30);
  int threads = 2;
};

/// What the server does with the connection when it answers; all but Send are for simulating faults.
enum class ReplyFault { Send, CloseBeforeHead, CutHead, CutBody };

struct ServerReply {
  HttpResponse response;
  ReplyFault fault = ReplyFault::Send;
  Duration delay{0};  // before the first byte; does not hold a thread
};

/// The url of the request is absolute: scheme of the listener, host from the Host header. Called from the server's threads.
using HttpHandler = std::function<ServerReply(HttpRequest const&)>;

/// Serves until destroyed (which closes every connection and joins the threads).
class HttpServer {
 public:
  /// An Error if the address cannot be bound or the certificate cannot be read.
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, HttpHandler handler);
  virtual ~HttpServer() = default;
  [[nodiscard]] virtual int port() const = 0;
};

}  // namespace trainyard
