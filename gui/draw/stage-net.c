/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage-net.c: where switches and other parts of networks are, and the cables.
 *
 * A part's rank is how far it is from the nearest VM, in cables; what is outside the
 * host comes after all that is inside. Parts of one rank stand below those of the rank
 * before. A switch is as wide as the NICs that are plugged into it, so their cables fall
 * straight down; where two would overlap, one goes into a row of its own. A cable passes
 * behind what it is not plugged into. Cables between parts side by side hang below them,
 * in lanes, the shorter ones above.
 */
#include "gui/draw/stage-private.h"

#include <glib/gi18n.h>

#include <math.h>
#include <string.h>

#include "gui/draw/text.h"

#define BAR    42.0
#define SOCKET 16.0
#define SIDE   26.0 /* of a bar, beside its outermost socket */
#define STEP   34.0 /* between sockets on a lower edge */
#define APART  12.0
#define LANE   13.0 /* between cables that hang below a row */
#define HANG   19.0 /* from a row to the first of them */

/* ---- Parts and ranks ------------------------------------------------------------------ */

/* The port at the other end of a cable that is there; NULL: none. What is gone has no part. */
static const SimModelPort *peer_of(const SimModel *model, const SimModelPort *port)
{
    const SimModelPort *peer = sim_model_port(model, port->peer);

    return peer && !peer->gone && !port->gone ? peer : NULL;
}

static StagePart *part_at(const GuiStage *stage, guint index)
{
    return &g_array_index(stage->parts, StagePart, index);
}

/* The LAN and the Internet are not in the host, whatever stands there, but for the host's own
 * stack, which has a NIC on the LAN. */
static bool is_outside(const SimModel *model, const SimModelPort *port)
{
    const SimModelNetwork *network = sim_model_network(model, port->network);
    const char *kind = port->kind;

    if (strcmp(kind, "host") == 0)
        return false;
    if (network && (network->mode == SIM_NET_MODE_LAN || network->mode == SIM_NET_MODE_INTERNET))
        return true;
    return g_str_has_prefix(kind, "lan") || g_str_has_prefix(kind, "internet") ||
           strcmp(kind, "router") == 0 || strcmp(kind, "server") == 0 ||
           strcmp(kind, "uplink") == 0;
}

/* The machine that a port belongs to, as the scenario names it: "printer"; NULL: none. */
static const char *machine_name(const SimModel *model, const SimModelPort *port)
{
    for (guint i = 0; i < model->endpoints->len; i++) {
        const SimModelEndpoint *endpoint = &g_array_index(model->endpoints, SimModelEndpoint, i);
        const SimModelPort *its = sim_model_port(model, endpoint->port);
        const char *colon = endpoint->name ? strchr(endpoint->name, ':') : NULL;

        if (its && its->part == port->part && colon)
            return colon + 1;
    }
    return NULL;
}

/* A network of several switches says which one of them this is. */
static char *switch_title(const SimModelNetwork *network, uint32_t part)
{
    g_autofree char *title = g_strdup(network->name);

    for (guint i = 0; i < network->switches->len && network->switches->len > 1; i++) {
        const SimModelSwitch *own = network->switches->pdata[i];
        if (own->part == part && own->name && own->name[0] && strcmp(own->name, network->name) != 0)
            return g_strdup_printf("%s %s", network->name, own->name);
    }
    return g_utf8_make_valid(title, -1);
}

/* Nothing else would say the network's name: a NAT is alone with its VM. */
static bool has_switch(const SimModel *model, uint16_t network)
{
    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        if (port->network == network && !port->gone && strcmp(port->kind, "switch") == 0)
            return true;
    }
    return false;
}

