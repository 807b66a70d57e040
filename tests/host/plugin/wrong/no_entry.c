/* Has the note, exports nothing. */
#define TINY_WITHOUT_ENTRY
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
