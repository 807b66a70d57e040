// The checkpoint of repeated runs, kept in a file: `run --checkpoint-file`.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "host/result.hpp"

namespace sluice::host::cli {

// Owns `FILE.new` beside the file, with the kernel's lock on it, from open() until it is destroyed: two
// processes that keep their state in one file do not run at once. A crash leaves at most an unlocked
// FILE.new, which the next run uses.
class CheckpointFile {
 public:
  // Errors of class system: the folder cannot be written to, the file cannot be read, another process has it.
  // Class config: the contents are no JSON. Whoever gets here can store a checkpoint later, unless the disk
  // fills up.
  static Result<std::unique_ptr<CheckpointFile>> open(const std::string& path);
  ~CheckpointFile();
  CheckpointFile(const CheckpointFile&) = delete;
  CheckpointFile& operator=(const CheckpointFile&) = delete;

  // JSON as found; empty when there was no file yet.
  const std::string& checkpoint() const { return checkpoint_; }
  // Puts `checkpoint` (JSON) in the file's place, durable and in one step. Once.
  Status store(std::string_view checkpoint);

 private:
  CheckpointFile() = default;
  Status lock();

  std::string path_, new_path_, checkpoint_;
  int new_file_ = -1;
  bool stored_ = false;
};

}  // namespace sluice::host::cli
