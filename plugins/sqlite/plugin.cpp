#include <sluice/sdk.hpp>

#include "sqlite_sink.hpp"
#include "sqlite_source.hpp"

constexpr sluice::PluginInfo plugin{.id = "sqlite",
                                    .version = "0.1.0",
                                    .vendor = "Sluice",
                                    .license = "Apache-2.0",
                                    .description = "Tables of SQLite databases, read and written"};

SLUICE_PLUGIN(plugin, sluice::Both<sluice::sqlite::SqliteSource, sluice::sqlite::SqliteSink>)
