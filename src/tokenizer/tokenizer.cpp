#include "tokenizer/tokenizer.h"

#include <algorithm>
#include <unordered_map>

#include "base/file.h"
#include "base/guarded.h"
#include "base/unicode.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/bpe.h"
#include "tokenizer/byte_alphabet.h"
#include "tokenizer/folder.h"
#include "tokenizer/piece_cache.h"
#include "tokenizer/repair_utf8.h"
#include "tokenizer/spec.h"

namespace liquid::tokenizer {
namespace {

/// Caches wait here for the next call that encodes: as many as calls ever ran at the same time.
class CachePool {
 public:
  PieceCache take() {
    std::optional<PieceCache> cache = idle_.with([](Idle& idle) -> std::optional<PieceCache> {
      if (idle.empty()) return std::nullopt;
      std::optional<PieceCache> last = std::move(idle.back());
      idle.pop_back();
      return last;
    });
    return cache ? *std::move(cache) : PieceCache();
  }
  void give(PieceCache cache) {
    idle_.with([&](Idle& idle) { idle.push_back(std::move(cache)); });
  }

 private:
  using Idle = std::vector<PieceCache>;
  Guarded<Idle> idle_;
};

/// A token as it stands in the files, and the bytes it decodes to.
struct Entry {
  std::string_view token;
  std::string bytes;
  TokenKind kind = TokenKind::unused;
};

Digest digest_of(const TokenizerSpec& spec) {
  DigestBuilder digest;
  digest.field("liquid tokenizer 1").field(regex_of(spec.pattern));
  digest.field(std::uint64_t{spec.ignore_merges}).field(spec.vocabulary.size());
  for (const auto& [token, id] : spec.vocabulary) {
    digest.field(token).field(static_cast<std::uint64_t>(id));
  }
  digest.field(spec.merges.size());
  for (const auto& [left, right] : spec.merges) digest.field(left).field(right);
  std::vector<AddedToken> added = spec.added;
  std::sort(added.begin(), added.end(),
            [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  digest.field(added.size());
  for (const AddedToken& token : added) {
    digest.field(token.content).field(static_cast<std::uint64_t>(token.id));
    for (const bool flag :
         {token.special, token.single_word, token.lstrip, token.rstrip, token.normalized}) {
      digest.field(std::uint64_t{flag});
    }
  }
  for (const auto* side : {&spec.prefix, &spec.suffix}) {
    digest.field(side->size());
    for (const TokenId id : *side) digest.field(static_cast<std::uint64_t>(id));
  }
  return digest.finish();
}

TokenId greatest_id(const TokenizerSpec& spec) {
  TokenId greatest = -1;
  if (!spec.vocabulary.empty()) greatest = spec.vocabulary.back().second;
  for (const AddedToken& token : spec.added) greatest = std::max(greatest, token.id);
  return greatest;
}

std::vector<Entry> entries_of(const TokenizerSpec& spec) {
  std::vector<Entry> entries(static_cast<std::size_t>(greatest_id(spec) + 1));
  const auto put = [&](std::string_view token, TokenId id, TokenKind kind) {
    // An added token goes through the decoder too: one made of letters of the byte alphabet is
    // decoded to the bytes they stand for.
    entries[static_cast<std::size_t>(id)] = {
        token, from_letters(token).value_or(std::string(token)), kind};
  };
  for (const auto& [token, id] : spec.vocabulary) put(token, id, TokenKind::normal);
  for (const AddedToken& token : spec.added) {
    put(token.content, token.id, token.special ? TokenKind::control : TokenKind::user_defined);
  }
  return entries;
}

}  // namespace

struct Tokenizer::State {
  State(TokenizerSpec read, const TokenizerConfig& config)
      : spec(std::move(read)),
        splitter(spec.pattern),
        model(spec),
        added(spec.added),
        entries(entries_of(spec)),
        digest(digest_of(spec)),
        chat_template(config.chat_template) {
    ids.reserve(entries.size());
    for (std::size_t id = 0; id < entries.size(); ++id) {
      if (entries[id].kind == TokenKind::unused) continue;
      ids.emplace(entries[id].token, static_cast<TokenId>(id));
    }
    bos = id_named(config.bos);
    eos = id_named(config.eos);
    pad = id_named(config.pad);
  }

  std::optional<TokenId> id_named(const std::optional<std::string>& token) const {
    const auto found = token ? ids.find(*token) : ids.end();
    return found == ids.end() ? std::nullopt : std::optional(found->second);
  }

  const Entry* entry(TokenId id) const {
    const auto at = static_cast<std::size_t>(id);
    return id < 0 || at >= entries.size() ? nullptr : &entries[at];
  }

  void encode_ordinary(std::string_view text, PieceCache& cache, std::vector<TokenId>& out) const;
  void span_ordinary(std::string_view text, std::size_t offset, std::vector<TokenSpan>& out) const;

  TokenizerSpec spec;
  Splitter splitter;
  BpeModel model;
  AddedTokens added;
  std::vector<Entry> entries;  // by id; tokens are views into `spec`
  std::unordered_map<std::string_view, TokenId> ids;
  Digest digest;
  std::string chat_template;
  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  std::optional<TokenId> pad;
  mutable CachePool caches;
};

void Tokenizer::State::encode_ordinary(std::string_view text, PieceCache& cache,
                                       std::vector<TokenId>& out) const {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = splitter.piece_end(text, at);
    const std::string_view piece = text.substr(at, end - at);
    at = end;
    if (!PieceCache::fits(piece)) {
      model.encode(piece, out);
      continue;
    }
    const PieceCache::Key key = PieceCache::key_of(piece);
    const std::span<const TokenId> known = cache.find(key);
    if (!known.empty()) {
      out.insert(out.end(), known.begin(), known.end());
      continue;
    }
    const std::size_t from = out.size();
    model.encode(piece, out);
    cache.insert(key, std::span(out).subspan(from));
  }
}

/// Tokens of a piece cover its bytes in order, except for bytes that no token stands for.
void Tokenizer::State::span_ordinary(std::string_view text, std::size_t offset,
                                     std::vector<TokenSpan>& out) const {
  std::vector<TokenId> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = splitter.piece_end(text, at);
    tokens.clear();
    model.encode(text.substr(at, end - at), tokens);
    const auto vanishes = [&](std::size_t place) {
      return model.token_of_byte(static_cast<std::uint8_t>(text[place])) < 0;
    };
    for (const TokenId id : tokens) {
      while (vanishes(at)) ++at;
      const std::size_t begin = at;
      for (std::size_t left = entry(id)->bytes.size(); left > 0; ++at) {
        if (!vanishes(at)) --left;
      }
      out.push_back({id, offset + begin, offset + at});
    }
    at = end;
  }
}

Result<Tokenizer> Tokenizer::open(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "tokenizer.json";
  const Result<std::string> text = read_file(file);
  if (!text) return text.error();
  Result<TokenizerSpec> spec = read_tokenizer_json(*text);
  if (!spec) return std::move(spec).error().with_context(file.string());
  const Result<TokenizerConfig> config = read_config_files(folder);
  if (!config) return config.error();
  if (Result<void> applied = apply_config(*config, *spec); !applied) {
    return std::move(applied).error().with_context(folder.string());
  }
  return Tokenizer(std::make_shared<const State>(*std::move(spec), *config));
}

Result<Tokenizer> Tokenizer::parse(std::string_view tokenizer_json) {
  Result<TokenizerSpec> spec = read_tokenizer_json(tokenizer_json);
  if (!spec) return std::move(spec).error();
  TokenizerConfig config;
  if (spec->prefix.size() == 1) {
    for (const AddedToken& token : spec->added) {
      if (token.id == spec->prefix.front()) config.bos = token.content;
    }
  }
  return Tokenizer(std::make_shared<const State>(*std::move(spec), config));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, SpecialTokens special) const {
  std::string repaired;
  if (!is_valid_utf8(text)) {
    repaired = repair_utf8(text);
    text = repaired;
  }
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 3 + 2);
  const bool around = special == SpecialTokens::add;
  if (around) ids = state_->spec.prefix;
  PieceCache cache = state_->caches.take();
  for (const Section& section : state_->added.sections(text, {})) {
    if (section.token >= 0) {
      ids.push_back(section.token);
    } else {
      state_->encode_ordinary(text.substr(section.begin, section.end - section.begin), cache, ids);
    }
  }
  state_->caches.give(std::move(cache));
  if (around) ids.insert(ids.end(), state_->spec.suffix.begin(), state_->spec.suffix.end());
  return ids;
}

