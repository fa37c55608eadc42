#include "tokenizer/added_tokens.h"

#include <algorithm>

#include "tokenizer/unicode_classes.h"

namespace liquid::tokenizer {
namespace {

std::uint8_t bits_at(std::string_view text, std::size_t at) {
  return UnicodeClasses::table()[scalar_at(text, at).value];
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  const bool before = begin > 0 && (bits_at(text, start_of_last_scalar(text, begin)) & kWord) != 0;
  return !before && (end == text.size() || (bits_at(text, end) & kWord) == 0);
}

std::size_t white_space_begin(std::string_view text, std::size_t end) {
  while (end > 0) {
    const std::size_t last = start_of_last_scalar(text, end);
    if ((bits_at(text, last) & kSpace) == 0) break;
    end = last;
  }
  return end;
}

std::size_t white_space_end(std::string_view text, std::size_t at) {
  while (at < text.size() && (bits_at(text, at) & kSpace) != 0) at += scalar_at(text, at).length;
  return at;
}

bool touches(std::span<const TextRange> ranges, std::size_t begin, std::size_t end) {
  const auto first = std::partition_point(
      ranges.begin(), ranges.end(), [&](const TextRange& range) { return range.end <= begin; });
  return first != ranges.end() && first->begin < end;
}

}  // namespace

void AddedTokens::Tree::insert(std::string_view content, std::uint32_t token) {
  first_[static_cast<unsigned char>(content.front())] = true;
  std::uint32_t node = 0;
  for (const char byte : content) {
    std::uint32_t next = child(node, byte);
    if (next == 0) {
      next = static_cast<std::uint32_t>(nodes_.size());
      nodes_[node].children.emplace_back(byte, next);
      nodes_.emplace_back();
    }
    node = next;
  }
  nodes_[node].token = token;
}

/// 0 when there is none: nothing leads back to the root.
std::uint32_t AddedTokens::Tree::child(std::uint32_t node, char byte) const {
  for (const auto& [label, next] : nodes_[node].children) {
    if (label == byte) return next;
  }
  return 0;
}

std::int64_t AddedTokens::Tree::longest(std::string_view text) const {
  std::int64_t found = -1;
  std::uint32_t node = 0;
  for (const char byte : text) {
    node = child(node, byte);
    if (node == 0) break;
    if (nodes_[node].token >= 0) found = nodes_[node].token;
  }
  return found;
}

AddedTokens::AddedTokens(const std::vector<AddedToken>& tokens) : tokens_(tokens) {
  for (std::uint32_t i = 0; i < tokens_.size(); ++i) {
    (tokens_[i].normalized ? normalized_ : exact_).insert(tokens_[i].content, i);
  }
}

void AddedTokens::cut(const Tree& tree, std::string_view text, const Section& part,
                      std::span<const TextRange> literal, std::vector<Section>& sections) const {
  const std::string_view own = text.substr(part.begin, part.end - part.begin);
  std::size_t done = 0;
  for (std::size_t at = 0; at < own.size();) {
    const std::int64_t found = tree.starts(own[at]) ? tree.longest(own.substr(at)) : -1;
    if (found < 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<std::size_t>(found)];
    std::size_t begin = at;
    std::size_t end = at + token.content.size();
    at = end;
    if (token.special && touches(literal, part.begin + begin, part.begin + end)) continue;
    if (token.single_word && !stands_alone(own, begin, end)) continue;
    if (token.lstrip) begin = std::max(white_space_begin(own, begin), done);
    if (token.rstrip) end = white_space_end(own, end);
    if (done < begin) sections.push_back({part.begin + done, part.begin + begin, -1});
    // Nothing is left of a token whose white space the one before it has taken.
    if (begin < end) sections.push_back({part.begin + begin, part.begin + end, token.id});
    done = end;
  }
  if (done < own.size()) sections.push_back({part.begin + done, part.end, -1});
}

std::vector<Section> AddedTokens::sections(std::string_view text,
                                           std::span<const TextRange> literal) const {
  std::vector<Section> sections;
  cut(exact_, text, {0, text.size(), -1}, literal, sections);
  if (normalized_.empty()) return sections;
  std::vector<Section> finer;
  for (const Section& section : sections) {
    if (section.token >= 0) {
      finer.push_back(section);
    } else {
      cut(normalized_, text, section, literal, finer);
    }
  }
  return finer;
}

}  // namespace liquid::tokenizer
