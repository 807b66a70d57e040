#define TINY_IN_COMMIT _exit(7)
#include "tiny_sink.h"
