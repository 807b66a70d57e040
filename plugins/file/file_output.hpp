// The output file of one run: replaced as a whole at the end, or appended to with a marker of what is
// committed.
#pragma once

#include <optional>
#include <sluice/host_services.hpp>
#include <sluice/sink.hpp>
#include <string>
#include <string_view>

#include "output_marker.hpp"
#include "output_path.hpp"

namespace sluice::file {

// [one thread] A full run writes `.<name>.sluice-tmp-<random>` and renames it at the final commit, so that
// the old content stays in sight until then. An incremental run appends to the file itself; what a run that
// died left behind its last commit is cut off when the unit is written again.
// A call that throws has changed nothing and may be made again. Of two runs that have opened the file, only
// the one that did so last may commit: the other gets E_FENCED.
class FileOutput {
 public:
  FileOutput(const HostServices& host, OutputPath path) : host_(host), path_(std::move(path)) {}
  // What was not committed is given up.
  ~FileOutput();
  FileOutput(const FileOutput&) = delete;
  FileOutput& operator=(const FileOutput&) = delete;

  // The token of the unit's last commit, when its data is gone on with.
  std::optional<Json> open(const WriteRequest& request);
  // E_DISK_FULL, E_FILE_WRITE.
  void write(std::string_view bytes);
  Reached commit(const CommitToken& token);
  void abort();

  // Whether nothing stands in the file before what this run writes.
  bool begins_empty() const { return begin_ == 0; }
  const OutputPath& path() const { return path_; }

 private:
  void open_replacement(const WriteRequest& request);
  void take_fence(const WriteRequest& request, const std::optional<OutputMarker>& before);
  void check_fence() const;
  std::optional<Json> open_append(const WriteRequest& request);
  void remove_stale_replacements();
  void lock();
  uint64_t file_size() const;
  void cut(uint64_t length);
  void put(std::string_view bytes);
  void take_room(size_t bytes);
  void give_room_back();
  void flush_compressed();
  void sync();

  const HostServices& host_;
  const OutputPath path_;
  bool replace_ = false, to_disk_ = false;
  bool active_ = false;  // opened, and neither finally committed nor aborted
  UniqueFd fd_;
  std::string temporary_;  // of a replacement
  OutputMarker marker_;
  uint64_t begin_ = 0;   // the file's size when this run began to write
  uint64_t length_ = 0;  // its size now
  // The file system's blocks are the file's up to there, where they reach beyond its size; else 0.
  uint64_t room_end_ = 0;
  bool takes_room_ = false;
  std::string plain_;  // not compressed yet
};

}  // namespace sluice::file
