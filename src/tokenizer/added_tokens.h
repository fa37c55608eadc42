#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/spec.h"

namespace liquid::tokenizer {

/// A part of a text: an added token, or ordinary text when `token` is negative.
struct Section {
  std::size_t begin = 0;
  std::size_t end = 0;
  TokenId token = -1;
  bool operator==(const Section&) const = default;
};

/// Finds added tokens in a text: the leftmost, of those the longest; those that are not
/// `normalized` first, the others in what is left between them. Immutable; any thread.
class AddedTokens {
 public:
  explicit AddedTokens(const std::vector<AddedToken>& tokens);

  /// Cuts `text` (UTF-8) into sections in their order. Sections may overlap where two tokens claim
  /// the same white space, as in Hugging Face. Special tokens that touch `literal` (ascending,
  /// disjoint) are not seen.
  std::vector<Section> sections(std::string_view text, std::span<const TextRange> literal) const;

 private:
  /// Contents as a tree of bytes.
  class Tree {
   public:
    void insert(std::string_view content, std::uint32_t token);
    bool empty() const { return nodes_.size() <= 1; }
    bool starts(char byte) const { return first_[static_cast<unsigned char>(byte)]; }
    /// The longest content that `text` begins with; negative when there is none.
    std::int64_t longest(std::string_view text) const;

   private:
    struct Node {
      std::int64_t token = -1;
      std::vector<std::pair<char, std::uint32_t>> children;
    };
    std::uint32_t child(std::uint32_t node, char byte) const;

    std::array<bool, 256> first_{};
    std::vector<Node> nodes_{1};
  };

  void cut(const Tree& tree, std::string_view text, const Section& part,
           std::span<const TextRange> literal, std::vector<Section>& sections) const;

  std::vector<AddedToken> tokens_;
  Tree exact_;
  Tree normalized_;
};

}  // namespace liquid::tokenizer
