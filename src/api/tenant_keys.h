#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/digest.h"
#include "base/result.h"

namespace liquid::api {

/// SHA-256 of an API key → name of the tenant it belongs to. A key is looked up by its digest, so
/// that the time a look-up takes says nothing about the keys.
using TenantKeys = std::unordered_map<Digest, std::string>;

/// One key per line: the tenant's name, white space, the key or `sha256:` and the key's digest in
/// 64 hexadecimal digits. '#' starts a comment line. Names are [A-Za-z0-9._-], at most 64.
///
///   acme   k-5f0c…
///   zenith sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
///
/// Errors: invalid_argument, naming the line; a key never appears in a message.
Result<TenantKeys> parse_tenant_keys(std::string_view text);

}  // namespace liquid::api
