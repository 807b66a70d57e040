// preview: the first records of a unit, through the same writer and staging as a run, written nowhere.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "host/api/endpoint_session.hpp"
#include "host/api/host_parts.hpp"
#include "host/config/text_check.hpp"
#include "host/run/run_result.hpp"
#include "host/run/stream_writer.hpp"
#include "sluice/batch/batch_view.hpp"
#include "sluice/batch/table_json.hpp"

namespace sluice::host {

namespace {

constexpr size_t largest_preview = size_t{16} << 20;  // bytes of records in one reply

// Takes frames until the stream ends or enough is there.
class PreviewTaker {
 public:
  explicit PreviewTaker(uint32_t wanted) : wanted_(wanted) {}

  Status take_all(StagingReader& reader) {
    for (;;) {
      auto kind = StagingReader::Next::nothing_yet;
      std::span<const std::byte> frame;
      if (Status status = reader.next(std::chrono::milliseconds(1000), kind, frame); !status.ok())
        return status;
      if (kind == StagingReader::Next::end) return {};
      if (kind == StagingReader::Next::nothing_yet) continue;
      take(BatchView(frame));
      reader.release();
    }
  }
  boost::json::array records;
  bool truncated = false;

 private:
  void take(const BatchView& batch) {
    for (uint32_t row = 0; row < batch.size(); ++row) {
      if (records.size() == wanted_ || bytes_ > largest_preview) {
        truncated = true;
        return;
      }
      std::string text;
      if (batch.is_table())
        append_row_json(batch, row, text);
      else
        text = DocumentsView(batch).value(row);
      bytes_ += text.size();
      boost::system::error_code error;
      boost::json::value value = boost::json::parse(text, error);
      if (error)
        value = is_utf8(text)
                    ? boost::json::value(text)
                    : boost::json::value("(" + std::to_string(text.size()) + " bytes that are not UTF-8)");
      records.push_back(std::move(value));
    }
  }

  size_t wanted_;
  size_t bytes_ = 0;
};

}  // namespace

Reply Host::preview(std::string_view endpoint, std::string_view unit_id, uint32_t wanted) {
  return guarded([&]() -> Reply {
    wanted = std::clamp(wanted, 1u, 10'000u);
    Result<EndpointSetup> setup =
        set_up_endpoint(parts_->catalog, std::string(endpoint), std::nullopt, "source");
    if (!setup) return failure_reply(setup.error());
    EndpointSession session(*parts_, *setup);
    Result<SourceHandle> source = session.source();
    if (!source) return failure_reply(session.scrubbed(source.error()));
    Result<boost::json::object> unit = source->unit(unit_id);
    if (!unit) return failure_reply(session.scrubbed(unit.error()));

    const bool tables = setup->of->descriptor.source->formats.front() == "tables";
    StagingRequest staging;
    staging.max_bytes = uint64_t{64} << 20;
    staging.max_batch_bytes = uint64_t{1} << 20;
    staging.run_id = "preview";
    std::unique_ptr<StagingSession> stage;
    StagingProvider* provider = parts_->staging->find("memory");
    if (Status status = provider->open(staging, stage); !status.ok()) return failure_reply(status.error());
    RunSignal signal;
    Rejections rejections(UINT64_MAX >> 1, "", "preview", std::string(unit_id));
    LiveCounts live;
    StreamWriter::Limits limits{{}, provider->max_frame_bytes(staging), wanted, UINT64_MAX};
    StreamWriter writer(stage->writer(0), limits, tables, signal, rejections, live);
    PreviewTaker taker(wanted);
    Status taken;
    std::thread reader([&] {
      try {
        taken = taker.take_all(stage->reader(0));
      } catch (const std::exception& failure) {
        taken = Error(ErrorClass::system, "E_INTERNAL", failure.what());
      }
      if (!taken.ok()) stage->cancel();
    });
    const std::string unit_text(unit_id);
    sluice_read_request request{};
    request.size = sizeof request;
    request.slice_count = 1;
    request.unit_id = abi(unit_text);
    request.format = abi(tables ? "tables" : "documents");
    request.run_id = abi("preview");
    request.threads = 1;
    Status status = source->read(request, *writer.table());
    if (Status sealed = writer.finish(SealedAs::finished); !sealed.ok()) stage->cancel();
    reader.join();
    if (status.ok()) status = std::move(taken);
    if (!status.ok()) return failure_reply(session.scrubbed(status.error()));

    boost::json::object result{
        {"endpoint", endpoint}, {"unitId", unit_id}, {"format", tables ? "tables" : "documents"}};
    result["schema"] = unit->contains("schema") ? unit->at("schema") : boost::json::value(nullptr);
    result["records"] = std::move(taker.records);
    result["rejected"] = live.records_rejected.load();
    if (live.records_rejected.load() > 0) result["firstRejected"] = rejections.first();
    result["truncated"] = taker.truncated || writer.reached_limit();
    return reply(result);
  });
}

}  // namespace sluice::host
