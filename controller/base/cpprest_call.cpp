// Rules for cpprestsdk, each learned from a crash, a hang or a leak:
// - one I/O thread, and nothing blocks on it: several race with cancellation; cancellations are posted to it;
// - every task ends in a continuation that takes its exception, or the process is ended;
// - sinks neither throw nor fail; they swallow what is too much and ask for cancellation;
// - a client serves one call at a time, so that what its callbacks see belongs to that call.
#include "controller/base/cpprest_call.hpp"

#include <utility>

#include <pplx/threadpool.h>

#include "controller/base/cpprest_sink.hpp"

namespace trainyard::cpprest {
namespace {

template <class Act>
void post_to_io_thread(Act act) {
  boost::asio::post(crossplat::threadpool::shared_instance().service(), std::move(act));
}

}  // namespace

void Outstanding::begin() {
  std::lock_guard const lock(mutex_);
  ++count_;
}

void Outstanding::end() {
  std::lock_guard const lock(mutex_);
  if (--count_ == 0) none_.notify_all();
}

void Outstanding::wait_for_none() {
  std::unique_lock lock(mutex_);
  none_.wait(lock, [this] { return count_ == 0; });
}

void Call::start(web::http::http_request request, std::size_t max_response) {
  auto const self = shared_from_this();
  max_ = body_ == Body::Stream ? with_allowance(max_response) : max_response;
  client_.sight->tls.begin(max_response, [weak = weak_from_this()] {
    if (auto const call = weak.lock()) call->overflow();
  });
  auto const sink =
      std::make_shared<Sink>([weak = weak_from_this()](std::uint8_t const* bytes, size_t count) {
        if (auto const call = weak.lock()) call->take(bytes, count);
      });
  request.set_response_stream(concurrency::streams::streambuf<std::uint8_t>(sink).create_ostream());
  outstanding_->begin();
  pplx::task<web::http::http_response> task;
  try {
    task = client_.http->request(std::move(request), cancellation_.get_token());
  } catch (...) {
    task = pplx::task_from_exception<web::http::http_response>(std::current_exception());
  }
  task.then([self](web::http::http_response const& response) {
        self->see_head(response);
        return response.content_ready();
      })
      .then([self](pplx::task<web::http::http_response> const& last) { self->finish(last); });
}

// A count beyond all reason is a negative chunk size: then there are no such bytes.
void Call::take(std::uint8_t const* bytes, size_t count) {
  if (outcome_.too_large) return;
  bool over = false;
  {
    std::lock_guard const lock(mutex_);
    over = count > max_ - bytes_.size();
    if (!over) bytes_.append(reinterpret_cast<char const*>(bytes), count);
  }
  if (over) {
    overflow();
  } else if (body_ == Body::Stream) {
    client_.sight->tls.saw_progress();
    wakeup_.notify();
  }
}

void Call::overflow() {
  outcome_.too_large = true;
  post_to_io_thread([self = shared_from_this()] { self->cancellation_.cancel(); });
}

void Call::see_head(web::http::http_response const& response) {
  outcome_.status = response.status_code();
  for (auto const& [name, value] : response.headers()) outcome_.headers.emplace_back(name, value);
  {
    std::lock_guard const lock(mutex_);
    status_ = outcome_.status;
  }
  if (body_ == Body::Stream) wakeup_.notify();
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
  {
    std::lock_guard const lock(mutex_);
    done_ = true;
  }
  wakeup_.notify();
  outstanding_->end();
}

bool Call::wait(Context const& context) {
  wakeup_.wait_until(context.deadline, context.stop);
  std::lock_guard const lock(mutex_);
  if (done_) outcome_.body = std::move(bytes_);
  return done_;
}

Call::News Call::next(SteadyTime until, std::stop_token const& stop) {
  wakeup_.wait_until(until, stop);
  News news;
  std::lock_guard const lock(mutex_);
  news.status = status_;
  news.done = done_;
  // The first bytes may come before the head is told: whose they are is known then.
  if (status_) news.bytes = std::exchange(bytes_, {});
  return news;
}

bool Call::give_up() {
  post_to_io_thread([self = shared_from_this()] {
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

}  // namespace trainyard::cpprest
