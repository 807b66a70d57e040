#define TINY_IN_WRITE tiny_crash()
#include "tiny_sink.h"