static char *part_title(const SimModel *model, const SimModelPort *port)
{
    const SimModelNetwork *network = sim_model_network(model, port->network);
    const char *name = machine_name(model, port);
    char *title;

    if (name)
        return g_utf8_make_valid(name, -1);
    if (strcmp(port->kind, "host") == 0)
        return g_strdup(_("the host"));
    if (strcmp(port->kind, "switch") == 0 && network)
        return switch_title(network, port->part);
    if (strcmp(port->kind, "nat") == 0 && network && !has_switch(model, port->network)) {
        g_autofree char *both = g_strdup_printf(_("NAT %s"), network->name);
        return g_utf8_make_valid(both, -1);
    }
    if (strcmp(port->kind, "nat") == 0)
        return g_strdup(_("NAT"));
    if (strcmp(port->kind, "dhcp-server") == 0)
        return g_strdup(_("DHCP server"));
    if (strcmp(port->kind, "wifi") == 0)
        return g_strdup(_("Wi-Fi"));
    if (strcmp(port->kind, "internet") == 0)
        return g_strdup(_("Internet"));
    if (strcmp(port->kind, "lan") == 0)
        return g_strdup(_("LAN machine"));
    if (strcmp(port->kind, "dhcp") == 0 || strcmp(port->kind, "dns") == 0)
        return g_ascii_strup(port->kind, -1);
    title = g_utf8_make_valid(port->kind, -1);
    if (g_ascii_islower(title[0]))
        title[0] = g_ascii_toupper(title[0]);
    return title;
}

static void part_clear(void *data)
{
    g_free(((StagePart *)data)->title);
}

/* Is it a part's turn to get this rank, because of what a cable of it leads to? */
static bool is_reached(const GuiStage *stage, const SimModel *model, uint32_t port, unsigned rank,
                       unsigned base)
{
    const StagePart *part = part_at(stage, stage_port(stage, port)->part_index);
    uint32_t peer = sim_model_port(model, port)->peer;
    const StagePart *other;

    if (sim_model_port(model, peer)->vm != SIM_NONE)
        return rank == base + 1;
    other = part_at(stage, stage_port(stage, peer)->part_index);
    /* Whatever is inside is a beginning for what is outside. */
    if (part->outside && !other->outside)
        return rank == base + 1;
    /* The network behind a router stands beside it, not below: pictures are wide. */
    if (part->outside && part->is_switch && !other->is_switch)
        return other->rank == rank;
    return other->rank != 0 && other->rank == rank - 1;
}

/* Ranks spread along the cables from what has one already (VMs have 0), over parts that
 * are all inside or all outside; the highest of them. Who is not reached has 0. */
static unsigned spread_ranks(GuiStage *stage, const SimModel *model, bool outside, unsigned base)
{
    unsigned highest = base;
    bool any = true;

    for (unsigned rank = base + 1; any; rank++) {
        any = false;
        for (bool again = true; again;) {
            again = false;
            for (guint i = 0; i < model->ports->len; i++) {
                const SimModelPort *port = model->ports->pdata[i];
                if (port->vm != SIM_NONE || !peer_of(model, port))
                    continue;
                StagePart *part = part_at(stage, stage_port(stage, i)->part_index);
                if (part->outside != outside || part->rank != 0 ||
                    !is_reached(stage, model, i, rank, base))
                    continue;
                part->rank = highest = rank;
                any = again = true;
            }
        }
    }
    return highest;
}

static void find_ranks(GuiStage *stage, const SimModel *model)
{
    unsigned inside = spread_ranks(stage, model, false, 0);

    inside = MAX(inside, 1);
    /* What hangs on the outside only, as the host's own stack may, stands in the last row. */
    for (guint i = 0; i < stage->parts->len; i++) {
        if (!part_at(stage, i)->outside && part_at(stage, i)->rank == 0)
            part_at(stage, i)->rank = inside;
    }
    spread_ranks(stage, model, true, inside);
    for (guint i = 0; i < stage->parts->len; i++) {
        if (part_at(stage, i)->rank == 0)
            part_at(stage, i)->rank = inside + 1;
    }
}

