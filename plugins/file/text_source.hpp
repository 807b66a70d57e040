// The sources of text: file.lines and file.ndjson.
#pragma once

#include <sluice/sdk.hpp>

#include "file_set.hpp"
#include "text_reader.hpp"

namespace sluice::file {

class TextSource : public Source {
 public:
  void units(const std::function<bool(const Unit&)>& out) override;
  std::optional<Unit> unit(std::string_view id) override;
  void read(const ReadRequest& request, SourceWriter& out) override;
  void check() override;
  std::vector<Json> plan(const ReadRequest& request, uint32_t max_slices) override;
  Json merge(const Json& before, const Json& slices) override;

 protected:
  TextSource(const Context& context, const TextRules& rules, std::string content_type);

 private:
  struct Opened {
    FileEntry entry;
    std::unique_ptr<ByteInput> input;
    FilePosition position;
    bool resumed = false;
  };
  // Opens the unit's file at `checkpoint`, or at its start with a warning when the checkpoint does not fit.
  Opened open(const std::string& unit_id, const Json* checkpoint) const;
  Unit describe(const FileEntry& entry) const;

  const HostServices host_;
  const FileSet files_;
  const std::string compression_;
  const TextRules rules_;
  const std::string content_type_;
};

class LinesSource final : public TextSource {
 public:
  static constexpr TemplateInfo info{
      .id = "file.lines",
      .title = "Lines of text files",
      .description =
          "Each line of a text file is a record, whatever its bytes. A unit is a file. Incremental by file "
          "identity and byte offset: what is appended is read once. Bytes are never changed.",
      .config_schema = R"({
  "type": "object", "additionalProperties": false, "required": ["path"],
  "properties": {
    "path": {"type": "string", "minLength": 1, "title": "File, glob or folder",
      "description": "Source: a file, a glob (*, ?, [...], ** for folders) or a folder with all files below it; dot files are left out. Sink: a file, or a folder (it exists, or the path ends in /) that gets a file per unit."},
    "compression": {"enum": ["auto", "none", "gzip", "zstd"], "default": "auto", "title": "Compression",
      "description": "auto goes by the file name: .gz is gzip, .zst and .zstd are zstd."}
  }
})"};
  static constexpr SourceInfo source_info{
      .formats = "documents", .modes = "FULL,INCREMENTAL", .slices = true, .content_types = "text/plain"};

  explicit LinesSource(const Context& context) : TextSource(context, {.json = false}, "text/plain") {}
};

class NdjsonSource final : public TextSource {
 public:
  static constexpr TemplateInfo info{
      .id = "file.ndjson",
      .title = "Newline-delimited JSON files",
      .description =
          "Each line is a JSON document; blank lines are no records. Every line is validated; a bad one is "
          "rejected with its file, line and reason. A unit is a file. Incremental by file identity and byte "
          "offset. Bytes are never changed.",
      .config_schema = R"({
  "type": "object", "additionalProperties": false, "required": ["path"],
  "properties": {
    "path": {"type": "string", "minLength": 1, "title": "File, glob or folder",
      "description": "Source: a file, a glob (*, ?, [...], ** for folders) or a folder with all files below it; dot files are left out. Sink: a file, or a folder (it exists, or the path ends in /) that gets a file per unit."},
    "compression": {"enum": ["auto", "none", "gzip", "zstd"], "default": "auto", "title": "Compression",
      "description": "auto goes by the file name: .gz is gzip, .zst and .zstd are zstd."},
    "validate": {"enum": ["full", "none"], "default": "full", "title": "Validation",
      "description": "Source: full checks every line as one JSON document, its UTF-8 included; none trusts the file and only splits lines."}
  }
})"};
  static constexpr SourceInfo source_info{.formats = "documents",
                                          .modes = "FULL,INCREMENTAL",
                                          .slices = true,
                                          .content_types = "application/json"};

  explicit NdjsonSource(const Context& context)
      : TextSource(context,
                   {.json = true, .validate_json = context.config().string("validate", "full") != "none"},
                   "application/json") {}
};

// Opens every unit for reading and closes it again. E_FILE_OPEN, E_FOLDER_MISSING.
void check_readable(const FileSet& files);
// E_UNIT_UNKNOWN.
Error unknown_unit(const FileSet& files, const std::string& id);

}  // namespace sluice::file
