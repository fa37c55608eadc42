#include <zlib.h>

#include <vector>

#include "corpus/byte_source.h"

namespace liquid::corpus {
namespace {

// 15 = the largest window, + 16 = a gzip header and nothing else is accepted.
constexpr int kGzipWindow = 15 + 16;

class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> packed)
      : packed_(std::move(packed)), input_(1 << 16) {
    usable_ = inflateInit2(&stream_, kGzipWindow) == Z_OK;
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  Result<std::size_t> read(std::span<char> buffer) override {
    if (!usable_) return Error{ErrorCode::unavailable, "no memory to unpack gzip"};
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = static_cast<uInt>(buffer.size());
    while (stream_.avail_out == buffer.size()) {
      if (stream_.avail_in == 0) {
        if (Result<void> filled = fill(); !filled) return std::move(filled).error();
        if (stream_.avail_in == 0) return at_end();
      }
      if (Result<void> done = step(); !done) return std::move(done).error();
    }
    return buffer.size() - stream_.avail_out;
  }

 private:
  Result<void> fill() {
    const Result<std::size_t> count = packed_->read(input_);
    if (!count) return count.error();
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(*count);
    return {};
  }

  Result<void> step() {
    inside_member_ = true;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_OK || code == Z_BUF_ERROR) return {};
    if (code != Z_STREAM_END) {
      const std::string reason = stream_.msg != nullptr ? stream_.msg : "not gzip";
      return Error{ErrorCode::data_corrupt, "damaged gzip: " + reason};
    }
    inside_member_ = false;
    inflateReset(&stream_);  // Members may follow one another (RFC 1952, 2.2).
    return {};
  }

  Result<std::size_t> at_end() const {
    if (inside_member_) return Error{ErrorCode::data_corrupt, "damaged gzip: ends too early"};
    return std::size_t{0};
  }

  std::unique_ptr<ByteSource> packed_;
  std::vector<char> input_;
  z_stream stream_{};
  bool usable_ = false;
  bool inside_member_ = true;
};

}  // namespace

std::unique_ptr<ByteSource> gunzip(std::unique_ptr<ByteSource> packed) {
  return std::make_unique<GzipSource>(std::move(packed));
}

}  // namespace liquid::corpus
