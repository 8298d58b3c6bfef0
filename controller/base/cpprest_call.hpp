// One exchange that cpprestsdk carries out on its I/O thread, seen from the caller's thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "controller/base/clock.hpp"
#include "controller/base/cpprest_client.hpp"
#include "controller/base/http_outcome.hpp"

namespace trainyard::cpprest {

/// How many calls cpprestsdk has not finished, abandoned ones included.
class Outstanding {
 public:
  void begin();
  void end();
  void wait_for_none();

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;  // guarded by mutex_
};

/// How the caller takes the body: at the end, up to a limit, or while it comes. Then the limit is one line's,
/// and as much again and a little is kept for a caller who is slow.
enum class Body { Whole, Stream };

/// One attempt. Shared by the caller, who may give up, and the I/O thread.
class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(Client client, std::shared_ptr<Outstanding> outstanding, Body body)
      : client_(std::move(client)), outstanding_(std::move(outstanding)), body_(body) {}

  void start(web::http::http_request request, std::size_t max_response);

  /// False when the context ended first. Whoever gets true owns the rest of this object.
  bool wait(Context const& context);

  struct News {
    std::optional<int> status = std::nullopt;  // once the head is there
    std::string bytes = {};                    // of the body, since the last time; none before the head
    bool done = false;  // these were the last; whoever sees it owns the rest of this object
  };
  /// Of a Stream: waits for something new, the stop request, or `until`.
  News next(SteadyTime until, std::stop_token const& stop);

  /// Nothing is sent after this returns. Tells whether the handshake was over by then, so that something may
  /// have been sent.
  bool give_up();

  /// The answer did not belong to this call: the idle connection was closed, or held the rest of an earlier
  /// answer.
  [[nodiscard]] bool out_of_step() const {
    return client_.sight->stale || (reused_ && outcome_.malformed_start());
  }
  [[nodiscard]] bool reused() const { return reused_; }  // its connection may have carried a call before

  [[nodiscard]] Body body() const { return body_; }
  Client& client() { return client_; }
  HttpOutcome& outcome() { return outcome_; }

 private:
  void take(std::uint8_t const* bytes, size_t count);
  void overflow();
  void see_head(web::http::http_response const& response);
  void finish(pplx::task<web::http::http_response> const& last);

  Client client_;
  bool const reused_ = client_.used;
  std::shared_ptr<Outstanding> outstanding_;
  Body body_;
  std::size_t max_ = 0;  // of bytes_
  pplx::cancellation_token_source cancellation_;
  HttpOutcome outcome_;  // the I/O thread's until done_, then the caller's
  Wakeup wakeup_;
  std::mutex mutex_;
  std::string bytes_;             // guarded by mutex_: what came and was not taken yet
  std::optional<int> status_;     // guarded by mutex_
  bool done_ = false;             // guarded by mutex_
  std::optional<bool> given_up_;  // guarded by mutex_
};

}  // namespace trainyard::cpprest
