#include "host/run/attempt.hpp"

#include <atomic>
#include <boost/json/serialize.hpp>
#include <list>
#include <system_error>
#include <thread>

#include "host/registry/plugin_call.hpp"
#include "host/registry/sink_handle.hpp"
#include "host/registry/source_handle.hpp"
#include "host/run/endpoint_services.hpp"
#include "host/run/sink_feed.hpp"
#include "host/run/stream_writer.hpp"

namespace sluice::host {

namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// One slice that is still to be read, with its source and its thread.
struct SliceRun {
  uint32_t slice = 0;   // index in the ledger
  uint32_t stream = 0;  // index in the staging session
  std::string slice_text, checkpoint_text;
  std::optional<SourceHandle> source;
  std::optional<StreamWriter> writer;
  std::atomic<SourceEnd> end{SourceEnd::running};
  Status status;
  nanoseconds total{0};
  std::thread thread;
};

struct SinkRun {
  std::optional<SinkHandle> sink;
  std::optional<SinkFeed> feed;
  std::vector<SliceRun*> slices;
  Status status;
  std::thread thread;
};

class Attempt {
 public:
  explicit Attempt(RunContext& context)
      : context_(context),
        source_services_(
            context.log.with("endpoint", context.source.id).with("template", template_of(context.source)),
            signal_, StopLevel::drain, context.environment.catalog.config.base_dir),
        sink_services_(
            context.log.with("endpoint", context.sink.id).with("template", template_of(context.sink)),
            signal_, StopLevel::now, context.environment.catalog.config.base_dir) {}

  AttemptOutcome run(const Watch& watch) {
    Status status = prepare();
    if (!status.ok()) {
      // Sinks that were opened take back what opening did.
      for (SinkRun& sink : sinks_)
        if (sink.sink) (void)sink.sink->abort();
      AttemptOutcome outcome;
      outcome.failed_in = failed_in_;
      outcome.retry_is_due = status.error().transient();
      outcome.status = std::move(status);
      return outcome;
    }
    start();
    watch_until_ended(watch);
    return outcome();
  }

 private:
  // Whether source and sink go on from what is there: also in FULL mode, when an earlier attempt of this run
  // committed.
  bool goes_on() const { return context_.agreement.incremental || later_attempt_; }
  static std::string template_of(const EndpointSetup& setup) { return setup.of->descriptor.id; }

  Status prepare();
  Status make_slices();
  Status open_sinks();
  Status open_sink(SinkRun& run, uint32_t index, uint32_t count);
  void resume_from(const boost::json::object& token);
  Status open_staging();
  Status open_sources();
  void start();
  void in_thread(Status& status, const std::function<void()>& work);
  void read_slice(SliceRun& run);
  void feed_sink(SinkRun& run);
  void watch_until_ended(const Watch& watch);
  void propagate(StopLevel level);
  AttemptOutcome outcome();