void stage_find_parts(GuiStage *stage, const SimModel *model)
{
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);

    g_array_set_clear_func(stage->parts, part_clear);
    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        void *index;
        if (port->gone)
            stage_port(stage, i)->part_index = G_MAXUINT;
        if (port->vm != SIM_NONE || port->gone)
            continue;
        if (!g_hash_table_lookup_extended(known, GUINT_TO_POINTER(port->part), NULL, &index)) {
            StagePart part = {.part = port->part,
                              .network = port->network,
                              .title = part_title(model, port),
                              .is_switch = strcmp(port->kind, "switch") == 0,
                              .outside = is_outside(model, port)};
            index = GUINT_TO_POINTER(stage->parts->len);
            g_array_append_val(stage->parts, part);
            g_hash_table_insert(known, GUINT_TO_POINTER(port->part), index);
        }
        stage_port(stage, i)->part_index = GPOINTER_TO_UINT(index);
        part_at(stage, GPOINTER_TO_UINT(index))->ports++;
    }
    find_ranks(stage, model);
}

/* ---- Places ----------------------------------------------------------------------------- */

/* What a part's socket is plugged into: a VM's plug, or a part of a rank. */
static const StagePort *peer_plug(const GuiStage *stage, const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);
    const SimModelPort *peer = peer_of(model, port);

    /* A broken trace may name a VM that there never was. */
    return peer && peer->vm < stage->vms->len ? stage_port(stage, port->peer) : NULL;
}

/* x of the cable that leaves a VM's plug: straight down from the lowest row, else in
 * the gap left of the VM's column. */
static double drop_x(const GuiStage *stage, const SimModelPort *nic, const StagePort *plug)
{
    const StageVm *vm = &g_array_index(stage->vms, StageVm, nic->vm);

    if (vm->row == 0)
        return plug->at.x;
    return vm->lane_x + vm->lane * MIN(nic->nic, 3);
}

typedef struct {
    double low, high, sum;
    unsigned count;
} Reach;

static void reach_to(Reach *reach, double x)
{
    reach->low = reach->count ? MIN(reach->low, x) : x;
    reach->high = reach->count ? MAX(reach->high, x) : x;
    reach->sum += x;
    reach->count++;
}

/* Where the things above a part are that it is plugged into. */
static Reach reach_of(const GuiStage *stage, const SimModel *model, guint index)
{
    const StagePart *part = part_at(stage, index);
    Reach reach = {0};

    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        const SimModelPort *peer;
        if (port->vm != SIM_NONE || stage_port(stage, i)->part_index != index)
            continue;
        peer = peer_of(model, port);
        if (!peer)
            continue;
        if (peer->vm != SIM_NONE) {
            const StagePort *plug = stage_port(stage, port->peer);
            if (plug->placed)
                reach_to(&reach, drop_x(stage, peer, plug));
        } else {
            const StagePart *other = part_at(stage, stage_port(stage, port->peer)->part_index);
            if (other->rank < part->rank)
                reach_to(&reach, gui_rect_centre(other->box).x);
        }
    }
    return reach;
}

static double least_width(const GuiStage *stage, const StagePart *part)
{
    double width = gui_text_width(&stage->theme, GUI_TEXT(.bold = true), part->title);

    width = MAX(MAX(96, width + (part->is_switch ? 130 : 44)), part->ports * 22 + 24);
    return MIN(width, MAX(stage->width - 52, 60));
}

static int by_centre(const void *a, const void *b, void *user)
{
    const GuiStage *stage = user;
    double one = gui_rect_centre(part_at(stage, *(const guint *)a)->box).x;
    double other = gui_rect_centre(part_at(stage, *(const guint *)b)->box).x;

    return one < other ? -1 : one > other;
}

static bool is_free(const GuiStage *stage, const GArray *members, guint count,
                    const StagePart *part)
{
    for (guint i = 0; i < count; i++) {
        const StagePart *other = part_at(stage, g_array_index(members, guint, i));
        if (other->row == part->row && other->box.x + other->box.width + APART > part->box.x &&
            part->box.x + part->box.width + APART > other->box.x)
            return false;
    }
    return true;
}

