#define TINY_WITHOUT_NOTE
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
