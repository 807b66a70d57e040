#include "host/run/attempt.hpp"

#include <algorithm>
#include <system_error>

#include "host/registry/plugin_call.hpp"
#include "host/run/attempt_work.hpp"

namespace sluice::host {

using std::chrono::steady_clock;

namespace {

constexpr auto brief = std::chrono::microseconds(100);

}  // namespace

void Attempt::start() {
  const auto with_source =
      std::count_if(slices_.begin(), slices_.end(), [](const SliceRun& slice) { return slice.needs_source; });
  running_ = static_cast<uint32_t>(static_cast<size_t>(with_source) + sinks_.size());
  bool all_started = true;
  auto launch = [&](auto& run, auto work) {
    try {
      run.thread = std::thread([this, &run, work] { in_thread(run.status, [&] { (this->*work)(run); }); });
    } catch (const std::system_error& failure) {
      run.status =
          Error(ErrorClass::transient, "E_THREADS", std::string("cannot start a thread: ") + failure.what(),
                "", "raise the limit of processes, or run less at once");
      running_.fetch_sub(1);
      all_started = false;
    }
  };
  for (SliceRun& slice : slices_)
    if (slice.needs_source) launch(slice, &Attempt::read_slice);
  for (SinkRun& sink : sinks_) launch(sink, &Attempt::feed_sink);
  if (all_started) return;
  signal_.raise(StopLevel::now);
  session_->cancel();
}

// The frame of every thread: whatever happens in it becomes a status, and nobody waits for it in vain.
void Attempt::in_thread(Status& status, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& failure) {
    status = Error(ErrorClass::system, "E_INTERNAL", failure.what(), "", "please report this");
    signal_.raise(StopLevel::drain);
    session_->cancel();
  }
  // The caller's thread waits for the last: woken for each, it would take a core from the others.
  if (running_.fetch_sub(1) == 1) context_.signal.notify();
}

// [the slice's thread]
void Attempt::read_slice(SliceRun& run) {
  const auto begin = steady_clock::now();
  sluice_read_request request{};
  request.size = sizeof request;
  request.slice_index = run.slice;
  request.slice_count = static_cast<uint32_t>(setup_.slices.size());
  request.incremental = goes_on() || run.goes_on ? 1 : 0;
  request.unit_id = abi(setup_.request.unit_id);
  request.slice = abi(run.slice_text);
  request.checkpoint = abi(run.checkpoint_text);
  request.format = abi(setup_.agreement.source_tables ? "tables" : "documents");
  request.run_id = abi(setup_.request.run_id);
  request.threads = std::max(setup_.request.policy.slices / request.slice_count, 1u);
  run.status = run.source->read(request, *run.writer->table());
  if (const Error* own = run.writer->failure())
    run.status = own->code() == "E_PLUGIN_BUG" || own->code() == "E_FRAME_MALFORMED"
                     ? named(*setup_.source->of, *own)
                     : *own;
  // A source may return early and in peace when the run is drained: then it has not finished.
  if (run.status.ok() && signal_.draining() && !run.writer->reached_limit())
    run.status = Error(ErrorClass::cancelled, "E_CANCELLED", "the run was asked to stop");
  const SourceEnd end = !run.status.ok()              ? SourceEnd::failed
                        : run.writer->reached_limit() ? SourceEnd::limited
                                                      : SourceEnd::finished;
  run.end.store(end, std::memory_order_release);
  Status sealed = run.writer->finish(end == SourceEnd::finished  ? SealedAs::finished
                                     : end == SourceEnd::limited ? SealedAs::limited
                                                                 : SealedAs::cut_off);
  if (!sealed.ok()) {
    // The sink must not wait for an end that cannot come.
    session_->cancel();
    if (run.status.ok()) run.status = std::move(sealed);
  }
  run.total = steady_clock::now() - begin;
}

// [the sink's thread]
void Attempt::feed_sink(SinkRun& run) {
  run.status = run.feed->run();
  if (!run.status.ok()) {
    // Nobody takes frames any more: let no source wait for room.
    signal_.raise(StopLevel::drain);
    session_->cancel();
  }
}

