#include "generate/answer_kind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "generate/words.h"

namespace liquid::generate {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
bool is_word(char c) { return is_letter(c) || is_digit(c); }

/// Blank-separated pieces without the punctuation around them; '$', '/', '-' and ':' in front stay.
std::vector<std::string_view> tokens_of(std::string_view text) {
  std::vector<std::string_view> tokens;
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n|", position);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t\r\n|", begin), text.size());
    std::string_view token = text.substr(begin, end - begin);
    while (!token.empty() && !is_word(token.front()) && token.front() != '$' &&
           token.front() != '/' && token.front() != '-' && token.front() != ':') {
      token.remove_prefix(1);
    }
    while (!token.empty() && !is_word(token.back())) token.remove_suffix(1);
    if (!token.empty()) tokens.push_back(token);
    position = end;
  }
  return tokens;
}

/// True when one of `phrases` stands in `text` at word borders.
bool mentions(std::string_view text, std::initializer_list<std::string_view> phrases) {
  for (const std::string_view phrase : phrases) {
    for (std::size_t at = text.find(phrase); at != std::string_view::npos;
         at = text.find(phrase, at + 1)) {
      const std::size_t behind = at + phrase.size();
      const bool starts = at == 0 || !is_word(text[at - 1]);
      const bool ends = behind == text.size() || !is_word(text[behind]);
      if (starts && ends) return true;
    }
  }
  return false;
}

bool is_number_word(std::string_view token) {
  static constexpr std::array<std::string_view, 14> kNumbers = {
      "one",   "two",  "three", "four",   "five",   "six", "seven",
      "eight", "nine", "ten",   "twelve", "twenty", "no",  "zero"};
  const std::string lowered = ascii_lower(token);
  return std::find(kNumbers.begin(), kNumbers.end(), lowered) != kNumbers.end();
}

bool is_time_unit(std::string_view unit) {
  static constexpr std::array<std::string_view, 24> kUnits = {
      "ms",      "s",    "m",      "h",       "d",      "w",    "y",     "second",
      "seconds", "sec",  "minute", "minutes", "min",    "hour", "hours", "day",
      "days",    "week", "weeks",  "month",   "months", "year", "years", "milliseconds"};
  return std::find(kUnits.begin(), kUnits.end(), unit) != kUnits.end();
}

bool is_size_unit(std::string_view unit) {
  static constexpr std::array<std::string_view, 20> kUnits = {
      "k",   "m",         "g",         "b",        "kb",       "mb",       "gb",
      "tb",  "kib",       "mib",       "gib",      "byte",     "bytes",    "bits",
      "bit", "kilobytes", "megabytes", "megabyte", "kilobyte", "gigabytes"};
  return std::find(kUnits.begin(), kUnits.end(), unit) != kUnits.end();
}

/// A token cut into its leading digits (and dots) and what follows them.
struct Quantity {
  std::string_view digits;
  std::string unit;
};

Quantity quantity_of(std::string_view token) {
  std::size_t length = 0;
  while (length < token.size() && (is_digit(token[length]) || token[length] == '.')) ++length;
  return {token.substr(0, length), ascii_lower(token.substr(length))};
}

using UnitTest = bool (*)(std::string_view);

/// "15d", "60 seconds", "two hours", "default=30s".
bool is_quantity(const std::vector<std::string_view>& tokens, std::size_t at, UnitTest is_unit) {
  std::string_view token = tokens[at];
  const std::size_t equals = token.rfind('=');
  if (equals != std::string_view::npos) token.remove_prefix(equals + 1);
  const Quantity quantity = quantity_of(token);
  if (!quantity.digits.empty() && is_unit(quantity.unit)) return true;
  const bool counts = (!quantity.digits.empty() && quantity.unit.empty()) || is_number_word(token);
  return counts && at + 1 < tokens.size() && is_unit(ascii_lower(tokens[at + 1]));
}

bool all_digits(std::string_view token) {
  return !token.empty() && std::all_of(token.begin(), token.end(), is_digit);
}

bool is_port(std::string_view token) {
  const std::size_t colon = token.rfind(':');
  if (colon != std::string_view::npos) token.remove_prefix(colon + 1);
  return all_digits(token) && token.size() >= 2 && token.size() <= 5;
}

bool is_price(const std::vector<std::string_view>& tokens, std::size_t at) {
  static constexpr std::array<std::string_view, 8> kMoney = {"usd",     "eur",   "gbp",    "dollar",
                                                             "dollars", "euros", "pounds", "cents"};
  const std::string_view token = tokens[at];
  if (token.size() > 1 && token[0] == '$' && is_digit(token[1])) return true;
  const std::string lowered = ascii_lower(token);
  return std::find(kMoney.begin(), kMoney.end(), lowered) != kMoney.end();
}

/// "1.25.0", "v2.3", "0.27": digits with dots between them.
bool is_version(std::string_view token) {
  if (token.starts_with('v')) token.remove_prefix(1);
  const bool has_only_parts = token.find_first_not_of("0123456789.x") == std::string_view::npos;
  return has_only_parts && token.size() >= 3 && is_digit(token.front()) &&
         token.find('.') != std::string_view::npos;
}

bool is_status_code(std::string_view token) {
  return all_digits(token) && token.size() == 3 && token[0] >= '1' && token[0] <= '5';
}

bool is_flag(std::string_view token) {
  return token.size() > 2 && token[0] == '-' && (token[1] == '-' || is_letter(token[1]));
}

bool is_path(std::string_view token) {
  return token.size() > 1 && token[0] == '/' && (is_letter(token[1]) || token[1] == '-');
}

