// /etc/ld.so.cache: where the system's loader finds a library that no folder of its own was named for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice::host {

// Library name to path, for libraries of this machine.
using LoaderCache = std::unordered_map<std::string, std::filesystem::path>;

// The format "glibc-ld.so.cache1.1", alone or behind the older table that ldconfig wrote before it. The bytes
// are outside data. Nothing when they are something else, or cut off, or this machine's kind is not known.
std::optional<LoaderCache> parse_loader_cache(std::span<const uint8_t> bytes);

// Nothing when there is no such file, or none that can be read.
std::optional<LoaderCache> read_loader_cache(const std::filesystem::path& file);

}  // namespace sluice::host
