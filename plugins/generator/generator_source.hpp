// A source whose every record follows from (seed, index): slices, resumed runs and repeated runs agree byte
// for byte.
#pragma once

#include <sluice/sdk.hpp>

#include "record_text.hpp"

namespace sluice::generator {

class GeneratorSource final : public Source {
 public:
  static constexpr TemplateInfo info{
      .id = "generator",
      .title = "Generator",
      .description =
          "Makes up records, the same ones for the same seed whatever the slices and resume points: JSON "
          "documents of an exact size with id, hash and text, or rows with id, name, amount, active, day, at "
          "and note. Its one unit is \"records\".",
      .config_schema = R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "count": {"type": "integer", "minimum": 0, "default": 1000, "description": "Records that the unit has."},
    "recordBytes": {"type": "integer", "minimum": 16, "maximum": 67108864, "default": 250,
      "description": "Bytes of each document. Rows of tables ignore it."},
    "seed": {"type": "integer", "default": 0, "description": "Another seed makes other records."},
    "rate": {"type": "number", "minimum": 0, "default": 0,
      "description": "Records a second, in each slice; 0 makes them as fast as they are taken."}
  }
})"};
  static constexpr SourceInfo source_info{.formats = "documents,tables",
                                          .modes = "FULL,INCREMENTAL",
                                          .slices = true,
                                          .content_types = "application/json"};

  explicit GeneratorSource(const Context& context);

  void units(const std::function<bool(const Unit&)>& out) override;
  void read(const ReadRequest& request, SourceWriter& out) override;
  // Slices are {"from": index, "to": index}: the first record and the one after the last.
  std::vector<Json> plan(const ReadRequest& request, uint32_t max_slices) override;
  Json merge(const Json& before, const Json& slices) override;

 private:
  struct Range {
    uint64_t from, to;
  };
  Range range_of(const ReadRequest& request) const;
  void read_documents(Range range, SourceWriter& out);
  void read_rows(Range range, SourceWriter& out);

  const HostServices host_;
  const uint64_t count_, seed_;
  const uint32_t record_bytes_;
  const double rate_;
};

}  // namespace sluice::generator
