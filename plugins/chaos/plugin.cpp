#include <sluice/sdk.hpp>

#include "chaos_sink.hpp"
#include "chaos_source.hpp"

constexpr sluice::PluginInfo plugin{.id = "chaos",
                                    .version = "0.1.0",
                                    .vendor = "Sluice",
                                    .license = "Apache-2.0",
                                    .description = "Endpoints that go wrong on demand"};

SLUICE_PLUGIN(plugin, sluice::Both<sluice::chaos::ChaosSource, sluice::chaos::ChaosSink>)
