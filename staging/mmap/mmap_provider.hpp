// Staging in memory-mapped files: survives the process, and with durability disk power loss. Sessions can be
// opened again, by another process too, and by two processes at once: one writes and one reads.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "sluice/staging.hpp"
#include "staging/files/file_layer.hpp"

namespace sluice::staging {

struct MmapSettings {
  std::string folder;                      // absolute; made when it is missing
  uint64_t min_free = uint64_t{64} << 20;  // bytes that staging leaves on the disk
  uint64_t segment_bytes = 0;              // of each segment file; 0: by the request
  // How long a writer that has filled its session waits for a reader in another process to come.
  std::chrono::milliseconds reader_grace = std::chrono::seconds(10);
  // Durability disk: batches are synced beside the next ones' writing. False: one step after the other, in an
  // order that tests can count on.
  bool syncs_apart = true;
};

// What the durabilities promise: os - every published batch survives the end of the process, however it ends;
// disk - every batch that a reader has seen, and every acknowledgement, survives power loss too.
class MmapProvider final : public StagingProvider {
 public:
  static constexpr Durability strongest = Durability::disk;

  // `files` outlives the provider.
  MmapProvider(MmapSettings settings, FileLayer& files) : settings_(std::move(settings)), files_(files) {}

  Durability strongest_durability() const override { return strongest; }
  uint64_t max_frame_bytes(const StagingRequest& request) const override;
  // New sessions: E_STAGE_EXISTS, E_STAGE_ID, E_STAGING_TOO_SMALL (config), E_STAGING_DISK_FULL (transient).
  // Those that are there: E_STAGE_UNKNOWN, E_STAGING_VERSION (config), E_STAGE_BUSY (transient),
  // E_STAGING_MANIFEST (damaged). Both: what the staging folder is refused for.
  Status open(const StagingRequest& request, std::unique_ptr<StagingSession>& out) override;

  const MmapSettings& settings() const { return settings_; }
  FileLayer& files() const { return files_; }

 private:
  Status prepare();
  Status create(const StagingRequest& request, std::unique_ptr<StagingSession>& out);
  Status reopen(const StagingRequest& request, std::unique_ptr<StagingSession>& out);

  const MmapSettings settings_;
  FileLayer& files_;
  std::mutex prepare_mutex_;
  bool prepared_ = false;
};

}  // namespace sluice::staging
