/* Publishes on and on, and takes neither a cancellation nor a refusal for an answer. */
#include "sluice/abi/source.h"
static sluice_status never_done(void* self, const sluice_read_request* request, const sluice_writer* out,
                                sluice_error* error);
#define TINY_READ never_done
#include "tiny_source.h"

static sluice_status never_done(void* self, const sluice_read_request* request, const sluice_writer* out,
                                sluice_error* error) {
  (void)self, (void)request;
  for (uint32_t batch = 0; batch < 600; ++batch) {
    sluice_span room;
    if (out->claim(out->self, TINY_FRAME_BYTES, &room, error) == SLUICE_OK) {
      tiny_fill(room.data, batch);
      out->publish(out->self, TINY_FRAME_BYTES, error);
    }
    usleep(50000);
  }
  return SLUICE_OK;
}
