#include "tracking/filter_parser.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "tracking/filter_scanner.h"
#include "tracking/text_list.h"

// The language, as MLflow 3.17 takes it; keywords in any case, pieces as in filter_scanner.cpp:
//
//   filter     = { clause | "AND" }                      AND may also be missing or repeated
//   clause     = identifier ( comparator value | [ "NOT" ] "IN" list | "IS" [ "NOT" ] "NULL" )
//   comparator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "ILIKE"
//   value      = 'text' | "text" | integer | real | word
//   list       = "(" … ")"                               see text_list.cpp
//   identifier = name { ( "." | "::" ) ( name | 'text' ) }         nothing between the parts
//   name       = word | "text" | `text`
//   order      = identifier [ "ASC" | "DESC" ]           nothing before and behind it
//
// A text is what stands between its quotes, unchanged: 'it''s' has two quotes inside. There is no
// OR, no NOT before a clause, there are no parentheses around clauses and no comments. A filter of
// blanks alone is refused; between NOT and NULL stands one blank. A part of an identifier is none
// of the words in kNoNames, unless quoted.
//
// An order that says its direction is split as a shell would split it, backticks meaning double
// quotes, so its key loses all quotes.

namespace liquid::tracking {
namespace {

using Kind = FilterToken::Kind;

constexpr std::array<std::string_view, 6> kNoNames = {"CASE",  "IN",   "VALUES",
                                                      "USING", "FROM", "AS"};

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

bool is_keyword(const FilterToken& token, std::string_view word) {
  return token.kind == Kind::word && upper(token.text) == word;
}

bool is_name(const FilterToken& token) {
  if (token.kind == Kind::backticks || token.kind == Kind::double_quoted) return true;
  return token.kind == Kind::word &&
         std::find(kNoNames.begin(), kNoNames.end(), upper(token.text)) == kNoNames.end();
}

bool is_within(std::string_view text, char quote) {
  return text.size() >= 2 && text.front() == quote && text.back() == quote;
}

std::string_view unquoted(std::string_view text) {
  return is_within(text, '\'') || is_within(text, '"') ? text.substr(1, text.size() - 2) : text;
}

FilterIdentifier identifier_of(std::string_view written) {
  const std::size_t dot = written.find('.');
  FilterIdentifier identifier;
  identifier.written = written;
  if (dot != std::string_view::npos) identifier.entity = written.substr(0, dot);
  std::string_view key = dot == std::string_view::npos ? written : written.substr(dot + 1);
  key = unquoted(key);
  if (is_within(key, '`')) key = key.substr(1, key.size() - 2);
  identifier.key = key;
  return identifier;
}

std::optional<Comparator> comparator_of(std::string_view text) {
  constexpr std::array kAll = {Comparator::less,    Comparator::less_equal,
                               Comparator::equal,   Comparator::not_equal,
                               Comparator::greater, Comparator::greater_equal};
  for (const Comparator each : kAll) {
    if (comparator_text(each) == text) return each;
  }
  return std::nullopt;
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<FilterToken> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Result<std::vector<FilterClause>> filter() {
    std::vector<FilterClause> clauses;
    if (!text_.empty() && here().kind == Kind::end) return expected("a clause");
    while (here().kind != Kind::end) {
      if (take_keyword("AND")) continue;
      Result<FilterClause> next = clause();
      if (!next) return std::move(next).error();
      clauses.push_back(std::move(*next));
    }
    return clauses;
  }

  Result<OrderClause> order() {
    if (here().position != 0) return expected("no blank before the key");
    const Result<std::string_view> written = identifier();
    if (!written) return written.error();
    OrderClause clause{{}, true, std::string(text_)};
    const bool directed = is_keyword(here(), "ASC") || is_keyword(here(), "DESC");
    if (directed) {
      clause.ascending = is_keyword(here(), "ASC");
      ++at_;
    }
    if (end_of_last() != text_.size()) return expected("ASC, DESC or the end");
    const std::optional<std::string> word = shell_word(*written);
    if (!word) return expected("a key that does not mix quotes");
    clause.identifier = identifier_of(directed ? *word : *written);
    return clause;
  }

 private:
  const FilterToken& here() const { return tokens_[at_]; }
  std::size_t end_of_last() const {
    return tokens_[at_ - 1].position + tokens_[at_ - 1].text.size();
  }

  bool take_keyword(std::string_view word) {
    if (!is_keyword(here(), word)) return false;
    ++at_;
    return true;
  }

  Error expected(const std::string& what) const {
    const std::string found =
        here().kind == Kind::end ? "the end" : "'" + std::string(here().text) + "'";
    return {ErrorCode::invalid_argument, "Invalid clause(s) in filter string: expected " + what +
                                             " at position " + std::to_string(here().position + 1) +
                                             ", found " + found + " in \"" + std::string(text_) +
                                             "\""};
  }

  // The text of one word, as a shell with double quotes for backticks reads it.
  static std::optional<std::string> shell_word(std::string_view written) {
    std::string word;
    char quote = '\0';
    for (std::size_t i = 0; i < written.size(); ++i) {
      const char c = written[i] == '`' ? '"' : written[i];
      if (quote == '\0' && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) return std::nullopt;
      if (c == '\\' && quote != '\'' && i + 1 < written.size()) {
        const char next = written[i + 1] == '`' ? '"' : written[i + 1];
        if (quote == '"' && next != '"' && next != '\\') word += c;
        word += next;
        ++i;
      } else if (quote == '\0' && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    }
    return quote == '\0' ? std::optional(word) : std::nullopt;
  }

  bool follows_at_once(std::size_t at) const {
    return tokens_[at].position == tokens_[at - 1].position + tokens_[at - 1].text.size();
  }

  Result<std::string_view> identifier() {
    if (!is_name(here())) return expected("a key such as metrics.loss");
    const std::size_t begin = here().position;
    ++at_;
    while (here().kind == Kind::dot || here().kind == Kind::double_colon) {
      if (!follows_at_once(at_) || !follows_at_once(at_ + 1)) {
        return expected("nothing around the dot of a key");
      }
      ++at_;
      if (!is_name(here()) && here().kind != Kind::single_quoted) {
        return expected("a name, or one in quotes,");
      }
      ++at_;
    }
    return text_.substr(begin, end_of_last() - begin);
  }

  Result<FilterClause> clause() {
    FilterClause clause;
    clause.position = here().position;
    const Result<std::string_view> written = identifier();
    if (!written) return written.error();
    clause.identifier = identifier_of(*written);
    const std::size_t comparator = at_;
    Result<void> rest = test(clause);
    if (!rest) return std::move(rest).error();
    clause.comparator_written = tokens_[comparator].text;
    clause.text = text_.substr(clause.position, end_of_last() - clause.position);
    return clause;
  }

  Result<void> test(FilterClause& clause) {
    if (take_keyword("IS")) return null_test(clause);
    if (take_keyword("NOT")) {
      if (!take_keyword("IN")) return expected("IN");
      clause.comparator = Comparator::not_in;
      return list(clause);
    }
    if (take_keyword("IN")) {
      clause.comparator = Comparator::in;
      return list(clause);
    }
    if (take_keyword("LIKE")) {
      clause.comparator = Comparator::like;
      return value(clause);
    }
    if (take_keyword("ILIKE")) {
      clause.comparator = Comparator::ilike;
      return value(clause);
    }
    const std::optional<Comparator> known =
        here().kind == Kind::comparison ? comparator_of(here().text) : std::nullopt;
    if (!known) return expected("a comparison (=, !=, <, <=, >, >=, LIKE, ILIKE, IN, IS NULL)");
    clause.comparator = *known;
    ++at_;
    return value(clause);
  }

  Result<void> null_test(FilterClause& clause) {
    clause.comparator = Comparator::is_null;
    if (take_keyword("NOT")) {
      clause.comparator = Comparator::is_not_null;
      const std::string_view between = text_.substr(end_of_last(), here().position - end_of_last());
      if (between != " ") return expected("NULL behind one blank");
    }
    if (!take_keyword("NULL")) return expected("NULL");
    return {};
  }

  Result<void> value(FilterClause& clause) {
    FilterValue& value = clause.value;
    value.written = here().text;
    if (here().kind == Kind::integer) {
      value.kind = FilterValue::Kind::integer;
    } else if (here().kind == Kind::real) {
      value.kind = FilterValue::Kind::real;
    } else if (here().kind == Kind::single_quoted || here().kind == Kind::double_quoted) {
      value.kind = FilterValue::Kind::text;
      value.text = unquoted(here().text);
    } else if (here().kind == Kind::word && is_name(here())) {
      value.kind = FilterValue::Kind::word;
    } else {
      return expected("a quoted text or a number");
    }
    ++at_;
    return {};
  }

  Result<void> list(FilterClause& clause) {
    if (here().kind != Kind::open) return expected("a list such as ('a', 'b')");
    const std::size_t open = at_;
    while (here().kind != Kind::close) {
      if (here().kind == Kind::end) return expected("')'");
      ++at_;
    }
    ++at_;
    const std::size_t begin = tokens_[open].position;
    const std::string_view written = text_.substr(begin, end_of_last() - begin);
    std::optional<std::vector<std::string>> texts = parse_text_list(written);
    if (!texts) {
      at_ = open;
      return expected("a list of quoted texts such as ('a', 'b')");
    }
    clause.value = {FilterValue::Kind::list, std::string(written), {}, std::move(*texts)};
    return {};
  }

  const std::string_view text_;
  const std::vector<FilterToken> tokens_;  // ends with `end`, which is never passed
  std::size_t at_ = 0;
};

}  // namespace

std::string_view comparator_text(Comparator comparator) {
  switch (comparator) {
    case Comparator::less: return "<";
    case Comparator::less_equal: return "<=";
    case Comparator::equal: return "=";
    case Comparator::not_equal: return "!=";
    case Comparator::greater: return ">";
    case Comparator::greater_equal: return ">=";
    case Comparator::like: return "LIKE";
    case Comparator::ilike: return "ILIKE";
    case Comparator::in: return "IN";
    case Comparator::not_in: return "NOT IN";
    case Comparator::is_null: return "IS NULL";
    case Comparator::is_not_null: return "IS NOT NULL";
  }
  return "";
}

Result<std::vector<FilterClause>> parse_filter(std::string_view text) {
  Result<std::vector<FilterToken>> tokens = scan_filter(text);
  if (!tokens) return std::move(tokens).error();
  return Parser(text, std::move(*tokens)).filter();
}

Result<OrderClause> parse_order(std::string_view text) {
  Result<std::vector<FilterToken>> tokens = scan_filter(text);
  Result<OrderClause> order = tokens ? Parser(text, std::move(*tokens)).order()
                                     : Result<OrderClause>(std::move(tokens).error());
  if (order) return order;
  return Error{ErrorCode::invalid_argument,
               "Invalid order_by clause '" + std::string(text) + "': " + order.error().message};
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  std::string digits;
  if (text.starts_with('-')) digits = "-";
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool between = i > 0 && i + 1 < text.size() && text[i - 1] != '_';
    if (text[i] == '_' && between) continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    digits += text[i];
  }
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, failed] = std::from_chars(digits.data(), end, number);
  return failed == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

double real_number(const FilterValue& value) { return std::strtod(value.written.c_str(), nullptr); }

}  // namespace liquid::tracking
