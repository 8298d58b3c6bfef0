#include "tests/base/scripted_server.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trainyard::test {
namespace {

constexpr std::chrono::seconds kPatience{10};

void require(bool good, char const* what) {
  if (!good) throw std::runtime_error(what);
}

void ask_for_certificate(SSL_CTX* context, std::string const& ca_pem) {
  BIO* const text = BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size()));
  X509* const ca = PEM_read_bio_X509(text, nullptr, nullptr, nullptr);
  require(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca) == 1, "the clients' authority");
  X509_free(ca);
  BIO_free(text);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_purpose(context, X509_PURPOSE_ANY);  // the tests' certificates are all servers'
}

std::string to_pem(X509* certificate) {
  BIO* const out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(out, certificate);
  char* text = nullptr;
  long const size = BIO_get_mem_data(out, &text);
  std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(out);
  return pem;
}

SSL_CTX* make_ssl_context(ScriptedTls const& tls) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  require(context != nullptr, "SSL_CTX_new");
  SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0");  // or TLS 1.1 could not even be offered
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, tls.newest);
  if (!tls.client_ca_pem.empty()) ask_for_certificate(context, tls.client_ca_pem);
  BIO* const certificate_text =
      BIO_new_mem_buf(tls.certificate_pem.data(), static_cast<int>(tls.certificate_pem.size()));
  BIO* const key_text = BIO_new_mem_buf(tls.key_pem.data(), static_cast<int>(tls.key_pem.size()));
  X509* const certificate = PEM_read_bio_X509(certificate_text, nullptr, nullptr, nullptr);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
  require(SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1,
          "certificate or key");
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(certificate_text);
  BIO_free(key_text);
  return context;
}

std::size_t content_length(std::string const& head) {
  std::string const length = header_of(head, "Content-Length");
  return length.empty() ? 0 : std::stoul(length);
}

int connect_to(int port) {
  int const descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
  return descriptor;
}

/// Moves what is there; false at the end.
bool move_bytes(int from, int to) {
  std::array<char, 16384> bytes;
  ssize_t const got = recv(from, bytes.data(), bytes.size(), 0);
  return got > 0 && send(to, bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
}

}  // namespace

