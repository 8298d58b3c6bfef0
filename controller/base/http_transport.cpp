// Rules for cpprestsdk, each learned from a crash, a hang or a leak:
// - one I/O thread, and nothing blocks on it: several race with cancellation; cancellations are posted to it;
// - every task ends in a continuation that takes its exception, or the process is ended;
// - sinks neither throw nor fail; they swallow what is too much and ask for cancellation;
// - a client whose answers may be out of step (1xx, malformed) is thrown away with its connections;
// - a client serves one call at a time, so that what its callbacks see belongs to that call.
#include "controller/base/http_transport.hpp"

#define _TURN_OFF_PLATFORM_STRING  // its macro U breaks Boost's headers
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include <cpprest/http_client.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>
#include <sys/socket.h>

#include "controller/base/http_outcome.hpp"
#include "controller/base/http_proxy.hpp"
#include "controller/base/tls_trust.hpp"

namespace trainyard {
namespace {

namespace asio = boost::asio;
namespace streams = concurrency::streams;
using asio::ip::tcp;
using web::http::client::http_client;
using web::http::client::http_client_config;

constexpr std::size_t kIdlePerOrigin = 8;

asio::io_service& io_service() { return crossplat::threadpool::shared_instance().service(); }

/// Takes what comes, up to a limit. Used on the I/O thread only.
class Sink final : public streams::details::streambuf_state_manager<std::uint8_t> {
 public:
  Sink(std::size_t max, std::function<void()> overflow)
      : streambuf_state_manager(std::ios_base::out), max_(max), overflow_(std::move(overflow)) {}

