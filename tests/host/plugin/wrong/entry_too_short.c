/* The exported symbol is shorter than the struct. */
#define TINY_WITHOUT_ENTRY
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
SLUICE_EXPORT const uint32_t sluice_plugin_entry = 4;
