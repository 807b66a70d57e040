// A source that reads well up to one record, and then does what it was told to.
#pragma once

#include <sluice/sdk.hpp>

#include "fault.hpp"

namespace sluice::chaos {

class ChaosSource final : public Source {
 public:
  static constexpr TemplateInfo info{
      .id = "chaos",
      .title = "Chaos",
      .description =
          "Goes wrong on demand, to see what the rest makes of it. The source gives the unit \"records\", "
          "{\"n\":0}, {\"n\":1} and so on (tables: a column n), hands over everything before record `at`, "
          "and "
          "then acts. The sink counts what it gets and acts in open, write or commit. For tests: never part "
          "of a real flow.",
      .config_schema = R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "records": {"type": "integer", "minimum": 0, "default": 100, "description": "Source: records of the unit."},
    "recordBytes": {"type": "integer", "minimum": 0, "maximum": 16777216, "default": 0,
      "description": "Source: documents are padded with blanks to so many bytes."},
    "action": {
      "enum": ["none", "fail", "transient", "throw", "crash", "abort", "exit", "hang", "stall", "malformed",
               "lie", "too-large", "garbage-counts", "reject"],
      "default": "none",
      "description": "fail: E_CHAOS, class system. transient: E_CHAOS_TRANSIENT, `times` times. throw: an exception that is no sluice::Error. crash: SIGSEGV. abort: SIGABRT. exit: exit(0). hang: until cancelled. stall: waits `stallMs`, then goes on. Source only: malformed publishes bytes that are no frame; lie publishes a frame whose offsets descend; too-large makes record `at` larger than any frame. Sink only: garbage-counts reports more records than it was given; reject refuses every `every`th record."},
    "at": {"type": "integer", "minimum": 0, "default": 0,
      "description": "Where to act. Source: before this record, counted from 0 (`records`: at the end). Sink: write acts in the batch that holds this record, commit in this commit, both counted from 0 in this instance."},
    "where": {"enum": ["open", "write", "commit"], "default": "write", "description": "Sink: the call that acts."},
    "times": {"type": "integer", "minimum": 0, "default": 1,
      "description": "transient: failures before success, counted in the process for each `key`."},
    "key": {"type": "string", "default": "", "description": "transient: whose failures are counted together."},
    "stallMs": {"type": "integer", "minimum": 0, "default": 1000, "description": "stall: milliseconds."},
    "deaf": {"type": "boolean", "default": false,
      "description": "hang: do not listen to cancellation. Only the end of the process ends it."},
    "every": {"type": "integer", "minimum": 1, "default": 2,
      "description": "reject: each so-manieth record, counted in this instance, is refused."}
  }
})"};
  static constexpr SourceInfo source_info{.formats = "documents,tables",
                                          .modes = "FULL,INCREMENTAL",
                                          .slices = true,
                                          .content_types = "application/json"};

  explicit ChaosSource(const Context& context);

  void units(const std::function<bool(const Unit&)>& out) override;
  void read(const ReadRequest& request, SourceWriter& out) override;
  // Slices are {"from": index, "to": index}, as the generator has them.
  std::vector<Json> plan(const ReadRequest& request, uint32_t max_slices) override;
  Json merge(const Json& before, const Json& slices) override;

 private:
  struct Range {
    uint64_t from, to;
  };
  Range range_of(const ReadRequest& request) const;
  void publish_malformed(SourceWriter& out) const;
  void publish_lie(SourceWriter& out) const;

  const Fault fault_;
  const uint64_t records_, at_;
  const size_t record_bytes_;
};

}  // namespace sluice::chaos
