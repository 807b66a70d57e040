/* Hands over more than it claimed. */
#define TINY_BEFORE_PUBLISH bytes = room.size + 64
#include "tiny_source.h"
