#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "tracking/store.h"

namespace liquid::tracking {

/// One behaviour that every store has, whatever is behind it. The store is the one that
/// LIQUID_STORE_URI names, which may hold the work of other cases; without it a fresh tracking
/// file. Cases therefore work in experiments and models of their own: `fresh` makes names.
class StoreCase : public testing::Test {
 protected:
  StoreCase();
  ~StoreCase() override;

  Store& store() { return *store_; }
  ExperimentStore& experiments() { return store_->experiments(); }
  RunStore& runs() { return store_->runs(); }
  LoggedModelStore& logged_models() { return store_->logged_models(); }
  RegisteredModelStore& models() { return store_->registered_models(); }
  ModelVersionStore& versions() { return store_->model_versions(); }

  /// "word-0123456789abcdef", like no other name.
  std::string fresh(std::string_view word);
  /// A new experiment.
  ExperimentId experiment();
  /// A running run in a new experiment (testing::Test hides the name Run).
  liquid::tracking::Run new_run();

 private:
  SystemClock clock_;
  std::unique_ptr<Store> store_;
};

/// The value, or a failed test.
template <typename T>
T value_of(Result<T> result) {
  EXPECT_TRUE(result) << result.error().message;
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}
inline void done(const Result<void>& result) { EXPECT_TRUE(result) << result.error().message; }

/// The refusal, or a failed test.
template <typename T>
Error refusal_of(const Result<T>& result) {
  EXPECT_FALSE(result) << "was accepted";
  return result ? Error{} : result.error();
}

}  // namespace liquid::tracking