bool is_identifier(std::string_view token) {
  if (is_flag(token) || (token.size() > 1 && token[0] == '$')) return true;
  bool has_letter = false;
  bool all_upper = token.size() >= 3;
  bool has_inner_mark = false;
  for (std::size_t i = 0; i < token.size(); ++i) {
    has_letter = has_letter || is_letter(token[i]);
    all_upper = all_upper && (is_upper(token[i]) || is_digit(token[i]) || token[i] == '_');
    if (i > 0 && i + 1 < token.size() &&
        (token[i] == '_' ||
         (is_upper(token[i]) && !is_upper(token[i - 1]) && is_letter(token[i - 1])))) {
      has_inner_mark = true;
    }
  }
  return has_letter && (all_upper || has_inner_mark);
}

bool is_of_kind(const std::vector<std::string_view>& tokens, std::size_t at, AnswerKind kind) {
  const std::string_view token = tokens[at];
  switch (kind) {
    case AnswerKind::duration: return is_quantity(tokens, at, is_time_unit);
    case AnswerKind::size: return is_quantity(tokens, at, is_size_unit);
    case AnswerKind::number: return is_digit(token[0]) || is_number_word(token);
    case AnswerKind::port: return is_port(token);
    case AnswerKind::price: return is_price(tokens, at);
    case AnswerKind::version: return is_version(token);
    case AnswerKind::status_code: return is_status_code(token);
    case AnswerKind::flag: return is_flag(token);
    case AnswerKind::path: return is_path(token);
    case AnswerKind::identifier: return is_identifier(token);
    case AnswerKind::ruling:
    case AnswerKind::fallback: return false;
  }
  return false;
}

bool starts_like_yes_no_question(std::string_view question) {
  static constexpr std::array<std::string_view, 14> kStarts = {
      "can ",  "may ",   "is ",   "are ", "does ", "do ",    "should ",
      "must ", "could ", "will ", "has ", "have ", "would ", "am "};
  return std::any_of(kStarts.begin(), kStarts.end(),
                     [&](std::string_view start) { return question.starts_with(start); });
}

}  // namespace

std::vector<AnswerKind> wanted_kinds(std::string_view question) {
  const std::string text = ascii_lower(question);
  std::vector<AnswerKind> kinds;
  const auto add = [&](AnswerKind kind, std::initializer_list<std::string_view> phrases) {
    if (mentions(text, phrases)) kinds.push_back(kind);
  };
  add(AnswerKind::duration,
      {"how long", "how often", "how old", "how soon", "how frequently", "how many seconds",
       "how many minutes", "how many hours", "how many days", "interval", "timeout"});
  add(AnswerKind::size, {"how large", "how big", "what size", "how much memory", "size limit"});
  add(AnswerKind::version, {"which version", "what version", "which release", "what release"});
  add(AnswerKind::number, {"how many", "how much", "what number", "how far", "how high"});
  add(AnswerKind::port, {"port", "ports"});
  add(AnswerKind::price, {"cost", "costs", "price", "prices", "pricing", "how expensive", "fee"});
  add(AnswerKind::status_code,
      {"status code", "http status", "http code", "response code", "error code"});
  add(AnswerKind::flag, {"which flag", "what flag", "flag turns", "command-line flag"});
  add(AnswerKind::path, {"endpoint", "path", "url", "uri", "directory", "file"});
  add(AnswerKind::identifier,
      {"variable", "directive", "function", "metric", "option", "setting", "parameter", "module",
       "label", "signal", "field", "command", "method", "operator", "header", "flag", "argument"});
  add(AnswerKind::fallback,
      {"default", "defaults", "no configuration", "unconfigured", "not configured", "not specified",
       "not set", "is given", "none is", "configure no", "configure nothing", "configured nothing",
       "out of the box", "unless set", "unless specified", "unless configured", "set nothing",
       "not given"});
  const bool asks_for_a_bound = mentions(text, {"maximum", "minimum", "largest", "default", "max"});
  if (asks_for_a_bound && text.starts_with("what") && mentions(text, {"size"})) {
    kinds.push_back(AnswerKind::size);
  }
  if (starts_like_yes_no_question(text)) kinds.push_back(AnswerKind::ruling);
  return kinds;
}

bool is_indispensable(AnswerKind kind) {
  switch (kind) {
    case AnswerKind::duration:
    case AnswerKind::number:
    case AnswerKind::port:
    case AnswerKind::price:
    case AnswerKind::size:
    case AnswerKind::flag:
    case AnswerKind::version:
    case AnswerKind::status_code: return true;
    case AnswerKind::path:
    case AnswerKind::identifier:
    case AnswerKind::ruling:
    case AnswerKind::fallback: return false;
  }
  return false;
}

bool offers_kind(std::string_view sentence, std::string_view question, AnswerKind kind) {
  if (kind == AnswerKind::ruling) {
    return mentions(ascii_lower(sentence),
                    {"not",         "never",    "must",        "should",  "cannot",   "can",
                     "may",         "only",     "supported",   "allowed", "possible", "impossible",
                     "recommended", "required", "discouraged", "always",  "no",       "yes",
                     "unsupported", "can't",    "don't",       "doesn't"});
  }
  if (kind == AnswerKind::fallback) {
    return mentions(ascii_lower(sentence),
                    {"default", "defaults", "not specified", "not set", "omitted", "otherwise"});
  }
  const std::vector<std::string_view> tokens = tokens_of(sentence);
  const std::vector<std::string_view> asked = tokens_of(question);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool is_new = std::find(asked.begin(), asked.end(), tokens[i]) == asked.end();
    if (is_new && is_of_kind(tokens, i, kind)) return true;
  }
  return false;
}

}  // namespace liquid::generate
