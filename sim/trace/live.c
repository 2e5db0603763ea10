/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live.c: see live.h. The bytes lie in a mapping that is made twice as large when it
 * is full; mremap() moves pages instead of copying what is in them. */
#include "sim/trace/live.h"

#include <errno.h>
#include <sys/mman.h>

#define FIRST_BYTES (UINT64_C(1) << 20)

struct SimLive {
    uint8_t *data;
    uint64_t size, capacity;
    SimReader *reader;
};

SimLive *sim_live_new(void)
{
    return g_new0(SimLive, 1);
}

void sim_live_free(SimLive *live)
{
    if (!live)
        return;
    sim_reader_free(live->reader);
    if (live->data)
        munmap(live->data, live->capacity);
    g_free(live);
}

static gboolean make_room(SimLive *live, uint64_t size, GError **error)
{
    uint64_t capacity = MAX(live->capacity, FIRST_BYTES);
    void *data;

    if (live->size + size <= live->capacity)
        return TRUE;
    while (capacity < live->size + size)
        capacity *= 2;
    data = live->data ? mremap(live->data, live->capacity, capacity, MREMAP_MAYMOVE)
                      : mmap(NULL, capacity, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) {
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_IO,
                    "no memory for a trace of more than %" G_GUINT64_FORMAT " bytes: %s",
                    live->size, g_strerror(errno));
        return FALSE;
    }
    live->data = data;
    live->capacity = capacity;
    return TRUE;
}

/* The header is read when all of it is there; what cannot begin a trace is refused at once. */
static gboolean begin(SimLive *live, GError **error)
{
    SimTraceHeader header;

    if (memcmp(live->data, SIM_TRACE_MAGIC, MIN(live->size, sizeof(header.magic))) != 0) {
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_NOT_A_TRACE, "this is not a trace");
        return FALSE;
    }
    if (live->size < sizeof(header))
        return TRUE;
    memcpy(&header, live->data, sizeof(header));
    if (header.header_bytes > live->size && header.header_bytes <= SIM_TRACE_MAX_BLOB * 2)
        return TRUE;
    live->reader = sim_reader_new_memory(live->data, live->size, error);
    return live->reader != NULL;
}

gboolean sim_live_feed(SimLive *live, const void *bytes, size_t size, GError **error)
{
    if (size == 0)
        return TRUE;
    if (!make_room(live, size, error))
        return FALSE;
    memcpy(live->data + live->size, bytes, size);
    live->size += size;
    if (!live->reader)
        return begin(live, error);
    sim_reader_update(live->reader, live->data, live->size);
    return TRUE;
}

SimReader *sim_live_reader(SimLive *live)
{
    return live->reader;
}

uint64_t sim_live_size(const SimLive *live)
{
    return live->size;
}

const uint8_t *sim_live_data(const SimLive *live, size_t *ret_size)
{
    *ret_size = live->size;
    return live->data;
}
