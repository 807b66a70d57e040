#include "lines_sink.hpp"
#include "stanza_source.hpp"

constexpr sluice::PluginInfo plugin{.id = "first", .version = "1.0.0", .vendor = "You", .license = "MIT"};
SLUICE_PLUGIN(plugin, StanzaSource, LinesSink)
