/* The note claims more descriptor than it holds. */
#define TINY_NOTE_DESCRIPTOR_BYTES 100000
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
