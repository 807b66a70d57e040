#include "csv_source.hpp"

#include <algorithm>

#include "csv_reader.hpp"
#include "text_source.hpp"

namespace sluice::file {

namespace {

// The beginning of the content; `whole`: that is all of it.
std::string take_sample(ByteInput& input, bool& whole) {
  std::string sample(csv_sample_bytes, '\0');
  sample.resize(read_fully(input, sample.data(), sample.size()));
  whole = sample.size() < csv_sample_bytes;
  return sample;
}

}  // namespace

CsvSource::CsvSource(const Context& context)
    : host_(context.host()), config_(context.config()), files_(config_.path) {}

Unit CsvSource::describe(const FileEntry& entry) const {
  Unit out{.id = entry.id, .bytes = entry.bytes};
  try {
    const auto input = open_input(entry.path, compression_of(config_.compression, entry.path));
    bool whole = false;
    const std::string sample = take_sample(*input, whole);
    const CsvLayout layout = csv_layout(config_, sample, whole, entry.path);
    out.schema = layout.fields();
    Json inferred = Json::array();
    for (const CsvColumn& column : layout.columns)
      if (column.guessed) inferred.push_back(column.field.name);
    out.details =
        Json::object({{"sampledRows", layout.sampled_rows}, {"inferredColumns", std::move(inferred)}});
  } catch (const Error& error) {
    // One bad file must not hide the others.
    out.details = Json::object({{"problem", error.message()}});
  }
  return out;
}

void CsvSource::units(const std::function<bool(const Unit&)>& out) {
  files_.list([&](const FileEntry& entry) { return out(describe(entry)); });
}

std::optional<Unit> CsvSource::unit(std::string_view id) {
  const std::optional<FileEntry> entry = files_.find(id);
  return entry ? std::optional(describe(*entry)) : std::nullopt;
}

void CsvSource::check() {
  check_readable(files_);
}

void CsvSource::read(const ReadRequest& request, SourceWriter& out) {
  const std::optional<FileEntry> entry = files_.find(request.unit_id);
  if (!entry) throw unknown_unit(files_, request.unit_id);
  const Compression compression = compression_of(config_.compression, entry->path);
  CsvTask task{entry->path, request.incremental};
  auto input = open_input(entry->path, compression);

  FilePosition position;
  if (request.checkpoint) {
    const Checkpoint checkpoint(*request.checkpoint);
    Resumed resumed = resume(*input, checkpoint, host_);
    if (!resumed.refusal.empty())
      host_.log(LogLevel::warning,
                entry->path + " does not fit the checkpoint and is read from its start: " + resumed.refusal,
                Json::object({{"unit", request.unit_id}}));
    if (resumed.refusal.empty() && checkpoint.offset > 0) {
      position = std::move(resumed.position);
      task.published = checkpoint.offset;
    } else {
      input = open_input(entry->path, compression);
    }
  }

  std::string ahead;
  CsvLayout layout;
  const Json* table = task.published ? request.checkpoint->find("table") : nullptr;
  if (table) {
    layout = CsvLayout::from_json(*table);
  } else {
    // Types that no checkpoint keeps are found out from the same first rows again.
    const auto beginning = task.published ? open_input(entry->path, compression) : nullptr;
    bool whole = false;
    std::string sample = take_sample(beginning ? *beginning : *input, whole);
    layout = csv_layout(config_, sample, whole, entry->path);
    if (!task.published) {
      const bool cut_header = config_.dialect.header && whole && request.incremental && !sample.empty() &&
                              layout.content_begin == sample.size() && sample.back() != '\n';
      if (cut_header) {
        host_.log(LogLevel::warning, "the header of " + entry->path + " has no end yet; nothing is read");
        return;
      }
      position.advance(std::string_view(sample).substr(0, layout.content_begin), layout.content_lines);
      ahead = sample.substr(layout.content_begin);
    }
  }
  const uint64_t before = task.published && input->seekable() ? position.offset() : 0;
  out.expect_bytes(input->file_bytes() - std::min(before, input->file_bytes()));
  CsvReader(host_, *input, std::move(position), std::move(ahead), layout, config_, std::move(task), out)
      .run();
}

}  // namespace sluice::file
