#include "host/run/sink_feed.hpp"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "host/run/retry.hpp"
#include "host/worker/worker_death.hpp"
#include "sluice/batch/batch_view.hpp"
#include "sluice/batch/seal.hpp"
#include "sluice/batch/table_json.hpp"

namespace sluice::host {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Error cancelled() {
  return Error(ErrorClass::cancelled, "E_CANCELLED", "the run was stopped");
}

std::string hex(uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::string record_text(std::span<const std::byte> frame, uint32_t record) {
  BatchView view(frame);
  if (record >= view.size()) return {};
  if (!view.is_table()) return std::string(DocumentsView(view).value(record));
  std::string text;
  append_row_json(view, record, text);
  return text;
}

}  // namespace

SinkFeed::SinkFeed(SinkHandle& sink, std::vector<FeedStream> streams, FeedSettings settings,
                   RunSignal& signal, Rejections& rejections, Ledger& ledger, LiveCounts& live, RunLog log)
    : sink_(sink),
      settings_(std::move(settings)),
      signal_(signal),
      rejections_(rejections),
      ledger_(ledger),
      live_(live),
      log_(std::move(log)),
      last_commit_(steady_clock::now()) {
  for (FeedStream& stream : streams) {
    Position position;
    position.stream = stream;
    position.pending.slice = stream.slice;
    position.next_sequence = stream.first;
    positions_.push_back(std::move(position));
  }
}

Status SinkFeed::run() {
  Status status = feed();
  if (status.ok()) status = finish();
  if (status.ok()) return status;
  const auto begin = steady_clock::now();
  if (Status undone = sink_.abort(); !undone.ok()) log_.error(Severity::warning, undone.error());
  busy_ += steady_clock::now() - begin;
  return status;
}

Status SinkFeed::feed() {
  size_t turn = 0;
  size_t idle = 0;  // streams in a row that had nothing
  while (!all_ended()) {
    if (signal_.stopping()) return cancelled();
    if (settings_.stops_at_drain && signal_.draining()) return {};
    Position& from = positions_[turn];
    if (from.ended) {
      turn = (turn + 1) % positions_.size();
      continue;
    }
    // With several streams to mix, a short look at each; the last of a fruitless round waits a little.
    const bool alone = settings_.ordered || positions_.size() == 1;
    const milliseconds wait = alone ? patience() : milliseconds(idle + 1 >= positions_.size() ? 2 : 0);
    bool got = false;
    if (Status status = feed_one(from, wait, got); !status.ok()) return status;
    idle = got ? 0 : (idle + 1 >= positions_.size() ? 0 : idle + 1);
    if (Status status = commit_if_due(); !status.ok()) return status;
    if (!alone) turn = (turn + 1) % positions_.size();
  }
  return {};
}

Status SinkFeed::feed_one(Position& from, milliseconds wait, bool& got) {
  auto kind = StagingReader::Next::nothing_yet;
  std::span<const std::byte> frame;
  const auto begin = steady_clock::now();
  Status status = from.stream.reader().next(wait, kind, frame);
  const auto came = steady_clock::now();
  starved_ += came - begin;
  if (!status.ok()) return status;
  got = kind != StagingReader::Next::nothing_yet;
  if (kind == StagingReader::Next::end) {
    from.ended = true;
    return find_loss(from, from.next_sequence);
  }
  if (kind == StagingReader::Next::frame) {
    status = take(from, frame);
    from.stream.reader().release();
    busy_ += steady_clock::now() - came;
  }
  // Also when nothing came: the writer may have run out of room since.
  if (status.ok() && from.stream.reader().wants_room()) status = make_room(from);
  return status;
}

// Staging gives `sequence` next, or ends there: what lies between must be lost for a reason that it knows.
Status SinkFeed::find_loss(Position& from, uint64_t sequence) {
  StagingStreamState state;
  if (Status status = from.stream.session->state(from.stream.stream, state); !status.ok()) return status;
  const uint64_t lost = state.lost_frames - std::min(state.lost_frames, from.lost);
  if (!from.ended && sequence != from.next_sequence + lost)
    return Error(ErrorClass::damaged, "E_STAGING_SEQUENCE",
                 "staging gave batch " + std::to_string(sequence) + " where batch " +
                     std::to_string(from.next_sequence) + " was due");
  if (lost == 0) return {};
  log_.write(Severity::error, "staged batches are damaged and left out",
             {{"from", std::to_string(from.next_sequence)}, {"batches", std::to_string(lost)}});
  damage_.frames += lost;
  damage_.bytes += state.lost_bytes - std::min(state.lost_bytes, from.lost_bytes);
  for (size_t i = from.set_aside; i < state.set_aside.size(); ++i)
    damage_.set_aside.push_back(state.set_aside[i]);
  if (settings_.exactly_once) {
    from.ended = false;  // what was lost is missing: the commit finishes nothing
    if (dirty_ && !from.uncovered)
      if (Status status = commit(false); !status.ok()) return status;
    return Error(ErrorClass::damaged, "E_STAGING_DAMAGED",
                 "batches from " + std::to_string(from.next_sequence) +
                     " on are damaged, and exactly-once delivery ends before them",
                 settings_.stage_id, "run the unit again from newCheckpoint: it reads them from the source");
  }
  from.lost += lost;
  from.lost_bytes = state.lost_bytes;
  from.set_aside = state.set_aside.size();
  // At the end nothing comes behind the damage that could be acknowledged.
  if (!from.ended) from.next_sequence += lost;
  return {};
}

// The writer is short of room that only a commit gives back. What no commit may cover yet is given up as a
// means to begin again from: the sink holds it, uncommitted, and a failure goes back to the last commit and
// the source.
Status SinkFeed::make_room(Position& from) {
  bool uncovered = false;
  for (const Position& position : positions_) uncovered = uncovered || position.uncovered;
  if (dirty_ && (!uncovered || !settings_.exactly_once))
    if (Status status = commit(false); !status.ok()) return status;
  return from.stream.reader().wants_room() ? from.stream.reader().forget(from.next_sequence - 1) : Status();
}

Status SinkFeed::take(Position& from, std::span<const std::byte> frame) {
  if (Status status = verify_frame(frame); !status.ok()) return status;
  BatchView view(frame);
  if (view.sequence() != from.next_sequence)
    if (Status status = find_loss(from, view.sequence()); !status.ok()) return status;
  ++from.next_sequence;
  if (view.size() > 0)
    if (Status status = write(from, frame); !status.ok()) return status;
  const sluice_frame_header& header = view.header();
  Counts& counts = from.pending.counts;
  counts.staged += header.record_count;
  counts.source_rejected += header.rejected;
  counts.source_filtered += header.filtered;
  counts.bytes_read += header.bytes_read;
  counts.bytes_staged += frame.size();
  counts.batches += header.record_count > 0 ? 1 : 0;
  from.digest = header.checksum;
  if (view.sequence() < from.stream.staged_before) {
    live_.records_read.fetch_add(uint64_t{header.record_count} + header.filtered + header.rejected,
                                 std::memory_order_relaxed);
    live_.bytes_read.fetch_add(header.bytes_read, std::memory_order_relaxed);
  }
  if (!view.checkpoint().empty()) {
    // What comes behind a loss is delivered, and no checkpoint may pass the loss.
    if (from.lost == 0) from.checkpoint = view.checkpoint();
    from.uncovered = false;
  } else if (view.size() > 0) {
    from.uncovered = true;
  }
  uncommitted_bytes_ += header.payload_bytes;
  dirty_ = true;
  return {};
}

Status SinkFeed::write(Position& from, std::span<const std::byte> frame) {
  current_ = frame;
  if (settings_.tables_to_documents && BatchView(frame).is_table()) {
    if (Status status = table_to_documents(BatchView(frame), adapted_); !status.ok()) return status;
    current_ = adapted_;
  }
  const sluice_sink_rejects rejects{sizeof(sluice_sink_rejects), 0, this, &SinkFeed::on_reject};
  sluice_write_result done{};
  Status status = with_retries("write", [&]() -> Status {
    refused_.clear();
    tell_step("sink-write", false);
    Result<sluice_write_result> result = sink_.write(current_, rejects);
    tell_step("sink-write", true);
    if (!result) return std::move(result).error();
    done = *result;
    return {};
  });
  // Over the limit: the sink echoes our refusal, or ignored it; either way the records are counted and the
  // run ends.
  for (const Refused& refused : refused_)
    if (Status counted = reject(refused.record, refused.code, refused.reason); !counted.ok()) return counted;
  refused_.clear();
  if (!status.ok()) return status;
  from.pending.counts.written += done.written;
  from.pending.counts.sink_rejected += done.rejected;
  from.pending.counts.sink_filtered += done.filtered;
  from.pending.counts.bytes_written += done.bytes;
  live_.records_written.fetch_add(done.written, std::memory_order_relaxed);
  live_.records_rejected.fetch_add(done.rejected, std::memory_order_relaxed);
  live_.bytes_written.fetch_add(done.bytes, std::memory_order_relaxed);
  return {};
}

sluice_status SinkFeed::on_reject(void* self, uint32_t record, sluice_str code, sluice_str reason,
                                  sluice_error* error) {
  auto& feed = *static_cast<SinkFeed*>(self);
  feed.refused_.push_back({record, std::string(view(code).substr(0, SLUICE_ERROR_CODE_BYTES)),
                           std::string(view(reason).substr(0, SLUICE_ERROR_MESSAGE_BYTES))});
  if (feed.rejections_.tolerates(feed.refused_.size())) return SLUICE_OK;
  return to_abi(Error(ErrorClass::config, "E_REJECTED", "no more rejected records are tolerated"), error);
}

Status SinkFeed::reject(uint32_t record, std::string_view code, std::string_view reason) {
  const std::string where = settings_.unit_id + ", batch " + std::to_string(BatchView(current_).sequence()) +
                            ", record " + std::to_string(record);
  return rejections_.add({code, reason, where, record_text(current_, record)});
}

Status SinkFeed::with_retries(const char* what, const std::function<Status()>& call) {
  for (uint32_t attempt = 1;; ++attempt) {
    Status status = call();
    // A process that is gone is not asked again: another attempt starts another one.
    if (status.ok() || !status.error().transient() || is_worker_loss(status.error())) return status;
    if (attempt >= settings_.retry->max_attempts) {
      exhausted_ = true;
      return status;
    }
    const auto pause = backoff(*settings_.retry, attempt);
    log_.write(Severity::warning,
               std::string("sink ") + what + " is tried again: " + status.error().message(),
               {{"code", status.error().code()}, {"attempt", std::to_string(attempt)}});
    ++retries_;
    if (signal_.wait(pause, StopLevel::now)) return cancelled();
  }
}

void SinkFeed::tell_step(std::string_view kind, bool done) const {
  if (settings_.on_step) settings_.on_step({kind, settings_.unit_id, "", done});
}

// How the source of a stream that has ended came to its end.
SourceEnd SinkFeed::end_of(const Position& position) const {
  if (!position.stream.foreign_writer) return position.stream.source_end->load(std::memory_order_acquire);
  StagingStreamState state;
  if (!position.stream.session->state(position.stream.stream, state).ok() || !state.sealed)
    return SourceEnd::failed;
  return state.how == SealedAs::limited ? SourceEnd::limited : SourceEnd::finished;
}

bool SinkFeed::all_ended() const {
  for (const Position& position : positions_)
    if (!position.ended) return false;
  return true;
}

// How long to wait for a frame: until a commit is due, but a stop must be seen soon in any case.
milliseconds SinkFeed::patience() const {
  constexpr milliseconds most(100);
  if (!dirty_) return most;
  const auto left = settings_.commit->every - (steady_clock::now() - last_commit_);
  return std::clamp(std::chrono::duration_cast<milliseconds>(left), milliseconds(1), most);
}

Status SinkFeed::commit_if_due() {
  if (!dirty_) return {};
  const auto age = steady_clock::now() - last_commit_;
  const bool due = uncommitted_bytes_ >= settings_.commit->every_bytes || age >= settings_.commit->every;
  if (!due) return {};
  bool uncovered = false;
  for (const Position& position : positions_) uncovered = uncovered || position.uncovered;
  // A commit right after a checkpoint repeats nothing when the run must go on from it; wait a while for one.
  const bool overdue =
      uncommitted_bytes_ / 2 >= settings_.commit->every_bytes || age / 2 >= settings_.commit->every;
  if (uncovered && (settings_.exactly_once || !overdue)) return {};
  return commit(false);
}

Status SinkFeed::finish() {
  bool finished = true, uncovered = false;
  for (const Position& position : positions_) {
    const SourceEnd end = end_of(position);
    finished = finished && (end == SourceEnd::finished || end == SourceEnd::limited);
    uncovered = uncovered || position.uncovered;
  }
  const bool drained = !all_ended();
  if (finished && !drained) return commit(true);
  if (dirty_) {
    // Exactly once: what no checkpoint covers would come again.
    Status status = settings_.exactly_once && uncovered ? sink_.abort() : commit(false);
    if (!status.ok()) return status;
  }
  return drained ? Status(cancelled()) : Status();
}

Status SinkFeed::commit(bool final) {
  const auto begin = steady_clock::now();
  std::vector<Commit> commits;
  boost::json::array sequences;
  for (Position& position : positions_) {
    if (!position.checkpoint.empty()) {
      boost::system::error_code error;
      boost::json::value checkpoint = boost::json::parse(position.checkpoint, error);
      if (error || !checkpoint.is_object())
        return Error(
            ErrorClass::system, "E_PLUGIN_ANSWER",
            "the source attached a checkpoint that is no JSON object: " + position.checkpoint.substr(0, 80));
      position.pending.checkpoint = std::move(checkpoint.get_object());
    }
    position.pending.finished =
        position.ended && position.lost == 0 && end_of(position) == SourceEnd::finished;
    commits.push_back(position.pending);
    sequences.push_back({{"slice", position.stream.slice},
                         {"sequence", position.next_sequence},
                         {"digest", hex(position.digest)}});
  }
  const boost::json::value checkpoint = ledger_.checkpoint_after(commits, settings_.checkpoint_before);
  const std::string token = boost::json::serialize(boost::json::object{{"runId", settings_.run_id},
                                                                       {"stageId", settings_.stage_id},
                                                                       {"stageKey", settings_.stage_key},
                                                                       {"checkpoint", checkpoint},
                                                                       {"slices", std::move(sequences)}});
  CommitReached reached = CommitReached::deferred;
  Status status = with_retries("commit", [&]() -> Status {
    tell_step("sink-commit", false);
    Result<CommitReached> result = sink_.commit(token, final);
    tell_step("sink-commit", true);
    if (!result) return std::move(result).error();
    reached = *result;
    return {};
  });
  busy_ += steady_clock::now() - begin;
  if (!status.ok() && is_worker_loss(status.error())) ledger_.leave_in_doubt(token, commits);
  if (!status.ok()) return status;
  last_commit_ = steady_clock::now();
  uncommitted_bytes_ = 0;
  dirty_ = false;
  if (reached == CommitReached::deferred) return {};
  ledger_.commit(commits);
  for (Position& position : positions_) {
    position.pending.counts = {};
    position.pending.checkpoint.reset();
    if (position.next_sequence > position.stream.first)
      if (Status done = position.stream.reader().acknowledge(position.next_sequence - 1, position.checkpoint);
          !done.ok())
        return done;
    position.checkpoint.clear();
  }
  return {};
}

}  // namespace sluice::host
