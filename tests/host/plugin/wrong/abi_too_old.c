#define TINY_ABI_OLDEST 0
#define TINY_ABI_VERSION 0
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
