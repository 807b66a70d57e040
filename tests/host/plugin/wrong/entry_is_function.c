/* The entry's name, but not data. */
#define TINY_WITHOUT_ENTRY
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
SLUICE_EXPORT void sluice_plugin_entry(void) {}
