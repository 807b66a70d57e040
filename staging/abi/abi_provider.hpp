// A staging provider behind the C ABI, used like a native one. Answers that break the ABI become errors that
// name the provider.
#pragma once

#include <memory>
#include <string>

#include "sluice/abi/staging.h"
#include "sluice/staging.hpp"

namespace sluice::staging {

class AbiProvider final : public StagingProvider {
 public:
  // `name` stands before messages. `owner` keeps the provider (and its library) alive: for this object and
  // every session that it opens. The provider is never destroyed here: that is the owner's.
  AbiProvider(const sluice_staging_provider& provider, std::string name, std::shared_ptr<const void> owner)
      : provider_(provider), name_(std::move(name)), owner_(std::move(owner)) {}

  Durability strongest_durability() const override;
  uint64_t max_frame_bytes(const StagingRequest& request) const override;
  Status open(const StagingRequest& request, std::unique_ptr<StagingSession>& out) override;

 private:
  const sluice_staging_provider provider_;
  const std::string name_;
  const std::shared_ptr<const void> owner_;
};

// Wraps a session that was opened through the ABI, and closes it at the end. E_PLUGIN_ANSWER when its table
// is not complete: it is then closed, as far as it can be.
Status wrap_session(const sluice_staging_session& session, std::string stage_id, uint32_t streams,
                    std::string name, std::shared_ptr<const void> owner,
                    std::unique_ptr<StagingSession>& out);

}  // namespace sluice::staging
