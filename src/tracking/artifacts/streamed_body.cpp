#include "tracking/artifacts/streamed_body.h"

#include <algorithm>
#include <vector>

namespace liquid::tracking::artifacts {
namespace {

constexpr std::size_t kReadBufferBytes = std::size_t{1} << 18U;

}  // namespace

http::BodySource StreamedBody::source() {
  return {.size = slice_.length, .read_at = [this](std::uint64_t offset, std::span<char> space) {
            return read_at(offset, space);
          }};
}

Result<std::size_t> StreamedBody::read_at(std::uint64_t offset, std::span<char> space) {
  const auto length = std::min<std::uint64_t>(space.size(), slice_.length - offset);
  Result<std::size_t> got =
      file_.read_at(slice_.offset + offset, space.first(static_cast<std::size_t>(length)));
  if (!got) return got;
  if (offset == 0 && hashed_ > 0) {  // sent once more from the beginning
    hash_ = Sha256Builder();
    hashed_ = 0;
  }
  if (offset == hashed_) {
    hash_.append({space.data(), *got});
    hashed_ += *got;
  }
  if (told_) told_(offset + *got, slice_.length);
  return got;
}

Result<Digest> StreamedBody::digest() {
  std::vector<char> buffer(hashed_ < slice_.length ? kReadBufferBytes : 0);
  while (hashed_ < slice_.length) {
    Result<std::size_t> got = read_at(hashed_, buffer);
    if (!got) return std::move(got).error();
  }
  return hash_.finish();
}

Result<Digest> digest_of(const SourceFile& file, Slice slice) {
  return StreamedBody(file, slice, {}).digest();
}

}  // namespace liquid::tracking::artifacts
