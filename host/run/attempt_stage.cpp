// How an attempt is prepared: sinks opened, a staging session made or gone on with, sources opened.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "host/run/attempt_work.hpp"

namespace sluice::host {

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
  name_stage();
  Result<StageFacts> facts = StageFacts::read(*session_, slices_.size());
  if (!facts) return std::move(facts).error();
  for (const StagingStreamState& state : facts->streams)
    later_attempt_ = later_attempt_ || (state.first > 0 && !state.forgotten) || !state.committed.empty();
  failed_in_ = FailedIn::preparation;
  if (Status status = open_sinks(); !status.ok()) return status;
  failed_in_ = FailedIn::staging;
  Result<StagePlan> plan =
      plan_stage(*facts, setup_.note, token_, imports(), setup_.request.policy.exactly_once);
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
  if (Status status = meet_sinks_again(); !status.ok()) return status;
  return follow_plan(*plan);
}

// Sinks were asked what they hold, and told to give nothing up. Now it is known whether they hold something
// of this stage, or are to begin the unit as a run without a checkpoint does.
Status Attempt::meet_sinks_again() {
  if (later_attempt_ || sinks_.empty()) return {};
  if (is_of_stage(token_, setup_.note)) {
    // The commit is there, its acknowledgement is not.
    if (setup_.agreement.incremental) return {};
    later_attempt_ = true;
  } else {
    const std::vector<SliceState> slices = context_.ledger.slices();
    if (!setup_.agreement.incremental || setup_.request.checkpoint ||
        std::any_of(slices.begin(), slices.end(), [](const SliceState& s) { return s.checkpoint; }))
      return {};
    begins_anew_ = true;
  }
  failed_in_ = FailedIn::preparation;
  for (SinkRun& run : sinks_)
    if (run.sink) (void)run.sink->abort();
  sinks_.clear();
  Status status = open_sinks();
  failed_in_ = FailedIn::staging;
  return status;
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
  std::string since =
      later_attempt_ || (reuses_ && setup_.agreement.incremental && !begins_anew_) ? "{}" : "";
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
      SinkHandle::create(setup_.sink->of, setup_.sink->config_text, sink_services_.table(),
                         setup_.sink->place([this, &run](const std::byte* at) { return place_of(run, at); }));
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
  // Also when it holds none: then the commit in doubt was not.
  if (setup_.request.policy.exactly_once) {
    settled_ = context_.ledger.settle(token_ ? boost::json::serialize(*token_) : std::string());
    context_.live.add(settled_);
  }
  return {};
}

// [the sink's thread] Of a frame that one of the sink's streams has given.
std::optional<SharedPlace> Attempt::place_of(const SinkRun& run, const std::byte* at) const {
  for (const SliceRun* slice : run.slices)
    if (auto place = session_->reader(slice->stream).shared_place(at)) return place;
  return std::nullopt;
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
  StagingRequest request = staging_request();
  setup_.committed_before = context_.ledger.counts();
  setup_.staged = {};
  if (setup_.provider->resumable()) {
    setup_.note.sink_token.reset();
    if (sinks_.size() == 1)
      setup_.note.sink_token = token_ ? boost::json::value(*token_) : boost::json::value(nullptr);
    setup_.note.slices = context_.ledger.slices();
    setup_.note.key = new_run_id();
    request.note = to_text(setup_.note);
  }
  if (Status status = setup_.provider->open(request, session_); !status.ok()) return status;
  if (!setup_.provider->resumable()) return {};
  name_stage();
  context_.log.write(Severity::info, "staging session begins", {{"stageRef", setup_.stage_ref}});
  return {};
}

void Attempt::name_stage() {
  setup_.stage_ref = StageRef{setup_.request.staging_provider_id, std::string(session_->id())}.text();
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
      setup_.note.key,
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
  // Limits hold for the run: what was read before counts, and slices share what is left.
  Counts before = setup_.committed_before;
  before += setup_.staged;
  const uint64_t parts = std::max<size_t>(slices_.size(), 1);
  auto share = [&](uint64_t limit, uint64_t used, uint64_t index) -> uint64_t {
    if (limit == UINT64_MAX) return UINT64_MAX;
    const uint64_t left = limit > used ? limit - used : 0;
    return left / parts + (index < left % parts ? 1 : 0);
  };
  for (SliceRun& slice : slices_) {
    if (!slice.needs_source) continue;
    StreamWriter::Limits limits{policy.batch, largest,
                                share(policy.limits.max_records, before.staged, slice.stream),
                                share(policy.limits.max_bytes, before.bytes_staged, slice.stream)};
    slice.writer.emplace(session_->writer(slice.stream), limits, setup_.agreement.source_tables, signal_,
                         context_.rejections, context_.live);
    slice.writer->begin_with(slice.write_from);
  }
}

Status Attempt::open_sources() {
  for (SliceRun& slice : slices_) {
    if (!slice.needs_source) continue;
    Result<SourceHandle> source = SourceHandle::create(
        setup_.source->of, setup_.source->config_text, source_services_.table(),
        setup_.source->place([&writer = session_->writer(slice.stream)](const std::byte* at) {
          return writer.shared_place(at);
        }));
    if (!source) return std::move(source).error();
    slice.source.emplace(std::move(*source));
  }
  return {};
}

}  // namespace sluice::host