std::string header_of(std::string const& request, std::string const& name) {
  std::string const head = request.substr(0, request.find("\r\n\r\n")) + "\r\n";
  auto const at = head.find("\r\n" + name + ":");
  if (at == std::string::npos) return {};
  auto const begin = head.find_first_not_of(' ', at + name.size() + 3);
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

Connection::Connection(ScriptedServer& server, int descriptor, int number)
    : server_(server), descriptor_(descriptor), number_(number) {}

Connection::~Connection() { close(); }

bool Connection::handshake(void* ssl_context) {
  SSL* const ssl = SSL_new(static_cast<SSL_CTX*>(ssl_context));
  SSL_set_fd(ssl, descriptor_);
  ssl_ = ssl;
  bool const good = SSL_accept(ssl) == 1;
  ERR_clear_error();
  return good;
}

std::string Connection::asked_name() const {
  char const* const name = SSL_get_servername(static_cast<SSL*>(ssl_), TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

std::vector<std::string> Connection::client_certificates() const {
  std::vector<std::string> all;
  X509* const own = SSL_get1_peer_certificate(static_cast<SSL*>(ssl_));
  if (own == nullptr) return all;
  all.push_back(to_pem(own));
  X509_free(own);
  STACK_OF(X509)* const chain =
      SSL_get_peer_cert_chain(static_cast<SSL*>(ssl_));  // a server's is without the first
  for (int i = 0; i < sk_X509_num(chain); ++i) all.push_back(to_pem(sk_X509_value(chain, i)));
  return all;
}

std::string Connection::read_some() {
  if (descriptor_ < 0) return {};
  std::array<char, 16384> bytes;
  ssize_t const got = ssl_ != nullptr ? SSL_read(static_cast<SSL*>(ssl_), bytes.data(), bytes.size())
                                      : recv(descriptor_, bytes.data(), bytes.size(), 0);
  ERR_clear_error();
  return got > 0 ? std::string(bytes.data(), static_cast<std::size_t>(got)) : std::string();
}

std::optional<std::string> Connection::read_request() {
  std::size_t whole = std::string::npos;
  for (;;) {
    auto const head_end = unread_.find("\r\n\r\n");
    if (head_end != std::string::npos) whole = head_end + 4 + content_length(unread_.substr(0, head_end + 4));
    if (unread_.size() >= whole) break;
    std::string const more = read_some();
    if (more.empty()) return std::nullopt;
    unread_ += more;
  }
  std::string request = unread_.substr(0, whole);
  unread_.erase(0, whole);
  std::lock_guard const lock(server_.mutex_);
  server_.requests_.push_back(request);
  return request;
}

bool Connection::write(std::string_view bytes) {
  while (descriptor_ >= 0 && !bytes.empty()) {
    int const step = static_cast<int>(std::min<std::size_t>(bytes.size(), std::size_t{1} << 20U));
    ssize_t const sent = ssl_ != nullptr
                             ? SSL_write(static_cast<SSL*>(ssl_), bytes.data(), step)
                             : send(descriptor_, bytes.data(), static_cast<std::size_t>(step), MSG_NOSIGNAL);
    ERR_clear_error();
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return descriptor_ >= 0;
}

bool Connection::pause(Duration time) {
  pollfd waiting{descriptor_, POLLRDHUP, 0};
  return poll(&waiting, 1, static_cast<int>(time.count())) == 0;
}

void Connection::wait_for_end() {
  while (!read_some().empty()) {
  }
}

void Connection::close() {
  if (descriptor_ >= 0 && ssl_ != nullptr) SSL_shutdown(static_cast<SSL*>(ssl_));
  ERR_clear_error();
  cut();
}

void Connection::cut() {
  if (descriptor_ < 0) return;
  SSL_free(static_cast<SSL*>(ssl_));
  ssl_ = nullptr;
  std::lock_guard const lock(server_.mutex_);  // or the server's end could shut a stranger's descriptor down
  std::erase(server_.open_, descriptor_);
  ::close(descriptor_);
  descriptor_ = -1;
}

void Connection::reset() {
  linger const at_once{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  cut();
}

void Connection::splice_to(int port) {
  int const other = connect_to(port);
  std::array<pollfd, 2> ends{pollfd{descriptor_, POLLIN, 0}, pollfd{other, POLLIN, 0}};
  bool going = send(other, unread_.data(), unread_.size(), MSG_NOSIGNAL) >= 0;
  while (going && poll(ends.data(), ends.size(), -1) > 0) {
    if (ends[0].revents != 0) going = move_bytes(descriptor_, other);
    if (going && ends[1].revents != 0) going = move_bytes(other, descriptor_);
  }
  ::close(other);
}

ScriptedServer::ScriptedServer(Script script, std::optional<ScriptedTls> tls) : script_(std::move(script)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  if (tls) ssl_context_ = make_ssl_context(*tls);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  require(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener_, 64) == 0 &&
              getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    for (int const descriptor : open_) shutdown(descriptor, SHUT_RDWR);
    shutdown(listener_, SHUT_RDWR);
  }
  acceptor_.join();
  threads_.clear();
  ::close(listener_);
  SSL_CTX_free(static_cast<SSL_CTX*>(ssl_context_));
}

void ScriptedServer::accept_all() {
  for (;;) {
    int const descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    std::lock_guard const lock(mutex_);
    if (stopping_) {
      if (descriptor >= 0) ::close(descriptor);
      return;
    }
    if (descriptor < 0) continue;
    open_.push_back(descriptor);
    ++running_;
    int const number = connections_++;
    changed_.notify_all();
    threads_.emplace_back([this, descriptor, number] { serve(descriptor, number); });
  }
}

void ScriptedServer::serve(int descriptor, int number) {
  {
    Connection connection(*this, descriptor, number);
    if (ssl_context_ == nullptr || connection.handshake(ssl_context_)) script_(connection);
  }
  std::lock_guard const lock(mutex_);
  --running_;
  changed_.notify_all();
}

int ScriptedServer::connections() const {
  std::lock_guard const lock(mutex_);
  return connections_;
}

std::vector<std::string> ScriptedServer::requests() const {
  std::lock_guard const lock(mutex_);
  return requests_;
}

int ScriptedServer::requests_with(std::string_view text) const {
  std::lock_guard const lock(mutex_);
  return static_cast<int>(std::count_if(requests_.begin(), requests_.end(), [&](std::string const& request) {
    return request.find(text) != std::string::npos;
  }));
}

bool ScriptedServer::wait_for_connections(int count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return connections_ >= count; });
}

bool ScriptedServer::wait_for_idle() const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return running_ == 0; });
}

}  // namespace trainyard::test
