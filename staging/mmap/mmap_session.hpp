// An open session of mmap staging: a folder, its locks, and the ends of its streams.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "staging/mmap/mmap_reader.hpp"
#include "staging/mmap/mmap_writer.hpp"

namespace sluice::staging {

class MmapSession final : public StagingSession {
 public:
  // `writer` and `reader` are the locks of the ends that this opener uses; the other is not open.
  MmapSession(std::unique_ptr<SessionParts> parts, std::string staging_folder, File writer, File reader);
  ~MmapSession() override;

  // Once, before anything else: in a folder that was just made, or in one that was there.
  Status create();
  Status reopen();

  std::string_view id() const override { return parts_->manifest.stage_id; }
  StagingWriter& writer(uint32_t slice) override { return *streams_.at(slice)->writer; }
  StagingReader& reader(uint32_t slice) override { return *streams_.at(slice)->reader; }
  void cancel() override;
  StagingStats stats() const override;
  void keep() override { keep_ = true; }
  Status state(uint32_t slice, StagingStreamState& out) const override;
  Status rewind(uint32_t slice, uint64_t read_from, uint64_t write_from) override;
  Status annotate(std::string_view note) override;
  std::string note() const override;

 private:
  struct Stream {
    std::unique_ptr<MmapWriter> writer;
    std::unique_ptr<MmapReader> reader;
    std::optional<RecoveredStream> recovered;  // nothing while a writer is alive
  };

  bool has_writer() const { return parts_->ends != StagingEnds::reader; }
  bool has_reader() const { return parts_->ends != StagingEnds::writer; }
  Status look_for_writer(bool& gone) const;
  bool writer_is_gone() const;
  void remove_folder();

  const std::unique_ptr<SessionParts> parts_;
  const std::string staging_folder_;
  File writer_lock_, reader_lock_;
  std::vector<std::unique_ptr<Stream>> streams_;
  bool keep_ = true;  // until it is open
  mutable std::mutex note_mutex_;
  std::string note_;
};

}  // namespace sluice::staging
