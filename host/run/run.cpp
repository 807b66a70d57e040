#include "host/run/run.hpp"

#include <boost/json/serialize.hpp>

#include "host/run/attempt.hpp"
#include "host/run/exit_code.hpp"
#include "host/run/lost_worker.hpp"
#include "host/run/retry.hpp"
#include "host/run/run_setup.hpp"

namespace sluice::host {

namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// How long a run that has passed its timeout may take to reach a durable point before it is stopped at once.
constexpr auto drain_grace = std::chrono::seconds(5);

// Forwards a Cancellation to the run's signal while it lives.
class FollowCancellation {
 public:
  FollowCancellation(const Cancellation& from, RunSignal& to) : state_(from.state()) {
    id_ = state_->subscribe([&to](StopLevel level) { to.raise(level); });
  }
  ~FollowCancellation() { state_->unsubscribe(id_); }
  FollowCancellation(const FollowCancellation&) = delete;
  FollowCancellation& operator=(const FollowCancellation&) = delete;

 private:
  std::shared_ptr<Cancellation::State> state_;
  uint64_t id_;
};

class Run {
 public:
  Run(const RunEnvironment& environment, ParsedRequest parsed, const RunOptions& options)
      : environment_(environment),
        parsed_(std::move(parsed)),
        options_(options),
        started_(steady_clock::now()),
        log_(RunLog(environment.log).with("component", "run").with("runId", parsed_.run_id)),
        follow_(options.cancellation, signal_) {
    result_.run_id = parsed_.run_id;
    result_.started = std::chrono::system_clock::now();
    if (parsed_.checkpoint.is_object())
      result_.checkpoint_before = result_.new_checkpoint = parsed_.checkpoint;
  }

  RunResult execute() {
    Status status = RunPreparation(environment_, options_, signal_, log_, result_, setup_).run(parsed_);
    if (status.ok()) {
      ledger_ = std::make_unique<Ledger>(setup_.slices);
      rejections_ = std::make_unique<Rejections>(setup_.request.policy.errors.max_rejected,
                                                 setup_.request.policy.errors.dead_letter_path,
                                                 setup_.request.run_id, setup_.request.unit_id);
      status = make_attempts();
    }
    conclude(std::move(status));
    return std::move(result_);
  }

 private:
  Status make_attempts();
  Status reopen_stage();
  void count_from_ledger();
  Status merge_checkpoint();
  Status merge_slices(const std::vector<SliceState>& slices);
  void absorb(const AttemptOutcome& outcome, const Counts& before);
  void settle_stage(bool succeeded);
  void report_progress(const StagingStats& staging, bool done);
  void keep_time();
  void conclude(Status status);

  const RunEnvironment& environment_;
  ParsedRequest parsed_;
  const RunOptions& options_;
  steady_clock::time_point started_;
  RunLog log_;
  RunSignal signal_;
  FollowCancellation follow_;
  RunResult result_;

