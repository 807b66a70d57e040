// The work of one attempt: what run_attempt() makes and ends. attempt_stage.cpp prepares it, attempt.cpp runs
// it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/registry/sink_handle.hpp"
#include "host/registry/source_handle.hpp"
#include "host/run/attempt.hpp"
#include "host/run/endpoint_services.hpp"
#include "host/run/run_setup.hpp"
#include "host/run/sink_feed.hpp"
#include "host/run/stage_plan.hpp"
#include "host/run/stream_writer.hpp"

namespace sluice::host {

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
  std::chrono::nanoseconds total{0};
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
  void name_stage();
  Status open_sinks();
  Status meet_sinks_again();
  Status open_sink(SinkRun& run, uint32_t index, uint32_t count);
  Status open_sink_since(SinkRun& run, uint32_t index, uint32_t count, const std::string& since);
  std::optional<SharedPlace> place_of(const SinkRun& run, const std::byte* at) const;
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
  bool ended_at_limit(const SliceRun& slice) const;
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
  bool begins_anew_ = false;                  // the sinks give up what they hold of the unit
  std::optional<boost::json::object> token_;  // of the sink, when there is one sink and it keeps tokens
  Counts settled_;  // of a commit of an attempt before, which the sink turned out to hold
  FailedIn failed_in_ = FailedIn::preparation;
};

}  // namespace sluice::host