std::vector<TokenSpan> Tokenizer::encode_spans(std::string_view text,
                                               std::span<const TextRange> literal) const {
  std::vector<TokenSpan> spans;
  for (const Section& section : state_->added.sections(text, literal)) {
    if (section.token >= 0) {
      spans.push_back({section.token, section.begin, section.end});
    } else {
      state_->span_ordinary(text.substr(section.begin, section.end - section.begin), section.begin,
                            spans);
    }
  }
  return spans;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, DecodeSpecial special) const {
  std::string bytes;
  for (const TokenId id : ids) {
    const Entry* entry = state_->entry(id);
    if (entry == nullptr) continue;
    if (special == DecodeSpecial::skip && entry->kind == TokenKind::control) continue;
    bytes.append(entry->bytes);
  }
  return is_valid_utf8(bytes) ? bytes : repair_utf8(bytes);
}

std::optional<TokenId> Tokenizer::id_of(std::string_view token) const {
  const auto found = state_->ids.find(token);
  return found == state_->ids.end() ? std::nullopt : std::optional(found->second);
}

std::string_view Tokenizer::token(TokenId id) const {
  const Entry* entry = state_->entry(id);
  return entry == nullptr ? std::string_view() : entry->token;
}

TokenKind Tokenizer::kind(TokenId id) const {
  const Entry* entry = state_->entry(id);
  return entry == nullptr ? TokenKind::unused : entry->kind;
}

std::size_t Tokenizer::size() const { return state_->entries.size(); }

std::optional<TokenId> Tokenizer::bos() const { return state_->bos; }
std::optional<TokenId> Tokenizer::eos() const { return state_->eos; }
std::optional<TokenId> Tokenizer::pad() const { return state_->pad; }
std::span<const TokenId> Tokenizer::prefix() const { return state_->spec.prefix; }
std::span<const TokenId> Tokenizer::suffix() const { return state_->spec.suffix; }

std::vector<std::pair<std::string_view, std::string_view>> Tokenizer::merges() const {
  return {state_->spec.merges.begin(), state_->spec.merges.end()};
}

std::string_view Tokenizer::chat_template() const { return state_->chat_template; }
const Digest& Tokenizer::digest() const { return state_->digest; }

}  // namespace liquid::tokenizer