  RunSetup setup_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Rejections> rejections_;
  LiveCounts live_;
  FeedDamage damage_;
  bool moving_ = false, timed_out_ = false, progress_broken_ = false;
  steady_clock::time_point next_progress_, drain_deadline_;
  std::map<std::string, double> source_metrics_, sink_metrics_;
};

Status Run::make_attempts() {
  RunContext context{environment_, setup_, signal_, *rejections_, *ledger_, live_, log_};
  log_.write(Severity::info, "run begins",
             {{"source", setup_.note.source_id},
              {"sink", setup_.sink ? setup_.sink->id : "(none)"},
              {"mode", setup_.agreement.incremental ? "INCREMENTAL" : "FULL"}});
  next_progress_ = steady_clock::now();
  moving_ = true;
  const RetryPolicy& retry = setup_.request.policy.retry;
  for (uint32_t attempt = 1;; ++attempt) {
    if (signal_.draining()) return Error(ErrorClass::cancelled, "E_CANCELLED", "the run was asked to stop");
    const Counts before = ledger_->counts();
    Watch watch{std::min<nanoseconds>(options_.progress_interval, std::chrono::milliseconds(500)),
                [this](const StagingStats& staging) {
                  keep_time();
                  report_progress(staging, false);
                }};
    AttemptOutcome outcome = run_attempt(context, watch);
    setup_.session = std::move(outcome.session);
    if (outcome.start_over) {
      log_.write(Severity::warning, "what is staged is not enough to go on from: the source is read again",
                 {{"stageRef", setup_.stage_ref}});
      if (!setup_.agreement.incremental) ledger_->reset();
      // A stage that seemed enough may have come without a source.
      if (Status status = RunPreparation(environment_, options_, signal_, log_, result_, setup_).add_source();
          !status.ok())
        return status;
      count_from_ledger();
      // Sessions go once: the next attempt makes a new one, so this cannot come again without progress.
      continue;
    }
    absorb(outcome, before);
    if (outcome.status.ok()) {
      if (outcome.limit_reached)
        result_.warnings.push_back(Error(ErrorClass::config, "W_LIMIT_REACHED",
                                         "the run ended at its limit; more may be left in the unit",
                                         "policy.limits"));
      return merge_checkpoint();
    }
    if (outcome.failed_in == FailedIn::preparation || outcome.failed_in == FailedIn::staging)
      moving_ = ledger_->commits() > 0;
    // Progress since the last attempt means that the fault did pass: count from anew. A commit of nothing is
    // none: a plugin that crashes at the same record would be tried for ever.
    if (ledger_->counts().read() > before.read()) attempt = 1;
    // Nobody reads an export that has filled its stage: what is staged is kept for an import.
    const bool full =
        setup_.phase == RunPhase::export_only && outcome.status.error().code() == "E_STAGING_FULL";
    if (!outcome.retry_is_due || full || attempt >= retry.max_attempts) return std::move(outcome.status);
    ++result_.retries;
    log_.write(Severity::warning,
               "the run is tried again from its last commit: " + outcome.status.error().message(),
               {{"code", outcome.status.error().code()}, {"attempt", std::to_string(attempt)}});
    if (signal_.wait(backoff(retry, attempt), StopLevel::drain))
      return Error(ErrorClass::cancelled, "E_CANCELLED",
                   "the run was asked to stop while it waited to try again");
    if (Status status = reopen_stage(); !status.ok()) return status;
    // FULL, and a sink that made a part durable before the end: without a checkpoint to go on from, begin
    // anew.
    if (!setup_.session && !setup_.agreement.incremental && !ledger_->resumable()) ledger_->reset();
    count_from_ledger();
  }
}

// What an attempt did beyond its last commit counts no more, but for what is staged.
void Run::count_from_ledger() {
  Counts committed = ledger_->counts();
  if (setup_.session) {
    // Its frames stay, and so do the rejections in them.
    const Counts& staged = setup_.staged;
    rejections_->restart(committed.sink_rejected + setup_.committed_before.source_rejected +
                         staged.source_rejected);
    if (setup_.phase == RunPhase::export_only) committed = staged;
  } else {
    rejections_->restart(committed.rejected());
  }
  live_.records_read = committed.read();
  live_.records_written = committed.written;
  live_.records_rejected = committed.rejected();
  live_.bytes_read = committed.bytes_read;
  live_.bytes_written = committed.bytes_written;
}

// The next attempt goes on with what is staged, when staging can be opened again; else with a new session.
Status Run::reopen_stage() {
  if (!setup_.session) return {};
  if (!setup_.provider->resumable()) {
    setup_.session.reset();
    return {};
  }
  StagingRequest request;
  request.stage_id = setup_.session->id();
  request.durability = setup_.staging_durability;
  request.fail_when_full = setup_.request.policy.staging.fail_when_full;
  request.ends = setup_.phase == RunPhase::import_only   ? StagingEnds::reader
                 : setup_.phase == RunPhase::export_only ? StagingEnds::writer
                                                         : StagingEnds::both;
  setup_.session->keep();
  setup_.session.reset();
  return setup_.provider->open(request, setup_.session);
}

// What becomes of the session, by the policy; one that is kept is named in the result.
void Run::settle_stage(bool succeeded) {
  result_.stage_ref.clear();
  std::unique_ptr<StagingSession> session = std::move(setup_.session);
  if (!session || !setup_.provider->resumable()) return;
  // Whether there is something in it that a resume would need.
  bool pending = setup_.phase == RunPhase::export_only;
  for (uint32_t stream = 0; stream < setup_.note.streams.size() && !pending; ++stream) {
    StagingStreamState state;
    pending = !session->state(stream, state).ok() || state.next > state.first ||
              (setup_.phase != RunPhase::whole && !state.sealed);
  }
  const std::string& keep = setup_.request.policy.staging.keep;
  const bool exported = succeeded && setup_.phase == RunPhase::export_only;
  const bool only_copy = damage_.frames > 0 && damage_.set_aside.empty();
  // Who was refused before anything moved has had no turn at what others staged.
  const bool refused =
      !succeeded && !moving_ && (setup_.phase == RunPhase::import_only || setup_.phase == RunPhase::resume);
  const bool kept =
      exported || only_copy || refused || keep == "always" || (!succeeded && pending && keep != "never");
  if (!kept) return;
  result_.stage_ref = StageRef{setup_.request.staging_provider_id, std::string(session->id())}.text();
  session->keep();
}

void Run::absorb(const AttemptOutcome& outcome, const Counts& before) {
  result_.source_busy += outcome.source_busy;
  result_.source_blocked += outcome.source_blocked;
  result_.sink_busy += outcome.sink_busy;
  result_.sink_starved += outcome.sink_starved;
  result_.retries += outcome.retries;
  result_.peak_staging = std::max(result_.peak_staging, outcome.peak_staging);
  for (const auto& [name, value] : outcome.source_metrics) source_metrics_[name] += value;
  for (const auto& [name, value] : outcome.sink_metrics) sink_metrics_[name] += value;
  damage_.frames += outcome.damage.frames;
  damage_.bytes += outcome.damage.bytes;
  damage_.set_aside.insert(damage_.set_aside.end(), outcome.damage.set_aside.begin(),
                           outcome.damage.set_aside.end());
  // What was read stands on the source's side; what was written counts only when it is committed. Frames that
  // were staged before are read out of staging, and counted when they are committed.
  const Counts committed = ledger_->counts();
  if (setup_.phase == RunPhase::export_only) {
    result_.counts = setup_.staged;
    return;
  }
  if (outcome.reused) {
    result_.counts = committed;
    return;
  }
  result_.counts = before;
  result_.counts += outcome.uncommitted;
  result_.counts.written = committed.written;
  result_.counts.sink_rejected = committed.sink_rejected;
  result_.counts.sink_filtered = committed.sink_filtered;
  result_.counts.bytes_written = committed.bytes_written;
}

Status Run::merge_checkpoint() {
  // Nothing is committed to a sink yet: the caller's checkpoint stays.
  if (setup_.phase == RunPhase::export_only) return {};
  const std::vector<SliceState> slices = ledger_->slices();
  result_.new_checkpoint = ledger_->checkpoint_after({}, setup_.before);
  // A slice that ended at a limit has more: the next run goes on with the same slices.
  if (ledger_->planned() && ledger_->all_done())
    if (Status status = merge_slices(slices); !status.ok()) return status;
  if (damage_.frames > 0)
    return Error(
        ErrorClass::damaged, "E_STAGING_DAMAGED",
        std::to_string(damage_.frames) + " staged batches (" + std::to_string(damage_.bytes) +
            " bytes) are damaged and not delivered; what is whole is" +
            (damage_.set_aside.empty() ? "" : "; the bytes are set aside in " + damage_.set_aside.front()),
        setup_.unit_key, "newCheckpoint stands before the damage: a run from there reads it again");
  if (result_.counts.reconciled()) return {};
  return Error(ErrorClass::system, "E_RECONCILIATION",
               "the counts do not add up: read " + std::to_string(result_.counts.read()) + ", written " +
                   std::to_string(result_.counts.written) + ", rejected " +
                   std::to_string(result_.counts.rejected()) + ", filtered " +
                   std::to_string(result_.counts.filtered()));
}

// The source alone knows what its slices' checkpoints come to.
Status Run::merge_slices(const std::vector<SliceState>& slices) {
  boost::json::array list;
  for (const SliceState& state : slices) {
    boost::json::object entry{{"slice", state.slice}, {"checkpoint", nullptr}};
    if (state.checkpoint) entry["checkpoint"] = *state.checkpoint;
    list.push_back(std::move(entry));
  }
  const std::string given =
      boost::json::serialize(boost::json::object{{"before", setup_.before}, {"slices", std::move(list)}});
  if (!setup_.planner) {
    // An import has not opened the source. Where that cannot be had, the checkpoint stays in slices: the next
    // run takes it so.
    Result<EndpointSetup> source = set_up_endpoint(environment_.catalog, setup_.request.endpoint_id,
                                                   setup_.request.policy.source, "source");
    if (!source) return {};
    if (setup_.request.policy.isolation.source &&
        !isolate(environment_, log_, setup_.request.policy, *source).ok())
      return {};
    setup_.planner_services = std::make_unique<EndpointServices>(
        log_.with("endpoint", source->id), signal_, StopLevel::drain, environment_.catalog.config.base_dir);
    Result<SourceHandle> planner = SourceHandle::create(source->of, source->config_text,
                                                        setup_.planner_services->table(), source->place());
    if (!planner) return {};
    setup_.source.emplace(std::move(*source));
    setup_.planner.emplace(std::move(*planner));
  }
  return again_when_lost(setup_.request.policy.retry, signal_, result_.retries, [&]() -> Status {
    Result<boost::json::object> merged = setup_.planner->merge(given);
    if (!merged) return std::move(merged).error();
    result_.new_checkpoint = std::move(*merged);
    return {};
  });
}

void Run::keep_time() {
  const auto& timeout = setup_.request.policy.limits.timeout;
  if (!timeout || steady_clock::now() - started_ < *timeout) return;
  if (!timed_out_) {
    timed_out_ = true;
    drain_deadline_ = steady_clock::now() + drain_grace;
    signal_.raise(StopLevel::drain);
  } else if (steady_clock::now() >= drain_deadline_) {
    signal_.raise(StopLevel::now);
  }
}

void Run::report_progress(const StagingStats& staging, bool done) {
  if (!options_.on_progress || progress_broken_) return;
  const auto now = steady_clock::now();
  if (!done && now < next_progress_) return;
  next_progress_ = now + options_.progress_interval;
  Progress progress;
  progress.run_id = result_.run_id;
  progress.unit_id = setup_.request.unit_id;
  progress.records_read = live_.records_read.load(std::memory_order_relaxed);
  progress.records_written = live_.records_written.load(std::memory_order_relaxed);
  progress.records_rejected = live_.records_rejected.load(std::memory_order_relaxed);
  progress.bytes_read = live_.bytes_read.load(std::memory_order_relaxed);
  progress.bytes_written = live_.bytes_written.load(std::memory_order_relaxed);
  progress.bytes_expected = live_.bytes_expected.load(std::memory_order_relaxed);
  progress.stage_ref = setup_.stage_ref;
  progress.staging_used = staging.used_bytes;
  progress.staging_capacity = staging.capacity_bytes;
  progress.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_);
  progress.checkpoint =
      boost::json::serialize(ledger_ ? ledger_->checkpoint_after({}, setup_.before) : result_.new_checkpoint);
  progress.done = done;
  try {
    options_.on_progress(progress);
  } catch (const std::exception& failure) {
    // Threads are at work: the run goes on, without telling.
    progress_broken_ = true;
    log_.write(Severity::error,
               std::string("the progress callback threw and is not called again: ") + failure.what());
  }
}

