#pragma once

#include <cstdint>
#include <optional>

#include "base/digest.h"
#include "http/client.h"
#include "tracking/artifacts/files.h"
#include "tracking/artifacts/progress.h"

namespace liquid::tracking::artifacts {

/// Where in a file something begins, and how long it is.
struct Slice {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// A slice of a file as the body of a request, hashed while it is sent. Of one thread at a time;
/// must outlive the request.
class StreamedBody {
 public:
  StreamedBody(const SourceFile& file, Slice slice, TransferProgress told)
      : file_(file), slice_(slice), told_(std::move(told)) {}

  http::BodySource source();
  /// Of the whole slice; what was not sent is read now.
  Result<Digest> digest();

 private:
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> space);

  const SourceFile& file_;
  const Slice slice_;
  const TransferProgress told_;
  Sha256Builder hash_;
  std::uint64_t hashed_ = 0;
};

/// SHA-256 of a slice.
Result<Digest> digest_of(const SourceFile& file, Slice slice);

}  // namespace liquid::tracking::artifacts
