#include "formats/python_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <utility>

namespace liquid::formats {
namespace {

/// Copies JSON token by token.
class Layout {
 public:
  explicit Layout(std::string_view json) : json_(json) {}

  std::string run() && {
    while (at_ < json_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    const char letter = json_[at_];
    switch (letter) {
      case '"': copy_text(); return;
      case '{':
      case '[': open(); return;
      case '}':
      case ']': close(); return;
      case ',':
        out_ += ',';
        break_line();
        break;
      case ':': out_ += ": "; break;
      case ' ':
      case '\n':
      case '\r':
      case '\t': break;
      default: copy_word(); return;
    }
    ++at_;
  }

  void copy_text() {
    const std::size_t begin = at_++;
    while (at_ < json_.size() && json_[at_] != '"') at_ += json_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, json_.size());
    out_ += json_.substr(begin, at_ - begin);
  }

  /// A number, true, false or null.
  void copy_word() {
    const std::size_t end = std::min(json_.find_first_of(",:]} \n\r\t", at_), json_.size());
    const std::string_view word = json_.substr(at_, end - at_);
    at_ = end;
    double number = 0.0;
    const bool real =
        word.find_first_of(".eE") != std::string_view::npos && word[0] != 't' && word[0] != 'f';
    if (real && std::from_chars(word.data(), word.data() + word.size(), number).ec == std::errc()) {
      out_ += python_number(number);
    } else {
      out_ += word;
    }
  }

  void open() {
    out_ += json_[at_++];
    const std::size_t next = json_.find_first_not_of(" \n\r\t", at_);
    if (next != std::string_view::npos && (json_[next] == '}' || json_[next] == ']')) {
      out_ += json_[next];  // empty: on one line
      at_ = next + 1;
      return;
    }
    ++depth_;
    break_line();
  }

  void close() {
    if (depth_ > 0) --depth_;
    break_line();
    out_ += json_[at_++];
  }

  void break_line() { out_ += '\n' + std::string(2 * depth_, ' '); }

  std::string_view json_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::string out_;
};

}  // namespace

std::string python_number(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  const double size = std::abs(number);
  const bool plain = size == 0.0 || (size >= 1e-4 && size < 1e16);
  char text[40];
  const std::to_chars_result end =
      std::to_chars(text, text + sizeof(text), number,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string digits(text, end.ptr);
  return plain && digits.find('.') == std::string::npos ? digits + ".0" : digits;
}

std::string python_json(std::string_view json) { return Layout(json).run(); }

}  // namespace liquid::formats
