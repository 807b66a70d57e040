#define TINY_ABORTS_WHEN_LOADED
#define TINY_TEMPLATE                                                                                  \
  "{\"id\":\"tiny.schema\",\"roles\":[\"source\"],\"source\":{\"formats\":[\"documents\"],\"modes\":[" \
  "\"FULL\"]},"                                                                                        \
  "\"configSchema\":[]}"
#include "tiny_plugin.h"
