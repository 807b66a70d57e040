/* What it hands over is no frame at all. */
#define TINY_BEFORE_PUBLISH memset(room.data, 0xa5, TINY_FRAME_BYTES)
#include "tiny_source.h"
