/* SPDX-License-Identifier: GPL-2.0-or-later */
/* console.c: what is typed into the VM's console, line by line. The device is told
 * to receive when a program first reads. */
#include "hv-core/guest/user/user.h"

#define BUFFERS      4
#define BUFFER_BYTES 256
#define TYPED_BYTES  1024 /* that nobody has read yet; what is more is lost */

static char typed[TYPED_BYTES];
static volatile uint32_t head, tail; /* bytes ever typed and read */

void console_input(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && head - tail < TYPED_BYTES; i++)
        typed[head++ % TYPED_BYTES] = bytes[i] == '\r' ? '\n' : bytes[i];
}

/* Where the first line ends; false: it has not ended yet. */
static bool find_end(uint32_t *ret_end)
{
    for (uint32_t at = tail; at != head; at++) {
        if (typed[at % TYPED_BYTES] == '\n' || at - tail == TYPED_BYTES - 1) {
            *ret_end = at;
            return true;
        }
    }
    return false;
}

static int take_line(char *buffer, size_t size, uint32_t end)
{
    size_t length = 0;
    for (; tail != end; tail++) {
        if (length + 1 < size)
            buffer[length++] = typed[tail % TYPED_BYTES];
    }
    tail++;
    buffer[length] = '\0';
    return (int)length;
}

int read_line(char *buffer, size_t size, uint64_t timeout_ns)
{
    static uint8_t buffers[BUFFERS][BUFFER_BYTES];
    static bool open;
    uint64_t deadline = net_deadline(timeout_ns);
    if (!open)
        net_open_receiver(HV_SLOT_CONSOLE, buffers[0], BUFFER_BYTES, BUFFERS);
    open = true;
    for (bool last = false;;) {
        uint32_t seen = net_events, end;
        if (find_end(&end))
            return take_line(buffer, size, end);
        if (last)
            return -1;
        last = !net_wait(seen, deadline);
    }
}
