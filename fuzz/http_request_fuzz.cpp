// Our request parser against Boost.Beast's: what we accept, Beast must accept and understand alike.
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/parser.h"

using boost::beast::string_view;

static void demand(bool fact, const char* what, const std::string& bytes) {
  if (fact) return;
  std::fprintf(stderr, "they differ in: %s\n%s\n", what, bytes.c_str());
  std::abort();
}

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
  demand(theirs.is_done() && !error, "acceptance", bytes);
  demand(theirs.get().method_string() == string_view(ours.method_text), "method", bytes);
  demand(theirs.get().target().ends_with(ours.target) || ours.target == "/", "target", bytes);
  demand(theirs.get().body() == ours.body, "body", bytes);
  demand(theirs.keep_alive() || !parser.keep_alive(), "keep-alive", bytes);
  for (const liquid::http::HeaderField& field : ours.headers) {
    const auto [first, last] = theirs.get().equal_range(string_view(field.name));
    const auto same = [&](auto& other) { return other.value() == string_view(field.value); };
    demand(std::any_of(first, last, same), "header", bytes);
  }
  return 0;
}
