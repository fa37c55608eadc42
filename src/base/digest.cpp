#include "base/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <new>
#include <random>
#include <stdexcept>

namespace liquid {
namespace {

void require(int openssl_result) {
  if (openssl_result != 1) throw std::runtime_error("SHA-256 is not available in OpenSSL");
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

}  // namespace

std::string Digest::hex() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

std::optional<Digest> Digest::from_hex(std::string_view hex) {
  Digest digest;
  if (hex.size() != digest.bytes.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < digest.bytes.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return digest;
}

Digest sha256(std::string_view bytes) {
  Digest digest;
  require(
      EVP_Digest(bytes.data(), bytes.size(), digest.bytes.data(), nullptr, EVP_sha256(), nullptr));
  return digest;
}

struct DigestBuilder::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free};
};

DigestBuilder::DigestBuilder() : state_(std::make_unique<State>()) {
  require(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr));
}

DigestBuilder::~DigestBuilder() = default;

DigestBuilder& DigestBuilder::field(std::string_view bytes) {
  field(static_cast<std::uint64_t>(bytes.size()));
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
  return *this;
}

DigestBuilder& DigestBuilder::field(const Digest& digest) {
  require(EVP_DigestUpdate(state_->context.get(), digest.bytes.data(), digest.bytes.size()));
  return *this;
}

DigestBuilder& DigestBuilder::field(std::uint64_t number) {
  std::array<std::uint8_t, 8> little_endian{};
  for (std::size_t i = 0; i < little_endian.size(); ++i) {
    little_endian[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  require(EVP_DigestUpdate(state_->context.get(), little_endian.data(), little_endian.size()));
  return *this;
}

Digest DigestBuilder::finish() {
  Digest digest;
  require(EVP_DigestFinal_ex(state_->context.get(), digest.bytes.data(), nullptr));
  return digest;
}

struct Sha256Builder::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free};
};

Sha256Builder::Sha256Builder() : state_(std::make_unique<State>()) {
  require(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr));
}

Sha256Builder::~Sha256Builder() = default;
Sha256Builder::Sha256Builder(Sha256Builder&&) noexcept = default;
Sha256Builder& Sha256Builder::operator=(Sha256Builder&&) noexcept = default;

void Sha256Builder::append(std::string_view bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

Digest Sha256Builder::finish() {
  Digest digest;
  require(EVP_DigestFinal_ex(state_->context.get(), digest.bytes.data(), nullptr));
  return digest;
}

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

struct Hash64Builder::State {
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> xxh3{XXH3_createState(), XXH3_freeState};
};

Hash64Builder::Hash64Builder() : state_(std::make_unique<State>()) {
  if (state_->xxh3 == nullptr) throw std::bad_alloc();
  XXH3_64bits_reset(state_->xxh3.get());
}

Hash64Builder::~Hash64Builder() = default;

void Hash64Builder::append(std::string_view bytes) {
  XXH3_64bits_update(state_->xxh3.get(), bytes.data(), bytes.size());
}

std::uint64_t Hash64Builder::finish() const { return XXH3_64bits_digest(state_->xxh3.get()); }

std::uint64_t process_seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) | device();
  }();
  return seed;
}

}  // namespace liquid
