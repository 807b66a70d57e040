// A sink that counts, until it does what it was told to.
#pragma once

#include <sluice/sdk.hpp>

#include "fault.hpp"

namespace sluice::chaos {

class ChaosSink final : public Sink {
 public:
  // The configuration is the source's: one template, two roles.
  static constexpr SinkInfo sink_info{
      .formats = "documents,tables", .delivery = "none", .slices = "parallel"};

  explicit ChaosSink(const Context& context);

  std::optional<Json> open(const WriteRequest& request) override;
  WriteResult write(const BatchView& batch, Rejects& rejects) override;
  Reached commit(const CommitToken& token) override;

 private:
  enum class Where { open, write, commit };

  const Fault fault_;
  const Where where_;
  const uint64_t at_, every_;
  uint64_t records_ = 0, commits_ = 0;
};

}  // namespace sluice::chaos
