// HttpTransport on cpprestsdk, which only this .cpp and the cpprest_* files beside it know.
// docs/architecture.md lists the rules they obey.
#pragma once

#include <memory>
#include <string>

#include "controller/base/http.hpp"

namespace trainyard {

struct HttpTransportOptions {
  std::string ca_pem;  // trusted roots by PEM text, beside the system's when system_roots is set
  bool system_roots = true;
  std::string client_certificate_pem, client_key_pem;  // what a server may ask for; both or neither
  std::string server_name;  // the certificate's, not the URL's host; asked for too, save through a proxy
  bool verify = true;       // false: any certificate is accepted
  std::string https_proxy, http_proxy, no_proxy;   // as the environment variables of those names
  Duration quiet_time = std::chrono::seconds(30);  // longest silence within one exchange
};

/// Call once at the start of main, before any thread: OpenSSL before the I/O thread, one I/O thread,
/// SSL_CERT_FILE. Returns the value SSL_CERT_FILE had ("" if none), which children should get back.
std::string prepare_http_process();

/// `clock` must be a real one: deadlines are waited for on the real steady clock. Destroying the transport
/// waits for what it has abandoned (at most a few quiet times, a stream's `quiet` among them where a proxy
/// does not answer), so that nothing runs on when the process ends.
///
/// Reads (GET, HEAD) and what is `repeatable` share idle connections, and one whose idle connection turns out
/// to be closed, or to hold the rest of an earlier answer, is repeated; everything else gets a connection of
/// its own, so that it is sent at most once. Answers come unpacked unless the caller sent Accept-Encoding or Range itself.
/// A stream of lines has a connection of its own. Its head must come within the quiet time, if `quiet` is not
/// less. Lines come while the body comes if that is chunked; else 64 kB at a time. A stream whose caller
/// falls behind by more than twice max_response and 1 MiB ends as ResponseTooLarge, one that ends within a
/// line as ConnectionLost.
///
/// Errors of the network have these reasons: HostNotFound, ConnectionFailed, ProxyFailed,
/// CertificateNotTrusted, TlsHandshakeFailed, Timeout (quiet time), ConnectionLost, MalformedAnswer
/// (Transient); ResponseTooLarge, InvalidUrl, InvalidHeader, InvalidProxy, InvalidCa,
/// InvalidClientCertificate, InvalidClientKey (Invalid); Stopped, DeadlineExceeded (Canceled).
std::unique_ptr<StreamingTransport> make_http_transport(HttpTransportOptions options, Clock const& clock);

}  // namespace trainyard
