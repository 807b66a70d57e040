#include <sluice/sdk.hpp>

#include "generator_source.hpp"

constexpr sluice::PluginInfo plugin{.id = "generator",
                                    .version = "0.1.0",
                                    .vendor = "Sluice",
                                    .license = "Apache-2.0",
                                    .description = "A source of made-up records, the same ones every time"};

SLUICE_PLUGIN(plugin, sluice::generator::GeneratorSource)
