/* The table of functions ends before the first. */
#define TINY_API_SIZE 8
#define TINY_MADE free(source)
#include "tiny_source.h"
