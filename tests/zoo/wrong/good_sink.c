/* Nothing is wrong. */
#include "tiny_sink.h"