/* A box on which no cable falls may stand beside the others of its row. */
static bool move_aside(const GuiStage *stage, const GArray *members, guint count, StagePart *part)
{
    double wanted = part->box.x;

    for (guint i = 0; i < count; i++) {
        const StagePart *other = part_at(stage, g_array_index(members, guint, i));
        const double places[] = {other->box.x + other->box.width + APART + 10,
                                 other->box.x - part->box.width - APART - 10};
        for (unsigned j = 0; j < 2; j++) {
            part->box.x = places[j];
            if (part->box.x >= 26 && part->box.x + part->box.width <= stage->width - 26 &&
                is_free(stage, members, count, part))
                return true;
        }
    }
    part->box.x = wanted;
    return false;
}

/* Puts the parts of a rank into rows where they do not overlap; how many rows. */
static unsigned fill_rows(GuiStage *stage, GArray *members)
{
    unsigned rows = 0;

    for (guint i = 0; i < members->len; i++) {
        StagePart *part = part_at(stage, g_array_index(members, guint, i));
        part->row = 0;
        if (part->is_switch || is_free(stage, members, i, part) ||
            !move_aside(stage, members, i, part)) {
            while (!is_free(stage, members, i, part))
                part->row++;
        }
        rows = MAX(rows, part->row + 1);
    }
    return rows;
}

/* Boxes of later ranks: beside each other, as near to the things above as they can. */
static void spread(GuiStage *stage, GArray *members)
{
    double x = 26, limit = stage->width - 26;

    g_array_sort_with_data(members, by_centre, stage);
    for (guint i = 0; i < members->len; i++) {
        StagePart *part = part_at(stage, g_array_index(members, guint, i));
        double wanted = part->box.x;
        if (wanted < x && x + part->box.width <= limit)
            part->box.x = x;
        x = MAX(x, part->box.x + part->box.width + APART);
    }
    /* And back from the right, should the last ones have been pushed out. */
    for (guint i = members->len; i-- > 0;) {
        StagePart *part = part_at(stage, g_array_index(members, guint, i));
        if (part->box.x + part->box.width > limit)
            part->box.x = MAX(26, limit - part->box.width);
        limit = part->box.x - APART;
        if (limit < 120)
            break;
    }
}

static void place_span(GuiStage *stage, const SimModel *model, guint index)
{
    StagePart *part = part_at(stage, index);
    Reach reach = reach_of(stage, model, index);
    double width = least_width(stage, part), centre = stage->width / 2;

    if (part->outside && part->is_switch && reach.count == 0)
        centre = stage->width * 0.78; /* beside its router, which has its place by now */
    if (reach.count > 0)
        centre = part->is_switch ? (reach.low + reach.high) / 2 : reach.sum / reach.count;
    if (part->is_switch && reach.count > 0)
        width = MIN(MAX(width, reach.high - reach.low + 2 * SIDE), stage->width - 28);
    part->box = (GuiRect){centre - width / 2, 0, width, BAR};
    part->box.x = CLAMP(part->box.x, 26, MAX(26, stage->width - 26 - width));
}

/* Switches first: where their cables fall is where they are. */
static void find_members(const GuiStage *stage, unsigned rank, GArray *members)
{
    g_array_set_size(members, 0);
    for (unsigned others = 0; others < 2; others++) {
        for (guint i = 0; i < stage->parts->len; i++) {
            if (part_at(stage, i)->rank == rank && part_at(stage, i)->is_switch == !others)
                g_array_append_val(members, i);
        }
    }
}

/* The room that cables need which hang below a row. */
static double hanging(const GuiStage *stage, const SimModel *model, unsigned rank)
{
    unsigned count = 0;

    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        const SimModelPort *peer = peer_of(model, port);
        if (port->vm != SIM_NONE || !peer || peer->vm != SIM_NONE || port->peer < i)
            continue;
        count += part_at(stage, stage_port(stage, i)->part_index)->rank == rank &&
                 part_at(stage, stage_port(stage, port->peer)->part_index)->rank == rank;
    }
    return count > 0 ? HANG + LANE * count : 0;
}

