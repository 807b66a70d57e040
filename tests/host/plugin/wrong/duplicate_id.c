/* Provides the template id of good.c. */
#define TINY_ID "tiny.good"
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
