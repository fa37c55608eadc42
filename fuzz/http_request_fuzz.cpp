// Our request parser against Boost.Beast's: what we accept, Beast must accept and understand alike.
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/parser.h"

using boost::beast::string_view;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  liquid::http::InputBuffer input;
  input.append(bytes);
  liquid::http::RequestParser parser({});
  if (parser.parse(input) != liquid::http::RequestParser::Stage::complete) return 0;
  const liquid::http::Request& ours = parser.request();
  boost::beast::http::request_parser<boost::beast::http::string_body> theirs;
  boost::beast::error_code error;
  theirs.eager(true);
  theirs.header_limit(64 * 1024);
  theirs.put(boost::asio::buffer(bytes), error);
  const auto& message = theirs.get();
  const auto has_field = [&](const liquid::http::HeaderField& field) {
    const auto [first, last] = message.equal_range(string_view(field.name));
    return std::any_of(first, last, [&](auto& f) { return f.value() == string_view(field.value); });
  };
  if (theirs.is_done() && !error && message.method_string() == string_view(ours.method_text) &&
      (message.target().ends_with(ours.target) || ours.target == "/") &&
      message.body() == ours.body && (theirs.keep_alive() || !parser.keep_alive()) &&
      std::all_of(ours.headers.begin(), ours.headers.end(), has_field)) {
    return 0;
  }
  std::fprintf(stderr, "Beast (%s) does not agree on:\n%s\n", error.message().c_str(),
               bytes.c_str());
  std::abort();
}