double stage_place_parts(GuiStage *stage, const SimModel *model, double y, double gap)
{
    g_autoptr(GArray) members = g_array_new(FALSE, FALSE, sizeof(guint));
    bool was_outside = false;
    unsigned last = 0;

    for (guint i = 0; i < stage->parts->len; i++)
        last = MAX(last, part_at(stage, i)->rank);
    for (unsigned rank = 1; rank <= last; rank++) {
        bool any_switch = false, outside = false;
        unsigned rows;
        find_members(stage, rank, members);
        if (members->len == 0)
            continue;
        for (guint i = 0; i < members->len; i++) {
            guint index = g_array_index(members, guint, i);
            place_span(stage, model, index);
            any_switch |= part_at(stage, index)->is_switch;
            outside |= part_at(stage, index)->outside;
        }
        if (!any_switch || rank > 1)
            spread(stage, members);
        rows = fill_rows(stage, members);
        y += rank == 1 ? gap : MAX(gap * 0.7, 44) + (outside && !was_outside ? 18 : 0);
        was_outside |= outside;
        for (guint i = 0; i < members->len; i++) {
            StagePart *part = part_at(stage, g_array_index(members, guint, i));
            part->box.y = y + part->row * (BAR + 30);
        }
        y += rows * (BAR + 30) - 30 + hanging(stage, model, rank);
    }
    return y;
}

double stage_parts_bottom(const GuiStage *stage, const SimModel *model, bool outside,
                          double otherwise)
{
    double bottom = otherwise;

    for (guint i = 0; i < stage->parts->len; i++) {
        const StagePart *part = part_at(stage, i);
        if (part->outside == outside)
            bottom = MAX(bottom, part->box.y + part->box.height + SOCKET / 2 +
                                     hanging(stage, model, part->rank));
    }
    return bottom;
}

/* ---- Cables -------------------------------------------------------------------------------- */

static void place_socket_of(GuiStage *stage, uint32_t port, double x, bool below, double half)
{
    StagePort *place = stage_port(stage, port);
    const StagePart *part = part_at(stage, place->part_index);

    x = CLAMP(x, part->box.x + half + 2, part->box.x + part->box.width - half - 2);
    /* Half in, half out, as on the front of a real one: so its name has the middle. */
    double edge = below ? part->box.y + part->box.height : part->box.y;
    place->at = (GuiPoint){x, below ? edge + SOCKET / 2 : edge - SOCKET / 2};
    place->box = (GuiRect){x - half, edge - SOCKET / 2, 2 * half, SOCKET};
    place->placed = true;
    place->below = below;
}

static void place_socket(GuiStage *stage, uint32_t port, double x, bool below)
{
    place_socket_of(stage, port, x, below, stage->form == STAGE_TINY ? 7 : 9);
}

static void add_cable(GuiStage *stage, uint32_t a, uint32_t b, const GuiPoint *points,
                      unsigned count)
{
    StageCable cable = {.a = a, .b = b, .count = count};
    int index = (int)stage->cables->len;

    for (unsigned i = 0; i < count; i++) {
        cable.points[i] = points[i];
        cable.back[count - 1 - i] = points[i];
    }
    g_array_append_val(stage->cables, cable);
    stage_port(stage, a)->cable = stage_port(stage, b)->cable = index;
}

/* Half the width of the socket below a NIC: cables that come down side by side have narrow
 * ones. */
static double socket_half(const GuiStage *stage, const SimModel *model, uint32_t nic, double x)
{
    double half = stage->form == STAGE_TINY ? 7 : 9;

    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *other = model->ports->pdata[i];
        const StagePort *plug = stage_port(stage, i);
        if (i == nic || other->vm == SIM_NONE || other->gone || !plug->placed)
            continue;
        double apart = fabs(drop_x(stage, other, plug) - x);
        if (apart > 0.5)
            half = MIN(half, apart / 2 - 0.5);
    }
    return half;
}

