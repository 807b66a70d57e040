// `sluice staging cat`: the frames of a session that are staged and not acknowledged, in order.
#pragma once

#include "staging/mmap/offline_session.hpp"

namespace sluice::staging {

struct StreamCat {
  uint32_t stream = 0;
  uint64_t frames = 0, records = 0;
  uint64_t lost_frames = 0, lost_bytes = 0;
  bool cursor_damaged = false;  // what comes may be acknowledged already
};

// Takes frames that are whole; valid during the call. False: enough.
using FrameTaker = std::function<bool(uint32_t stream, std::span<const std::byte> frame)>;

// All streams, or one (E_STAGE_STREAM (config) when there is none of that number). With a writer that is
// alive: what it has published so far. The reading end is kept meanwhile, so that nothing is recycled under
// the reader's hands: E_STAGE_BUSY (transient) when it has an owner. Every frame is verified; `on_damage`
// sees what is left out.
Status cat_session(FileLayer& files, const std::string& folder, const std::string& id,
                   std::optional<uint32_t> stream, const FrameTaker& take, const DamageHandler& on_damage,
                   std::vector<StreamCat>& out);

}  // namespace sluice::staging
