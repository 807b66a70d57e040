#include "staging/mmap/end_mark.hpp"

#include <cerrno>
#include <span>

namespace sluice::staging {

namespace {

Status store(FileLayer& files, const std::string& path, const File& file, const format::EndMark& mark,
             bool to_disk) {
  if (const int error = files.write(file, 0, std::as_bytes(std::span(&mark, 1))))
    return file_error("write", path, error, sizeof mark);
  if (to_disk)
    if (const int error = files.sync(file)) return file_error("sync", path, error);
  return {};
}

}  // namespace

Status create_end_mark(FileLayer& files, const SessionFiles& at, uint32_t stream, bool to_disk) {
  const std::string path = at.end_mark(stream);
  File file;
  if (const int error = files.create(path, sizeof(format::EndMark), file))
    return file_error("create", path, error, sizeof(format::EndMark));
  return store(files, path, file, {}, to_disk);
}

Status write_end_mark(FileLayer& files, const SessionFiles& at, const SegmentShape& shape, uint32_t stream,
                      const EndMark& mark, bool to_disk) {
  format::EndMark stored{};
  stored.magic = format::end_magic;
  stored.version = format::version;
  stored.stream = stream;
  stored.how = static_cast<uint32_t>(mark.how);
  stored.session_key = shape.session_key;
  stored.next = mark.next;
  stored.checksum = format::checksum_of(stored);
  const std::string path = at.end_mark(stream);
  File file;
  int error = files.open(path, FileLayer::Access::write, file);
  if (error == ENOENT) {
    error = files.create(path, sizeof stored, file);
    if (error == 0 && to_disk) error = files.sync_folder(at.folder);
  }
  if (error) return file_error("open", path, error, sizeof stored);
  return store(files, path, file, stored, to_disk);
}

Status clear_end_mark(FileLayer& files, const SessionFiles& at, uint32_t stream, bool to_disk) {
  const std::string path = at.end_mark(stream);
  File file;
  const int error = files.open(path, FileLayer::Access::write, file);
  if (error == ENOENT) return {};
  if (error) return file_error("open", path, error);
  return store(files, path, file, {}, to_disk);
}

Status read_end_mark(FileLayer& files, const SessionFiles& at, const SegmentShape& shape, uint32_t stream,
                     EndMark& out, bool& there) {
  there = false;
  const std::string path = at.end_mark(stream);
  File file;
  const int error = files.open(path, FileLayer::Access::read, file);
  if (error == ENOENT) return {};
  if (error) return file_error("open", path, error);
  format::EndMark mark{};
  size_t got = 0;
  if (const int failed = files.read(file, 0, std::as_writable_bytes(std::span(&mark, 1)), got))
    return file_error("read", path, failed);
  there = got == sizeof mark && mark.magic == format::end_magic && mark.version == format::version &&
          mark.stream == stream && mark.session_key == shape.session_key &&
          mark.checksum == format::checksum_of(mark) && mark.how <= static_cast<uint32_t>(SealedAs::limited);
  if (there) out = {mark.next, static_cast<SealedAs>(mark.how)};
  return {};
}

}  // namespace sluice::staging
