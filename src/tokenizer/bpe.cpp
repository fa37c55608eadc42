#include "tokenizer/bpe.h"

#include <algorithm>
#include <optional>
#include <queue>
#include <tuple>
#include <utility>

#include "base/digest.h"
#include "tokenizer/byte_alphabet.h"

namespace liquid::tokenizer {
namespace {

/// Up to here looking for the best pair again after each merge beats a heap.
constexpr std::size_t kShort = 48;

std::unordered_map<std::string_view, TokenId> index_of(const TokenizerSpec& spec) {
  std::unordered_map<std::string_view, TokenId> index;
  index.reserve(spec.vocabulary.size());
  for (const auto& [token, id] : spec.vocabulary) index.emplace(token, id);
  return index;
}

/// Symbols of a long piece as a list through an array: a merge takes its right side out.
class SymbolList {
 public:
  static constexpr std::size_t kEnd = SIZE_MAX;

  explicit SymbolList(std::vector<TokenId> ids) : ids_(std::move(ids)), links_(ids_.size()) {
    for (std::size_t at = 0; at < links_.size(); ++at) {
      links_[at] = {at == 0 ? kEnd : at - 1, at + 1 == links_.size() ? kEnd : at + 1};
    }
  }

  TokenId id(std::size_t at) const { return ids_[at]; }
  std::size_t before(std::size_t at) const { return links_[at].before; }
  std::size_t after(std::size_t at) const { return links_[at].after; }

  void merge(std::size_t at, TokenId token) {
    const std::size_t gone = links_[at].after;
    ids_[at] = token;
    ids_[gone] = -1;
    links_[at].after = links_[gone].after;
    if (links_[gone].after != kEnd) links_[links_[gone].after].before = at;
  }

 private:
  struct Link {
    std::size_t before;
    std::size_t after;
  };
  std::vector<TokenId> ids_;
  std::vector<Link> links_;
};

struct Candidate {
  std::uint32_t rank;
  std::size_t at;
  TokenId left;
  TokenId right;
  TokenId token;

  bool operator>(const Candidate& other) const {
    return std::tie(rank, at) > std::tie(other.rank, other.at);
  }
};
using Agenda = std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>>;

void offer(Agenda& agenda, const MergeTable& merges, const SymbolList& symbols, std::size_t at) {
  const std::size_t next = at == SymbolList::kEnd ? at : symbols.after(at);
  if (next == SymbolList::kEnd) return;
  const Merge merge = merges.find(symbols.id(at), symbols.id(next));
  if (merge.rank == kNoRank) return;
  agenda.push({merge.rank, at, symbols.id(at), symbols.id(next), merge.token});
}

bool stands(const SymbolList& symbols, const Candidate& candidate) {
  if (symbols.id(candidate.at) != candidate.left) return false;
  const std::size_t next = symbols.after(candidate.at);
  return next != SymbolList::kEnd && symbols.id(next) == candidate.right;
}

}  // namespace

std::size_t BpeModel::BytesHash::operator()(std::string_view bytes) const {
  return static_cast<std::size_t>(hash64(bytes));
}

BpeModel::BpeModel(const TokenizerSpec& spec)
    : ignore_merges_(spec.ignore_merges),
      merges_(spec.merges.size()),
      bytes_(std::make_unique<std::string>()) {
  const auto index = index_of(spec);
  byte_tokens_.fill(-1);
  for (unsigned byte = 0; byte < byte_tokens_.size(); ++byte) {
    const char c = static_cast<char>(byte);
    const auto found = index.find(to_letters({&c, 1}));
    if (found != index.end()) byte_tokens_[byte] = found->second;
  }
  std::string joined;
  for (std::uint32_t rank = 0; rank < spec.merges.size(); ++rank) {
    const auto& [left, right] = spec.merges[rank];
    joined.assign(left).append(right);
    merges_.insert(index.at(left), index.at(right), {rank, index.at(joined)});
  }
  if (!ignore_merges_) return;
  std::vector<std::tuple<std::size_t, std::size_t, TokenId>> places;
  for (const auto& [token, id] : spec.vocabulary) {
    const std::optional<std::string> bytes = from_letters(token);
    if (!bytes) continue;
    places.emplace_back(bytes_->size(), bytes->size(), id);
    bytes_->append(*bytes);
  }
  whole_.reserve(places.size());
  for (const auto& [begin, size, id] : places) {
    whole_.emplace(std::string_view(*bytes_).substr(begin, size), id);
  }
}

void BpeModel::encode(std::string_view piece, std::vector<TokenId>& ids) const {
  if (ignore_merges_) {
    const auto found = whole_.find(piece);
    if (found != whole_.end()) {
      ids.push_back(found->second);
      return;
    }
  }
  const std::size_t from = ids.size();
  for (const char byte : piece) {
    const TokenId token = byte_tokens_[static_cast<unsigned char>(byte)];
    if (token >= 0) ids.push_back(token);
  }
  if (ids.size() - from <= kShort) {
    merge_short(ids, from);
  } else {
    merge_long(ids, from);
  }
}

/// Applies the best merge, the leftmost of equals, until there is none.
void BpeModel::merge_short(std::vector<TokenId>& ids, std::size_t from) const {
  std::array<Merge, kShort> merges;  // merges[i]: of symbols i and i + 1
  TokenId* symbols = ids.data() + from;
  std::size_t count = ids.size() - from;
  for (std::size_t i = 0; i + 1 < count; ++i) merges[i] = merges_.find(symbols[i], symbols[i + 1]);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      if (merges[i].rank < merges[best].rank) best = i;
    }
    if (merges[best].rank == kNoRank) break;
    symbols[best] = merges[best].token;
    std::copy(symbols + best + 2, symbols + count, symbols + best + 1);
    --count;
    if (best + 1 < count) {
      std::copy(merges.begin() + static_cast<std::ptrdiff_t>(best) + 2,
                merges.begin() + static_cast<std::ptrdiff_t>(count),
                merges.begin() + static_cast<std::ptrdiff_t>(best) + 1);
      merges[best] = merges_.find(symbols[best], symbols[best + 1]);
    }
    if (best > 0) merges[best - 1] = merges_.find(symbols[best - 1], symbols[best]);
  }
  ids.resize(from + count);
}

/// The same by a heap of candidates: a long run of letters or blanks costs n·log n.
void BpeModel::merge_long(std::vector<TokenId>& ids, std::size_t from) const {
  const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(from);
  SymbolList symbols(std::vector<TokenId>(begin, ids.end()));
  Agenda agenda;
  for (std::size_t at = 0; at + from < ids.size(); ++at) offer(agenda, merges_, symbols, at);
  while (!agenda.empty()) {
    const Candidate best = agenda.top();
    agenda.pop();
    if (!stands(symbols, best)) continue;
    symbols.merge(best.at, best.token);
    offer(agenda, merges_, symbols, symbols.before(best.at));
    offer(agenda, merges_, symbols, best.at);
  }
  ids.resize(from);
  for (std::size_t at = 0; at != SymbolList::kEnd; at = symbols.after(at)) {
    ids.push_back(symbols.id(at));
  }
}

}  // namespace liquid::tokenizer
