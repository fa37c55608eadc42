#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace liquid::tracking {

/// data_corrupt, naming the file.
Error corrupt(const std::filesystem::path& file, std::string_view what);

/// Errors name the file: not_found, permission_denied, unavailable, data_corrupt.
Result<boost::json::object> read_json_object(const std::filesystem::path& file);

/// The text of `key`; empty when there is none.
std::string text_at(const boost::json::object& object, std::string_view key);

}  // namespace liquid::tracking
