// staging cat: what is staged and not committed, as text.
#include "staging/mmap/offline_cat.hpp"

#include <boost/json/serialize.hpp>

#include "host/api/host_parts.hpp"
#include "host/api/staging_calls.hpp"
#include "host/api/staging_json.hpp"
#include "host/run/exit_code.hpp"
#include "sluice/batch/batch_view.hpp"
#include "sluice/batch/table_json.hpp"

namespace sluice::host {

namespace {

// The values of a batch: documents as they are, each ended by its delimiter, or else by a newline; rows as
// JSON, one a line. `rest` keeps what had to be made.
std::string_view text_of(const BatchView& batch, std::string& rest) {
  rest.clear();
  if (batch.is_table()) {
    for (uint32_t row = 0; row < batch.size(); ++row) {
      append_row_json(batch, row, rest);
      rest += '\n';
    }
    return rest;
  }
  const DocumentsView documents(batch);
  if (documents.last_delimited()) return documents.all_bytes();
  const char end = documents.delimited() ? documents.delimiter() : '\n';
  for (uint32_t row = 0; row < documents.size(); ++row) {
    rest += documents.value(row);
    rest += end;
  }
  return rest;
}

}  // namespace

Reply Host::staging_cat(std::string_view stage_ref, std::optional<uint32_t> stream,
                        const std::function<bool(std::string_view)>& out) const {
  return guarded([&]() -> Reply {
    const staging::MmapProvider& mmap = parts_->staging->mmap();
    Result<std::string> id = stage_id_of(stage_ref);
    if (!id) return failure_reply(id.error());
    std::string rest;
    const auto take = [&](uint32_t, std::span<const std::byte> frame) {
      const std::string_view text = text_of(BatchView(frame), rest);
      return text.empty() || out(text);
    };
    std::vector<staging::StreamCat> given;
    if (Status status = staging::cat_session(
            mmap.files(), mmap.settings().folder, *id, stream, take, [](const staging::Damage&) {}, given);
        !status.ok())
      return failure_reply(status.error());
    boost::json::array streams;
    bool damaged = false;
    for (const staging::StreamCat& one : given) {
      damaged = damaged || one.lost_frames > 0 || one.cursor_damaged;
      streams.push_back(boost::json::object{{"stream", one.stream},
                                            {"batches", one.frames},
                                            {"records", one.records},
                                            {"lostBatches", one.lost_frames},
                                            {"lostBytes", one.lost_bytes},
                                            {"cursorDamaged", one.cursor_damaged}});
    }
    return {damaged ? exit_staging_damaged : exit_done,
            boost::json::serialize(boost::json::object{
                {"stageRef", stage_ref_of(*id)}, {"streams", std::move(streams)}, {"damaged", damaged}})};
  });
}

}  // namespace sluice::host
