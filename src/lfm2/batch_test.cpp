#include "lfm2/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liquid::lfm2 {
namespace {

using testing::HasSubstr;

const Batch kSound{.input_ids = {1, 2, 3, 4, 5}, .labels = {1, -100, 3, 4, 5}, .seq_lens = {3, 2}};

TEST(Batch, AFirstTokenOfADocumentIsNeverTrained) {
  EXPECT_TRUE(kSound.validate(6));
  EXPECT_EQ(kSound.trained_tokens(), 2);
}

TEST(Batch, WhatIsWrongIsNamedWithItsPlace) {
  const auto message_of = [](auto change) {
    Batch batch = kSound;
    change(batch);
    const Result<void> sound = batch.validate(6);
    EXPECT_FALSE(sound);
    if (sound) return std::string();
    EXPECT_EQ(sound.error().code, ErrorCode::invalid_argument);
    return sound.error().message;
  };
  EXPECT_THAT(message_of([](Batch& b) { b = {}; }), HasSubstr("input_ids is empty"));
  EXPECT_THAT(message_of([](Batch& b) { b.input_ids[3] = 6; }),
              HasSubstr("input_ids[3] is 6, expected 0 to 5"));
  EXPECT_THAT(message_of([](Batch& b) { b.input_ids[0] = -1; }), HasSubstr("input_ids[0] is -1"));
  EXPECT_THAT(message_of([](Batch& b) { b.labels[2] = -1; }), HasSubstr("labels[2] is -1"));
  EXPECT_THAT(message_of([](Batch& b) { b.labels.pop_back(); }),
              HasSubstr("labels has 4 entries, input_ids 5"));
  EXPECT_THAT(message_of([](Batch& b) { b.seq_lens = {3, 0, 2}; }), HasSubstr("seq_lens[1] is 0"));
  EXPECT_THAT(message_of([](Batch& b) { b.seq_lens = {3}; }), HasSubstr("adds up to 3"));
}

}  // namespace
}  // namespace liquid::lfm2
