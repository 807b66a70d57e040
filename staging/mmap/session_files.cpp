#include "staging/mmap/session_files.hpp"

#include <algorithm>
#include <charconv>

#include "staging/random_bits.hpp"

namespace sluice::staging {

namespace {

constexpr size_t longest_id = 64;
constexpr uint32_t highest_slot = 1u << 30;

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

std::optional<uint32_t> number(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

bool valid_stage_id(std::string_view id) {
  return !id.empty() && id.size() <= longest_id && id.front() != '.' &&
         std::all_of(id.begin(), id.end(), plain);
}

std::string new_stage_id() {
  return "stage-" + random_hex() + random_hex();
}

std::optional<SegmentName> segment_name(std::string_view file) {
  const std::string_view whole = file;
  constexpr std::string_view ending = ".segment";
  if (!file.ends_with(ending)) return std::nullopt;
  file.remove_suffix(ending.size());
  const size_t dash = file.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto stream = number(file.substr(0, dash)), slot = number(file.substr(dash + 1));
  if (!stream || !slot || *slot > highest_slot) return std::nullopt;
  // "0-01" is not ours: there is one name for each segment.
  if (whole != std::to_string(*stream) + "-" + std::to_string(*slot) + std::string(ending))
    return std::nullopt;
  return SegmentName{*stream, *slot};
}

}  // namespace sluice::staging
