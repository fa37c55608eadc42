#include "tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <thread>

#include "base/file.h"

namespace liquid::tokenizer {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path kTiny =
    std::filesystem::path(LIQUID_SOURCE_DIR) / "tests/data/lfm2-tiny";

std::string file_text(const std::filesystem::path& path) {
  Result<std::string> text = read_file(path);
  EXPECT_TRUE(text) << path;
  return std::move(text).value_or("");
}

const Tokenizer& tiny() {
  static const Result<Tokenizer> opened = Tokenizer::open(kTiny);
  EXPECT_TRUE(opened) << opened.error().message;
  return *opened;
}

const json::object& cases() {
  static const json::value parsed = json::parse(file_text(kTiny / "tokenizer_cases.json"));
  return parsed.get_object();
}

std::vector<TokenId> ids_of(const json::value& list) {
  return json::value_to<std::vector<TokenId>>(list);
}

std::string text_of(const json::value& value) { return std::string(value.get_string()); }

/// The tiny tokenizer.json with something changed.
template <typename Change>
Result<Tokenizer> changed(Change change) {
  json::value file = json::parse(file_text(kTiny / "tokenizer.json"));
  change(file.get_object());
  return Tokenizer::parse(json::serialize(file));
}

json::object added(std::string_view content, int id) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", false}};
}

TEST(Tokenizer, EncodesEveryTextOfTheFixture) {
  std::size_t seen = 0;
  for (const char* list : {"cases", "fuzz"}) {
    for (const json::value& item : cases().at(list).get_array()) {
      const std::string text = text_of(item.at("text"));
      EXPECT_EQ(tiny().encode(text, SpecialTokens::leave_out), ids_of(item.at("ids"))) << text;
      ++seen;
    }
  }
  EXPECT_EQ(seen, 488U);
}

TEST(Tokenizer, AddsTheBeginningWhenAsked) {
  for (const json::value& item : cases().at("cases").get_array()) {
    const std::string text = text_of(item.at("text"));
    EXPECT_EQ(tiny().encode(text, SpecialTokens::add), ids_of(item.at("ids_bos"))) << text;
  }
}

TEST(Tokenizer, DecodesEveryCaseOfTheFixture) {
  std::size_t seen = 0;
  for (const char* list : {"cases", "decode"}) {
    for (const json::value& item : cases().at(list).get_array()) {
      const std::vector<TokenId> ids = ids_of(item.at("ids"));
      EXPECT_EQ(tiny().decode(ids, DecodeSpecial::keep), text_of(item.at("decoded")));
      EXPECT_EQ(tiny().decode(ids, DecodeSpecial::skip), text_of(item.at("decoded_skip_special")));
      ++seen;
    }
  }
  EXPECT_EQ(seen, 96U);
}

TEST(Tokenizer, SaysWhichBytesEachTokenCameFrom) {
  for (const char* list : {"cases", "fuzz"}) {
    for (const json::value& item : cases().at(list).get_array()) {
      const std::string text = text_of(item.at("text"));
      std::vector<TokenId> ids;
      std::size_t at = 0;
      for (const TokenSpan& span : tiny().encode_spans(text)) {
        EXPECT_EQ(span.begin, at) << text;
        at = span.end;
        ids.push_back(span.id);
      }
      EXPECT_EQ(at, text.size());
      EXPECT_EQ(ids, ids_of(item.at("ids"))) << text;
    }
  }
}

TEST(Tokenizer, KnowsTheRolesAndKindsOfItsTokens) {
  EXPECT_EQ(tiny().size(), 502U);
  EXPECT_EQ(tiny().pad(), 0);
  EXPECT_EQ(tiny().bos(), 1);
  EXPECT_EQ(tiny().eos(), 7);
  EXPECT_THAT(tiny().prefix(), ElementsAre(1));
  EXPECT_TRUE(tiny().suffix().empty());
  EXPECT_EQ(tiny().kind(7), TokenKind::control);
  EXPECT_EQ(tiny().kind(500), TokenKind::user_defined);
  EXPECT_EQ(tiny().kind(498), TokenKind::normal);
  EXPECT_EQ(tiny().kind(502), TokenKind::unused);
  EXPECT_EQ(tiny().token(498), "Ġzebrawood");
  EXPECT_EQ(tiny().id_of("Ġzebrawood"), 498);
  EXPECT_EQ(tiny().id_of("</think>"), 501);
  EXPECT_EQ(tiny().id_of("zebrawood"), std::nullopt);
  EXPECT_EQ(tiny().token(-1), "");
  EXPECT_EQ(tiny().merges().size(), 226U);
  EXPECT_EQ(tiny().merges().front(), (std::pair<std::string_view, std::string_view>("e", "r")));
  EXPECT_THAT(std::string(tiny().chat_template()), HasSubstr("bos_token"));
}

