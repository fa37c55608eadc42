#include "search/segment.h"

#include <gmock/gmock.h>

#include <numeric>

#include "search/segment_builder.h"
#include "search/segment_codec.h"
#include "search/segment_merge.h"
#include "search/testing.h"

namespace liquid::search {
namespace {

using ::testing::ElementsAre;
using namespace liquid::search::testing;

Segment build(const std::vector<Sample>& samples, FieldWeights weights = {}) {
  Analyzer analyzer = Analyzer::create("english").value();
  SegmentBuilder builder(weights);
  std::int64_t row = 1;
  for (const Sample& made : samples) {
    builder.add({made.document.id.str(), made.document.path, {}, row}, made.chunks, analyzer);
    row += static_cast<std::int64_t>(made.chunks.size());
  }
  return builder.finish({.unit = weights.text});
}

Segment small() {
  return build({sample("b", {"red green", "green blue green"}, "Colours"), sample("a", {"red"})});
}

void expect_equal(const Segment& a, const Segment& b) {
  ASSERT_EQ(a.terms.size(), b.terms.size());
  for (std::size_t i = 0; i < a.terms.size(); ++i) EXPECT_EQ(a.terms[i], b.terms[i]);
  ASSERT_EQ(a.document_ids.size(), b.document_ids.size());
  for (std::size_t i = 0; i < a.document_ids.size(); ++i)
    EXPECT_EQ(a.document_ids[i], b.document_ids[i]);
  EXPECT_EQ(a.first_chunk, b.first_chunk);
  EXPECT_EQ(a.first_row, b.first_row);
  EXPECT_EQ(a.lengths, b.lengths);
  EXPECT_EQ(a.total_length, b.total_length);
  EXPECT_EQ(a.posting_begin, b.posting_begin);
  EXPECT_EQ(a.posting_chunks, b.posting_chunks);
  EXPECT_EQ(a.posting_weights, b.posting_weights);
  EXPECT_EQ(a.positions, b.positions);
  EXPECT_EQ(a.block_bound, b.block_bound);
}

TEST(Segment, SortsDocumentsAndNumbersTheirChunks) {
  const Segment segment = small();
  EXPECT_EQ(segment.document_ids[0], "a");
  EXPECT_EQ(segment.document_ids[1], "b");
  EXPECT_THAT(segment.first_chunk, ElementsAre(0, 1, 3));
  EXPECT_EQ(segment.row_of(0), 3);
  EXPECT_EQ(segment.row_of(1), 1);
  EXPECT_EQ(segment.row_of(2), 2);
  EXPECT_EQ(segment.document_of(2), 1U);
  EXPECT_EQ(segment.find_document("b"), 1U);
  EXPECT_FALSE(segment.find_document("c"));
}

TEST(Segment, FindsTermsWithTheirPostingsAndPositions) {
  const Segment segment = small();
  const std::optional<std::uint32_t> green = segment.find_term("green");
  ASSERT_TRUE(green);
  const PostingList list = segment.postings(*green);
  EXPECT_THAT(list.chunks, ElementsAre(1, 2));
  EXPECT_THAT(list.weights, ElementsAre(1, 2));
  std::vector<std::uint32_t> positions;
  segment.positions_of(*green, 1, positions);
  ASSERT_EQ(positions.size(), 2U);
  EXPECT_EQ(positions[1] - positions[0], 2U);  // "green blue green"
  EXPECT_FALSE(segment.find_term("yellow"));
  EXPECT_EQ(segment.lengths[2], 4U);  // with the title
}

TEST(Segment, TitleWordsCountByTheirWeight) {
  Settings settings;
  settings.title_weight = 2.5;
  const FieldWeights weights = FieldWeights::from(settings);
  EXPECT_EQ(weights.text, 2U);
  EXPECT_EQ(weights.title, 5U);
  const Segment segment = build({sample("a", {"red red blue"}, "red")}, weights);
  EXPECT_THAT(segment.postings(*segment.find_term("red")).weights, ElementsAre(9));
  EXPECT_THAT(segment.lengths, ElementsAre(11));
}

TEST(Segment, ABoundIsNeverBelowWhatItBounds) {
  Dice dice(3);
  std::vector<Sample> samples;
  for (int i = 0; i < 600; ++i) {
    std::string text;
    for (std::size_t words = 1 + dice(40); words > 0; --words)
      text += "w" + std::to_string(dice(9)) + " ";
    samples.push_back(sample(std::to_string(i), {text}));
  }
  const Segment segment = build(samples);
  for (const double change : {0.3, 0.99, 1.0, 1.01, 4.0}) {
    LengthNorm norm = segment.reference;
    norm.average *= change;
    for (std::uint32_t term = 0; term < segment.term_count(); ++term) {
      const PostingList list = segment.postings(term);
      for (std::size_t i = 0; i < list.chunks.size(); ++i) {
        const auto weight = static_cast<float>(list.weights[i]);
        const float impact =
            weight / (weight + static_cast<float>(norm(segment.lengths[list.chunks[i]])));
        EXPECT_LE(impact, segment.bound(list.block_bound[i / Segment::kBlockSize], norm));
        EXPECT_LE(impact, segment.bound(list.bound, norm));
      }
    }
  }
}

TEST(SegmentCodec, GivesBackWhatItWasGiven) {
  const Segment segment = small();
  const Result<Segment> decoded = decode_segment(encode_segment(segment));
  ASSERT_TRUE(decoded) << decoded.error().message;
  expect_equal(segment, *decoded);
  const Result<Segment> nothing = decode_segment(encode_segment(build({})));
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_EQ(nothing->chunk_count(), 0U);
}

TEST(SegmentCodec, PiecesAreTheWholeAndASinksErrorEndsThem) {
  std::vector<Sample> samples;
  for (int i = 0; i < 9'000; ++i) {
    samples.push_back(sample("document number " + std::to_string(i), {"w" + std::to_string(i)}));
  }
  const Segment segment = build(samples);
  std::vector<std::string> pieces;
  const Result<void> encoded = encode_segment(segment, [&](std::string_view piece) {
    pieces.emplace_back(piece);
    return Result<void>();
  });
  ASSERT_TRUE(encoded);
  EXPECT_GT(pieces.size(), 1U);
  EXPECT_EQ(std::accumulate(pieces.begin(), pieces.end(), std::string()), encode_segment(segment));

  std::size_t calls = 0;
  const Result<void> refused = encode_segment(segment, [&](std::string_view) {
    ++calls;
    return Result<void>(Error{ErrorCode::unavailable, "full"});
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(calls, 1U);
}

TEST(SegmentCodec, EveryTruncationIsCorrupt) {
  const std::string blob = encode_segment(small());
  for (std::size_t size = 0; size < blob.size(); ++size) {
    const Result<Segment> decoded = decode_segment(std::string_view(blob).substr(0, size));
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error().code, ErrorCode::data_corrupt) << size;
  }
  EXPECT_EQ(decode_segment(blob + "x").error().code, ErrorCode::data_corrupt);
}

TEST(SegmentCodec, AnyDamageIsSurvivedAndWhatIsAcceptedIsSafeToUse) {
  const std::string blob = encode_segment(small());
  Dice dice(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = blob;
    for (std::size_t flips = 1 + dice(3); flips > 0; --flips) {
      damaged[dice(damaged.size())] = static_cast<char>(dice(256));
    }
    const Result<Segment> decoded = decode_segment(damaged);
    if (!decoded) continue;
    std::vector<std::uint32_t> positions;
    for (std::uint32_t term = 0; term < decoded->term_count(); ++term) {
      for (std::uint32_t p = 0; p < decoded->document_frequency(term); ++p) {
        decoded->positions_of(term, p, positions);
        EXPECT_LT(decoded->postings(term).chunks[p], decoded->chunk_count());
      }
    }
  }
}

TEST(SegmentCodec, ANewerFormatIsUnsupported) {
  std::string blob = encode_segment(small());
  blob[4] = 2;
  EXPECT_EQ(decode_segment(blob).error().code, ErrorCode::unsupported);
}

TEST(SegmentMerge, EqualsBuildingAtOnceWithoutWhatIsGone) {
  const std::vector<Sample> first = {sample("a", {"red green", "blue"}),
                                     sample("d", {"green red red"})};
  const std::vector<Sample> second = {sample("b", {"green", "yellow"}, "Title"),
                                      sample("c", {"pink"})};
  auto one = std::make_shared<Segment>(build(first));
  auto two = std::make_shared<Segment>(build(second));
  for (std::int64_t& row : two->first_row) row += 3;  // rows are unique in an index
  auto dead = std::make_shared<Tombstones>(*two);
  dead->bury(*two, 1, {{*two->find_term("pink"), 1}});
  const std::vector<SegmentView> views = {{1, one, nullptr, 0}, {2, two, dead, 0}};
  const Segment merged = merge_segments(views, {});
  Segment expected = build({first[0], first[1], second[0]});
  expect_equal(merged, expected);
}

TEST(Tombstones, TakeWhatIsGoneOutOfTheStatistics) {
  auto segment = std::make_shared<Segment>(small());
  auto dead = std::make_shared<Tombstones>(*segment);
  const std::uint32_t red = *segment->find_term("red");
  dead->bury(*segment, 0, {{red, 1}});
  const SegmentView view{1, segment, dead, 0};
  EXPECT_EQ(view.live_documents(), 1U);
  EXPECT_EQ(view.live_chunks(), 2U);
  EXPECT_EQ(view.live_length(), segment->total_length - 1);
  EXPECT_EQ(view.live_frequency(red), 1U);
  EXPECT_TRUE(view.chunk_is_dead(0));
  EXPECT_FALSE(view.chunk_is_dead(1));
}

TEST(Tombstones, LostTermsSurviveStorageAndDamage) {
  const Segment segment = small();
  const std::vector<LostTerm> lost = {{0, 1}, {2, 2}, {3, 1}};
  const std::string bytes = encode_lost_terms(lost);
  const Result<std::vector<LostTerm>> decoded = decode_lost_terms(bytes, segment);
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->size(), 3U);
  EXPECT_EQ((*decoded)[1].term, 2U);
  EXPECT_EQ((*decoded)[1].chunks, 2U);
  EXPECT_EQ(decode_lost_terms("\x01", segment).error().code, ErrorCode::data_corrupt);
  EXPECT_EQ(decode_lost_terms("\x7F\x01", segment).error().code, ErrorCode::data_corrupt);
  EXPECT_EQ(decode_lost_terms("\x01\xFF", segment).error().code, ErrorCode::data_corrupt);
}

}  // namespace
}  // namespace liquid::search
