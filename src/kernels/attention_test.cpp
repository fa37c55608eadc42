#include "kernels/attention.h"

#include "kernels/test_matrices.h"

namespace liquid::kernels {
namespace {

struct Case {
  AttentionShape shape;
  std::vector<std::int64_t> borders;
};

// Small enough for differences; the second crosses blocks of queries and of keys.
std::vector<Case> cases() {
  return {{{.query_heads = 4, .kv_heads = 2, .head_dim = 6}, {0, 3, 3, 4, 11}},
          {{.query_heads = 1, .kv_heads = 1, .head_dim = 1}, {0, 5}},
          {{.query_heads = 3, .kv_heads = 1, .head_dim = 17}, {0, 2, 9}}};
}

struct Inputs {
  Inputs(const AttentionShape& shape, std::int64_t rows)
      : q(rows, shape.query_heads * shape.head_dim, 1),
        k(rows, shape.kv_heads * shape.head_dim, 2),
        v(rows, shape.kv_heads * shape.head_dim, 3) {}
  AttentionInputs view() const { return {q.view(), k.view(), v.view()}; }
  Owned q;
  Owned k;
  Owned v;
};

struct Doubles {
  std::vector<double> q;
  std::vector<double> k;
  std::vector<double> v;
};

// Query t of a document sees keys `begin` … t + shift.
std::vector<double> reference(const AttentionShape& shape, Borders borders, const Doubles& in,
                              std::int64_t shift = 0) {
  const auto d = static_cast<std::size_t>(shape.head_dim);
  const auto heads = static_cast<std::size_t>(shape.query_heads);
  const auto kv_heads = static_cast<std::size_t>(shape.kv_heads);
  std::vector<double> out(in.q.size());
  for (std::size_t document = 0; document + 1 < borders.size(); ++document) {
    const auto begin = static_cast<std::size_t>(borders[document]);
    for (std::size_t t = begin; t < static_cast<std::size_t>(borders[document + 1]); ++t) {
      for (std::size_t head = 0; head < heads; ++head) {
        const std::size_t kv = head / (heads / kv_heads);
        std::vector<double> weights;
        double total = 0;
        for (std::size_t s = begin; s <= t + static_cast<std::size_t>(shift); ++s) {
          double score = 0;
          for (std::size_t i = 0; i < d; ++i) {
            score += in.q[(t * heads + head) * d + i] * in.k[(s * kv_heads + kv) * d + i];
          }
          weights.push_back(std::exp(score / std::sqrt(static_cast<double>(d))));
          total += weights.back();
        }
        for (std::size_t s = 0; s < weights.size(); ++s) {
          for (std::size_t i = 0; i < d; ++i) {
            out[(t * heads + head) * d + i] +=
                weights[s] / total * in.v[((begin + s) * kv_heads + kv) * d + i];
          }
        }
      }
    }
  }
  return out;
}

class AttentionTest : public EveryIsa {};
INSTANTIATE_TEST_SUITE_P(, AttentionTest, testing::ValuesIn(isas()), isa_label);

TEST_P(AttentionTest, EachDocumentSeesItsOwnPast) {
  std::vector<Case> all = cases();
  all.push_back({{.query_heads = 4, .kv_heads = 2, .head_dim = 64}, {0, 130, 131, 430}});
  all.push_back({{.query_heads = 2, .kv_heads = 2, .head_dim = 300}, {0, 140}});
  for (const Case& one : all) {
    const std::int64_t rows = one.borders.back();
    const Inputs inputs(one.shape, rows);
    Owned out(rows, one.shape.query_heads * one.shape.head_dim, 4);
    std::vector<float> lse(static_cast<std::size_t>(rows * one.shape.query_heads));
    attention(team_, one.shape, one.borders,
              {.inputs = inputs.view(), .out = out.view(), .lse = lse.data()});
    expect_near(doubles(out),
                reference(one.shape, one.borders,
                          {doubles(inputs.q), doubles(inputs.k), doubles(inputs.v)}),
                1e-5);
    EXPECT_TRUE(out.gaps_untouched());
  }
}

TEST_P(AttentionTest, GradientsAreThoseOfTheFormula) {
  for (const Case& one : cases()) {
    const std::int64_t rows = one.borders.back();
    const Inputs inputs(one.shape, rows);
    Owned out(rows, inputs.q.cols(), 4);
    std::vector<float> lse(static_cast<std::size_t>(rows * one.shape.query_heads));
    attention(team_, one.shape, one.borders,
              {.inputs = inputs.view(), .out = out.view(), .lse = lse.data()});
    const Owned dout(rows, inputs.q.cols(), 5);
    Owned dq(rows, inputs.q.cols(), 6);
    Owned dk(rows, inputs.k.cols(), 7);
    Owned dv(rows, inputs.k.cols(), 8);
    attention_backward(team_, one.shape, one.borders,
                       {.inputs = inputs.view(),
                        .out = out.view(),
                        .lse = lse.data(),
                        .dout = dout.view(),
                        .dq = dq.view(),
                        .dk = dk.view(),
                        .dv = dv.view()});
    const Doubles in = {doubles(inputs.q), doubles(inputs.k), doubles(inputs.v)};
    const auto loss = [&](const Doubles& at) {
      return dot_of(reference(one.shape, one.borders, at), doubles(dout));
    };
    expect_near(doubles(dq),
                numeric_gradient(in.q,
                                 [&](const auto& at) {
                                   return loss({at, in.k, in.v});
                                 }),
                1e-5);
    expect_near(doubles(dk),
                numeric_gradient(in.k,
                                 [&](const auto& at) {
                                   return loss({in.q, at, in.v});
                                 }),
                1e-5);
    expect_near(doubles(dv),
                numeric_gradient(in.v,
                                 [&](const auto& at) {
                                   return loss({in.q, in.k, at});
                                 }),
                1e-5);
    EXPECT_TRUE(dq.gaps_untouched() && dk.gaps_untouched() && dv.gaps_untouched());
  }
}

// Over several blocks, against one direction of differences instead of all of them.
TEST_P(AttentionTest, GradientOfLongDocumentsAgreesWithADirectionalDifference) {
  const AttentionShape shape = {.query_heads = 4, .kv_heads = 2, .head_dim = 16};
  const std::vector<std::int64_t> borders = {0, 150, 151, 440};
  const Inputs inputs(shape, 440);
  Owned out(440, 64, 4);
  std::vector<float> lse(440 * 4);
  attention(team_, shape, borders, {.inputs = inputs.view(), .out = out.view(), .lse = lse.data()});
  const Owned dout(440, 64, 5);
  Owned dq(440, 64, 6);
  Owned dk(440, 32, 7);
  Owned dv(440, 32, 8);
  attention_backward(team_, shape, borders,
                     {.inputs = inputs.view(),
                      .out = out.view(),
                      .lse = lse.data(),
                      .dout = dout.view(),
                      .dq = dq.view(),
                      .dk = dk.view(),
                      .dv = dv.view()});
  const Doubles direction = {doubles(Owned(440, 64, 9)), doubles(Owned(440, 32, 10)),
                             doubles(Owned(440, 32, 11))};
  const auto loss_at = [&](double step) {
    Doubles at = {doubles(inputs.q), doubles(inputs.k), doubles(inputs.v)};
    for (std::size_t i = 0; i < at.q.size(); ++i) at.q[i] += step * direction.q[i];
    for (std::size_t i = 0; i < at.k.size(); ++i) at.k[i] += step * direction.k[i];
    for (std::size_t i = 0; i < at.v.size(); ++i) at.v[i] += step * direction.v[i];
    return dot_of(reference(shape, borders, at), doubles(dout));
  };
  const double wanted = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
  const double got = dot_of(doubles(dq), direction.q) + dot_of(doubles(dk), direction.k) +
                     dot_of(doubles(dv), direction.v);
  EXPECT_NEAR(got, wanted, 2e-3);
}

TEST_P(AttentionTest, CachedKeysGiveTheLastRowsOfThePass) {
  const AttentionShape shape = {.query_heads = 4, .kv_heads = 2, .head_dim = 8};
  const Inputs inputs(shape, 200);
  const std::vector<std::int64_t> one = {0, 200};
  const std::vector<double> whole =
      reference(shape, one, {doubles(inputs.q), doubles(inputs.k), doubles(inputs.v)});
  for (const std::int64_t last : {1, 3, 200}) {
    Owned out(last, 32, 4);
    attention_cached(team_, shape,
                     {rows(inputs.q.view(), 200 - last, last), inputs.k.view(), inputs.v.view()},
                     out.view());
    expect_near(doubles(out), {whole.end() - last * 32, whole.end()}, 1e-5);
  }
}

}  // namespace
}  // namespace liquid::kernels
