#pragma once

#include <string_view>

namespace liquid::http {

/// Why the server itself turned a request down: what goes into the error answer.
struct Refusal {
  int status = 0;
  std::string_view code;    ///< Stable, for programs.
  std::string_view detail;  ///< A sentence for people.
};

namespace refusals {

inline constexpr Refusal kBadRequestLine{400, "bad_request_line",
                                         "The request line is not 'METHOD target HTTP/1.1'."};
inline constexpr Refusal kBadTarget{400, "bad_request_target",
                                    "The request target holds a character that must be "
                                    "percent-encoded, or is not a path."};
inline constexpr Refusal kBadLineEnd{400, "bad_line_end",
                                     "A line holds a control character or does not end in CR LF."};
inline constexpr Refusal kBadHeader{400, "bad_header", "A header line is not 'name: value'."};
inline constexpr Refusal kFoldedHeader{400, "folded_header",
                                       "A header value goes on in a second line."};
inline constexpr Refusal kBadHost{400, "bad_host", "Exactly one valid Host header is needed."};
inline constexpr Refusal kBadContentLength{400, "bad_content_length",
                                           "Content-Length is not one decimal number."};
inline constexpr Refusal kBadTransferEncoding{
    400, "bad_transfer_encoding",
    "Transfer-Encoding must be 'chunked' alone, once, in HTTP/1.1, without Content-Length."};
inline constexpr Refusal kBadChunk{400, "bad_chunk", "The chunked body is malformed."};
inline constexpr Refusal kTimedOut{408, "request_timeout",
                                   "The request did not arrive completely in time."};
inline constexpr Refusal kBodyTooLarge{413, "body_too_large",
                                       "The request body is larger than this server accepts."};
inline constexpr Refusal kTargetTooLong{414, "target_too_long",
                                        "The request line is longer than this server accepts."};
inline constexpr Refusal kUnknownExpectation{417, "unknown_expectation",
                                             "Only 'Expect: 100-continue' is understood."};
inline constexpr Refusal kHeadTooLarge{431, "head_too_large",
                                       "The request headers are larger than this server accepts."};
inline constexpr Refusal kUnknownMethod{501, "unknown_method", "This method is not implemented."};
inline constexpr Refusal kUnknownTransferCoding{
    501, "unknown_transfer_coding", "Only the transfer coding 'chunked' is understood."};
inline constexpr Refusal kUnknownVersion{505, "unknown_http_version",
                                         "Only HTTP/1.1 and HTTP/1.0 are spoken here."};

inline constexpr Refusal kInternal{500, "internal", "The server failed to answer this request."};
inline constexpr Refusal kTooManyConnections{503, "too_many_connections",
                                             "The server has no room for another connection."};
inline constexpr Refusal kTooMuchInput{503, "too_much_input",
                                       "The server is receiving too many large requests at once."};
inline constexpr Refusal kStopping{503, "stopping", "The server is being stopped."};
inline constexpr Refusal kAnswerTimedOut{504, "answer_timeout",
                                         "The answer was not ready in time."};

}  // namespace refusals
}  // namespace liquid::http
