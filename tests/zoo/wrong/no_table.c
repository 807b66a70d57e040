/* Says that it made an instance, and gives none. */
#define TINY_MADE out->api = NULL, free(source)
#include "tiny_source.h"
