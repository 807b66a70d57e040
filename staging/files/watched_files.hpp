// A file layer that tells of each step by which files change, before and after it.
#pragma once

#include <functional>
#include <string>

#include "staging/files/posix_files.hpp"

namespace sluice::staging {

struct FileStep {
  enum class Kind { create, write, commit, sync, sync_folder, rename, remove, make_folder, remove_folder };

  Kind kind{};
  std::string path, to;  // `to`: of a rename
  bool done = false;     // false: it is about to be done
};

// Steps of mapped memory other than commits are not told: they change nothing that anybody relies on.
class WatchedFiles final : public PosixFiles {
 public:
  // `watch` is called on the thread that makes the step; [any thread], several at once.
  explicit WatchedFiles(std::function<void(const FileStep&)> watch) : watch_(std::move(watch)) {}

  int make_folder(const std::string& path) override;
  int create(const std::string& path, uint64_t bytes, File& out) override;
  int write(const File& file, uint64_t offset, std::span<const std::byte> from) override;
  void commit(const std::string& path, std::atomic_ref<uint64_t> word, uint64_t value) override;
  int sync(const File& file) override;
  int sync_folder(const std::string& path) override;
  int rename(const std::string& from, const std::string& to) override;
  int remove(const std::string& path) override;
  int remove_folder(const std::string& path) override;

 private:
  template <class Call>
  int step(FileStep::Kind kind, const std::string& path, const std::string& to, Call&& call);

  const std::function<void(const FileStep&)> watch_;
};

}  // namespace sluice::staging