TEST(Tokenizer, SpecialTokensInsideALiteralRangeAreText) {
  const std::string text = "a<|im_end|>b<|im_end|><think>";
  const std::vector<TextRange> literal{{1, 11}, {22, 29}};
  std::vector<TokenId> ids;
  for (const TokenSpan& span : tiny().encode_spans(text, literal)) ids.push_back(span.id);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 7), 1);
  EXPECT_EQ(ids.back(), 500) << "a token that is not special stays one";
  EXPECT_EQ(tiny().decode(ids, DecodeSpecial::skip), "a<|im_end|>b<think>");
}

TEST(Tokenizer, ReadsWrongBytesAsReplacementCharacters) {
  EXPECT_EQ(tiny().encode("a\xE2\x82z\xFF", SpecialTokens::leave_out),
            tiny().encode("a\uFFFDz\uFFFD", SpecialTokens::leave_out));
}

TEST(Tokenizer, LeavesOutIdsWithoutAToken) {
  const std::vector<TokenId> ids{-5, 55, 511, 1'000'000'000, 88};
  EXPECT_EQ(tiny().decode(ids, DecodeSpecial::keep), "Hi");
}

TEST(Tokenizer, ManyThreadsEncodeWithTheSameOne) {
  const auto& all = cases().at("fuzz").get_array();
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (std::size_t thread = 0; thread < wrong.size(); ++thread) {
    threads.emplace_back([&, thread] {
      for (const json::value& item : all) {
        const auto ids = tiny().encode(text_of(item.at("text")), SpecialTokens::leave_out);
        if (ids != ids_of(item.at("ids"))) ++wrong[thread];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, testing::Each(0));
}

TEST(Tokenizer, LongPiecesMergeLikeShortOnes) {
  // " the" is one token; a run of letters without a break is one piece, whatever its length.
  for (const std::size_t times : {1U, 12U, 13U, 500U}) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += "word";
    const std::vector<TokenId> ids = tiny().encode(text, SpecialTokens::leave_out);
    const std::vector<TokenId> one = tiny().encode("word", SpecialTokens::leave_out);
    ASSERT_EQ(ids.size(), one.size() * times);
    EXPECT_EQ(ids.back(), one.back());
    EXPECT_EQ(tiny().decode(ids, DecodeSpecial::keep), text);
  }
}

TEST(Tokenizer, TheDigestTellsTokenizersApart) {
  const Result<Tokenizer> same = changed([](json::object&) {});
  ASSERT_TRUE(same);
  EXPECT_EQ(same->digest(), tiny().digest());
  const auto without_merge =
      changed([](json::object& file) { file["model"].at("merges").get_array().pop_back(); });
  ASSERT_TRUE(without_merge) << without_merge.error().message;
  EXPECT_NE(without_merge->digest(), tiny().digest());
  const auto merging =
      changed([](json::object& file) { file["model"].at("ignore_merges") = false; });
  ASSERT_TRUE(merging);
  EXPECT_NE(merging->digest(), tiny().digest());
  EXPECT_EQ(merging->encode("QQQ", SpecialTokens::leave_out).size(), 3U);
}

TEST(Tokenizer, AddedTokensTakeWhiteSpaceAndWordBordersIntoAccount) {
  const auto tokenizer = changed([](json::object& file) {
    json::array& tokens = file["added_tokens"].get_array();
    tokens.push_back(added("<L>", 502));
    tokens.back().at("lstrip") = true;
    tokens.push_back(added("<R>", 503));
    tokens.back().at("rstrip") = true;
    tokens.push_back(added("<W>", 504));
    tokens.back().at("single_word") = true;
    tokens.push_back(added("<think>x", 505));
    tokens.back().at("normalized") = true;
  });
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const auto ids = [&](std::string_view text) {
    return tokenizer->encode(text, SpecialTokens::leave_out);
  };
  EXPECT_THAT(ids("  <L>"), ElementsAre(502));
  EXPECT_THAT(ids("<R> \u3000"), ElementsAre(503));
  EXPECT_THAT(ids("-<W>."), ElementsAre(28, 504, 29));
  EXPECT_EQ(ids("é<W>").size(), 5U) << "a word character stands beside it";
  EXPECT_EQ(ids("<think>x").front(), 500) << "others first, although this one is longer";
}

TEST(Tokenizer, BytesThatNoTokenStandsForVanish) {
  const auto tokenizer = changed([](json::object& file) {
    json::object& model = file["model"].get_object();
    json::object& vocabulary = model["vocab"].get_object();
    const std::int64_t id = vocabulary.at("Ã").get_int64();
    vocabulary.erase("Ã");
    vocabulary["no byte"] = id;
    json::array fewer;
    for (const json::value& merge : model["merges"].get_array()) {
      const json::array& pair = merge.get_array();
      const std::string both = text_of(pair[0]) + text_of(pair[1]);
      if (both.find("Ã") == std::string::npos) fewer.push_back(merge);
    }
    model["merges"] = fewer;
  });
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const std::vector<TokenSpan> spans = tokenizer->encode_spans("aéb");
  ASSERT_EQ(spans.size(), 3U);
  EXPECT_EQ(tokenizer->token(spans[1].id), "©");
  EXPECT_EQ(spans[1], (TokenSpan{spans[1].id, 2, 3}));
}

// ---------------------------------------------------------------------------------- refusals

struct Refusal {
  const char* name;
  std::function<void(json::object&)> change;
  ErrorCode code;
  const char* says;
};

class RefusedTokenizer : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedTokenizer, SaysWhatItIs) {
  const Result<Tokenizer> tokenizer = changed(GetParam().change);
  ASSERT_FALSE(tokenizer);
  EXPECT_EQ(tokenizer.error().code, GetParam().code);
  EXPECT_THAT(tokenizer.error().message, HasSubstr(GetParam().says));
}

json::object& split_of(json::object& file) {
  return file["pre_tokenizer"].at("pretokenizers").at(0).get_object();
}
json::object& bytes_of(json::object& file) {
  return file["pre_tokenizer"].at("pretokenizers").at(1).get_object();
}
json::array& merges_of(json::object& file) { return file["model"].at("merges").get_array(); }

constexpr ErrorCode kUnsupported = ErrorCode::unsupported;
constexpr ErrorCode kCorrupt = ErrorCode::data_corrupt;

const std::vector<Refusal> kRefusals{
    {"Version", [](auto& f) { f["version"] = "2.0"; }, kUnsupported, "version '2.0'"},
    {"TopLevelField", [](auto& f) { f["extra"] = 1; }, kUnsupported, "field 'extra'"},
    {"Normalizer",
     [](auto& f) {
       f["normalizer"] = {{"type", "NFC"}};
     },
     kUnsupported, "normalizer 'NFC' is not supported"},
    {"NormalizerSequence",
     [](auto& f) {
       f["normalizer"] = {{"type", "Sequence"},
                          {"normalizers", json::array{{{"type", "Lowercase"}}}}};
     },
     kUnsupported, "normalizer 'Lowercase'"},
    {"NoPreTokenizer", [](auto& f) { f["pre_tokenizer"] = nullptr; }, kUnsupported,
     "pre_tokenizer null"},
    {"PreTokenizer",
     [](auto& f) {
       f["pre_tokenizer"] = {{"type", "Metaspace"}};
     },
     kUnsupported, "pre_tokenizer 'Metaspace'"},
    {"Pattern",
     [](auto& f) {
       split_of(f)["pattern"] = {{"Regex", "[a-z]+"}};
     },
     kUnsupported, "'[a-z]+' is not supported"},
    {"StringPattern",
     [](auto& f) {
       split_of(f)["pattern"] = {{"String", " "}};
     },
     kUnsupported, "a Regex is expected"},
    {"Behavior", [](auto& f) { split_of(f)["behavior"] = "MergedWithPrevious"; }, kUnsupported,
     "'MergedWithPrevious'"},
    {"PrefixSpace", [](auto& f) { bytes_of(f)["add_prefix_space"] = true; }, kUnsupported,
     "add_prefix_space true"},
    {"TwoPatterns", [](auto& f) { bytes_of(f)["use_regex"] = true; }, kUnsupported,
     "use_regex true behind a Split"},
    {"NoDecoder", [](auto& f) { f["decoder"] = nullptr; }, kUnsupported, "decoder null"},
    {"Decoder",
     [](auto& f) {
       f["decoder"] = {{"type", "WordPiece"}};
     },
     kUnsupported, "decoder 'WordPiece'"},
    {"PostProcessor",
     [](auto& f) {
       f["post_processor"] = {{"type", "BertProcessing"}};
     },
     kUnsupported, "post_processor 'BertProcessing'"},
    {"Model", [](auto& f) { f["model"].at("type") = "Unigram"; }, kUnsupported,
     "model 'Unigram' is not supported"},
    {"ModelField", [](auto& f) { f["model"].get_object()["beams"] = 4; }, kUnsupported,
     "field 'model.beams'"},
    {"Dropout", [](auto& f) { f["model"].at("dropout") = 0.1; }, kUnsupported, "model.dropout"},
    {"Prefix", [](auto& f) { f["model"].at("continuing_subword_prefix") = "##"; }, kUnsupported,
     "continuing_subword_prefix"},
    {"Unknown",
     [](auto& f) {
       f["model"].at("unk_token") = "<|pad|>";
       f["model"].at("vocab").get_object().erase("\u0178");
       f["model"].at("vocab").get_object().erase("z");
     },
     kUnsupported, "model.unk_token"},
    {"AddedTokenField", [](auto& f) { f["added_tokens"].at(0).get_object()["casing"] = "lower"; },
     kUnsupported, "field 'added_tokens[0].casing'"},
    {"NoModel", [](auto& f) { f.erase("model"); }, kCorrupt, "model is missing"},
    {"Ids", [](auto& f) { f["model"].at("vocab").at("!") = 17; }, kCorrupt, "both have the id 17"},
    {"NegativeId", [](auto& f) { f["model"].at("vocab").at("!") = -1; }, kCorrupt, "the id of '!'"},
    {"HugeId", [](auto& f) { f["model"].at("vocab").at("!") = 2'000'000'000; }, kCorrupt,
     "the id of '!'"},
    {"Merge",
     [](auto& f) {
       merges_of(f).push_back({"Q", "zzz"});
     },
     kCorrupt, "merge 227, 'Q' and 'zzz', needs the token 'zzz'"},
    {"MergeResult", [](auto& f) { merges_of(f).push_back("Q !"); }, kCorrupt, "the token 'Q!'"},
    {"MergeShape", [](auto& f) { merges_of(f).push_back("a b c"); }, kCorrupt, "no pair of tokens"},
    {"AddedId", [](auto& f) { f["added_tokens"].get_array().push_back(added("<gap>", 600)); },
     kCorrupt, "'<gap>' has the id 600, its place gives it 502"},
    {"AddedTwice", [](auto& f) { f["added_tokens"].get_array().push_back(added("<think>", 500)); },
     kCorrupt, "'<think>' is there twice"},
    {"TemplateId",
     [](auto& f) {
       f["post_processor"]
           .at("processors")
           .at(1)
           .at("special_tokens")
           .at("<|startoftext|>")
           .at("ids") = json::array{900};
     },
     kCorrupt, "the id 900"},
};

INSTANTIATE_TEST_SUITE_P(Field, RefusedTokenizer, testing::ValuesIn(kRefusals),
                         [](const auto& row) { return row.param.name; });

TEST(Tokenizer, AFileThatIsNoJsonIsRefused) {
  for (const char* text : {"", "{", "[]", "null", "{\"model\":3}"}) {
    const Result<Tokenizer> tokenizer = Tokenizer::parse(text);
    ASSERT_FALSE(tokenizer) << text;
  }
}

// ------------------------------------------------------------------------- accepted variants

TEST(Tokenizer, MergesMayBeWrittenAsLines) {
  const auto tokenizer = changed([](json::object& file) {
    json::array lines{"#version: 0.2"};
    for (const json::value& merge : merges_of(file)) {
      lines.push_back(json::string(text_of(merge.at(0)) + " " + text_of(merge.at(1))));
    }
    file["model"].at("merges") = lines;
  });
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->digest(), tiny().digest());
}

TEST(Tokenizer, FeaturesThatChangeNothingAreAccepted) {
  const auto tokenizer = changed([](json::object& file) {
    file["truncation"] = {{"max_length", 8}};
    file["normalizer"] = {{"type", "Sequence"}, {"normalizers", json::array{}}};
    json::object& model = file["model"].get_object();
    model["dropout"] = 0.0;
    model["unk_token"] = "<|pad|>";
    model["byte_fallback"] = true;
    model["end_of_word_suffix"] = "";
    split_of(file)["behavior"] = "Removed";
    split_of(file)["invert"] = true;
  });
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->digest(), tiny().digest());
}

// ------------------------------------------------------------------------------- the folder

class TokenizerFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::filesystem::copy(kTiny / "tokenizer.json", folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const char* name, std::string_view text) const {
    std::ofstream(folder_ / name) << text;
  }

  std::filesystem::path folder_;
};

