#include "generate/answer_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liquid::generate {
namespace {

using testing::Contains;
using testing::IsEmpty;

TEST(WantedKinds, AreReadFromTheWording) {
  EXPECT_THAT(wanted_kinds("How long does it keep them?"), Contains(AnswerKind::duration));
  EXPECT_THAT(wanted_kinds("how many workers are there"), Contains(AnswerKind::number));
  EXPECT_THAT(wanted_kinds("How large may a body be by default?"), Contains(AnswerKind::size));
  EXPECT_THAT(wanted_kinds("How large may a body be by default?"), Contains(AnswerKind::fallback));
  EXPECT_THAT(wanted_kinds("On which port does it listen?"), Contains(AnswerKind::port));
  EXPECT_THAT(wanted_kinds("Which status code is sent?"), Contains(AnswerKind::status_code));
  EXPECT_THAT(wanted_kinds("Which flag enables it?"), Contains(AnswerKind::flag));
  EXPECT_THAT(wanted_kinds("What does it cost?"), Contains(AnswerKind::price));
  EXPECT_THAT(wanted_kinds("Since which version is it there?"), Contains(AnswerKind::version));
  EXPECT_THAT(wanted_kinds("May I put it on NFS?"), Contains(AnswerKind::ruling));
  EXPECT_THAT(wanted_kinds("Which variable holds it?"), Contains(AnswerKind::identifier));
}

TEST(WantedKinds, WordsInsideOtherWordsDoNotCount) {
  EXPECT_THAT(wanted_kinds("Tell me about transport and costumes"), IsEmpty());
  EXPECT_THAT(wanted_kinds(""), IsEmpty());
}

struct Offer {
  const char* sentence;
  AnswerKind kind;
  bool offered;
};

class OffersKind : public testing::TestWithParam<Offer> {};

TEST_P(OffersKind, LooksAtTheWholeSentence) {
  const Offer& offer = GetParam();
  EXPECT_EQ(offers_kind(offer.sentence, "a question", offer.kind), offer.offered) << offer.sentence;
}

INSTANTIATE_TEST_SUITE_P(
    Sentences, OffersKind,
    testing::Values(Offer{"It is kept for 15d.", AnswerKind::duration, true},
                    Offer{"after 60 seconds", AnswerKind::duration, true},
                    Offer{"grouped into two hours", AnswerKind::duration, true},
                    Offer{"[ timeout | default = 30s ]", AnswerKind::duration, true},
                    Offer{"It has 15 doors.", AnswerKind::duration, false},
                    Offer{"client_max_body_size 1m;", AnswerKind::size, true},
                    Offer{"a 10 megabyte", AnswerKind::size, true},
                    Offer{"a large one", AnswerKind::size, false},
                    Offer{"about 4000 sessions", AnswerKind::number, true},
                    Offer{"a minimum of three files", AnswerKind::number, true},
                    Offer{"many files", AnswerKind::number, false},
                    Offer{"UDP port 514 is used", AnswerKind::port, true},
                    Offer{"at localhost:9093", AnswerKind::port, true},
                    Offer{"version 1.2", AnswerKind::port, false},
                    Offer{"limit_req_status 503;", AnswerKind::status_code, true},
                    Offer{"worth 903 points", AnswerKind::status_code, false},
                    Offer{"use `--web.enable-lifecycle`", AnswerKind::flag, true},
                    Offer{"a well-known one - really", AnswerKind::flag, false},
                    Offer{"scrapes /federate", AnswerKind::path, true},
                    Offer{"either/or", AnswerKind::path, false},
                    Offer{"see $gzip_ratio", AnswerKind::identifier, true},
                    Offer{"send USR1 to it", AnswerKind::identifier, true},
                    Offer{"Some plain words", AnswerKind::identifier, false},
                    Offer{"available since 1.25.0,", AnswerKind::version, true},
                    Offer{"since 2012", AnswerKind::version, false},
                    Offer{"You should NEVER do it", AnswerKind::ruling, true},
                    Offer{"It was done", AnswerKind::ruling, false},
                    Offer{"Default: off", AnswerKind::fallback, true},
                    Offer{"it costs $20 or 20 USD", AnswerKind::price, true},
                    Offer{"it costs $time", AnswerKind::price, false}));

TEST(OffersKind, WhatTheQuestionHoldsIsNoAnswer) {
  EXPECT_FALSE(offers_kind("Port 514 is used.", "Why is port 514 used?", AnswerKind::port));
  EXPECT_TRUE(offers_kind("Port 514 is used.", "Which port is used?", AnswerKind::port));
}

TEST(OffersKind, EmptySentencesOfferNothing) {
  EXPECT_FALSE(offers_kind("", "", AnswerKind::number));
  EXPECT_FALSE(offers_kind("... -- \xE2\x80\x93 |", "", AnswerKind::identifier));
}

}  // namespace
}  // namespace liquid::generate
