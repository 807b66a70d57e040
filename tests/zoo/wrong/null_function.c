/* A required function is not there. */
#define TINY_READ NULL
#include "tiny_source.h"
