#pragma once

#include <string>
#include <string_view>

namespace liquid::http {

/// `offered` when it is 1 to 64 letters, digits, '-', '_' or '.'; otherwise 16 hexadecimal digits
/// that this process has not used before. Written into `id`, whose storage is used again.
void choose_request_id(std::string_view offered, std::string& id);

}  // namespace liquid::http
