/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uplink.c: see uplink.h. */
#include "sim/engine/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "netsim/proto/types.h"

#define BATCH_BYTES  (256u << 10) /* one read from a socket */
#define BATCH_FRAMES 256u         /* reads from a TAP device before others have their turn */
#define QUEUE_BYTES  (4u << 20)   /* that wait to be written */
#define LENGTH_BYTES 4u

struct SimUplink {
    char *spec;
    bool is_tap;
    int fd;       /* -1: nobody has connected yet */
    int listener; /* -1: none */
    char *listen_path;
    SimFraming framing;
    uint8_t *buffer;   /* BATCH_BYTES */
    GByteArray *queue; /* to be written, each frame with its length before it */
    size_t queue_done;
    SimUplinkCounts counts;
};

/* ---- Framing --------------------------------------------------------------- */

static uint32_t length_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Hands out the whole frames at the beginning; *ret_used bytes of them. */
static bool take_frames(const uint8_t *bytes, size_t size, size_t *ret_used, SimUplinkTake take,
                        void *user)
{
    size_t at = 0;

    while (size - at >= LENGTH_BYTES) {
        uint32_t length = length_at(bytes + at);

        if (length > NET_MAX_FRAME_BYTES)
            return false;
        if (size - at - LENGTH_BYTES < length)
            break;
        if (length > 0)
            take(user, bytes + at + LENGTH_BYTES, length);
        at += LENGTH_BYTES + length;
    }
    *ret_used = at;
    return true;
}

bool sim_framing_feed(SimFraming *framing, const uint8_t *bytes, size_t size, SimUplinkTake take,
                      void *user)
{
    size_t used = 0;

    if (!framing->pending)
        framing->pending = g_byte_array_new();
    /* First what was begun before: as much as it needs, no more is copied. */
    while (framing->pending->len > 0 && size > 0) {
        size_t have = framing->pending->len, need = LENGTH_BYTES, more;

        if (have >= LENGTH_BYTES)
            need += length_at(framing->pending->data);
        more = MIN(need - have, size);
        g_byte_array_append(framing->pending, bytes, (guint)more);
        bytes += more;
        size -= more;
        if (!take_frames(framing->pending->data, framing->pending->len, &used, take, user))
            return false;
        g_byte_array_remove_range(framing->pending, 0, (guint)used);
    }
    if (!take_frames(bytes, size, &used, take, user))
        return false;
    g_byte_array_append(framing->pending, bytes + used, (guint)(size - used));
    return true;
}

void sim_framing_add(GByteArray *out, const uint8_t *bytes, size_t length)
{
    const uint8_t head[LENGTH_BYTES] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16),
                                        (uint8_t)(length >> 8), (uint8_t)length};

    g_byte_array_append(out, head, sizeof(head));
    g_byte_array_append(out, bytes, (guint)length);
}

/* ---- Opening --------------------------------------------------------------- */

static bool fail(const SimUplink *uplink, int number, const char *hint, GError **error)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number), "uplink %s: %s%s%s",
                uplink->spec, g_strerror(number), *hint ? "; " : "", hint);
    return false;
}

static bool open_tap(SimUplink *uplink, const char *name, GError **error)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};

    if (!*name || strlen(name) >= sizeof(request.ifr_name)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "uplink %s: an interface has a name of 1 to %zu characters", uplink->spec,
                    sizeof(request.ifr_name) - 1);
        return false;
    }
    uplink->is_tap = true;
    uplink->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (uplink->fd < 0)
        return fail(uplink, errno, "/dev/net/tun is needed: modprobe tun", error);
    memcpy(request.ifr_name, name, strlen(name));
    if (ioctl(uplink->fd, TUNSETIFF, &request) == 0)
        return true;
    return fail(uplink, errno,
                errno == EPERM   ? "make it once as root: ip tuntap add mode tap user $USER NAME"
                : errno == EBUSY ? "another program uses it"
                                 : "",
                error);
}

static bool fill_address(const SimUplink *uplink, const char *path, struct sockaddr_un *address,
                         GError **error)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (*path && strlen(path) < sizeof(address->sun_path)) {
        strcpy(address->sun_path, path);
        return true;
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NAMETOOLONG,
                "uplink %s: the path of a socket has 1 to %zu characters", uplink->spec,
                sizeof(address->sun_path) - 1);
    return false;
}

