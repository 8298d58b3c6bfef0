#include "controller/base/http_server.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace trainyard {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t kHeaderLimit = std::size_t{32} << 10U;
constexpr std::chrono::seconds kLingering{
    1};  // for a refused client to read why, before the connection is reset
constexpr std::chrono::milliseconds kAcceptPause{100};

/// What the sessions share. Outlives them, since the server awaits their end.
struct Shared {
  HttpServerOptions options;
  HttpHandler handler;
};

/// The part of a session that the server sees: it can be ended from any thread.
class Closable {
 public:
  virtual ~Closable() = default;
  virtual void close() = 0;
};

std::string reason_phrase(int status) {
  auto const known = beast::http::int_to_status(static_cast<unsigned>(status));
  return known == beast::http::status::unknown ? "Status" : std::string(beast::http::obsolete_reason(known));
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

/// Length and connection are the server's business. A HEAD keeps the length its handler tells.
std::string head_of(HttpResponse const& response, bool is_head, bool keep_alive) {
  std::string head =
      "HTTP/1.1 " + std::to_string(response.status) + " " + reason_phrase(response.status) + "\r\n";
  std::string length = std::to_string(response.body.size());
  if (is_head && response.body.empty()) length = response.header("content-length").value_or(length);
  for (auto const& [name, value] : response.headers) {
    if (beast::iequals(name, "content-length") || beast::iequals(name, "connection") ||
        beast::iequals(name, "transfer-encoding"))
      continue;
    head += name + ": " + value + "\r\n";
  }
  if (has_body(response.status)) head += "Content-Length: " + length + "\r\n";
  return head + (keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

bool sendable(HttpResponse const& response) {
  return response.status >= 200 && response.status <= 999 &&
         std::all_of(response.headers.begin(), response.headers.end(),
                     [](auto const& header) { return valid_header(header.first, header.second); });
}

/// A handler's exception is a bug of ours; the client is told no more than that.
ServerReply answer(HttpHandler const& handler, HttpRequest const& request) {
  try {
    ServerReply reply = handler(request);
    if (reply.fault == ReplyFault::CloseBeforeHead || sendable(reply.response)) return reply;
  } catch (std::exception const&) {
  }
  return {
      .response = {.status = 500, .headers = {{"Content-Type", "text/plain"}}, .body = "internal error\n"}};
}

HttpRequest to_request(beast::http::request<beast::http::string_body>&& message, std::string const& base) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  std::string const target(message.target());
  bool const absolute = target.starts_with("http://") || target.starts_with("https://");
  request.url = absolute ? target : base + target;
  for (auto const& field : message) request.headers.emplace_back(field.name_string(), field.value());
  request.body = std::move(message.body());
  return request;
}

/// What a client is told before the connection goes; 0: nothing (it left, or was silent for too long).
int refusal(error_code const& error) {
  using Trouble = beast::http::error;
  if (error == Trouble::header_limit) return 431;
  if (error == Trouble::body_limit) return 413;
  if (error == Trouble::end_of_stream || error == Trouble::partial_message) return 0;
  return error.category() == make_error_code(Trouble::bad_method).category() ? 400 : 0;
}

/// One connection. A chain of handlers on the connection's strand, each of which keeps the session alive;
/// only close() may be called from elsewhere. (Chains, not coroutines: g++ 12 miscompiled those.)
template <class Stream>
class Session final : public Closable, public std::enable_shared_from_this<Session<Stream>> {
 public:
  Session(Stream stream, Shared const& shared)
      : stream_(std::move(stream)), delay_(stream_.get_executor()), shared_(shared) {}

  void start() {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->open(); });
  }

  void close() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
      self->closed_ = true;
      self->delay_.cancel();
      self->hang_up();
    });
  }

 private:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  PlainStream& socket() { return beast::get_lowest_layer(stream_); }
  void hang_up() { socket().close(); }
  void expect_progress() { socket().expires_after(shared_.options.idle_timeout); }

  /// A completion handler that holds the session: then(session, error).
  template <class Then>
  auto next(Then then) {
    return [self = this->shared_from_this(), then](error_code const& error, std::size_t = 0) {
      then(*self, error);
    };
  }

  void open() {
    if constexpr (kTls) {
      expect_progress();
      stream_.async_handshake(asio::ssl::stream_base::server,
                              next([](Session& self, error_code const& error) {
                                if (!error) self.read_head();
                              }));
    } else {
      read_head();
    }
  }

  void read_head() {
    parser_.emplace();
    parser_->header_limit(kHeaderLimit);
    parser_->body_limit(shared_.options.max_body);
    expect_progress();
    beast::http::async_read_header(stream_, buffer_, *parser_,
                                   next([](Session& self, error_code const& error) {
                                     if (error)
                                       self.refuse(error);
                                     else if (beast::iequals(self.parser_->get()["Expect"], "100-continue"))
                                       self.ask_for_body();
                                     else
                                       self.read_body();
                                   }));
  }

  void ask_for_body() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue), next([](Session& self, error_code const& error) {
                        if (!error) self.read_body();
                      }));
  }

  void read_body() {
    expect_progress();
    beast::http::async_read(stream_, buffer_, *parser_, next([](Session& self, error_code const& error) {
                              if (error)
                                self.refuse(error);
                              else
                                self.handle();
                            }));
  }

  void handle() {
    if (closed_) return;
    std::string const base = base_url();
    keep_alive_ = parser_->get().keep_alive();
    is_head_ = parser_->get().method() == beast::http::verb::head;
    reply_ = answer(shared_.handler, to_request(parser_->release(), base));
    if (reply_.delay.count() <= 0) return send();
    socket().expires_never();
    delay_.expires_after(reply_.delay);
    delay_.async_wait(next([](Session& self, error_code const& error) {
      if (!error) self.send();
    }));
  }

  std::string base_url() {
    std::string host(parser_->get()[beast::http::field::host]);
    error_code error;
    tcp::endpoint const local = socket().socket().local_endpoint(error);
    if (host.empty()) host = local.address().to_string() + ":" + std::to_string(local.port());
    return (kTls ? "https://" : "http://") + host;
  }

  void send() {
    message_ = head_of(reply_.response, is_head_, keep_alive_);
    std::string_view body = reply_.response.body;
    if (is_head_ || !has_body(reply_.response.status)) body = {};
    switch (reply_.fault) {
      case ReplyFault::Send:
        break;
      case ReplyFault::CloseBeforeHead:
        return hang_up();
      case ReplyFault::CutHead:
        message_.resize(message_.size() / 2);
        body = {};
        break;
      case ReplyFault::CutBody:
        body = body.substr(0, body.size() / 2);
        break;
    }
    // One buffer: Boost 1.74's TLS stream takes the emptied first one of two for the end, if the second is
    // large.
    message_ += body;
    expect_progress();
    asio::async_write(stream_, asio::buffer(message_), next([](Session& self, error_code const& error) {
                        if (error || self.reply_.fault != ReplyFault::Send)
                          self.hang_up();
                        else if (self.keep_alive_)
                          self.read_head();
                        else
                          self.part();
                      }));
  }

  void refuse(error_code const& error) {
    int const status = refusal(error);
    if (status == 0 || closed_) return hang_up();
    reply_ = {.response = {.status = status}};
    keep_alive_ = is_head_ = false;
    send();
  }

  /// Says goodbye and waits a little for the other side's: closing on unread bytes would reset the
  /// connection, and the client might never see the answer.
  void part() {
    socket().expires_after(kLingering);
    if constexpr (kTls)
      stream_.async_shutdown(next([](Session& self, error_code const&) { self.drain(); }));
    else
      drain();
  }

  void drain() {
    error_code ignored;
    socket().socket().shutdown(tcp::socket::shutdown_send, ignored);
    discard();
  }

  void discard() {
    socket().async_read_some(asio::buffer(unwanted_), next([](Session& self, error_code const& error) {
                               if (error)
                                 self.hang_up();
                               else
                                 self.discard();
                             }));
  }

  Stream stream_;
  asio::steady_timer delay_;
  Shared const& shared_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;  // of the request being read: made anew for each
  ServerReply reply_;
  std::string message_;  // reply_ as sent
  bool keep_alive_ = false, is_head_ = false;
  bool closed_ = false;  // by the server's end
  std::array<char, 4096> unwanted_{};
};

