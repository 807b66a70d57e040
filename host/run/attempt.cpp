#include "host/run/attempt.hpp"

#include <algorithm>
#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <list>
#include <system_error>
#include <thread>

#include "host/registry/plugin_call.hpp"
#include "host/registry/sink_handle.hpp"
#include "host/registry/source_handle.hpp"
#include "host/run/endpoint_services.hpp"
#include "host/run/run_setup.hpp"
#include "host/run/sink_feed.hpp"
#include "host/run/stage_plan.hpp"
#include "host/run/stream_writer.hpp"

namespace sluice::host {

namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// One slice that is still to be read or delivered, with its source and its thread.
struct SliceRun {
  uint32_t slice = 0;   // index in the ledger
  uint32_t stream = 0;  // index in the staging session
  bool needs_source = true;
  bool goes_on = false;  // from a checkpoint, whatever the mode
  bool foreign_writer = false;
  uint64_t read_from = 0, write_from = 0;  // frames
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
        setup_(context.setup),
        source_services_(log_of(context, context.setup.source), signal_, StopLevel::drain,
                         context.environment.catalog.config.base_dir),
        sink_services_(log_of(context, context.setup.sink), signal_, StopLevel::now,
                       context.environment.catalog.config.base_dir) {}
  ~Attempt() {
    // Only an exception comes here with a session: what is staged is taken away only by a decision.
    if (session_) session_->keep();
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  AttemptOutcome run(const Watch& watch) {
    Status status = prepare();
    if (!status.ok() || start_over_) {
      // Sinks that were opened take back what opening did.
      for (SinkRun& sink : sinks_)
        if (sink.sink) (void)sink.sink->abort();
      AttemptOutcome outcome;
      outcome.failed_in = failed_in_;
      outcome.start_over = start_over_;
      outcome.reused = reuses_;
      outcome.retry_is_due = !status.ok() && status.error().transient();
      outcome.status = std::move(status);
      sinks_.clear();
      outcome.session = std::move(session_);
      return outcome;
    }
    start();
    watch_until_ended(watch);
    return outcome();
  }

 private:
  // Whether source and sink go on from what is there: also in FULL mode, when an earlier attempt of this run
  // committed.
  bool goes_on() const { return setup_.agreement.incremental || later_attempt_; }
  bool imports() const { return setup_.phase == RunPhase::import_only; }
  static RunLog log_of(const RunContext& context, const std::optional<EndpointSetup>& setup) {
    return setup ? context.log.with("endpoint", setup->id).with("template", setup->of->descriptor.id)
                 : context.log;
  }

  Status prepare();
  void make_slices();
  Status reuse_stage();
  Status follow_plan(const StagePlan& plan);
  Status make_stage();
  Status open_sinks();
  Status open_sink(SinkRun& run, uint32_t index, uint32_t count);
  Status open_sink_since(SinkRun& run, uint32_t index, uint32_t count, const std::string& since);
  void resume_from(const boost::json::object& token);
  void join_sinks();
  void join_sources();
  StagingRequest staging_request() const;
  Status open_sources();
  void start();
  void in_thread(Status& status, const std::function<void()>& work);
  void read_slice(SliceRun& run);
  void feed_sink(SinkRun& run);
  void watch_until_ended(const Watch& watch);
  void propagate(StopLevel level);
  bool cut_off() const;
  AttemptOutcome outcome();

  RunContext& context_;
  RunSetup& setup_;
  RunSignal signal_;  // of this attempt: follows the run's, and ends the sources when a sink has failed
  EndpointServices source_services_, sink_services_;
  std::list<SliceRun> slices_;  // addresses are stable
  std::list<SinkRun> sinks_;
  std::unique_ptr<StagingSession> session_;
  std::atomic<uint32_t> running_{0};
  StopLevel propagated_ = StopLevel::none;
  bool later_attempt_ = context_.ledger.commits() > 0;  // of this run, with something committed before
  bool reuses_ = false, start_over_ = false;
  std::optional<boost::json::object> token_;  // of the sink, when there is one sink and it keeps tokens
  FailedIn failed_in_ = FailedIn::preparation;
};

Status Attempt::prepare() {
  session_ = std::move(setup_.session);
  reuses_ = session_ != nullptr;
  make_slices();
  if (reuses_) {
    failed_in_ = FailedIn::staging;
    if (Status status = reuse_stage(); !status.ok() || start_over_) return status;
  } else {
    if (Status status = open_sinks(); !status.ok()) return status;
    failed_in_ = FailedIn::staging;
    if (Status status = make_stage(); !status.ok()) return status;
  }
  join_sinks();
  join_sources();
  failed_in_ = FailedIn::preparation;
  return open_sources();
}

void Attempt::make_slices() {
  const std::vector<SliceState> states = context_.ledger.slices();
  const auto add = [&](uint32_t slice) {
    SliceRun& run = slices_.emplace_back();
    run.slice = slice;
    run.stream = static_cast<uint32_t>(slices_.size() - 1);
    if (!states[slice].slice.empty()) run.slice_text = boost::json::serialize(states[slice].slice);
    if (states[slice].checkpoint) run.checkpoint_text = boost::json::serialize(*states[slice].checkpoint);
  };
  // A stage keeps the streams that it began with.
  if (reuses_) {
    std::for_each(setup_.note.streams.begin(), setup_.note.streams.end(), add);
    return;
  }
  setup_.note.streams.clear();
  for (uint32_t slice = 0; slice < states.size(); ++slice) {
    if (states[slice].done) continue;
    add(slice);
    setup_.note.streams.push_back(slice);
  }
}

// Goes on with what is staged: looks how far it goes, asks the sink how much of it it holds, and sets both
// ends.
Status Attempt::reuse_stage() {
  Result<StageFacts> facts = StageFacts::read(*session_, slices_.size());
  if (!facts) return std::move(facts).error();
  for (const StagingStreamState& state : facts->streams)
    later_attempt_ = later_attempt_ || (state.first > 0 && !state.forgotten);
  failed_in_ = FailedIn::preparation;
  if (Status status = open_sinks(); !status.ok()) return status;
  failed_in_ = FailedIn::staging;
  Result<StagePlan> plan = plan_stage(*facts, setup_.note, token_, imports());
  if (!plan) return std::move(plan).error();
  for (uint32_t stream = 0; stream < plan->streams.size(); ++stream)
    if (const std::string& committed = plan->streams[stream].committed; !committed.empty())
      context_.ledger.restore(setup_.note.streams[stream], boost::json::parse(committed).as_object());
  if (plan->start_over) {
    // Its frames are of no use any more: the session goes with this attempt.
    session_.reset();
    start_over_ = true;
    return {};
  }
  if (Status status = apply_plan(*plan, *session_, imports()); !status.ok()) return status;
  // The first sink that an exported stage meets: whoever commits to it later fences this session.
  if (!setup_.note.sink_token && sinks_.size() == 1) {
    setup_.note.sink_token = token_ ? boost::json::value(*token_) : boost::json::value(nullptr);
    if (Status status = session_->annotate(to_text(setup_.note)); !status.ok()) return status;
  }
  return follow_plan(*plan);
}

Status Attempt::follow_plan(const StagePlan& plan) {
  for (SliceRun& run : slices_) {
    const StreamPlan& to = plan.streams[run.stream];
    run.read_from = to.read_from;
    run.write_from = to.write_from;
    run.needs_source = to.needs_source;
    run.foreign_writer = imports() && to.end == SourceEnd::running;
    run.end.store(to.end);
    if (to.needs_source && !to.checkpoint.empty()) {
      run.checkpoint_text = to.checkpoint;
      run.goes_on = true;
    }
  }
  return {};
}

Status Attempt::open_sinks() {
  if (setup_.phase == RunPhase::export_only) return {};
  const auto count = setup_.agreement.parallel_sinks ? static_cast<uint32_t>(slices_.size()) : 1u;
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
  // What the caller's checkpoint covers is in the sink already, and what earlier attempts committed too. How
  // much of a stage that is, the sink's token tells: it keeps what it has.
  std::string since = later_attempt_ || (reuses_ && setup_.agreement.incremental) ? "{}" : "";
  if (setup_.agreement.incremental && setup_.request.checkpoint)
    since = boost::json::serialize(*setup_.request.checkpoint);
  const bool by_token =
      !reuses_ && setup_.request.policy.exactly_once && setup_.agreement.incremental && count == 1;
  if (!by_token) return open_sink_since(run, index, count, since);

  // Exactly once, a run whose result was lost goes on from what the sink holds, also when the caller has no
  // checkpoint. Where the token names no place to go on from, the sink gives up what it has of the unit.
  if (Status status = open_sink_since(run, index, count, since.empty() ? "{}" : since); !status.ok())
    return status;
  if (!token_) return {};
  const auto* stored = token_->if_contains("checkpoint");
  if (stored && stored->is_object() && slices_.size() == 1)
    resume_from(*token_);
  else if (since.empty())
    return open_sink_since(run, index, count, since);
  return {};
}

Status Attempt::open_sink_since(SinkRun& run, uint32_t index, uint32_t count, const std::string& since) {
  run.sink.reset();
  token_.reset();
  Result<SinkHandle> sink =
      SinkHandle::create(setup_.sink->of, setup_.sink->config_text, sink_services_.table());
  if (!sink) return std::move(sink).error();
  run.sink.emplace(std::move(*sink));
  const std::string unit = boost::json::serialize(setup_.unit);
  sluice_write_request request{};
  request.size = sizeof request;
  request.slice_index = index;
  request.slice_count = count;
  request.incremental = goes_on() ? 1 : 0;
  request.unit_id = abi(setup_.request.unit_id);
  request.unit_key = abi(setup_.unit_key);
  request.unit = abi(unit);
  request.checkpoint = abi(since);
  request.format = abi(setup_.agreement.sink_tables ? "tables" : "documents");
  request.content_type = abi(setup_.agreement.content_type);
  request.durability = abi(setup_.request.policy.staging.durability == Durability::disk ? "disk" : "os");
  request.run_id = abi(setup_.request.run_id);
  request.epoch = setup_.request.epoch;
  Result<std::optional<boost::json::object>> token = run.sink->open(request);
  if (!token) return std::move(token).error();
  if (count == 1) token_ = std::move(*token);
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

StagingRequest Attempt::staging_request() const {
  const Policy& policy = setup_.request.policy;
  StagingRequest request;
  request.slice_count = static_cast<uint32_t>(std::max<size_t>(slices_.size(), 1));
  request.durability = setup_.staging_durability;
  request.fail_when_full = policy.staging.fail_when_full;
  request.max_bytes = policy.staging.max_bytes;
  request.max_batch_bytes = policy.batch.max_bytes;
  request.run_id = setup_.request.run_id;
  request.unit_key = setup_.unit_key;
  request.stage_id = setup_.request.stage_id;
  request.create = true;
  if (setup_.phase == RunPhase::export_only) request.ends = StagingEnds::writer;
  return request;
}

Status Attempt::make_stage() {
  if (Status status = setup_.provider->open(staging_request(), session_); !status.ok()) return status;
  if (!setup_.provider->resumable()) return {};
  if (sinks_.size() == 1)
    setup_.note.sink_token = token_ ? boost::json::value(*token_) : boost::json::value(nullptr);
  setup_.note.slices = context_.ledger.slices();
  context_.log.write(Severity::info, "staging session begins",
                     {{"stageRef", setup_.request.staging_provider_id + ":" + std::string(session_->id())}});
  return session_->annotate(to_text(setup_.note));
}

void Attempt::join_sinks() {
  const Policy& policy = setup_.request.policy;
  FeedSettings settings{
      setup_.agreement.ordered_slices,
      setup_.agreement.tables_to_documents(),
      policy.exactly_once,
      std::none_of(slices_.begin(), slices_.end(), [](const SliceRun& slice) { return slice.needs_source; }),
      &policy.commit,
      &policy.retry,
      setup_.request.run_id,
      setup_.request.unit_id,
      std::string(session_->id()),
      setup_.before,
      context_.environment.on_durable_step};
  for (SinkRun& run : sinks_) {
    std::vector<FeedStream> streams;
    for (SliceRun* slice : run.slices)
      streams.push_back({slice->slice, session_.get(), slice->stream, &slice->end, slice->read_from,
                         slice->foreign_writer ? UINT64_MAX : slice->write_from, slice->foreign_writer});
    run.feed.emplace(*run.sink, std::move(streams), settings, signal_, context_.rejections, context_.ledger,
                     context_.live, context_.log.with("endpoint", setup_.sink->id));
  }
}

void Attempt::join_sources() {
  const Policy& policy = setup_.request.policy;
  const uint64_t largest = setup_.provider->max_frame_bytes(staging_request());
  // Limits hold for the run: what was committed before counts, and slices share what is left.
  const Counts committed = context_.ledger.counts();
  const uint64_t parts = std::max<size_t>(slices_.size(), 1);
  auto share = [&](uint64_t limit, uint64_t used, uint64_t index) -> uint64_t {
    if (limit == UINT64_MAX) return UINT64_MAX;
    const uint64_t left = limit > used ? limit - used : 0;
    return left / parts + (index < left % parts ? 1 : 0);
  };
  for (SliceRun& slice : slices_) {
    if (!slice.needs_source) continue;
    StreamWriter::Limits limits{policy.batch, largest,
                                share(policy.limits.max_records, committed.staged, slice.stream),
                                share(policy.limits.max_bytes, committed.bytes_staged, slice.stream)};
    slice.writer.emplace(session_->writer(slice.stream), limits, setup_.agreement.source_tables, signal_,
                         context_.rejections, context_.live);
    slice.writer->begin_with(slice.write_from);
  }
}

Status Attempt::open_sources() {
  for (SliceRun& slice : slices_) {
    if (!slice.needs_source) continue;
    Result<SourceHandle> source =
        SourceHandle::create(setup_.source->of, setup_.source->config_text, source_services_.table());
    if (!source) return std::move(source).error();
    slice.source.emplace(std::move(*source));
  }
  return {};
}

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
  running_.fetch_sub(1);
  context_.signal.notify();
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

AttemptOutcome Attempt::outcome() {
  AttemptOutcome result;
  for (SliceRun& slice : slices_) {
    if (!slice.writer) continue;
    result.uncommitted += slice.writer->counts();
    result.source_blocked += slice.writer->blocked();
    result.source_busy += slice.total - std::min(slice.total, slice.writer->blocked());
    result.limit_reached = result.limit_reached || slice.writer->reached_limit();
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

}  // namespace

AttemptOutcome run_attempt(RunContext& context, const Watch& watch) {
  Attempt attempt(context);
  return attempt.run(watch);
}

}  // namespace sluice::host
