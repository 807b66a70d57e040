#define TINY_IN_COMMIT tiny_crash()
#include "tiny_sink.h"
