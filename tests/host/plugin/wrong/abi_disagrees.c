/* The entry was built with another ABI than the note says. */
#define TINY_ENTRY_ABI_VERSION 2
#include "tiny_plugin.h"
