#include "host/run/ledger.hpp"

#include <boost/json/array.hpp>
#include <string_view>

namespace sluice::host {

namespace {
constexpr std::string_view packed_key = "sluice.slices", before_key = "sluice.before";
}

void Ledger::commit(const std::vector<Commit>& commits) {
  std::lock_guard lock(mutex_);
  ++commits_;
  for (const Commit& commit : commits) {
    SliceState& state = slices_.at(commit.slice);
    if (commit.checkpoint) state.checkpoint = commit.checkpoint;
    if (commit.finished) state.done = true;
    counts_ += commit.counts;
  }
}

void Ledger::leave_in_doubt(std::string token, const std::vector<Commit>& commits) {
  std::lock_guard lock(mutex_);
  doubtful_token_ = std::move(token);
  doubtful_ = commits;
}

Counts Ledger::settle(std::string_view token) {
  std::lock_guard lock(mutex_);
  Counts settled;
  if (!doubtful_token_.empty() && token == doubtful_token_) {
    ++commits_;
    for (const Commit& commit : doubtful_) {
      // Not whether the slice is finished: its source is asked again, and has no more.
      if (commit.checkpoint) slices_.at(commit.slice).checkpoint = commit.checkpoint;
      settled += commit.counts;
    }
    counts_ += settled;
  }
  doubtful_token_.clear();
  return settled;
}

void Ledger::adopt(uint32_t slice, const boost::json::object& checkpoint) {
  std::lock_guard lock(mutex_);
  SliceState& state = slices_.at(slice);
  if (state.checkpoint && *state.checkpoint == checkpoint) return;
  state.checkpoint = checkpoint;
  adopted_ = true;
}

bool Ledger::adopted() const {
  std::lock_guard lock(mutex_);
  return adopted_;
}

void Ledger::restore(uint32_t slice, const boost::json::object& checkpoint) {
  std::lock_guard lock(mutex_);
  slices_.at(slice).checkpoint = checkpoint;
  restored_ = true;
}

bool Ledger::moved() const {
  std::lock_guard lock(mutex_);
  return commits_ > 0 || adopted_ || restored_;
}

bool Ledger::resumable() const {
  std::lock_guard lock(mutex_);
  for (const SliceState& state : slices_)
    if (!state.done && !state.checkpoint) return false;
  return true;
}

void Ledger::reset() {
  std::lock_guard lock(mutex_);
  for (SliceState& state : slices_) {
    state.checkpoint.reset();
    state.done = false;
  }
  counts_ = {};
  commits_ = 0;
  doubtful_token_.clear();
}

std::vector<SliceState> Ledger::slices() const {
  std::lock_guard lock(mutex_);
  return slices_;
}

Counts Ledger::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

uint64_t Ledger::commits() const {
  std::lock_guard lock(mutex_);
  return commits_;
}

boost::json::value Ledger::checkpoint_after(const std::vector<Commit>& commits,
                                            const boost::json::value& before) const {
  std::vector<SliceState> after = slices();
  for (const Commit& commit : commits) {
    if (commit.checkpoint) after.at(commit.slice).checkpoint = commit.checkpoint;
    if (commit.finished) after.at(commit.slice).done = true;
  }
  if (after.size() > 1 || !after[0].slice.empty()) return pack_slices(after, before);
  return after[0].checkpoint ? boost::json::value(*after[0].checkpoint) : before;
}

bool Ledger::planned() const {
  std::lock_guard lock(mutex_);
  return slices_.size() > 1 || !slices_[0].slice.empty();
}

bool Ledger::all_done() const {
  std::lock_guard lock(mutex_);
  for (const SliceState& state : slices_)
    if (!state.done) return false;
  return true;
}

boost::json::object pack_slices(const std::vector<SliceState>& slices, const boost::json::value& before) {
  boost::json::array list;
  for (const SliceState& state : slices) {
    boost::json::object entry{{"slice", state.slice}, {"checkpoint", nullptr}, {"done", state.done}};
    if (state.checkpoint) entry["checkpoint"] = *state.checkpoint;
    list.push_back(std::move(entry));
  }
  return {{packed_key, std::move(list)}, {before_key, before}};
}

std::optional<PackedSlices> unpack_slices(const boost::json::object& checkpoint) {
  const auto* list = checkpoint.if_contains(packed_key);
  if (!list || !list->is_array()) return std::nullopt;
  PackedSlices packed;
  if (const auto* before = checkpoint.if_contains(before_key)) packed.before = *before;
  for (const auto& entry : list->get_array()) {
    if (!entry.is_object()) return std::nullopt;
    const auto& object = entry.get_object();
    SliceState state;
    if (const auto* slice = object.if_contains("slice"); slice && slice->is_object())
      state.slice = slice->get_object();
    if (const auto* own = object.if_contains("checkpoint"); own && own->is_object())
      state.checkpoint = own->get_object();
    if (const auto* done = object.if_contains("done")) state.done = done->is_bool() && done->get_bool();
    packed.slices.push_back(std::move(state));
  }
  if (packed.slices.empty() || packed.slices.size() > 256) return std::nullopt;
  return packed;
}

}  // namespace sluice::host
