#include "text_source.hpp"

#include <algorithm>
#include <sluice/detail/processors.hpp>

#include "file_error.hpp"

namespace sluice::file {

namespace {

// Below this, dividing a file costs more than it brings.
constexpr uint64_t smallest_slice = uint64_t{64} << 10;

}  // namespace

void check_readable(const FileSet& files) {
  files.list([](const FileEntry& entry) {
    open_input(entry.path, Compression::none);
    return true;
  });
}

Error unknown_unit(const FileSet& files, const std::string& id) {
  return Error(ErrorClass::config, "E_UNIT_UNKNOWN", "no file \"" + id + "\" fits " + files.path(), id,
               "`sluice units` lists the files that do");
}

TextSource::TextSource(const Context& context, const TextRules& rules, std::string content_type)
    : host_(context.host()),
      files_(context.config().at("path").as_string()),
      compression_(context.config().string("compression", "auto")),
      rules_(rules),
      content_type_(std::move(content_type)) {}

Unit TextSource::describe(const FileEntry& entry) const {
  return {.id = entry.id, .content_type = content_type_, .bytes = entry.bytes};
}

void TextSource::units(const std::function<bool(const Unit&)>& out) {
  files_.list([&](const FileEntry& entry) { return out(describe(entry)); });
}

std::optional<Unit> TextSource::unit(std::string_view id) {
  const std::optional<FileEntry> entry = files_.find(id);
  return entry ? std::optional(describe(*entry)) : std::nullopt;
}

void TextSource::check() {
  check_readable(files_);
}

TextSource::Opened TextSource::open(const std::string& unit_id, const Json* checkpoint) const {
  std::optional<FileEntry> entry = files_.find(unit_id);
  if (!entry) throw unknown_unit(files_, unit_id);
  Opened out{*std::move(entry), nullptr, {}};
  const Compression compression = compression_of(compression_, out.entry.path);
  out.input = open_input(out.entry.path, compression);
  if (!checkpoint) return out;
  Resumed resumed = resume(*out.input, Checkpoint(*checkpoint), host_);
  if (resumed.refusal.empty()) {
    out.position = std::move(resumed.position);
    out.resumed = true;
    return out;
  }
  host_.log(LogLevel::warning,
            out.entry.path + " does not fit the checkpoint and is read from its start: " + resumed.refusal,
            Json::object({{"unit", unit_id}}));
  out.input = open_input(out.entry.path, compression);
  return out;
}

void TextSource::read(const ReadRequest& request, SourceWriter& out) {
  const Json* checkpoint = request.checkpoint ? &*request.checkpoint : nullptr;
  TextTask task{.name = {}, .incremental = request.incremental};
  task.threads = std::min(request.threads, detail::processors());
  if (request.slice) {
    task.slice = Slice::from_json(*request.slice);
    // Of the checkpoints that a slice may be given only its own says where it stands.
    const Json* of_slice = checkpoint ? checkpoint->find("slice") : nullptr;
    if (!of_slice || !(*of_slice == *request.slice) || checkpoint->boolean("empty", false))
      checkpoint = nullptr;
  }
  Opened file = open(request.unit_id, checkpoint);
  task.name = file.entry.path;
  if (task.slice) {
    if (!file.input->seekable())
      throw Error(ErrorClass::config, "E_SLICE_INVALID", "compressed files have no slices", file.entry.path);
    if (!file.resumed) {
      const uint64_t begin = std::min(task.slice->begin, file.input->file_bytes());
      file.position = FilePosition::at(*file.input, begin, 0);
    }
    out.expect_bytes(task.slice->end - std::min(task.slice->end, file.position.offset()));
  } else {
    const uint64_t before = file.input->seekable() ? file.position.offset() : file.input->consumed();
    out.expect_bytes(file.input->file_bytes() - std::min(before, file.input->file_bytes()));
    if (file.resumed) task.published = file.position.offset();
  }
  TextReader(host_, *file.input, std::move(file.position), rules_, std::move(task), out).run();
}

std::vector<Json> TextSource::plan(const ReadRequest& request, uint32_t max_slices) {
  if (request.threads > 1) return {};  // one read uses them all, or is as fast as its file
  Opened file = open(request.unit_id, request.checkpoint ? &*request.checkpoint : nullptr);
  if (!file.input->seekable()) return {};
  const uint64_t begin = file.position.offset(), end = file.input->file_bytes();
  const uint64_t count = std::min<uint64_t>(max_slices, (end - begin) / smallest_slice);
  if (count < 2) return {};
  std::vector<Json> out;
  for (uint64_t i = 0; i < count; ++i) {
    const auto cut = [&](uint64_t n) { return begin + (end - begin) / count * n; };
    out.push_back(Slice{cut(i), i + 1 < count ? cut(i + 1) : end, i == 0}.to_json());
  }
  return out;
}

// The unit stands where its last slice that had a line stands: slices before it end where the next begins.
Json TextSource::merge(const Json& before, const Json& slices) {
  const Json* last = nullptr;
  uint64_t last_begin = 0, first_begin = UINT64_MAX;
  int64_t lines = 0;
  for (const Json& entry : slices.as_array()) {
    const Slice slice = Slice::from_json(entry.at("slice"));
    const Json& checkpoint = entry.at("checkpoint");
    first_begin = std::min(first_begin, slice.begin);
    if (checkpoint.boolean("empty", false)) continue;
    lines += checkpoint.at("line").as_integer();
    if (!last || slice.begin >= last_begin) {
      last = &checkpoint;
      last_begin = slice.begin;
    }
  }
  if (!last) throw Error(ErrorClass::config, "E_SLICE_INVALID", "no slice has a checkpoint to go on from");
  // The plan went on from `before` unless the file had been replaced, and then it began at 0.
  if (before.is_object() && first_begin > 0) lines += before.integer("line", 0);
  return Json::object({{"file", last->at("file")}, {"offset", last->at("offset")}, {"line", lines}});
}

}  // namespace sluice::file
