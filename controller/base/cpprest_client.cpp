#include "controller/base/cpprest_client.hpp"

#include <cerrno>
#include <stdexcept>
#include <string>

#include <pplx/threadpool.h>  // for its tcp
#include <sys/socket.h>

namespace trainyard::cpprest {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using web::http::client::http_client;
using web::http::client::http_client_config;

/// Looks at an idle connection before it is used again. Throwing fails the call before a byte is sent.
void refuse_stale(tcp::socket& socket, Sight& sight) {
  if (!socket.is_open()) return;  // a new connection
  char byte = 0;
  if (recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN) return;
  sight.stale = true;
  throw std::runtime_error("stale connection");
}

}  // namespace

Client make_client(Url const& url, std::optional<HttpProxy> const& proxy,
                   std::shared_ptr<TlsTrust const> const& trust, Duration quiet_time) {
  auto const sight = std::make_shared<Sight>();
  http_client_config config;
  config.set_max_redirects(0);  // they would carry credentials to any host, and turn a PATCH into a GET
  config.set_timeout(quiet_time);
  bool const tls = url.scheme == "https";
  if (tls && !proxy) {  // through a proxy the handle is of either kind, and nothing tells which
    bool const renamed = trust && !trust->server_name().empty();
    config.set_tlsext_sni_enabled(!renamed);
    config.set_nativehandle_options([sight, trust, renamed](void* handle) {
      auto& stream = *static_cast<asio::ssl::stream<tcp::socket&>*>(handle);
      refuse_stale(stream.next_layer(), *sight);
      if (renamed) trust->ask_for_server_name(stream.native_handle());
    });
  } else if (!tls) {
    config.set_nativehandle_options(
        [sight](void* handle) { refuse_stale(*static_cast<tcp::socket*>(handle), *sight); });
  }
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

}  // namespace trainyard::cpprest
