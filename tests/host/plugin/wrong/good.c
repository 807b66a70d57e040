/* Nothing is wrong. */
#define TINY_ID "tiny.good"
#include "tiny_plugin.h"
