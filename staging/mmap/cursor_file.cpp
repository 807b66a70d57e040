#include "staging/mmap/cursor_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "staging/mmap/format.hpp"

namespace sluice::staging {

Status CursorFile::create() {
  const uint64_t bytes = 2 * format::cursor_slot_bytes;
  if (const int error = files_.create(path_, bytes, file_)) return file_error("create", path_, error, bytes);
  return write({1, 0, 0, {}});
}

Status CursorFile::open(FileLayer::Access access) {
  constexpr uint64_t bytes = 2 * format::cursor_slot_bytes;
  int error = files_.open(path_, access, file_);
  if (error == ENOENT && access == FileLayer::Access::read) return {};
  // Frames outlive a cursor that was lost: begin a new one. The other end may do so at the same time.
  if (error == ENOENT) {
    error = files_.create(path_, bytes, file_);
    if (error == EEXIST)
      error = files_.open(path_, access, file_);
    else if (error == 0 && to_disk_)
      error = files_.sync_folder(path_.substr(0, path_.rfind('/')));
  }
  return error ? Status(file_error("open", path_, error, bytes)) : Status();
}

bool CursorFile::read_slot(uint64_t index, Cursor& out, bool& damaged) const {
  format::CursorSlot slot;
  const uint64_t at = index * format::cursor_slot_bytes;
  size_t got = 0;
  std::span<std::byte> bytes(reinterpret_cast<std::byte*>(&slot), sizeof slot);
  if (files_.read(file_, at, bytes, got) != 0 || got < sizeof slot) {
    damaged = true;
    return false;
  }
  const bool written = std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; });
  if (!written) return false;
  damaged = true;
  if (slot.magic != format::cursor_magic || slot.version != format::version || slot.stream != stream_ ||
      slot.session_key != session_key_ || slot.checkpoint_bytes > SLUICE_CHECKPOINT_MAX_BYTES)
    return false;
  std::string text(slot.checkpoint_bytes, '\0');
  if (files_.read(file_, at + sizeof slot, std::as_writable_bytes(std::span(text)), got) != 0 ||
      got < text.size() || slot.checksum != format::checksum_of(slot, text.data()))
    return false;
  damaged = false;
  out = {slot.generation, slot.acknowledged, slot.kept_from, std::move(text)};
  return true;
}

Cursor CursorFile::read(bool& damaged) const {
  damaged = false;
  if (!file_.is_open()) {
    damaged = true;
    return {};
  }
  Cursor first, second;
  bool first_damaged = false, second_damaged = false;
  const bool has_first = read_slot(0, first, first_damaged),
             has_second = read_slot(1, second, second_damaged);
  damaged = first_damaged || second_damaged || !(has_first || has_second);
  if (has_first && has_second) return first.generation > second.generation ? first : second;
  return has_first ? first : second;
}

Status CursorFile::write(const Cursor& cursor) {
  if (cursor.checkpoint.size() > SLUICE_CHECKPOINT_MAX_BYTES)
    return Error(
        ErrorClass::config, "E_CHECKPOINT_TOO_LARGE",
        "a checkpoint of " + std::to_string(cursor.checkpoint.size()) + " bytes does not fit into " + path_);
  std::vector<std::byte> bytes(sizeof(format::CursorSlot) + cursor.checkpoint.size());
  format::CursorSlot slot{};
  slot.magic = format::cursor_magic;
  slot.version = format::version;
  slot.stream = stream_;
  slot.checkpoint_bytes = static_cast<uint32_t>(cursor.checkpoint.size());
  slot.session_key = session_key_;
  slot.generation = cursor.generation;
  slot.acknowledged = cursor.acknowledged;
  slot.kept_from = cursor.kept_from;
  slot.checksum = format::checksum_of(slot, cursor.checkpoint.data());
  std::memcpy(bytes.data(), &slot, sizeof slot);
  std::memcpy(bytes.data() + sizeof slot, cursor.checkpoint.data(), cursor.checkpoint.size());
  const uint64_t at = cursor.generation % 2 * format::cursor_slot_bytes;
  if (const int error = files_.write(file_, at, bytes))
    return file_error("write", path_, error, bytes.size());
  if (to_disk_)
    if (const int error = files_.sync(file_)) return file_error("sync", path_, error);
  return {};
}

}  // namespace sluice::staging
