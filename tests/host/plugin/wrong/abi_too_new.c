#define TINY_ABI_OLDEST 2
#define TINY_ABI_VERSION 3
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
