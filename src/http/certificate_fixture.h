#pragma once

// For tests only: a certificate for "localhost" that signed itself.

#include <filesystem>

namespace liquid::http {

struct TestCertificate {
  std::filesystem::path chain;        ///< PEM, the certificate; also what a client may trust.
  std::filesystem::path private_key;  ///< PEM
  std::filesystem::path both;         ///< PEM, certificate and key, as clients present them.
};

/// Writes one, valid for an hour, into `folder`, which is made.
TestCertificate write_test_certificate(const std::filesystem::path& folder);

/// A key that belongs to no certificate.
void write_test_key(const std::filesystem::path& path);

}  // namespace liquid::http
