#include "host/run/run.hpp"

#include <boost/json/serialize.hpp>

#include "host/config/nearest_name.hpp"
#include "host/registry/source_handle.hpp"
#include "host/run/attempt.hpp"
#include "host/run/endpoint_services.hpp"
#include "host/run/exit_code.hpp"
#include "host/run/retry.hpp"
#include "host/run/unit_lock.hpp"

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
    Status status = accept_request();
    if (status.ok()) status = prepare();
    if (status.ok()) status = make_attempts();
    conclude(std::move(status));
    return std::move(result_);
  }

 private:
  Status accept_request();
  Status prepare();
  Status agree_on_staging();
  Status take_lock();
  Status plan_slices(SourceHandle& source);
  Status make_attempts();
  Status merge_checkpoint();
  void absorb(const AttemptOutcome& outcome, const Counts& before);
  void report_progress(const StagingStats& staging, bool done);
  void keep_time();
  void conclude(Status status);
  void name_plugin(const EndpointSetup& setup, const char* role);

  const RunEnvironment& environment_;
  ParsedRequest parsed_;
  const RunOptions& options_;
  steady_clock::time_point started_;
  RunLog log_;
  RunSignal signal_;
  FollowCancellation follow_;
  RunResult result_;

  RunRequest request_;
  std::optional<EndpointSetup> source_, sink_;
  boost::json::object unit_;
  Agreement agreement_;
  StagingProvider* provider_ = nullptr;
  Durability staging_durability_ = Durability::memory;
  std::optional<UnitLock> lock_;
  std::unique_ptr<EndpointServices> planner_services_;
  std::optional<SourceHandle> planner_;  // describes the unit, plans slices, merges their checkpoints
  boost::json::value before_;            // the checkpoint that the source goes on from
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Rejections> rejections_;
  LiveCounts live_;
  bool moving_ = false, timed_out_ = false, progress_broken_ = false;
  steady_clock::time_point next_progress_, drain_deadline_;
  std::map<std::string, double> source_metrics_, sink_metrics_;
};

Status Run::accept_request() {
  for (const Error& unknown : parsed_.unknown_keys) {
    if (options_.strict && parsed_.request) return unknown;
    result_.warnings.push_back(
        Error(ErrorClass::config, "W_KEY_UNKNOWN", unknown.message(), unknown.where(), unknown.hint()));
  }
  if (!parsed_.request) return parsed_.request.error();
  request_ = *parsed_.request;
  result_.delivery = request_.policy.exactly_once ? "exactly-once" : "at-least-once";
  return {};
}

Status Run::agree_on_staging() {
  provider_ = environment_.staging.find(request_.staging_provider_id);
  const std::vector<std::string> known = environment_.staging.ids();
  if (!provider_) {
    std::string hint = did_you_mean(request_.staging_provider_id, names_of(known));
    if (hint.empty()) {
      hint = "known providers:";
      for (const std::string& id : known) hint += " " + id;
    }
    return Error(ErrorClass::config, "E_PROVIDER_UNKNOWN",
                 "no staging provider \"" + request_.staging_provider_id + "\"", "stagingProviderId", hint);
  }
  const Durability strongest = provider_->strongest_durability();
  const Durability wanted = request_.policy.staging.durability.value_or(std::min(strongest, Durability::os));
  if (wanted == Durability::disk && strongest < Durability::disk)
    return Error(ErrorClass::config, "E_DURABILITY",
                 "staging provider \"" + request_.staging_provider_id + "\" promises durability \"" +
                     std::string(to_string(strongest)) + "\" and not \"disk\"",
                 "policy.staging.durability", "choose a provider that can, or a weaker durability");
  if (wanted > strongest)
    result_.warnings.push_back(Error(ErrorClass::config, "W_DURABILITY",
                                     "staged records have durability \"" + std::string(to_string(strongest)) +
                                         "\" with this provider; commits have \"os\"",
                                     "policy.staging.durability"));
  staging_durability_ = std::min(wanted, strongest);
  result_.staging_provider = request_.staging_provider_id;
  result_.staging_durability = std::string(to_string(staging_durability_));
  result_.durability = wanted == Durability::disk ? "disk" : "os";
  return {};
}

void Run::name_plugin(const EndpointSetup& setup, const char* role) {
  result_.plugins.push_back(boost::json::object{{"templateId", setup.of->descriptor.id},
                                                {"role", role},
                                                {"plugin", setup.of->plugin->descriptor.id},
                                                {"version", setup.of->plugin->descriptor.version},
                                                {"path", setup.of->plugin->path.string()}});
}

