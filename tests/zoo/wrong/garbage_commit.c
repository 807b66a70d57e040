/* A commit that reached something unheard of. */
#define TINY_REACHED *reached = 77
#include "tiny_sink.h"
