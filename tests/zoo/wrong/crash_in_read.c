#define TINY_BETWEEN tiny_crash()
#include "tiny_source.h"