static bool open_unix(SimUplink *uplink, const char *path, GError **error)
{
    struct sockaddr_un address;

    if (!fill_address(uplink, path, &address, error))
        return false;
    uplink->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (uplink->fd < 0 ||
        connect(uplink->fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return fail(uplink, errno,
                    errno == ENOENT || errno == ECONNREFUSED
                        ? "nobody listens there: start passt -s PATH first, or use listen:PATH"
                        : "",
                    error);
    fcntl(uplink->fd, F_SETFL, O_NONBLOCK);
    return true;
}

static bool open_listener(SimUplink *uplink, const char *path, GError **error)
{
    struct sockaddr_un address;

    if (!fill_address(uplink, path, &address, error))
        return false;
    uplink->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (uplink->listener < 0 ||
        bind(uplink->listener, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return fail(uplink, errno, errno == EADDRINUSE ? "something is at that path" : "", error);
    uplink->listen_path = g_strdup(path);
    return listen(uplink->listener, 1) == 0 || fail(uplink, errno, "", error);
}

SimUplink *sim_uplink_open(const char *spec, GError **error)
{
    static const struct {
        const char *prefix;
        bool (*open)(SimUplink *uplink, const char *rest, GError **error);
    } kinds[] = {{"tap:", open_tap}, {"unix:", open_unix}, {"listen:", open_listener}};
    g_autoptr(SimUplink) uplink = g_new0(SimUplink, 1);

    uplink->fd = uplink->listener = -1;
    uplink->spec = g_strdup(spec);
    uplink->buffer = g_malloc(BATCH_BYTES);
    uplink->queue = g_byte_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_prefix(spec, kinds[i].prefix))
            return kinds[i].open(uplink, spec + strlen(kinds[i].prefix), error)
                       ? g_steal_pointer(&uplink)
                       : NULL;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "uplink %s: allowed: tap:IFNAME, unix:PATH, listen:PATH", spec);
    return NULL;
}

void sim_uplink_free(SimUplink *uplink)
{
    if (!uplink)
        return;
    if (uplink->fd >= 0)
        close(uplink->fd);
    if (uplink->listener >= 0)
        close(uplink->listener);
    if (uplink->listen_path)
        unlink(uplink->listen_path);
    if (uplink->framing.pending)
        g_byte_array_unref(uplink->framing.pending);
    g_byte_array_unref(uplink->queue);
    g_free(uplink->buffer);
    g_free(uplink->listen_path);
    g_free(uplink->spec);
    g_free(uplink);
}

int sim_uplink_fd(const SimUplink *uplink)
{
    return uplink->fd >= 0 ? uplink->fd : uplink->listener;
}

/* ---- In -------------------------------------------------------------------- */

static bool read_tap(SimUplink *uplink, SimUplinkTake take, void *user, GError **error)
{
    for (unsigned i = 0; i < BATCH_FRAMES; i++) {
        ssize_t n = read(uplink->fd, uplink->buffer, BATCH_BYTES);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR || errno == EIO ||
                   fail(uplink, errno, "", error);
        if (n > 0 && n <= (ssize_t)NET_MAX_FRAME_BYTES) {
            uplink->counts.in++;
            take(user, uplink->buffer, (size_t)n);
        }
    }
    return true;
}

typedef struct {
    SimUplink *uplink;
    SimUplinkTake take;
    void *user;
} Taking;

static void count_and_take(void *user, const uint8_t *bytes, size_t length)
{
    const Taking *taking = user;

    taking->uplink->counts.in++;
    taking->take(taking->user, bytes, length);
}

static bool read_socket(SimUplink *uplink, SimUplinkTake take, void *user, GError **error)
{
    Taking taking = {uplink, take, user};
    ssize_t n = read(uplink->fd, uplink->buffer, BATCH_BYTES);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR || fail(uplink, errno, "", error);
    if (n == 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PIPE, "uplink %s: the other side is gone",
                    uplink->spec);
        return false;
    }
    if (sim_framing_feed(&uplink->framing, uplink->buffer, (size_t)n, count_and_take, &taking))
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "uplink %s: the other side sent a frame of more than %u bytes, or does not speak "
                "QEMU's stream protocol",
                uplink->spec, NET_MAX_FRAME_BYTES);
    return false;
}

bool sim_uplink_read(SimUplink *uplink, SimUplinkTake take, void *user, GError **error)
{
    if (uplink->fd < 0) {
        uplink->fd = accept4(uplink->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        return uplink->fd >= 0 || errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ||
               fail(uplink, errno, "", error);
    }
    return uplink->is_tap ? read_tap(uplink, take, user, error)
                          : read_socket(uplink, take, user, error);
}

/* ---- Out ------------------------------------------------------------------- */

void sim_uplink_send(SimUplink *uplink, const uint8_t *bytes, size_t length)
{
    if (uplink->fd < 0 || uplink->queue->len - uplink->queue_done + length > QUEUE_BYTES) {
        uplink->counts.dropped++;
        return;
    }
    uplink->counts.out++;
    sim_framing_add(uplink->queue, bytes, length);
}

bool sim_uplink_wants_to_write(const SimUplink *uplink)
{
    return uplink->fd >= 0 && uplink->queue->len > uplink->queue_done;
}

/* A frame at a time to a TAP device, without its length. 0: no more now. */
static ssize_t write_some(SimUplink *uplink)
{
    const uint8_t *at = uplink->queue->data + uplink->queue_done;
    ssize_t n;

    if (!uplink->is_tap)
        return send(uplink->fd, at, uplink->queue->len - uplink->queue_done, MSG_NOSIGNAL);
    n = write(uplink->fd, at + LENGTH_BYTES, length_at(at));
    /* EIO: the interface is down. EINVAL: shorter than an Ethernet header. */
    if (n < 0 && (errno == EIO || errno == EINVAL)) {
        uplink->counts.dropped++;
        n = 0;
    }
    return n < 0 ? n : (ssize_t)(LENGTH_BYTES + length_at(at));
}

bool sim_uplink_flush(SimUplink *uplink, GError **error)
{
    while (sim_uplink_wants_to_write(uplink)) {
        ssize_t n = write_some(uplink);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == ENOBUFS))
            break;
        if (n < 0)
            return fail(uplink, errno, "", error);
        uplink->queue_done += (size_t)n;
    }
    g_byte_array_remove_range(uplink->queue, 0, (guint)uplink->queue_done);
    uplink->queue_done = 0;
    return true;
}

SimUplinkCounts sim_uplink_counts(const SimUplink *uplink)
{
    return uplink->counts;
}
