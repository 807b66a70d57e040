// The file plugin: lines, NDJSON, CSV and JSON arrays in files.
#include <sluice/plugin.hpp>

#include "csv_sink.hpp"
#include "csv_source.hpp"
#include "json_source.hpp"
#include "text_sink.hpp"
#include "text_source.hpp"

namespace sluice::file {

constexpr PluginInfo plugin{.id = "file",
                            .version = "0.1.0",
                            .vendor = "Sluice",
                            .license = "Apache-2.0",
                            .description = "Lines, NDJSON, CSV and JSON arrays in files"};
using Lines = Both<LinesSource, LinesSink>;
using Ndjson = Both<NdjsonSource, NdjsonSink>;
using Csv = Both<CsvSource, CsvSink>;

}  // namespace sluice::file

SLUICE_PLUGIN(sluice::file::plugin, sluice::file::Lines, sluice::file::Ndjson, sluice::file::Csv,
              sluice::file::JsonSource)