Status Run::prepare() {
  Result<EndpointSetup> source =
      set_up_endpoint(environment_.catalog, request_.endpoint_id, request_.policy.source, "source");
  if (!source) return source.error();
  source_.emplace(std::move(*source));
  Result<EndpointSetup> sink =
      set_up_endpoint(environment_.catalog, request_.sink_endpoint_id, request_.policy.sink, "sink");
  if (!sink) return sink.error();
  sink_.emplace(std::move(*sink));
  name_plugin(*source_, "source");
  name_plugin(*sink_, "sink");
  log_ = log_.with("unit", request_.unit_id);
  // One log for both sides: what either keeps secret is scrubbed from all.
  auto secrets = std::make_shared<Scrubber>(Scrubber::joined(*source_->scrubber, *sink_->scrubber));
  source_->scrubber = sink_->scrubber = secrets;
  log_.set_scrubber(secrets);

  if (Status status = agree_on_staging(); !status.ok()) return status;
  planner_services_ = std::make_unique<EndpointServices>(
      log_.with("endpoint", source_->id), signal_, StopLevel::drain, environment_.catalog.config.base_dir);
  Result<SourceHandle> planner =
      SourceHandle::create(source_->of, source_->config_text, planner_services_->table());
  if (!planner) return std::move(planner).error();
  planner_.emplace(std::move(*planner));
  Result<boost::json::object> unit = planner_->unit(request_.unit_id);
  if (!unit) return std::move(unit).error();
  unit_ = std::move(*unit);
  Result<Agreement> agreement =
      negotiate(source_->of->descriptor, unit_, sink_->of->descriptor, request_.policy);
  if (!agreement) return std::move(agreement).error();
  agreement_ = std::move(*agreement);
  for (const Error& warning : agreement_.warnings) result_.warnings.push_back(warning);
  if (Status status = take_lock(); !status.ok()) return status;
  return plan_slices(*planner_);
}

Status Run::take_lock() {
  Result<UnitLock> lock = UnitLock::take(source_->id + "\n" + source_->identity + "\n" + request_.unit_id +
                                             "\n" + sink_->id + "\n" + sink_->identity,
                                         request_.unit_id, environment_.lock_folder);
  if (!lock) return std::move(lock).error();
  lock_.emplace(std::move(*lock));
  return {};
}

Status Run::plan_slices(SourceHandle& source) {
  std::vector<SliceState> slices;
  before_ = nullptr;
  if (agreement_.incremental && request_.checkpoint) {
    // A run that was cut off between slices goes on with the same ones, whatever the policy says now.
    if (std::optional<PackedSlices> packed = unpack_slices(*request_.checkpoint)) {
      slices = std::move(packed->slices);
      before_ = std::move(packed->before);
    } else {
      before_ = *request_.checkpoint;
    }
  }
  if (slices.empty() && request_.policy.slices > 1) {
    if (!source_->of->descriptor.source->slices || !source.can_plan()) {
      result_.warnings.push_back(
          Error(ErrorClass::config, "W_NO_SLICES",
                source_->of->descriptor.id + " cannot divide this unit; it is read as a whole",
                "policy.parallelism.slices"));
    } else {
      const std::string checkpoint = before_.is_object() ? boost::json::serialize(before_) : std::string();
      sluice_read_request request{};
      request.size = sizeof request;
      request.slice_count = request_.policy.slices;
      request.incremental = agreement_.incremental ? 1 : 0;
      request.unit_id = abi(request_.unit_id);
      request.checkpoint = abi(checkpoint);
      request.format = abi(agreement_.source_tables ? "tables" : "documents");
      request.run_id = abi(request_.run_id);
      Result<std::vector<boost::json::object>> planned = source.plan(request, request_.policy.slices);
      if (!planned) return std::move(planned).error();
      for (boost::json::object& slice : *planned) slices.push_back({std::move(slice), std::nullopt, false});
    }
  }
  if (!slices.empty() && request_.policy.exactly_once)
    return Error(ErrorClass::config, "E_DELIVERY_UNSUPPORTED",
                 "exactly-once delivery of slices is not possible yet", "policy.parallelism.slices",
                 "use one slice");
  if (slices.empty()) {
    SliceState whole;
    if (before_.is_object()) whole.checkpoint = before_.get_object();
    slices.push_back(std::move(whole));
  }
  ledger_ = std::make_unique<Ledger>(std::move(slices));
  rejections_ = std::make_unique<Rejections>(request_.policy.errors.max_rejected,
                                             request_.policy.errors.dead_letter_path, request_.run_id,
                                             request_.unit_id);
  return {};
}