TEST_F(TokenizerFolder, NeedsNothingButTokenizerJson) {
  const Result<Tokenizer> tokenizer = Tokenizer::open(folder_);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->bos(), std::nullopt);
  EXPECT_THAT(tokenizer->prefix(), ElementsAre(1));
  EXPECT_EQ(tokenizer->chat_template(), "");
}

TEST_F(TokenizerFolder, AMissingTokenizerJsonIsNamed) {
  std::filesystem::remove(folder_ / "tokenizer.json");
  const Result<Tokenizer> tokenizer = Tokenizer::open(folder_);
  ASSERT_FALSE(tokenizer);
  EXPECT_EQ(tokenizer.error().code, ErrorCode::not_found);
  EXPECT_THAT(tokenizer.error().message, HasSubstr("tokenizer.json"));
}

TEST_F(TokenizerFolder, TheConfigDecidesWhatIsPutAround) {
  write("tokenizer_config.json",
        R"({"bos_token": {"content": "<|startoftext|>"}, "eos_token": "<|im_end|>",
            "add_bos_token": false, "add_eos_token": true})");
  const Result<Tokenizer> tokenizer = Tokenizer::open(folder_);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_TRUE(tokenizer->prefix().empty());
  EXPECT_THAT(tokenizer->suffix(), ElementsAre(7));
  EXPECT_EQ(tokenizer->bos(), 1);
}

