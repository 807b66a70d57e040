#include "staging/mmap/control_page.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace sluice::staging {

static_assert(std::atomic<uint32_t>::is_always_lock_free && std::atomic<uint64_t>::is_always_lock_free);

Status ControlPage::create(FileLayer& files, const std::string& path, uint32_t streams) {
  const uint64_t bytes = uint64_t{streams} * sizeof(StreamControl);
  File file;
  if (const int error = files.create(path, bytes, file)) return file_error("create", path, error, bytes);
  const int error = files.map(file, bytes, FileLayer::Access::write, mapping_);
  return error ? Status(file_error("map", path, error, bytes)) : Status();
}

Status ControlPage::open(FileLayer& files, const std::string& path, uint32_t streams) {
  const uint64_t bytes = uint64_t{streams} * sizeof(StreamControl);
  File file;
  uint64_t size = 0;
  const int error = files.open(path, FileLayer::Access::write, file);
  if (error == ENOENT) return create(files, path, streams);
  if (error) return file_error("open", path, error);
  if (const int failed = files.size(file, size)) return file_error("read", path, failed);
  if (size < bytes) {
    if (const int failed = files.remove(path)) return file_error("remove", path, failed);
    return create(files, path, streams);
  }
  const int failed = files.map(file, bytes, FileLayer::Access::write, mapping_);
  return failed ? Status(file_error("map", path, failed, bytes)) : Status();
}

void EventWait::wake(std::atomic<uint32_t>& event) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&event), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void EventWait::sleep(uint32_t seen, Clock::duration time) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  timespec limit{};
  limit.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
  limit.tv_nsec = static_cast<long>(ns % 1'000'000'000);
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&event_), FUTEX_WAIT, seen, &limit, nullptr, 0);
}

}  // namespace sluice::staging
