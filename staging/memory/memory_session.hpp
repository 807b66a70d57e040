// A session of memory staging: one mapping, divided among the streams.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/staging.hpp"
#include "staging/memory/memory_stream.hpp"
#include "staging/memory/shared_mapping.hpp"

namespace sluice::staging {

class MemorySession final : public StagingSession {
 public:
  MemorySession(std::string id, uint64_t capacity) : id_(std::move(id)), meter_(capacity) {}
  ~MemorySession() override;

  // Once, before anything else. `budget` already holds the floors of all streams; they are given back when
  // the session is destroyed, or at once when this fails. It is then offered the mapping for the next session
  // of this shape, which finds pages that have memory: the first touch of a page costs as much as filling it.
  Status create(uint32_t streams, const PoolShape& shape, MemoryBudget& budget, bool fail_when_full);

  std::string_view id() const override { return id_; }
  StagingWriter& writer(uint32_t slice) override { return *streams_.at(slice); }
  StagingReader& reader(uint32_t slice) override { return *streams_.at(slice); }
  void cancel() override;
  StagingStats stats() const override;
  void keep() override {}  // memory cannot outlive the process

  // [any thread] Memory that the mapping takes now.
  uint64_t committed_bytes() const { return mapping_->committed_bytes(); }

 private:
  const std::string id_;
  SessionMeter meter_;
  std::unique_ptr<SharedMapping> mapping_;
  MemoryBudget* budget_ = nullptr;
  uint64_t kept_ = 0;  // bytes that the next session may find with memory
  std::vector<std::unique_ptr<MemoryStream>> streams_;
};

}  // namespace sluice::staging
