#include "host/plugin/plugin_image.hpp"

#include <fcntl.h>
#include <nettle/sha2.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

namespace sluice::host {
namespace {

// Kernels from 6.3 on know it, and some are set up to warn when it is not given; headers may be older.
constexpr unsigned memfd_exec = 0x0010;
// The kernel allows 249 bytes.
constexpr size_t max_name = 200;

int make_memory_file(const std::string& name) {
  const int file = ::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | memfd_exec);
  return file < 0 && errno == EINVAL ? ::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING) : file;
}

bool write_all(int file, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

std::string sha256_of(std::span<const uint8_t> bytes) {
  sha256_ctx hash;
  sha256_init(&hash);
  sha256_update(&hash, bytes.size(), bytes.data());
  std::array<uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_digest(&hash, digest.size(), digest.data());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const uint8_t byte : digest) text.append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  return text;
}

Result<std::shared_ptr<const PluginImage>> PluginImage::make(std::span<const uint8_t> bytes,
                                                             const std::filesystem::path& file) {
  auto failed = [&] { return refuse(Refusal::copy_failed, file, std::generic_category().message(errno)); };
  const int descriptor = make_memory_file(file.filename().native().substr(0, max_name));
  if (descriptor < 0) return failed();
  // Owns the descriptor from here on.
  std::shared_ptr<const PluginImage> image(new PluginImage(descriptor, sha256_of(bytes), bytes.size()));
  if (!write_all(descriptor, bytes)) return failed();
  if (::fcntl(descriptor, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return failed();
  return image;
}

PluginImage::~PluginImage() {
  ::close(descriptor_);
}

std::filesystem::path PluginImage::load_path() const {
  return "/proc/self/fd/" + std::to_string(descriptor_);
}

}  // namespace sluice::host
