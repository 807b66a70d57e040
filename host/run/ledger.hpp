// What a run has committed so far: counts and checkpoints, slice by slice. Retries and results go on from
// here.
#pragma once

#include <boost/json/object.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/run/counts.hpp"

namespace sluice::host {

// A slice, and where its next reader begins.
struct SliceState {
  boost::json::object slice;                      // as the source planned it; empty: the whole unit
  std::optional<boost::json::object> checkpoint;  // last committed
  bool done = false;                              // read to its end and committed
};

// What one durable commit covers.
struct Commit {
  uint32_t slice = 0;
  std::optional<boost::json::object> checkpoint;  // absent: the stream brought no new one
  Counts counts;                                  // since the previous commit
  bool finished = false;
};

// [any thread]
class Ledger {
 public:
  explicit Ledger(std::vector<SliceState> slices) : slices_(std::move(slices)) {}

  void commit(const std::vector<Commit>& commits);
  // The sink's process went away during the commit of this token: whether it is durable, the next attempt
  // finds out.
  void leave_in_doubt(std::string token, const std::vector<Commit>& commits);
  // What the sink holds now. When that is the token in doubt, what it covers counts as committed, and is
  // returned.
  Counts settle(std::string_view token);

  // The sink was found to hold a slice's records up to this checkpoint, from a run whose result was lost.
  void adopt(uint32_t slice, const boost::json::object& checkpoint);
  bool adopted() const;
  // What the run had committed before, in another process.
  void restore(uint32_t slice, const boost::json::object& checkpoint);
  // Whether the checkpoints are not those that the run began with.
  bool moved() const;
  // Whether every slice that is not done has a checkpoint to go on from.
  bool resumable() const;
  // Forgets everything committed: the next attempt begins anew.
  void reset();

  std::vector<SliceState> slices() const;
  Counts counts() const;
  uint64_t commits() const;
  // The run's checkpoint as it would be after these commits too; null when no slice has one. `before` is what
  // the run began from.
  boost::json::value checkpoint_after(const std::vector<Commit>& commits,
                                      const boost::json::value& before) const;
  bool all_done() const;
  // Whether the unit is read by a plan, be it of one slice: checkpoints are then slices', not the unit's.
  bool planned() const;

 private:
  mutable std::mutex mutex_;
  std::vector<SliceState> slices_;
  Counts counts_;
  uint64_t commits_ = 0;
  std::string doubtful_token_;
  std::vector<Commit> doubtful_;
  bool adopted_ = false, restored_ = false;
};

// The checkpoint of a unit whose slices are not all done: an object of the host's own, that a later run takes
// apart again. The source never sees it.
boost::json::object pack_slices(const std::vector<SliceState>& slices, const boost::json::value& before);
// Nothing when the checkpoint is the source's own. Slices that are done stay in the list.
struct PackedSlices {
  std::vector<SliceState> slices;
  boost::json::value before;
};
std::optional<PackedSlices> unpack_slices(const boost::json::object& checkpoint);

}  // namespace sluice::host
