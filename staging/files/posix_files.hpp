// The file layer of this machine.
#pragma once

#include "staging/files/file_layer.hpp"

namespace sluice::staging {

// Has no state: one may serve everybody.
class PosixFiles : public FileLayer {
 public:
  int make_folder(const std::string& path) override;
  int create(const std::string& path, uint64_t bytes, File& out) override;
  int open(const std::string& path, Access access, File& out) override;
  int size(const File& file, uint64_t& out) override;
  int read(const File& file, uint64_t offset, std::span<std::byte> to, size_t& got) override;
  int write(const File& file, uint64_t offset, std::span<const std::byte> from) override;
  int map(const File& file, uint64_t bytes, Access access, Mapping& out) override;
  void commit(const std::string& path, std::atomic_ref<uint64_t> word, uint64_t value) override;
  int sync(const File& file) override;
  int sync_folder(const std::string& path) override;
  int rename(const std::string& from, const std::string& to) override;
  int remove(const std::string& path) override;
  int remove_folder(const std::string& path) override;
  int list(const std::string& path, std::vector<std::string>& names) override;
  int lock(const File& file) override;
  int facts(const std::string& path, FileSystemFacts& out) override;
};

}  // namespace sluice::staging