static void nic_cable(GuiStage *stage, const SimModel *model, uint32_t nic, uint32_t socket)
{
    const StagePort *plug = stage_port(stage, nic);
    double x = drop_x(stage, sim_model_port(model, nic), plug);
    GuiPoint points[4] = {plug->at};
    unsigned count = 1;

    if (!plug->placed)
        return;
    place_socket_of(stage, socket, x, false, socket_half(stage, model, nic, x));
    GuiPoint end = stage_port(stage, socket)->at;
    if (fabs(x - plug->at.x) > 0.5) {
        double y = plug->at.y + 6 + 4 * (sim_model_port(model, nic)->nic % 4);
        points[count++] = (GuiPoint){plug->at.x, y};
        points[count++] = (GuiPoint){end.x, y};
    } else if (fabs(end.x - plug->at.x) > 0.5) {
        points[count++] = (GuiPoint){plug->at.x, end.y - 14};
        points[count++] = (GuiPoint){end.x, end.y - 14};
    }
    points[count++] = end;
    add_cable(stage, nic, socket, points, count);
}

/* Is x taken, for a socket on the edge at y? There sockets need room; and where a cable is
 * elsewhere, it could be taken for this one. */
static bool taken(const GuiStage *stage, double x, double y)
{
    for (guint i = 0; i < stage->ports->len; i++) {
        const StagePort *port = stage_port(stage, i);
        bool near = fabs(gui_rect_centre(port->box).y - y) < SOCKET;
        if (port->placed && fabs(port->at.x - x) < (near ? 20 : 10))
            return true;
    }
    return false;
}

/* An x near the one wanted where both edges (they may be the same) are free. */
static double free_x(const GuiStage *stage, double x, GuiRect within, double y, double other_y)
{
    for (unsigned i = 0; i < 60; i++) {
        double candidate = x + (i % 2 ? 1 : -1) * 7.0 * ((i + 1) / 2);
        if (candidate > within.x + 12 && candidate < within.x + within.width - 12 &&
            !taken(stage, candidate, y) && !taken(stage, candidate, other_y))
            return candidate;
    }
    return x;
}

/* Between two parts of which a is the upper one. */
static void part_cable(GuiStage *stage, uint32_t a, uint32_t b)
{
    const StagePart *upper = part_at(stage, stage_port(stage, a)->part_index);
    const StagePart *lower = part_at(stage, stage_port(stage, b)->part_index);
    double left = MAX(upper->box.x, lower->box.x);
    double right = MIN(upper->box.x + upper->box.width, lower->box.x + lower->box.width);
    double low = upper->box.y + upper->box.height, high = lower->box.y, a_x, b_x;
    GuiPoint start, end;

    if (right - left > 24) {
        a_x = b_x =
            free_x(stage, (left + right) / 2, (GuiRect){left, 0, right - left, 0}, low, high);
    } else {
        b_x = free_x(stage, gui_rect_centre(lower->box).x, lower->box, high, high);
        a_x = free_x(stage, CLAMP(b_x, upper->box.x + 20, upper->box.x + upper->box.width - 20),
                     upper->box, low, low);
    }
    place_socket(stage, a, a_x, true);
    place_socket(stage, b, b_x, false);
    start = stage_port(stage, a)->at;
    end = stage_port(stage, b)->at;
    if (fabs(start.x - end.x) < 0.5) {
        GuiPoint points[2] = {start, end};
        add_cable(stage, a, b, points, 2);
    } else {
        double middle = end.y - 18;
        GuiPoint points[4] = {start, {start.x, middle}, {end.x, middle}, end};
        add_cable(stage, a, b, points, 4);
    }
}

/* A cable between two parts of the same row: it leaves each where the other one is. */
typedef struct {
    uint32_t left, right; /* ports */
    double from, to, y;   /* of the parts that face each other, and their lower edge */
    unsigned lane;
} SideCable;

static int by_length(const void *a, const void *b)
{
    const SideCable *one = a, *other = b;
    double difference = (one->to - one->from) - (other->to - other->from);

    return difference < 0 ? -1 : difference > 0 ? 1 : (int)(one->left - other->left);
}

