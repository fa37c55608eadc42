#pragma once

#include <coroutine>
#include <exception>

namespace liquid::http {

/// What a connection's coroutine returns: it starts when called and frees itself at its end, after
/// telling its connection (`session_ended`), which belongs to its I/O thread's counted set. Errors
/// and exceptions are dealt with inside the coroutine.
template <typename Owner>
class Session {
 public:
  struct promise_type {  // NOLINT(readability-identifier-naming): the language names it
    Owner& owner;

    explicit promise_type(Owner& coroutine_object) : owner(coroutine_object) {}
    Session get_return_object() { return Session{}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct End {
        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<promise_type> handle) noexcept {
          Owner& ended = handle.promise().owner;
          handle.destroy();
          ended.session_ended();
        }
        void await_resume() noexcept {}
      };
      return End{};
    }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }  // the body catches everything
  };
};

}  // namespace liquid::http
