#include "json_source.hpp"

#include <simdjson.h>

#include <algorithm>

#include "content_hash.hpp"
#include "file_position.hpp"
#include "json_array.hpp"
#include "json_validator.hpp"
#include "text_source.hpp"

namespace sluice::file {

namespace {

constexpr uint64_t largest_file = uint64_t{1} << 30;
constexpr size_t shown_of_document = 4096;

// The element's index that a checkpoint of this content goes on with; 0 when it is of another content.
uint64_t next_element(const Json& checkpoint, const std::string& hash) {
  try {
    if (checkpoint.at("file").at("hash").as_string() != hash) return 0;
    return static_cast<uint64_t>(std::max<int64_t>(0, checkpoint.at("elements").as_integer()));
  } catch (const Error& error) {
    throw Error(ErrorClass::config, "E_CHECKPOINT",
                "the checkpoint is not one that file.json made: " + error.message(), "checkpoint",
                "give the newCheckpoint of an earlier run of this unit, or null");
  }
}

Unit describe(const FileEntry& entry) {
  return {.id = entry.id, .content_type = "application/json", .bytes = entry.bytes};
}

}  // namespace

JsonSource::JsonSource(const Context& context)
    : host_(context.host()),
      files_(context.config().at("path").as_string()),
      compression_(context.config().string("compression", "auto")),
      pointer_(context.config().string("pointer", "")) {}

void JsonSource::units(const std::function<bool(const Unit&)>& out) {
  files_.list([&](const FileEntry& entry) { return out(describe(entry)); });
}

std::optional<Unit> JsonSource::unit(std::string_view id) {
  const std::optional<FileEntry> entry = files_.find(id);
  return entry ? std::optional(describe(*entry)) : std::nullopt;
}

void JsonSource::check() {
  check_readable(files_);
}

std::string JsonSource::load(const FileEntry& entry, size_t& size) const {
  const auto input = open_input(entry.path, compression_of(compression_, entry.path));
  std::string content;
  size = 0;
  for (size_t got = 1; got > 0; size += got) {
    host_.throw_if_cancelled();
    if (size > largest_file)
      throw Error(ErrorClass::config, "E_FILE_TOO_LARGE",
                  entry.path + " has more than 1 GiB of JSON in one document", entry.path,
                  "divide it, or make it newline-delimited and read it with file.ndjson");
    content.resize(std::max<size_t>(size + (size_t{1} << 20),
                                    input->file_bytes() < largest_file ? input->file_bytes() + 1 : 0));
    got = input->read(content.data() + size, content.size() - size);
  }
  content.resize(size + JsonValidator::padding);
  return content;
}

void JsonSource::read(const ReadRequest& request, SourceWriter& out) {
  const std::optional<FileEntry> entry = files_.find(request.unit_id);
  if (!entry) throw unknown_unit(files_, request.unit_id);
  out.expect_bytes(entry->bytes);
  size_t size = 0;
  const std::string content = load(*entry, size);
  const std::string_view document(content.data(), size);
  const std::string hash = content_hash(document);
  const uint64_t begin = request.checkpoint ? next_element(*request.checkpoint, hash) : 0;

  if (const auto reason = JsonValidator().reason_against(document)) {
    out.reject("E_JSON_INVALID", *reason, entry->path, document.substr(0, shown_of_document));
    return;
  }
  JsonArray elements(document, pointer_);
  uint64_t index = 0;
  DocumentBuilder builder(out, [&] {
    return Json::object(
        {{"file", Json::object({{"bytes", uint64_t{size}}, {"hash", hash}})}, {"elements", index}});
  });
  std::string compact;
  bool any = false;
  while (const std::optional<std::string_view> element = elements.next()) {
    if (index < begin) {
      ++index;
      continue;
    }
    any = true;
    // Only the blanks between tokens go: numbers and strings keep their bytes.
    compact.resize(element->size() + JsonValidator::padding);
    size_t compact_size = 0;
    if (simdjson::minify(element->data(), element->size(), compact.data(), compact_size) != simdjson::SUCCESS)
      throw Error(ErrorClass::system, "E_JSON_INVALID", "an element cannot be compacted", entry->path);
    builder.append(std::string_view(compact).substr(0, compact_size),
                   entry->path + " element " + std::to_string(index));
    ++index;
  }
  if (any || begin == 0) {
    if (begin == 0) builder.add_bytes_read(entry->bytes);
    builder.flush();
  }
}

}  // namespace sluice::file
