#define TINY_DESCRIPTOR "plugin: tiny"
#define TINY_ABORTS_WHEN_LOADED
#include "tiny_plugin.h"
