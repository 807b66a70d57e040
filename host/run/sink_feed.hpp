// The sink's side of a run: takes frames out of staging, writes them, and commits at the policy's pace.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "host/registry/sink_handle.hpp"
#include "host/run/cancel_state.hpp"
#include "host/run/ledger.hpp"
#include "host/run/policy.hpp"
#include "host/run/rejections.hpp"
#include "host/run/run_log.hpp"
#include "host/run/stream_writer.hpp"
#include "sluice/batch/frame_storage.hpp"
#include "sluice/staging.hpp"

namespace sluice::host {

// How a slice's source ended; set before its stream is sealed. `limited`: in peace, and there may be more to
// read.
enum class SourceEnd : int { running, finished, limited, failed };

struct FeedStream {
  uint32_t slice;
  StagingSession* session;
  uint32_t stream;  // in the session
  const std::atomic<SourceEnd>* source_end;
  uint64_t first = 0;           // frame to begin with
  uint64_t staged_before = 0;   // frames below were staged before this attempt: nobody has counted them yet
  bool foreign_writer = false;  // another process writes: how the source ended is asked of staging

  StagingReader& reader() const { return session->reader(stream); }
};

// Frames that staging could not give.
struct FeedDamage {
  uint64_t frames = 0, bytes = 0;
  std::vector<std::string> set_aside;
};

struct FeedSettings {
  bool ordered;              // one slice after another, else whatever is there
  bool tables_to_documents;  // the source gives tables, the sink takes only documents
  bool exactly_once;
  bool stops_at_drain;  // no source will end the streams: a drain ends the feed at the next commit
  const CommitPolicy* commit;
  const RetryPolicy* retry;
  std::string run_id, unit_id, stage_id, stage_key;
  boost::json::value checkpoint_before;
  std::function<void(const DurableStep&)> on_step = {};  // may be empty
};

// [one sink thread] Lives as long as an attempt.
class SinkFeed {
 public:
  SinkFeed(SinkHandle& sink, std::vector<FeedStream> streams, FeedSettings settings, RunSignal& signal,
           Rejections& rejections, Ledger& ledger, LiveCounts& live, RunLog log);
  SinkFeed(const SinkFeed&) = delete;
  SinkFeed& operator=(const SinkFeed&) = delete;

  // Until every stream has ended; then the final commit, when all their sources finished, else a commit of
  // what was written. On failure the sink is told to take back what was not committed.
  //
  // Damaged frames: at least once, the whole ones behind them are delivered too, and checkpoints stay before
  // the damage, so that a run from there reads what is lost again. Exactly once, the feed ends before the
  // damage with E_STAGING_DAMAGED, since what follows would come twice then.
  Status run();

  std::chrono::nanoseconds busy() const { return busy_; }
  std::chrono::nanoseconds starved() const { return starved_; }
  uint64_t retries() const { return retries_; }
  // The failure was tried again as often as the policy allows, in place: no other attempt is due.
  bool retries_exhausted() const { return exhausted_; }
  const FeedDamage& damage() const { return damage_; }

 private:
  struct Position {
    FeedStream stream;
    uint64_t next_sequence = 0;
    bool ended = false;
    Commit pending;          // since the last durable commit
    std::string checkpoint;  // the newest one, JSON text; empty: none since the last durable commit
    bool uncovered = false;  // records written after the newest checkpoint
    uint64_t digest = 0;     // the newest frame's checksum
    uint64_t lost = 0;       // frames
    uint64_t lost_bytes = 0;
    size_t set_aside = 0;  // files told
  };

  Status feed();
  Status feed_one(Position& from, std::chrono::milliseconds wait, bool& got);
  Status take(Position& from, std::span<const std::byte> frame);
  Status write(Position& from, std::span<const std::byte> frame);
  Status find_loss(Position& from, uint64_t next_sequence);
  Status make_room(Position& from);
  Status commit_if_due();
  Status finish();
  Status commit(bool final);
  Status with_retries(const char* what, const std::function<Status()>& call);
  void tell_step(std::string_view kind, bool done) const;
  bool all_ended() const;
  SourceEnd end_of(const Position& position) const;
  std::chrono::milliseconds patience() const;

  static sluice_status on_reject(void* self, uint32_t record, sluice_str code, sluice_str reason,
                                 sluice_error* error);
  Status reject(uint32_t record, std::string_view code, std::string_view reason);

  SinkHandle& sink_;
  FeedSettings settings_;
  RunSignal& signal_;
  Rejections& rejections_;
  Ledger& ledger_;
  LiveCounts& live_;
  RunLog log_;
  std::vector<Position> positions_;
  FrameBytes adapted_;  // the frame made of a table, when the sink wants documents

  struct Refused {
    uint32_t record;
    std::string code, reason;
  };
  std::vector<Refused> refused_;  // by the write under way; counted only once it succeeds
  std::span<const std::byte> current_;

  uint64_t uncommitted_bytes_ = 0;
  bool dirty_ = false;  // something came since the last commit call
  std::chrono::steady_clock::time_point last_commit_;
  std::chrono::nanoseconds busy_{0}, starved_{0};
  uint64_t retries_ = 0;
  bool exhausted_ = false;
  FeedDamage damage_;
};

}  // namespace sluice::host
