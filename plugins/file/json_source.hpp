// file.json: files with one JSON document each, and in it an array whose elements are the records.
#pragma once

#include <sluice/sdk.hpp>

#include "file_set.hpp"

namespace sluice::file {

class JsonSource final : public Source {
 public:
  static constexpr TemplateInfo info{
      .id = "file.json",
      .title = "JSON files with an array of records",
      .description =
          "Each file is one JSON document; the elements of an array in it are the records, each a JSON "
          "document "
          "without the blanks between its tokens. A unit is a file, read as a whole, up to 1 GiB. "
          "Incremental by "
          "the file's hash: an unchanged file gives nothing, a changed one all its records again.",
      .config_schema = R"({
  "type": "object", "additionalProperties": false, "required": ["path"],
  "properties": {
    "path": {"type": "string", "minLength": 1, "title": "File, glob or folder",
      "description": "A file, a glob (*, ?, [...], ** for folders) or a folder with all files below it; dot files are left out."},
    "compression": {"enum": ["auto", "none", "gzip", "zstd"], "default": "auto", "title": "Compression",
      "description": "auto goes by the file name: .gz is gzip, .zst and .zstd are zstd."},
    "pointer": {"type": "string", "default": "", "title": "JSON pointer",
      "description": "Where the array stands, such as /data/items; empty when the document itself is the array."}
  }
})"};
  static constexpr SourceInfo source_info{.formats = "documents",
                                          .modes = "FULL,INCREMENTAL",
                                          .slices = false,
                                          .content_types = "application/json"};

  explicit JsonSource(const Context& context);

  void units(const std::function<bool(const Unit&)>& out) override;
  std::optional<Unit> unit(std::string_view id) override;
  void read(const ReadRequest& request, SourceWriter& out) override;
  void check() override;

 private:
  // The whole content, with room behind it that validation may read. E_FILE_TOO_LARGE.
  std::string load(const FileEntry& entry, size_t& size) const;

  const HostServices host_;
  const FileSet files_;
  const std::string compression_, pointer_;
};

}  // namespace sluice::file
