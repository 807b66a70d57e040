#include "host/plugin/loader_cache.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "host/plugin/elf_bytes.hpp"

namespace sluice::host {
namespace {

constexpr std::string_view magic = "glibc-ld.so.cache1.1";
constexpr std::string_view older_magic = "ld.so-1.7.0";
constexpr size_t older_head_bytes = 16, older_entry_bytes = 12;
constexpr uint64_t max_cache_bytes = uint64_t{64} << 20;
// As the loader's PATH_MAX; also keeps names that overlap in the file from growing without bound.
constexpr size_t max_text_bytes = 4096;

// struct cache_file_new and file_entry_new of glibc's dl-cache.h.
struct Head {
  char magic[20];
  uint32_t entries;
  uint32_t text_bytes;
  uint8_t flags;
  uint8_t padding[3];
  uint32_t extension;
  uint32_t unused[3];
};
static_assert(sizeof(Head) == 48);

struct Entry {
  int32_t flags;
  uint32_t name, path;  // offsets from the head
  uint32_t os_version;
  uint64_t hwcap;
};
static_assert(sizeof(Entry) == 24);

// What `flags` says of a library for this machine: an ELF library of glibc, and the machine's kind.
constexpr int32_t flags_here() {
#if defined(__x86_64__) && defined(__LP64__)
  return 0x0303;
#elif defined(__aarch64__) && defined(__LP64__)
  return 0x0a03;
#elif defined(__powerpc64__)
  return 0x0503;
#elif defined(__s390x__)
  return 0x0403;
#else
  return 0;
#endif
}

// Bits of Head::flags: 0 says nothing, as older ldconfigs do.
constexpr uint8_t order_bits = 3;
constexpr uint8_t order_here = std::endian::native == std::endian::little ? 2 : 3;

std::optional<std::string_view> text_at(std::span<const uint8_t> bytes, uint64_t offset) {
  if (offset >= bytes.size()) return std::nullopt;
  const auto* begin = reinterpret_cast<const char*>(bytes.data() + offset);
  const size_t room = std::min<size_t>(bytes.size() - offset, max_text_bytes);
  const auto* end = static_cast<const char*>(std::memchr(begin, 0, room));
  if (!end) return std::nullopt;
  return std::string_view(begin, static_cast<size_t>(end - begin));
}

bool begins_with(std::span<const uint8_t> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// Steps over the older table, which tells the same.
std::optional<std::span<const uint8_t>> newer_part(std::span<const uint8_t> bytes) {
  if (!begins_with(bytes, older_magic)) return bytes;
  uint32_t entries;
  if (!read_at(bytes, older_head_bytes - sizeof entries, entries)) return std::nullopt;
  uint64_t end = older_head_bytes + uint64_t{entries} * older_entry_bytes;
  end = (end + 7) & ~uint64_t{7};
  if (end > bytes.size()) return std::nullopt;
  return bytes.subspan(end);
}

}  // namespace

std::optional<LoaderCache> parse_loader_cache(std::span<const uint8_t> bytes) {
  if (flags_here() == 0) return std::nullopt;
  const auto part = newer_part(bytes);
  Head head;
  if (!part || !begins_with(*part, magic) || !read_at(*part, 0, head)) return std::nullopt;
  if ((head.flags & order_bits) != 0 && (head.flags & order_bits) != order_here) return std::nullopt;
  if (!slice(*part, sizeof head, uint64_t{head.entries} * sizeof(Entry))) return std::nullopt;

  LoaderCache cache;
  std::unordered_map<std::string, bool> plain;  // names that have a path for every processor of the kind
  for (uint64_t i = 0; i < head.entries; ++i) {
    Entry entry;
    if (!read_at(*part, sizeof head + i * sizeof entry, entry)) return std::nullopt;
    const auto name = text_at(*part, entry.name), path = text_at(*part, entry.path);
    if (!name || !path) return std::nullopt;
    if (entry.flags != flags_here()) continue;
    bool& has_plain = plain[std::string(*name)];
    if (has_plain) continue;
    has_plain = entry.hwcap == 0;
    cache[std::string(*name)] = std::string(*path);
  }
  return cache;
}

std::optional<LoaderCache> read_loader_cache(const std::filesystem::path& file) {
  std::error_code failure;
  const uint64_t size = std::filesystem::file_size(file, failure);
  if (failure || size > max_cache_bytes) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return parse_loader_cache({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace sluice::host
