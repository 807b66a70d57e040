/* The struct that it fills ends before anything is in it. */
#define TINY_MADE out->size = 8
#include "tiny_source.h"