void Run::conclude(Status status) {
  settle_stage(status.ok());
  if (ledger_) {
    result_.commits = ledger_->commits();
    if (ledger_->adopted())
      result_.warnings.push_back(
          Error(ErrorClass::config, "W_RESUMED_FROM_SINK",
                "the sink already held more than the request's checkpoint says; the run went on from there",
                setup_.request.sink_endpoint_id));
    if (!status.ok())
      result_.new_checkpoint =
          ledger_->moved() ? ledger_->checkpoint_after({}, setup_.before) : result_.checkpoint_before;
  }
  for (auto& entry : result_.plugins) {
    const auto& metrics = entry.at("role").as_string() == "source" ? source_metrics_ : sink_metrics_;
    boost::json::object shown;
    for (const auto& [name, value] : metrics) shown[name] = value;
    if (!shown.empty()) entry.as_object()["metrics"] = std::move(shown);
  }
  if (status.ok()) {
    result_.status = RunStatus::succeeded;
    result_.exit_code = exit_done;
    if (rejections_ && result_.counts.rejected() > 0)
      result_.warnings.push_back(
          Error(ErrorClass::config, "W_REJECTED",
                std::to_string(result_.counts.rejected()) + " rejected" +
                    (rejections_->first().empty() ? ", all when they were staged"
                                                  : "; the first: " + rejections_->first()),
                setup_.request.unit_id));
  } else {
    Error error = std::move(status).take_error();
    if (setup_.source && setup_.source->scrubber) error = setup_.source->scrubber->scrub(error);
    if (setup_.sink && setup_.sink->scrubber) error = setup_.sink->scrubber->scrub(error);
    if (timed_out_ && error.error_class() == ErrorClass::cancelled)
      error = Error(ErrorClass::cancelled, "E_TIMEOUT",
                    "the run reached policy.limits.timeout and stopped at a durable point",
                    "policy.limits.timeout", "run it again from newCheckpoint");
    result_.status = error.error_class() == ErrorClass::cancelled ? RunStatus::cancelled : RunStatus::failed;
    result_.exit_code = exit_code_of(error, moving_);
    log_.error(result_.status == RunStatus::cancelled ? Severity::warning : Severity::error, error);
    result_.errors.push_back(std::move(error));
  }
  result_.completed = std::chrono::system_clock::now();
  result_.duration = steady_clock::now() - started_;
  if (ledger_) report_progress({}, true);
  log_.write(Severity::info, "run ends",
             {{"exit", std::to_string(result_.exit_code)},
              {"recordsRead", std::to_string(result_.counts.read())},
              {"recordsWritten", std::to_string(result_.counts.written)},
              {"verdict", verdict(result_)}});
}

}  // namespace

RunResult run_request(const RunEnvironment& environment, ParsedRequest parsed, const RunOptions& options) {
  return Run(environment, std::move(parsed), options).execute();
}

}  // namespace sluice::host
