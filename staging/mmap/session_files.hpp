// Names: of sessions, and of the files in a session's folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::staging {

// Letters, digits, '-', '_' and '.', not first a '.', at most 64: no id leaves the staging folder.
bool valid_stage_id(std::string_view id);
// `stage-` and 32 random hex digits.
std::string new_stage_id();

struct SessionFiles {
  std::string folder;

  std::string manifest() const { return folder + "/manifest"; }
  std::string manifest_copy() const { return folder + "/manifest.copy"; }
  std::string control() const { return folder + "/control"; }
  std::string writer_lock() const { return folder + "/writer.lock"; }
  std::string reader_lock() const { return folder + "/reader.lock"; }
  std::string cursor(uint32_t stream) const { return folder + "/" + std::to_string(stream) + ".cursor"; }
  std::string end_mark(uint32_t stream) const { return folder + "/" + std::to_string(stream) + ".end"; }
  std::string segment(uint32_t stream, uint32_t slot) const {
    return folder + "/" + std::to_string(stream) + "-" + std::to_string(slot) + ".segment";
  }
};

struct SegmentName {
  uint32_t stream, slot;
};
// Nothing when the file's name is no segment's.
std::optional<SegmentName> segment_name(std::string_view file);

// Beside the sessions in the staging folder. Both begin with a dot, so that no session has such a name.
inline constexpr std::string_view unfinished_prefix = ".new-", removed_prefix = ".gone-";
// Damaged bytes that were set aside.
inline constexpr std::string_view damaged_folder = ".damaged";

}  // namespace sluice::staging