// [the thread that called run()]
void Attempt::watch_until_ended(const Watch& watch) {
  auto changed = [&] {
    return running_.load() == 0 || context_.signal.level() > propagated_ || signal_.level() > propagated_;
  };
  // A run of next to nothing ends sooner than a sleeping core wakes. Who else wants this core gets it.
  const auto give_up = steady_clock::now() + brief;
  while (running_.load() > 0 && steady_clock::now() < give_up) std::this_thread::yield();
  while (running_.load() > 0) {
    context_.signal.wait_for(watch.pace, changed);
    propagate(std::max(context_.signal.level(), signal_.level()));
    watch.look(session_->stats());
  }
  for (SliceRun& slice : slices_)
    if (slice.thread.joinable()) slice.thread.join();
  for (SinkRun& sink : sinks_)
    if (sink.thread.joinable()) sink.thread.join();
}

void Attempt::propagate(StopLevel level) {
  if (level <= propagated_) return;
  propagated_ = level;
  signal_.raise(level);
  for (SliceRun& slice : slices_)
    if (slice.source) slice.source->cancel();
  if (level < StopLevel::now) return;
  for (SinkRun& sink : sinks_) sink.sink->cancel();
  session_->cancel();
}

// Whether an import found less than a whole unit.
bool Attempt::cut_off() const {
  if (!imports()) return false;
  for (const SliceRun& slice : slices_) {
    StagingStreamState state;
    if (slice.end.load() == SourceEnd::failed || !session_->state(slice.stream, state).ok()) return true;
    if (slice.foreign_writer && !state.sealed) return true;
  }
  return false;
}

// Whether there may be more of the slice to read than was asked for, now or by the export.
bool Attempt::ended_at_limit(const SliceRun& slice) const {
  if (slice.writer) return slice.writer->reached_limit();
  if (!slice.foreign_writer) return slice.end.load() == SourceEnd::limited;
  StagingStreamState state;
  return session_->state(slice.stream, state).ok() && state.sealed && state.how == SealedAs::limited;
}

AttemptOutcome Attempt::outcome() {
  AttemptOutcome result;
  result.uncommitted = settled_;
  for (SliceRun& slice : slices_) {
    result.limit_reached = result.limit_reached || ended_at_limit(slice);
    if (!slice.writer) continue;
    result.uncommitted += slice.writer->counts();
    const SourceEnd end = slice.end.load();
    setup_.staged += end == SourceEnd::finished || end == SourceEnd::limited ? slice.writer->counts()
                                                                             : slice.writer->covered();
    result.source_blocked += slice.writer->blocked();
    result.source_busy += slice.total - std::min(slice.total, slice.writer->blocked());
  }
  for (SinkRun& sink : sinks_) {
    result.sink_busy += sink.feed->busy();
    result.sink_starved += sink.feed->starved();
    result.retries += sink.feed->retries();
    const FeedDamage& damage = sink.feed->damage();
    result.damage.frames += damage.frames;
    result.damage.bytes += damage.bytes;
    result.damage.set_aside.insert(result.damage.set_aside.end(), damage.set_aside.begin(),
                                   damage.set_aside.end());
  }
  result.peak_staging = session_->stats().peak_bytes;
  result.source_metrics = source_services_.metrics();
  result.sink_metrics = sink_services_.metrics();

  // A cancellation that follows from another's failure tells nothing: the first real failure counts, sinks
  // before sources since a failed sink makes its sources fail too.
  const bool asked = context_.signal.draining();
  auto consider = [&](Status& status, FailedIn who, bool exhausted) {
    if (status.ok()) return;
    const bool real = status.error().error_class() != ErrorClass::cancelled;
    const bool have_real =
        !result.status.ok() && result.status.error().error_class() != ErrorClass::cancelled;
    if (have_real || (!real && !result.status.ok())) return;
    result.failed_in = who;
    result.retry_is_due = real && !asked && status.error().transient() && !exhausted;
    result.status = std::move(status);
  };
  for (SinkRun& sink : sinks_) consider(sink.status, FailedIn::sink, sink.feed->retries_exhausted());
  for (SliceRun& slice : slices_) consider(slice.status, FailedIn::source, false);
  if (result.status.ok() && cut_off())
    result.status =
        Error(ErrorClass::transient, "E_STAGE_INCOMPLETE",
              "all that is whole of staging session " + std::string(session_->id()) +
                  " is delivered, but its source was cut off before its end",
              setup_.request.unit_id, "go on with `sluice resume`, or run the unit again from newCheckpoint");
  result.reused = reuses_;
  // The ends of the session's streams go before it.
  sinks_.clear();
  slices_.clear();
  result.session = std::move(session_);
  return result;
}

AttemptOutcome run_attempt(RunContext& context, const Watch& watch) {
  Attempt attempt(context);
  return attempt.run(watch);
}

}  // namespace sluice::host
