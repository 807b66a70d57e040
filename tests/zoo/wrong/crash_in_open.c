#define TINY_IN_OPEN tiny_crash()
#include "tiny_sink.h"
