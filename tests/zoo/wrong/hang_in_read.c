#define TINY_BETWEEN tiny_hang()
#include "tiny_source.h"
