#include <sluice/sdk.hpp>

#include "null_sink.hpp"

constexpr sluice::PluginInfo plugin{.id = "null",
                                    .version = "0.1.0",
                                    .vendor = "Sluice",
                                    .license = "Apache-2.0",
                                    .description = "A sink that counts and forgets"};

SLUICE_PLUGIN(plugin, sluice::null::NullSink)