  RunContext& context_;
  RunSignal signal_;  // of this attempt: follows the run's, and ends the sources when a sink has failed
  EndpointServices source_services_, sink_services_;
  std::list<SliceRun> slices_;  // addresses are stable
  std::list<SinkRun> sinks_;
  std::unique_ptr<StagingSession> session_;
  std::atomic<uint32_t> running_{0};
  StopLevel propagated_ = StopLevel::none;
  const bool later_attempt_ = context_.ledger.commits() > 0;  // of this run, with something committed before
  FailedIn failed_in_ = FailedIn::preparation;
};

Status Attempt::prepare() {
  if (Status status = make_slices(); !status.ok()) return status;
  if (Status status = open_sinks(); !status.ok()) return status;
  failed_in_ = FailedIn::staging;
  if (Status status = open_staging(); !status.ok()) return status;
  failed_in_ = FailedIn::preparation;
  return open_sources();
}

Status Attempt::make_slices() {
  const std::vector<SliceState> states = context_.ledger.slices();
  for (uint32_t i = 0; i < states.size(); ++i) {
    if (states[i].done) continue;
    SliceRun& run = slices_.emplace_back();
    run.slice = i;
    run.stream = static_cast<uint32_t>(slices_.size() - 1);
    if (!states[i].slice.empty()) run.slice_text = boost::json::serialize(states[i].slice);
    if (states[i].checkpoint) run.checkpoint_text = boost::json::serialize(*states[i].checkpoint);
  }
  return {};
}

Status Attempt::open_sinks() {
  const auto count = context_.agreement.parallel_sinks ? static_cast<uint32_t>(slices_.size()) : 1u;
  for (uint32_t i = 0; i < count; ++i) sinks_.emplace_back();
  uint32_t next = 0;
  auto sink = sinks_.begin();
  for (SliceRun& slice : slices_) {
    sink->slices.push_back(&slice);
    if (count > 1) ++sink;
  }
  for (SinkRun& run : sinks_)
    if (Status status = open_sink(run, next++, count); !status.ok()) return status;
  return {};
}

Status Attempt::open_sink(SinkRun& run, uint32_t index, uint32_t count) {
  Result<SinkHandle> sink =
      SinkHandle::create(context_.sink.of, context_.sink.config_text, sink_services_.table());
  if (!sink) return std::move(sink).error();
  run.sink.emplace(std::move(*sink));
  const std::string unit = boost::json::serialize(context_.unit);
  sluice_write_request request{};
  request.size = sizeof request;
  request.slice_index = index;
  request.slice_count = count;
  request.incremental = goes_on() ? 1 : 0;
  request.unit_id = abi(context_.request.unit_id);
  request.unit_key = abi(context_.unit_key);
  request.unit = abi(unit);
  // What the caller's checkpoint covers is in the sink already, and what earlier attempts committed too.
  std::string since = later_attempt_ ? "{}" : "";
  if (context_.agreement.incremental && context_.request.checkpoint)
    since = boost::json::serialize(*context_.request.checkpoint);
  request.checkpoint = abi(since);
  request.format = abi(context_.agreement.sink_tables ? "tables" : "documents");
  request.content_type = abi(context_.agreement.content_type);
  request.durability = abi(context_.request.policy.staging.durability == Durability::disk ? "disk" : "os");
  request.run_id = abi(context_.request.run_id);
  Result<std::optional<boost::json::object>> token = run.sink->open(request);
  if (!token) return std::move(token).error();
  if (*token && context_.request.policy.exactly_once && context_.agreement.incremental) resume_from(**token);
  return {};
}

// Exactly once: where the sink stands is the truth, whatever checkpoint the caller still has. The token was
// stored with the data, the caller's checkpoint after it.
void Attempt::resume_from(const boost::json::object& token) {
  const auto* stored = token.if_contains("checkpoint");
  if (!stored || !stored->is_object() || slices_.size() != 1) return;
  SliceRun& slice = slices_.front();
  std::string text = boost::json::serialize(*stored);
  if (text == slice.checkpoint_text) return;
  context_.ledger.adopt(slice.slice, stored->get_object());
  slice.checkpoint_text = std::move(text);
}

Status Attempt::open_staging() {
  const Policy& policy = context_.request.policy;
  StagingRequest request;
  request.slice_count = static_cast<uint32_t>(std::max<size_t>(slices_.size(), 1));
  request.durability = context_.staging_durability;
  request.fail_when_full = policy.staging.fail_when_full;
  request.max_bytes = policy.staging.max_bytes;
  request.max_batch_bytes = policy.batch.max_bytes;
  request.run_id = context_.request.run_id;
  request.unit_key = context_.unit_key;
  if (Status status = context_.provider.open(request, session_); !status.ok()) return status;

  FeedSettings settings{context_.agreement.ordered_slices,
                        context_.agreement.tables_to_documents(),
                        policy.exactly_once,
                        &policy.commit,
                        &policy.retry,
                        context_.request.run_id,
                        context_.request.unit_id,
                        context_.checkpoint_before};
  for (SinkRun& run : sinks_) {
    std::vector<FeedStream> streams;
    for (SliceRun* slice : run.slices)
      streams.push_back({slice->slice, &session_->reader(slice->stream), &slice->end});
    run.feed.emplace(*run.sink, std::move(streams), settings, signal_, context_.rejections, context_.ledger,
                     context_.live, context_.log.with("endpoint", context_.sink.id));
  }

  // Limits hold for the run: what was committed before counts, and slices share what is left.
  const Counts committed = context_.ledger.counts();
  const uint64_t parts = std::max<size_t>(slices_.size(), 1);
  auto share = [&](uint64_t limit, uint64_t used, uint64_t index) -> uint64_t {
    if (limit == UINT64_MAX) return UINT64_MAX;
    const uint64_t left = limit > used ? limit - used : 0;
    return left / parts + (index < left % parts ? 1 : 0);
  };
  for (SliceRun& slice : slices_) {
    StreamWriter::Limits limits{policy.batch, context_.provider.max_frame_bytes(request),
                                share(policy.limits.max_records, committed.staged, slice.stream),
                                share(policy.limits.max_bytes, committed.bytes_staged, slice.stream)};
    slice.writer.emplace(session_->writer(slice.stream), limits, context_.agreement.source_tables, signal_,
                         context_.rejections, context_.live);
  }
  return {};
}

Status Attempt::open_sources() {
  for (SliceRun& slice : slices_) {
    Result<SourceHandle> source =
        SourceHandle::create(context_.source.of, context_.source.config_text, source_services_.table());
    if (!source) return std::move(source).error();
    slice.source.emplace(std::move(*source));
  }
  return {};
}

void Attempt::start() {
  running_ = static_cast<uint32_t>(slices_.size() + sinks_.size());
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
  for (SliceRun& slice : slices_) launch(slice, &Attempt::read_slice);
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
  running_.fetch_sub(1);
  context_.signal.notify();
}

// [the slice's thread]
void Attempt::read_slice(SliceRun& run) {
  const auto begin = steady_clock::now();
  sluice_read_request request{};
  request.size = sizeof request;
  request.slice_index = run.slice;
  request.slice_count = static_cast<uint32_t>(context_.sliced);
  request.incremental = goes_on() ? 1 : 0;
  request.unit_id = abi(context_.request.unit_id);
  request.slice = abi(run.slice_text);
  request.checkpoint = abi(run.checkpoint_text);
  request.format = abi(context_.agreement.source_tables ? "tables" : "documents");
  request.run_id = abi(context_.request.run_id);
  run.status = run.source->read(request, *run.writer->table());
  if (const Error* own = run.writer->failure())
    run.status = own->code() == "E_PLUGIN_BUG" || own->code() == "E_FRAME_MALFORMED"
                     ? named(*context_.source.of, *own)
                     : *own;
  // A source may return early and in peace when the run is drained: then it has not finished.
  if (run.status.ok() && signal_.draining() && !run.writer->reached_limit())
    run.status = Error(ErrorClass::cancelled, "E_CANCELLED", "the run was asked to stop");
  const SourceEnd end = !run.status.ok()              ? SourceEnd::failed
                        : run.writer->reached_limit() ? SourceEnd::limited
                                                      : SourceEnd::finished;
  run.end.store(end, std::memory_order_release);
  Status sealed = run.writer->finish();
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
  for (SliceRun& slice : slices_) slice.source->cancel();
  if (level < StopLevel::now) return;
  for (SinkRun& sink : sinks_) sink.sink->cancel();
  session_->cancel();
}

AttemptOutcome Attempt::outcome() {
  AttemptOutcome result;
  for (SliceRun& slice : slices_) {
    result.uncommitted += slice.writer->counts();
    result.source_blocked += slice.writer->blocked();
    result.source_busy += slice.total - std::min(slice.total, slice.writer->blocked());
    result.limit_reached = result.limit_reached || slice.writer->reached_limit();
  }
  for (SinkRun& sink : sinks_) {
    result.sink_busy += sink.feed->busy();
    result.sink_starved += sink.feed->starved();
    result.retries += sink.feed->retries();
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
  return result;
}

}  // namespace

AttemptOutcome run_attempt(RunContext& context, const Watch& watch) {
  Attempt attempt(context);
  return attempt.run(watch);
}

}  // namespace sluice::host
