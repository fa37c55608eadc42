#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tracking/entities.h"

// What MLflow demands of names, tags and aliases in its model registry and of the names of logged
// models. All errors: invalid_argument with MLflow's message. Lengths of names are not checked, as
// MLflow does not where the database is SQLite.

namespace liquid::tracking::sqlite {

/// Tags that make a registered model a prompt, and hold its text.
inline constexpr std::string_view kPromptTag = "mlflow.prompt.is_prompt";
inline constexpr std::string_view kPromptTextTag = "mlflow.prompt.text";

/// Text that is not UTF-8 would make Python fail on every page that holds it.
Result<void> check_text(std::initializer_list<std::string_view> texts);
Result<void> check_model_name(std::string_view name);
/// The new name in a renaming.
Result<void> check_new_model_name(std::string_view name);
Result<void> check_model_tag(const Tag& tag);
Result<void> check_version_tag(const Tag& tag);
/// A key of a metric, parameter or tag: alphanumerics and `_ - . space : /`, and no path that means
/// another one. `parameter` is what the message calls it: "key", "metrics[0].name".
Result<void> check_entity_name(std::string_view parameter, std::string_view name);
/// Of a tag that is to be deleted.
Result<void> check_tag_key(std::string_view key);
/// Of an alias that is to be looked up or deleted.
Result<void> check_alias(std::string_view alias);
/// Also not one of the words that mean something else: "latest", "v1".
Result<void> check_new_alias(std::string_view alias);
Result<void> check_logged_model_name(std::string_view name);

/// "3" → 3; blanks around it and a sign are taken.
Result<std::int64_t> version_number(std::string_view text);

/// Without regard to ASCII case.
bool same_word(std::string_view a, std::string_view b);

/// Does the last tag of this key say "true"?
bool is_prompt(const std::vector<Tag>& tags);

}  // namespace liquid::tracking::sqlite