Status Run::make_attempts() {
  RunContext context{environment_,
                     request_,
                     *source_,
                     *sink_,
                     agreement_,
                     unit_,
                     *provider_,
                     staging_durability_,
                     source_->id + "/" + request_.unit_id,
                     before_,
                     ledger_->slices().size(),
                     signal_,
                     *rejections_,
                     *ledger_,
                     live_,
                     log_};
  log_.write(Severity::info, "run begins",
             {{"source", source_->id},
              {"sink", sink_->id},
              {"mode", agreement_.incremental ? "INCREMENTAL" : "FULL"}});
  next_progress_ = steady_clock::now();
  moving_ = true;
  const RetryPolicy& retry = request_.policy.retry;
  for (uint32_t attempt = 1;; ++attempt) {
    if (signal_.draining()) return Error(ErrorClass::cancelled, "E_CANCELLED", "the run was asked to stop");
    const Counts before = ledger_->counts();
    const uint64_t commits_before = ledger_->commits();
    Watch watch{std::min<nanoseconds>(options_.progress_interval, std::chrono::milliseconds(500)),
                [this](const StagingStats& staging) {
                  keep_time();
                  report_progress(staging, false);
                }};
    AttemptOutcome outcome = run_attempt(context, watch);
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
    // Progress since the last attempt means that the fault did pass: count from anew.
    if (ledger_->commits() > commits_before) attempt = 1;
    if (!outcome.retry_is_due || attempt >= retry.max_attempts) return std::move(outcome.status);
    ++result_.retries;
    log_.write(Severity::warning,
               "the run is tried again from its last commit: " + outcome.status.error().message(),
               {{"code", outcome.status.error().code()}, {"attempt", std::to_string(attempt)}});
    if (signal_.wait(backoff(retry, attempt), StopLevel::drain))
      return Error(ErrorClass::cancelled, "E_CANCELLED",
                   "the run was asked to stop while it waited to try again");
    // FULL, and a sink that made a part durable before the end: without a checkpoint to go on from, begin
    // anew.
    if (!agreement_.incremental && !ledger_->resumable()) ledger_->reset();
    rejections_->restart(ledger_->counts().rejected());
    const Counts committed = ledger_->counts();
    live_.records_read = committed.read();
    live_.records_written = committed.written;
    live_.records_rejected = committed.rejected();
    live_.bytes_read = committed.bytes_read;
    live_.bytes_written = committed.bytes_written;
  }
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
  // What was read stands on the source's side; what was written counts only when it is committed.
  const Counts committed = ledger_->counts();
  result_.counts = before;
  result_.counts += outcome.uncommitted;
  result_.counts.written = committed.written;
  result_.counts.sink_rejected = committed.sink_rejected;
  result_.counts.sink_filtered = committed.sink_filtered;
  result_.counts.bytes_written = committed.bytes_written;
}

Status Run::merge_checkpoint() {
  const std::vector<SliceState> slices = ledger_->slices();
  result_.new_checkpoint = ledger_->checkpoint_after({}, before_);
  // A slice that ended at a limit has more: the next run goes on with the same slices.
  if (ledger_->planned() && ledger_->all_done()) {
    boost::json::array list;
    for (const SliceState& state : slices) {
      boost::json::object entry{{"slice", state.slice}, {"checkpoint", nullptr}};
      if (state.checkpoint) entry["checkpoint"] = *state.checkpoint;
      list.push_back(std::move(entry));
    }
    Result<boost::json::object> merged = planner_->merge(
        boost::json::serialize(boost::json::object{{"before", before_}, {"slices", std::move(list)}}));
    if (!merged) return std::move(merged).error();
    result_.new_checkpoint = std::move(*merged);
  }
  if (result_.counts.reconciled()) return {};
  return Error(ErrorClass::system, "E_RECONCILIATION",
               "the counts do not add up: read " + std::to_string(result_.counts.read()) + ", written " +
                   std::to_string(result_.counts.written) + ", rejected " +
                   std::to_string(result_.counts.rejected()) + ", filtered " +
                   std::to_string(result_.counts.filtered()));
}

void Run::keep_time() {
  const auto& timeout = request_.policy.limits.timeout;
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
  progress.unit_id = request_.unit_id;
  progress.records_read = live_.records_read.load(std::memory_order_relaxed);
  progress.records_written = live_.records_written.load(std::memory_order_relaxed);
  progress.records_rejected = live_.records_rejected.load(std::memory_order_relaxed);
  progress.bytes_read = live_.bytes_read.load(std::memory_order_relaxed);
  progress.bytes_written = live_.bytes_written.load(std::memory_order_relaxed);
  progress.bytes_expected = live_.bytes_expected.load(std::memory_order_relaxed);
  progress.staging_used = staging.used_bytes;
  progress.staging_capacity = staging.capacity_bytes;
  progress.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_);
  progress.checkpoint =
      boost::json::serialize(ledger_ ? ledger_->checkpoint_after({}, before_) : result_.new_checkpoint);
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
  if (ledger_) {
    result_.commits = ledger_->commits();
    if (ledger_->adopted())
      result_.warnings.push_back(
          Error(ErrorClass::config, "W_RESUMED_FROM_SINK",
                "the sink already held more than the request's checkpoint says; the run went on from there",
                request_.sink_endpoint_id));
    if (!status.ok())
      result_.new_checkpoint = ledger_->commits() > 0 || ledger_->adopted()
                                   ? ledger_->checkpoint_after({}, before_)
                                   : parsed_.checkpoint;
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
                std::to_string(result_.counts.rejected()) + " rejected; the first: " + rejections_->first(),
                request_.unit_id));
  } else {
    Error error = std::move(status).take_error();
    if (source_ && source_->scrubber) error = source_->scrubber->scrub(error);
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
