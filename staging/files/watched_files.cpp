#include "staging/files/watched_files.hpp"

namespace sluice::staging {

using Kind = FileStep::Kind;

template <class Call>
int WatchedFiles::step(Kind kind, const std::string& path, const std::string& to, Call&& call) {
  watch_({kind, path, to, false});
  const int error = call();
  if (error == 0) watch_({kind, path, to, true});
  return error;
}

int WatchedFiles::make_folder(const std::string& path) {
  return step(Kind::make_folder, path, "", [&] { return PosixFiles::make_folder(path); });
}

int WatchedFiles::create(const std::string& path, uint64_t bytes, File& out) {
  return step(Kind::create, path, "", [&] { return PosixFiles::create(path, bytes, out); });
}

int WatchedFiles::write(const File& file, uint64_t offset, std::span<const std::byte> from) {
  return step(Kind::write, file.path(), "", [&] { return PosixFiles::write(file, offset, from); });
}

void WatchedFiles::commit(const std::string& path, std::atomic_ref<uint64_t> word, uint64_t value) {
  (void)step(Kind::commit, path, "", [&] {
    PosixFiles::commit(path, word, value);
    return 0;
  });
}

int WatchedFiles::sync(const File& file) {
  return step(Kind::sync, file.path(), "", [&] { return PosixFiles::sync(file); });
}

int WatchedFiles::sync_folder(const std::string& path) {
  return step(Kind::sync_folder, path, "", [&] { return PosixFiles::sync_folder(path); });
}

int WatchedFiles::rename(const std::string& from, const std::string& to) {
  return step(Kind::rename, from, to, [&] { return PosixFiles::rename(from, to); });
}

int WatchedFiles::remove(const std::string& path) {
  return step(Kind::remove, path, "", [&] { return PosixFiles::remove(path); });
}

int WatchedFiles::remove_folder(const std::string& path) {
  return step(Kind::remove_folder, path, "", [&] { return PosixFiles::remove_folder(path); });
}

}  // namespace sluice::staging
