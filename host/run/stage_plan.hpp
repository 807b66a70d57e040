// How an attempt uses a staging session that was there before it: from which frame its sink goes on, and
// whether and from where its source does.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/result.hpp"
#include "host/run/sink_feed.hpp"
#include "host/run/stage_note.hpp"
#include "sluice/staging.hpp"

namespace sluice::host {

struct StreamPlan {
  uint64_t first = 0;       // first frame that is staged and not acknowledged
  uint64_t read_from = 0;   // first frame that the sink gets
  uint64_t write_from = 0;  // first frame that the source adds
  bool needs_source = true;
  SourceEnd end = SourceEnd::running;  // known when no source is needed
  std::string checkpoint;              // where the source goes on; empty: where its slice began
  std::string committed;               // the slice's checkpoint that the sink holds; empty: none known
};

struct StagePlan {
  std::vector<StreamPlan> streams;
  // What is staged is not enough to go on from: read the source again from the last commit.
  bool start_over = false;
  bool anything_committed = false;  // by this session's run
};

// Whether a sink's token was left by a commit from this very session.
bool is_of_stage(const std::optional<boost::json::object>& token, const StageNote& note);

// What is known of a stage when it is opened again. The session is open and untouched.
struct StageFacts {
  std::string stage_id;
  std::vector<StagingStreamState> streams;
  static Result<StageFacts> read(const StagingSession& session, size_t streams);
};

// `token`: what the sink holds, if it keeps tokens. `reads_only`: an import, for which no source will add
// anything. E_FENCED when the token tells that another attempt has committed since the session began;
// E_STAGE_INCOMPLETE when an import cannot do without the source.
Result<StagePlan> plan_stage(const StageFacts& facts, const StageNote& note,
                             const std::optional<boost::json::object>& token, bool reads_only,
                             bool exactly_once);

// Sets the ends of the session's streams accordingly.
Status apply_plan(const StagePlan& plan, StagingSession& session, bool reads_only);

}  // namespace sluice::host
