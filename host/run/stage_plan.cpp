#include "host/run/stage_plan.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace sluice::host {

namespace {

namespace json = boost::json;

// The next frame of a slice that the token's commit does not cover; nothing when it says none.
std::optional<uint64_t> token_position(const json::object& token, uint32_t slice) {
  const auto* slices = token.if_contains("slices");
  if (!slices || !slices->is_array()) return std::nullopt;
  for (const json::value& entry : slices->get_array()) {
    const auto* object = entry.if_object();
    const auto* index = object ? object->if_contains("slice") : nullptr;
    const auto* sequence = object ? object->if_contains("sequence") : nullptr;
    if (!index || !sequence || !index->is_int64() || index->get_int64() != slice) continue;
    if (sequence->is_int64() && sequence->get_int64() >= 0)
      return static_cast<uint64_t>(sequence->get_int64());
    if (sequence->is_uint64()) return sequence->get_uint64();
  }
  return std::nullopt;
}

// The slice's own checkpoint in a token.
std::string token_checkpoint(const json::object& token, uint32_t slice, bool planned) {
  const auto* checkpoint = token.if_contains("checkpoint");
  if (!checkpoint || !checkpoint->is_object()) return {};
  if (!planned) return json::serialize(*checkpoint);
  const std::optional<PackedSlices> packed = unpack_slices(checkpoint->get_object());
  if (!packed || slice >= packed->slices.size() || !packed->slices[slice].checkpoint) return {};
  return json::serialize(*packed->slices[slice].checkpoint);
}

// Whether the sink was committed to since this session's records were read. What an export read begins where
// its checkpoint stood; until a sink is asked, that alone tells.
bool is_overtaken(const json::object& token, const StageNote& note, bool exactly_once) {
  if (note.sink_token) return *note.sink_token != json::value(token);
  if (!exactly_once || !note.before.is_object()) return false;
  const auto* checkpoint = token.if_contains("checkpoint");
  return checkpoint && *checkpoint != note.before;
}

Error fenced(const std::string& stage_id, const json::object& token) {
  const auto* run = token.if_contains("runId");
  return Error(ErrorClass::config, "E_FENCED",
               "staging session " + stage_id + " is out of date: run " +
                   (run && run->is_string() ? std::string(run->get_string()) : "(unnamed)") +
                   " has committed to the sink since it began",
               stage_id, "its records were read again by that run; collect it with `sluice staging gc`");
}

Error incomplete(const std::string& stage_id, const std::string& what) {
  return Error(ErrorClass::config, "E_STAGE_INCOMPLETE", "staging session " + stage_id + ": " + what,
               stage_id, "finish it with `sluice resume`, which reads the source again where it must");
}

}  // namespace

Result<StageFacts> StageFacts::read(const StagingSession& session, size_t streams) {
  StageFacts facts;
  facts.stage_id = session.id();
  facts.streams.resize(streams);
  for (uint32_t stream = 0; stream < streams; ++stream)
    if (Status status = session.state(stream, facts.streams[stream]); !status.ok())
      return std::move(status).take_error();
  return facts;
}

bool is_of_stage(const std::optional<json::object>& token, const StageNote& note) {
  const auto* key = token ? token->if_contains("stageKey") : nullptr;
  return key && key->is_string() && key->get_string() == note.key;
}

Result<StagePlan> plan_stage(const StageFacts& facts, const StageNote& note,
                             const std::optional<json::object>& token, bool reads_only, bool exactly_once) {
  const bool ours = is_of_stage(token, note);
  const bool planned = note.slices.size() > 1 || !note.slices[0].slice.empty();
  if (token && !ours && is_overtaken(*token, note, exactly_once)) return fenced(facts.stage_id, *token);

  StagePlan plan;
  for (uint32_t stream = 0; stream < facts.streams.size(); ++stream) {
    const StagingStreamState& state = facts.streams[stream];
    const uint32_t slice = note.streams[stream];
    StreamPlan& to = plan.streams.emplace_back();
    // What the sink holds ends before this frame; it may hold nothing of the session.
    uint64_t held = 0;
    bool holds = false;
    if (ours)
      if (const std::optional<uint64_t> position = token_position(*token, slice)) {
        held = *position;
        holds = true;
      }
    to.first = state.first;
    to.read_from = std::max(state.first, held);
    to.committed = ours ? token_checkpoint(*token, slice, planned) : state.committed;
    plan.anything_committed = plan.anything_committed || held > 0 || (state.first > 0 && !state.forgotten);
    // Frames that the sink does not hold, and that are not staged any more.
    const bool gap = (state.forgotten || holds) && held < state.first;
    if (gap || to.read_from > state.next) {
      if (reads_only) return incomplete(facts.stage_id, "frames are gone that the sink does not hold");
      plan.start_over = true;
    }
    to.needs_source = !state.sealed && !state.writer_alive;
    if (state.sealed) to.end = state.how == SealedAs::limited ? SourceEnd::limited : SourceEnd::finished;
    to.write_from = state.next;
    to.checkpoint = state.checkpoint;
    if (!to.needs_source) continue;
    // Behind its newest checkpoint the source will be read again.
    to.write_from = std::max(state.after_checkpoint, to.read_from);
    if (holds && held > state.after_checkpoint && !to.committed.empty()) to.checkpoint = to.committed;
    // A part of a full unit is in the sink, and the source cannot go on behind it.
    if (!reads_only && !note.agreement.incremental && to.checkpoint.empty() && to.read_from > 0)
      plan.start_over = true;
    if (reads_only) {
      to.needs_source = false;
      to.end = SourceEnd::failed;
      if (!note.agreement.incremental)
        return incomplete(facts.stage_id,
                          "its source was cut off, and a unit in FULL mode is delivered whole");
    }
  }
  return plan;
}

Status apply_plan(const StagePlan& plan, StagingSession& session, bool reads_only) {
  for (uint32_t stream = 0; stream < plan.streams.size(); ++stream) {
    const StreamPlan& to = plan.streams[stream];
    const bool cut = to.needs_source || (reads_only && to.end == SourceEnd::failed);
    if (Status status = session.rewind(stream, to.read_from, cut ? to.write_from : StagingSession::as_it_is);
        !status.ok())
      return status;
    // The sink holds more than was acknowledged when the process died: that is room, and may be all there is.
    if (to.read_from > to.first)
      if (Status status = session.reader(stream).acknowledge(to.read_from - 1, to.committed); !status.ok())
        return status;
  }
  return {};
}

}  // namespace sluice::host