  std::string& bytes() { return bytes_; }

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(size_t, std::ios_base::openmode) override {}
  size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return traits::eof(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return traits::eof(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return traits::eof();
  }
  bool acquire(std::uint8_t*&, size_t&) override { return false; }
  void release(std::uint8_t*, size_t) override {}

 protected:
  pplx::task<int_type> _putc(std::uint8_t byte) override {
    take(&byte, 1);
    return pplx::task_from_result<int_type>(byte);
  }
  pplx::task<size_t> _putn(std::uint8_t const* bytes, size_t count) override {
    take(bytes, count);
    return pplx::task_from_result(count);
  }
  pplx::task<int_type> _bumpc() override { return nothing(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return nothing(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return nothing(); }
  pplx::task<int_type> _ungetc() override { return nothing(); }
  pplx::task<size_t> _getn(std::uint8_t*, size_t) override { return pplx::task_from_result<size_t>(0); }
  size_t _scopy(std::uint8_t*, size_t) override { return 0; }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  std::uint8_t* _alloc(size_t) override { return nullptr; }
  void _commit(size_t) override {}

 private:
  static pplx::task<int_type> nothing() { return pplx::task_from_result<int_type>(traits::eof()); }

  // A count beyond all reason is a negative chunk size: then there are no such bytes.
  void take(std::uint8_t const* bytes, size_t count) {
    over_ = over_ || count > max_ - bytes_.size();
    if (over_)
      overflow_();
    else
      bytes_.append(reinterpret_cast<char const*>(bytes), count);
  }

  std::size_t max_;
  std::function<void()> overflow_;
  std::string bytes_;
  bool over_ = false;
};

/// What the callbacks of one client see; they keep it alive.
struct Sight {
  TlsWatch tls;
  std::atomic<bool> stale = false;  // the idle connection was closed, or held bytes that nobody asked for
};

struct Client {
  std::shared_ptr<Sight> sight;
  std::unique_ptr<http_client> http;
  bool used = false;  // its connection may have carried a call before
};

/// Looks at an idle connection before it is used again. Throwing fails the call before a byte is sent.
void refuse_stale(void* handle, bool tls, Sight& sight) {
  auto* const stream = static_cast<asio::ssl::stream<tcp::socket&>*>(handle);
  tcp::socket& socket = tls ? stream->next_layer() : *static_cast<tcp::socket*>(handle);
  if (!socket.is_open()) return;  // a new connection
  char byte = 0;
  if (recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN) return;
  sight.stale = true;
  throw std::runtime_error("stale connection");
}

Client make_client(Url const& url, std::optional<HttpProxy> const& proxy,
                   std::shared_ptr<TlsTrust const> const& trust, Duration quiet_time) {
  auto const sight = std::make_shared<Sight>();
  http_client_config config;
  config.set_max_redirects(0);  // they would carry credentials to any host, and turn a PATCH into a GET
  config.set_timeout(quiet_time);
  bool const tls = url.scheme == "https";
  if (!tls || !proxy)  // through a proxy the handle is of either kind, and nothing tells which
    config.set_nativehandle_options([sight, tls](void* handle) { refuse_stale(handle, tls, *sight); });
  config.set_ssl_context_callback([sight, trust, host = url.host](asio::ssl::context& context) {
    trust->install(context.native_handle(), host, sight->tls);
  });
  if (proxy) {
    web::web_proxy through(web::uri("http://" + proxy->host + ":" + std::to_string(proxy->port)));
    if (!proxy->user.empty()) through.set_credentials({proxy->user, proxy->password});
    config.set_proxy(through);
  }
  return {sight, std::make_unique<http_client>(web::uri(url.origin()), config)};
}

/// How many calls cpprestsdk has not finished, abandoned ones included.
class Outstanding {
 public:
  void begin() {
    std::lock_guard const lock(mutex_);
    ++count_;
  }
  void end() {
    std::lock_guard const lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  void wait_for_none() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;  // guarded by mutex_
};

/// One attempt. Shared by the caller, who may give up, and the I/O thread.
class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(Client client, std::shared_ptr<Outstanding> outstanding)
      : client_(std::move(client)), outstanding_(std::move(outstanding)) {}

  void start(web::http::http_request request, std::size_t max_response);

  /// False when the context ended first. Whoever gets true owns the rest of this object.
  bool wait(Context const& context) {
    wakeup_.wait_until(context.deadline, context.stop);
    std::lock_guard const lock(mutex_);
    return done_;
  }

  /// Nothing is sent after this returns. Tells whether the handshake was over by then, so that something may
  /// have been sent.
  bool give_up();

  /// The answer did not belong to this call: the idle connection was closed, or held the rest of an earlier
  /// answer.
  [[nodiscard]] bool out_of_step() const {
    return client_.sight->stale || (client_.used && outcome_.malformed_start());
  }

  Client& client() { return client_; }
  HttpOutcome& outcome() { return outcome_; }

 private:
  void overflow() {  // on the I/O thread
    outcome_.too_large = true;
    asio::post(io_service(), [self = shared_from_this()] { self->cancellation_.cancel(); });
  }
  void finish(pplx::task<web::http::http_response> const& last);

  Client client_;
  std::shared_ptr<Outstanding> outstanding_;
  std::shared_ptr<Sink> sink_;
  pplx::cancellation_token_source cancellation_;
  HttpOutcome outcome_;  // the I/O thread's until done_, then the caller's
  Wakeup wakeup_;
  std::mutex mutex_;
  bool done_ = false;             // guarded by mutex_
  std::optional<bool> given_up_;  // guarded by mutex_
};

void Call::start(web::http::http_request request, std::size_t max_response) {
  auto const self = shared_from_this();
  auto const overflow = [weak = weak_from_this()] {
    if (auto const call = weak.lock()) call->overflow();
  };
  client_.sight->tls.begin(max_response, overflow);
  sink_ = std::make_shared<Sink>(max_response, overflow);
  request.set_response_stream(streams::streambuf<std::uint8_t>(sink_).create_ostream());
  outstanding_->begin();
  pplx::task<web::http::http_response> task;
  try {
    task = client_.http->request(std::move(request), cancellation_.get_token());
  } catch (...) {
    task = pplx::task_from_exception<web::http::http_response>(std::current_exception());
  }
  task.then([self](web::http::http_response const& response) {
        self->outcome_.status = response.status_code();
        for (auto const& [name, value] : response.headers()) self->outcome_.headers.emplace_back(name, value);
        return response.content_ready();
      })
      .then([self](pplx::task<web::http::http_response> const& last) { self->finish(last); });
}

void Call::finish(pplx::task<web::http::http_response> const& last) {
  try {
    last.get();
  } catch (web::http::http_exception const& error) {
    outcome_.failed = true;
    outcome_.code = error.error_code().value();
    outcome_.what = error.what();
  } catch (std::exception const& error) {
    outcome_.failed = true;
    outcome_.what = error.what();
  }
  client_.sight->tls.end();
  outcome_.body = std::move(sink_->bytes());
  {
    std::lock_guard const lock(mutex_);
    done_ = true;
  }
  wakeup_.notify();
  outstanding_->end();
}

bool Call::give_up() {
  asio::post(io_service(), [self = shared_from_this()] {
    self->cancellation_.cancel();
    {
      std::lock_guard const lock(self->mutex_);
      self->given_up_ = self->client_.sight->tls.finished();
    }
    self->wakeup_.notify();
  });
  for (;;) {
    {
      std::lock_guard const lock(mutex_);
      if (given_up_) return *given_up_;
    }
    wakeup_.wait_until(SteadyTime::max(), {});
  }
}

Error invalid(std::string reason, std::string message) {
  return {.kind = ErrorKind::Invalid, .reason = std::move(reason), .message = std::move(message)};
}

Error stopped_error(Context const& context, std::string const& origin) {
  bool const stopped = context.stop.stop_requested();
  return {.kind = ErrorKind::Canceled,
          .reason = stopped ? "Stopped" : "DeadlineExceeded",
          .message = origin + (stopped ? ": the request was stopped" : ": no whole answer came in time")};
}

class CpprestTransport final : public HttpTransport {
 public:
  CpprestTransport(HttpTransportOptions options, Clock const& clock)
      : clock_(clock),
        proxies_{options.https_proxy, options.http_proxy, options.no_proxy},
        quiet_time_(options.quiet_time),
        trust_(TlsTrust::make(options.system_roots, prepare_http_process(), options.ca_pem)) {}

  ~CpprestTransport() override { outstanding_->wait_for_none(); }

  Result<HttpResponse> send(HttpRequest const& request, Context const& context) override {
    Result<Url> const url = parse_url(request.url);
    if (!url) return url.error();
    if (std::optional<Error> error = refuse(request, *url)) return *error;
    Result<std::optional<HttpProxy>> const proxy = choose_proxy(proxies_, *url);
    if (!proxy) return proxy.error();
    try {
      return exchange(request, *url, *proxy, context);
    } catch (std::exception const&) {  // cpprestsdk's web::uri, where it is stricter than we are
      return invalid("InvalidUrl",
                     url->origin() + ": the address holds a character that must be percent-encoded");
    }
  }

 private:
  std::optional<Error> refuse(HttpRequest const& request, Url const& url) const {
    for (auto const& [name, value] : request.headers)
      if (!valid_header(name, value) || is_ours(name))
        return invalid("InvalidHeader",
                       url.origin() + ": the header " + (valid_header(name, "") ? name : "given") +
                           " may not be sent: it holds a line end, or the transport sets it");
    if (!valid_header(request.method, ""))
      return invalid("InvalidMethod", url.origin() + ": the method is no word");
    if (url.host.front() == '[')
      return invalid("InvalidUrl", url.origin() + ": IPv6 addresses are not supported; use the host's name");
    if (url.path.starts_with("//"))
      return invalid("InvalidUrl", url.origin() + ": the path may not begin with //");
    if (url.scheme == "https" && !trust_) return trust_.error();
    return std::nullopt;
  }

  /// A Host of the caller's would also change the name that the certificate is checked for.
  static bool is_ours(std::string const& name) {
    for (char const* const ours : {"Host", "Connection", "Content-Length", "Transfer-Encoding", "Expect"})
      if (find_header({{name, ""}}, ours)) return true;
    return false;
  }

  Result<HttpResponse> exchange(HttpRequest const& request, Url const& url,
                                std::optional<HttpProxy> const& proxy, Context const& context) {
    for (;;) {
      if (context.stop.stop_requested() || clock_.steady() >= context.deadline)
        return stopped_error(context, url.origin());
      auto const call = std::make_shared<Call>(take_client(request, url, proxy), outstanding_);
      call->start(to_cpprest(request, url), request.max_response);
      if (!call->wait(context)) {
        bool const handshake_over = call->give_up();
        Error error = stopped_error(context, url.origin());
        error.maybe_applied = !is_read(request.method) && (handshake_over || url.scheme == "http");
        return error;
      }
      if (!call->out_of_step()) return conclude(*call, request, url);
    }
  }

  Result<HttpResponse> conclude(Call& call, HttpRequest const& request, Url const& url) {
    HttpOutcome& outcome = call.outcome();
    outcome.bad_certificate = call.client().sight->tls.bad_certificate();
    bool const in_step = !find_header(outcome.headers, "Trailer");
    Result<HttpResponse> response = to_response(std::move(outcome), request, url.origin());
    if (response && in_step) give_back(url.origin(), std::move(call.client()));
    return response;  // else the client goes with the call
  }

  static web::http::http_request to_cpprest(HttpRequest const& request, Url const& url) {
    web::http::http_request out(request.method);
    out.set_request_uri(web::uri(url.origin() + url.path + (url.query.empty() ? "" : "?" + url.query)));
    for (auto const& [name, value] : request.headers) out.headers().add(name, value);
    if (!find_header(request.headers, "User-Agent")) out.headers().add("User-Agent", "trainyard");
    if (asks_for_gzip(request)) out.headers().add("Accept-Encoding", "gzip");
    if (!request.body.empty())
      out.set_body(std::vector<std::uint8_t>(request.body.begin(), request.body.end()));
    return out;
  }

  Client take_client(HttpRequest const& request, Url const& url, std::optional<HttpProxy> const& proxy) {
    if (is_read(request.method)) {
      std::lock_guard const lock(mutex_);
      auto& idle = idle_[url.origin()];
      if (!idle.empty()) {
        Client client = std::move(idle.back());
        idle.pop_back();
        return client;
      }
    }
    return make_client(url, proxy, trust_ ? *trust_ : nullptr, quiet_time_);
  }

  void give_back(std::string const& origin, Client client) {
    std::lock_guard const lock(mutex_);
    auto& idle = idle_[origin];
    client.used = true;
    if (idle.size() < kIdlePerOrigin) idle.push_back(std::move(client));
  }

  Clock const& clock_;
  HttpProxySettings proxies_;
  Duration quiet_time_;
  Result<std::shared_ptr<TlsTrust const>> trust_;
  std::shared_ptr<Outstanding> outstanding_ = std::make_shared<Outstanding>();
  std::mutex mutex_;
  std::map<std::string, std::vector<Client>> idle_;  // by origin; guarded by mutex_
};

}  // namespace

std::string prepare_http_process() {
  static std::string const before = [] {
    char const* const file = std::getenv("SSL_CERT_FILE");
    std::string const value = file == nullptr ? "" : file;
    setenv("SSL_CERT_FILE", "/dev/null", 1);  // or the system's bundle is parsed anew for each connection
    OPENSSL_init_ssl(0, nullptr);  // before the pool, so that its clean-up at exit comes after the pool's end
    crossplat::threadpool::initialize_with_threads(1);
    return value;
  }();
  return before;
}

std::unique_ptr<HttpTransport> make_http_transport(HttpTransportOptions options, Clock const& clock) {
  prepare_http_process();
  return std::make_unique<CpprestTransport>(std::move(options), clock);
}

}  // namespace trainyard
