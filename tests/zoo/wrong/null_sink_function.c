/* A required function is not there. */
#define TINY_WRITE NULL
#include "tiny_sink.h"