static void lay_side_cable(GuiStage *stage, GArray *all, guint index)
{
    SideCable *cable = &g_array_index(all, SideCable, index);
    const StagePart *left = part_at(stage, stage_port(stage, cable->left)->part_index);
    const StagePart *right = part_at(stage, stage_port(stage, cable->right)->part_index);
    double from = left->box.x + left->box.width - 16, to = right->box.x + 16;

    while (taken(stage, from, cable->y) && from > left->box.x + 30)
        from -= 22;
    while (taken(stage, to, cable->y) && to < right->box.x + right->box.width - 30)
        to += 22;
    for (guint i = 0; i < index; i++) {
        const SideCable *other = &g_array_index(all, SideCable, i);
        if (other->y == cable->y && other->lane >= cable->lane && other->from < cable->to &&
            cable->from < other->to)
            cable->lane = other->lane + 1;
    }
    place_socket(stage, cable->left, from, true);
    place_socket(stage, cable->right, to, true);
    GuiPoint start = stage_port(stage, cable->left)->at, end = stage_port(stage, cable->right)->at;
    double low = start.y - SOCKET / 2 + HANG + LANE * cable->lane;
    GuiPoint points[4] = {start, {start.x, low}, {end.x, low}, end};
    add_cable(stage, cable->left, cable->right, points, 4);
}

/* The shorter ones first, so that they hang above the longer ones. */
static void lay_side_cables(GuiStage *stage, const SimModel *model)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(SideCable));

    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        const SimModelPort *peer = peer_of(model, port);
        if (port->vm != SIM_NONE || !peer || peer->vm != SIM_NONE || port->peer < i)
            continue;
        const StagePart *one = part_at(stage, stage_port(stage, i)->part_index);
        const StagePart *other = part_at(stage, stage_port(stage, port->peer)->part_index);
        bool swap = one->box.x > other->box.x;
        const StagePart *left = swap ? other : one, *right = swap ? one : other;
        if (fabs(one->box.y - other->box.y) > 1)
            continue;
        SideCable cable = {.left = swap ? port->peer : i,
                           .right = swap ? i : port->peer,
                           .from = left->box.x + left->box.width,
                           .to = right->box.x,
                           .y = one->box.y + one->box.height};
        g_array_append_val(all, cable);
    }
    g_array_sort(all, by_length);
    for (guint i = 0; i < all->len; i++)
        lay_side_cable(stage, all, i);
}

/* Sockets without a cable stand at the right of the upper edge. */
static void place_empty_sockets(GuiStage *stage, const SimModel *model)
{
    for (guint i = 0; i < model->ports->len; i++) {
        StagePort *place = stage_port(stage, i);
        const SimModelPort *port = model->ports->pdata[i];
        if (place->placed || port->vm != SIM_NONE || port->gone)
            continue;
        const StagePart *part = part_at(stage, place->part_index);
        place_socket(
            stage, i,
            free_x(stage, part->box.x + part->box.width - 20, part->box, part->box.y, part->box.y),
            false);
    }
}

void stage_lay_cables(GuiStage *stage, const SimModel *model)
{
    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        if (port->vm == SIM_NONE && peer_plug(stage, model, i))
            nic_cable(stage, model, port->peer, i);
    }
    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        const SimModelPort *peer = peer_of(model, port);
        if (port->vm != SIM_NONE || !peer || peer->vm != SIM_NONE || port->peer < i)
            continue;
        const StagePart *one = part_at(stage, stage_port(stage, i)->part_index);
        const StagePart *other = part_at(stage, stage_port(stage, port->peer)->part_index);
        if (fabs(one->box.y - other->box.y) <= 1)
            continue;
        if (one->box.y <= other->box.y)
            part_cable(stage, i, port->peer);
        else
            part_cable(stage, port->peer, i);
    }
    lay_side_cables(stage, model);
    /* Two NICs joined by a cable without anything between. */
    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        const SimModelPort *peer = peer_of(model, port);
        const StagePort *a = stage_port(stage, i), *b = stage_port(stage, port->peer);
        if (!peer || port->vm == SIM_NONE || peer->vm == SIM_NONE || port->peer < i || !a->placed ||
            !b->placed)
            continue;
        double low = MAX(a->at.y, b->at.y) + 20;
        GuiPoint points[4] = {a->at, {a->at.x, low}, {b->at.x, low}, b->at};
        add_cable(stage, i, port->peer, points, 4);
    }
    place_empty_sockets(stage, model);
}