TEST_F(TokenizerFolder, RolesMayStandInTheMap) {
  write("special_tokens_map.json", R"({"eos_token": {"content": "<|im_end|>"}, "pad_token": "!"})");
  const Result<Tokenizer> tokenizer = Tokenizer::open(folder_);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->eos(), 7);
  EXPECT_EQ(tokenizer->pad(), 16);
  EXPECT_EQ(tokenizer->kind(16), TokenKind::control) << "a token with a role is special";
}

TEST_F(TokenizerFolder, ATokenThatIsNotThereIsNamed) {
  write("tokenizer_config.json", R"({"bos_token": "<s>"})");
  const Result<Tokenizer> named = Tokenizer::open(folder_);
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code, ErrorCode::data_corrupt);
  EXPECT_THAT(named.error().message, HasSubstr("'<s>'"));
  write("tokenizer_config.json", R"({"added_tokens_decoder": {"502": {"content": "<new>"}}})");
  const Result<Tokenizer> declared = Tokenizer::open(folder_);
  ASSERT_FALSE(declared);
  EXPECT_THAT(declared.error().message, HasSubstr("'<new>' with the id 502"));
}

TEST_F(TokenizerFolder, TheTemplatesFileWinsOverTheConfig) {
  write(
      "tokenizer_config.json",
      R"({"chat_template": [{"name": "rag", "template": "r"}, {"name": "default", "template": "d"}]})");
  EXPECT_EQ(Tokenizer::open(folder_)->chat_template(), "d");
  write("chat_template.jinja", "own");
  EXPECT_EQ(Tokenizer::open(folder_)->chat_template(), "own");
}

TEST_F(TokenizerFolder, ABrokenConfigIsNamed) {
  write("tokenizer_config.json", "{");
  const Result<Tokenizer> tokenizer = Tokenizer::open(folder_);
  ASSERT_FALSE(tokenizer);
  EXPECT_EQ(tokenizer.error().code, ErrorCode::data_corrupt);
  EXPECT_THAT(tokenizer.error().message, HasSubstr("tokenizer_config.json"));
}

}  // namespace
}  // namespace liquid::tokenizer
