#include "kernels/adamw.h"

#include "kernels/test_matrices.h"

namespace liquid::kernels {
namespace {

struct State {
  explicit State(std::int64_t size)
      : value(random_floats(size, 1)),
        m(static_cast<std::size_t>(size)),
        v(static_cast<std::size_t>(size)) {}
  bool operator==(const State&) const = default;
  std::vector<float> value;
  std::vector<float> m;
  std::vector<float> v;
};

void three_steps(Team& team, const AdamW& options, State& state) {
  for (std::int64_t step = 1; step <= 3; ++step) {
    const std::vector<float> gradient =
        random_floats(std::ssize(state.value), static_cast<unsigned>(step) + 1);
    adamw_step(team, options,
               {.value = state.value, .gradient = gradient, .m = state.m, .v = state.v}, step);
  }
}

TEST(AdamWTest, FollowsTheFormula) {
  Team team;
  const AdamW options = {.learning_rate = 0.01, .weight_decay = 0.1, .gradient_scale = 0.5F};
  State state(1000);
  std::vector<double> p = doubles(state.value);
  three_steps(team, options, state);
  std::vector<double> m(p.size());
  std::vector<double> v(p.size());
  for (int step = 1; step <= 3; ++step) {
    const std::vector<double> gradient =
        doubles(random_floats(1000, static_cast<unsigned>(step) + 1));
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double g = gradient[i] * 0.5;
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      const double root = std::sqrt(v[i] / (1 - std::pow(0.999, step)));
      p[i] = p[i] * (1 - 0.01 * 0.1) - 0.01 * m[i] / (1 - std::pow(0.9, step)) / (root + 1e-8);
    }
  }
  expect_near(doubles(state.value), p, 1e-6);
}

TEST(AdamWTest, HasTheSameBitsForEveryNumberOfThreadsAndEveryIsa) {
  State first(100001);
  Team alone({.threads = 1, .isa = Isa::portable});
  three_steps(alone, {}, first);
  for (const Isa isa : isas()) {
    Team team({.threads = 3, .isa = isa});
    State state(100001);
    three_steps(team, {}, state);
    EXPECT_TRUE(state == first);
  }
}

TEST(AdamWTest, SumOfSquaresIsExactEnoughAndFixed) {
  const std::vector<float> values = random_floats(50001, 7);
  Team one({.threads = 1});
  Team three({.threads = 3});
  const double sum = sum_of_squares(one, values);
  EXPECT_NEAR(sum, dot_of(doubles(values), doubles(values)), 1e-8);
  EXPECT_EQ(sum, sum_of_squares(three, values));
  EXPECT_EQ(sum_of_squares(one, {}), 0.0);
}

}  // namespace
}  // namespace liquid::kernels