class BeastServer final : public HttpServer {
 public:
  BeastServer(HttpServerOptions options, HttpHandler handler)
      : shared_{std::move(options), std::move(handler)},
        acceptor_(asio::make_strand(io_)),
        pause_(acceptor_.get_executor()) {}

  ~BeastServer() override {
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
    });
    std::vector<std::weak_ptr<Closable>> open;
    {
      std::lock_guard const lock(mutex_);
      stopping_ = true;
      open.swap(sessions_);
    }
    for (auto const& known : open)
      if (auto const session = known.lock()) session->close();
    threads_.clear();  // joins: run() returns once nothing is left to do
  }

  Result<Done> listen() {
    HttpServerOptions const& options = shared_.options;
    std::string const where = options.address + ":" + std::to_string(options.port);
    error_code error;
    tcp::endpoint const endpoint(asio::ip::make_address(options.address, error),
                                 static_cast<std::uint16_t>(options.port));
    if (error) return bad_address(where, "the address is no IP address; write one, like 127.0.0.1 or ::1");
    if (options.port < 0 || options.port > 65535)
      return bad_address(where, "the port must be from 0 to 65535");
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      return bad_address(where, error.message() + "; choose another address or port, or end what holds it");
    port_ = acceptor_.local_endpoint().port();
    return Done{};
  }

  Result<Done> use_tls() {
    HttpServerOptions const& options = shared_.options;
    if (options.certificate_pem.empty() && options.key_pem.empty()) return Done{};
    tls_.emplace(asio::ssl::context::tls_server);
    error_code error;
    SSL_CTX_set_min_proto_version(tls_->native_handle(), TLS1_2_VERSION);
    tls_->use_certificate_chain(asio::buffer(options.certificate_pem), error);
    if (error) return bad_certificate("certificate_pem", "certificate");
    tls_->use_private_key(asio::buffer(options.key_pem), asio::ssl::context::pem, error);
    if (error) return bad_certificate("key_pem", "private key that belongs to the certificate");
    return Done{};
  }

  void run() {
    asio::post(acceptor_.get_executor(), [this] { accept(); });
    for (int i = 0; i < std::max(shared_.options.threads, 1); ++i)
      threads_.emplace_back([this] { io_.run(); });
  }

  [[nodiscard]] int port() const override { return port_; }

 private:
  static Error bad_address(std::string const& where, std::string const& why) {
    return {.kind = ErrorKind::Invalid,
            .reason = "CannotListen",
            .message = "listening on " + where + ": " + why};
  }
  static Error bad_certificate(std::string const& field, std::string const& what) {
    return {
        .kind = ErrorKind::Invalid, .reason = "BadCertificate", .message = field + " holds no PEM " + what};
  }

  void accept() {
    acceptor_.async_accept(asio::make_strand(io_), [this](error_code const& error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (error) return accept_later();
      if (tls_)
        begin(
            std::make_shared<Session<TlsStream>>(TlsStream(PlainStream(std::move(socket)), *tls_), shared_));
      else
        begin(std::make_shared<Session<PlainStream>>(PlainStream(std::move(socket)), shared_));
      accept();
    });
  }

  /// Out of descriptors, most likely: no reason to end, nor to spin.
  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code const& error) {
      if (!error && acceptor_.is_open()) accept();
    });
  }

  template <class S>
  void begin(std::shared_ptr<S> const& session) {
    std::lock_guard const lock(mutex_);
    if (stopping_) return;
    std::erase_if(sessions_, [](auto const& known) { return known.expired(); });
    sessions_.push_back(session);
    session->start();
  }

  Shared shared_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context io_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Closable>> sessions_;  // guarded by mutex_
  bool stopping_ = false;                          // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, HttpHandler handler) {
  auto server = std::make_unique<BeastServer>(std::move(options), std::move(handler));
  if (Result<Done> const ready = server->use_tls(); !ready) return ready.error();
  if (Result<Done> const ready = server->listen(); !ready) return ready.error();
  server->run();
  return Result<std::unique_ptr<HttpServer>>(std::move(server));
}

}  // namespace trainyard
