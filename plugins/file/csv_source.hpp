// file.csv as a source of tables.
#pragma once

#include <sluice/sdk.hpp>

#include "csv_layout.hpp"
#include "file_set.hpp"

namespace sluice::file {

class CsvSource final : public Source {
 public:
  static constexpr TemplateInfo info = csv_info;
  static constexpr SourceInfo source_info{
      .formats = "tables", .modes = "FULL,INCREMENTAL", .slices = false, .content_types = ""};

  explicit CsvSource(const Context& context);

  // Each with its schema, declared or inferred; details say which.
  void units(const std::function<bool(const Unit&)>& out) override;
  std::optional<Unit> unit(std::string_view id) override;
  void read(const ReadRequest& request, SourceWriter& out) override;
  void check() override;

 private:
  Unit describe(const FileEntry& entry) const;

  const HostServices host_;
  const CsvConfig config_;
  const FileSet files_;
};

}  // namespace sluice::file
