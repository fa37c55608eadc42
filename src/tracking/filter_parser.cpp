#include "tracking/filter_parser.h"

#include <algorithm>
#include <cctype>
#include <charconv>

// The language, as MLflow 3.17 takes it (keywords in any case):
//
//   filter     = [ clause { "AND" clause } ]
//   clause     = identifier ( comparison value | [ "NOT" ] "IN" list | "IS" [ "NOT" ] "NULL" )
//   comparison = "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" | "LIKE" | "ILIKE"
//   value      = 'text' | "text" | number
//   list       = "(" text { "," text } [ "," ] ")"
//   identifier = name { "." name }
//   name       = word | "text" | `text`
//   order      = identifier [ "ASC" | "DESC" ]
//
// Text is taken as it stands between its quotes. There is no OR, no NOT before a clause and there
// are no parentheses around clauses.

namespace liquid::tracking {
namespace {

using Kind = FilterToken::Kind;

bool is_keyword(const FilterToken& token, std::string_view word) {
  return token.kind == Kind::identifier &&
         std::equal(
             token.text.begin(), token.text.end(), word.begin(), word.end(),
             [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
}

std::string unquoted(std::string_view text) {
  for (const char quote : {'\'', '"', '`'}) {
    if (text.size() >= 2 && text.front() == quote && text.back() == quote) {
      return std::string(text.substr(1, text.size() - 2));
    }
  }
  return std::string(text);
}

bool is_quoted(std::string_view text) {
  return text.size() >= 2 && (text.front() == '"' || text.front() == '\'');
}

FilterIdentifier identifier_of(std::string_view text) {
  if (is_quoted(text) || text.front() == '`') return {std::nullopt, unquoted(text)};
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return {std::nullopt, std::string(text)};
  return {unquoted(text.substr(0, dot)), unquoted(text.substr(dot + 1))};
}

Comparator comparator_of(std::string_view text) {
  if (text == "=") return Comparator::equal;
  if (text == "<") return Comparator::less;
  if (text == "<=") return Comparator::less_equal;
  if (text == ">") return Comparator::greater;
  if (text == ">=") return Comparator::greater_equal;
  return Comparator::not_equal;
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<FilterToken> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Result<std::vector<FilterClause>> filter() {
    std::vector<FilterClause> clauses;
    if (here().kind == Kind::end) return clauses;
    for (;;) {
      Result<FilterClause> next = clause();
      if (!next) return std::move(next).error();
      clauses.push_back(std::move(*next));
      if (here().kind == Kind::end) return clauses;
      if (!take_keyword("AND")) return expected("AND or the end (OR and parentheses are unknown)");
    }
  }

  Result<OrderClause> order() {
    if (here().kind != Kind::identifier) return expected("a key");
    OrderClause clause{identifier_of(here().text), true, std::string(text_)};
    ++at_;
    if (take_keyword("DESC")) {
      clause.ascending = false;
    } else {
      take_keyword("ASC");
    }
    if (here().kind != Kind::end) return expected("ASC, DESC or the end");
    return clause;
  }

 private:
  const FilterToken& here() const { return tokens_[at_]; }

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

  Result<FilterClause> clause() {
    if (here().kind != Kind::identifier) return expected("a key such as metrics.loss");
    const std::size_t begin = here().position;
    FilterClause clause;
    clause.identifier = identifier_of(here().text);
    ++at_;
    const Result<void> rest = comparison(clause);
    if (!rest) return rest.error();
    const FilterToken& last = tokens_[at_ - 1];
    clause.text = text_.substr(begin, last.position + last.text.size() - begin);
    return clause;
  }

  Result<void> comparison(FilterClause& clause) {
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
    } else if (take_keyword("ILIKE")) {
      clause.comparator = Comparator::ilike;
    } else if (here().kind == Kind::comparison) {
      clause.comparator = comparator_of(here().text);
      ++at_;
    } else {
      return expected("a comparison (=, !=, <, LIKE, IN, IS NULL, …)");
    }
    return value(clause);
  }

  Result<void> null_test(FilterClause& clause) {
    clause.comparator = take_keyword("NOT") ? Comparator::is_not_null : Comparator::is_null;
    if (!take_keyword("NULL")) return expected("NULL");
    return {};
  }

  Result<void> value(FilterClause& clause) {
    const FilterToken token = here();
    const char* const end = token.text.data() + token.text.size();
    const char* const begin = token.text.data() + (token.text.starts_with('+') ? 1 : 0);
    if (token.kind == Kind::string || (token.kind == Kind::identifier && is_quoted(token.text))) {
      clause.value = unquoted(token.text);
    } else if (token.kind == Kind::integer || token.kind == Kind::real) {
      std::int64_t whole = 0;
      const bool fits =
          token.kind == Kind::integer && std::from_chars(begin, end, whole).ec == std::errc();
      double number = 0.0;
      if (!fits) std::from_chars(begin, end, number);
      clause.value = fits ? FilterValue(whole) : FilterValue(number);
    } else {
      return expected("a quoted text or a number");
    }
    ++at_;
    return {};
  }

  Result<void> list(FilterClause& clause) {
    if (here().kind != Kind::open) return expected("a list such as ('a', 'b')");
    ++at_;
    std::vector<std::string> texts;
    while (here().kind != Kind::close) {
      const bool text = here().kind == Kind::string ||
                        (here().kind == Kind::identifier && is_quoted(here().text));
      if (!text) return expected("a quoted text");
      texts.push_back(unquoted(here().text));
      ++at_;
      if (here().kind != Kind::close && here().kind != Kind::comma) return expected("',' or ')'");
      if (here().kind == Kind::comma) ++at_;
    }
    if (texts.empty()) return expected("a quoted text");
    ++at_;
    clause.value = std::move(texts);
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
  if (!tokens) return std::move(tokens).error();
  Result<OrderClause> order = Parser(text, std::move(*tokens)).order();
  if (order) return order;
  return Error{ErrorCode::invalid_argument,
               "Invalid order_by clause '" + std::string(text) + "': " + order.error().message};
}

}  // namespace liquid::tracking
