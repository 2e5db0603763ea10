/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage-net.c: where switches and other parts of networks are, and the cables.
 *
 * A part's rank is how far it is from the nearest VM, in cables. Parts of one rank
 * stand below those of the rank before. A switch is as wide as the NICs that are
 * plugged into it, so their cables fall straight down; where two would overlap, one
 * goes into a row of its own. A cable passes behind what it is not plugged into.
 */
#include "gui/draw/stage-private.h"

#include <math.h>
#include <string.h>

#include "gui/draw/text.h"

#define BAR    48.0
#define SOCKET 16.0
#define SIDE   26.0 /* of a bar, beside its outermost socket */
#define STEP   34.0 /* between sockets on a lower edge */
#define APART  12.0

/* ---- Parts and ranks ------------------------------------------------------------------ */

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

static char *part_title(const SimModel *model, const SimModelPort *port)
{
    const SimModelNetwork *network = sim_model_network(model, port->network);
    const char *name = machine_name(model, port);
    char *title;

    if (name)
        return g_utf8_make_valid(name, -1);
    if (strcmp(port->kind, "host") == 0)
        return g_strdup("the host");
    if (strcmp(port->kind, "switch") == 0 && network)
        return g_strdup(network->name);
    if (strcmp(port->kind, "nat") == 0)
        return g_strdup("NAT");
    if (strcmp(port->kind, "internet") == 0)
        return g_strdup("Internet");
    if (strcmp(port->kind, "lan") == 0)
        return g_strdup("LAN machine");
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

/* Ranks spread from the VMs along the cables. */
static void find_ranks(GuiStage *stage, const SimModel *model)
{
    bool changed = true;

    for (unsigned round = 1; changed && round <= stage->parts->len + 1; round++) {
        changed = false;
        for (guint i = 0; i < model->ports->len; i++) {
            const SimModelPort *port = model->ports->pdata[i];
            const SimModelPort *peer = sim_model_port(model, port->peer);
            if (port->vm != SIM_NONE || !peer)
                continue;
            StagePart *part = part_at(stage, stage_port(stage, i)->part_index);
            unsigned other = peer->vm != SIM_NONE
                                 ? 0
                                 : part_at(stage, stage_port(stage, port->peer)->part_index)->rank;
            if (part->rank == 0 && other == round - 1 && (round > 1 || peer->vm != SIM_NONE)) {
                part->rank = round;
                changed = true;
            }
        }
        changed |= round == 1;
    }
    for (guint i = 0; i < stage->parts->len; i++) {
        if (part_at(stage, i)->rank == 0)
            part_at(stage, i)->rank = 1;
    }
}

void stage_find_parts(GuiStage *stage, const SimModel *model)
{
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);

    g_array_set_clear_func(stage->parts, part_clear);
    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        void *index;
        if (port->vm != SIM_NONE)
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
    const SimModelPort *peer = sim_model_port(model, port->peer);

    return peer && peer->vm != SIM_NONE ? stage_port(stage, port->peer) : NULL;
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
        peer = sim_model_port(model, port->peer);
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

/* Puts the parts of a rank into rows where they do not overlap; how many rows. */
static unsigned fill_rows(GuiStage *stage, GArray *members)
{
    unsigned rows = 0;

    for (guint i = 0; i < members->len; i++) {
        StagePart *part = part_at(stage, g_array_index(members, guint, i));
        for (part->row = 0;; part->row++) {
            bool free_here = true;
            for (guint j = 0; j < i && free_here; j++) {
                const StagePart *other = part_at(stage, g_array_index(members, guint, j));
                free_here = other->row != part->row ||
                            other->box.x + other->box.width + APART <= part->box.x ||
                            part->box.x + part->box.width + APART <= other->box.x;
            }
            /* Only a rank of boxes may move aside: bars are where their cables fall. */
            if (free_here)
                break;
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

    if (reach.count > 0)
        centre = part->is_switch ? (reach.low + reach.high) / 2 : reach.sum / reach.count;
    if (part->is_switch && reach.count > 0)
        width = MIN(MAX(width, reach.high - reach.low + 2 * SIDE), stage->width - 28);
    part->box = (GuiRect){centre - width / 2, 0, width, BAR};
    part->box.x = CLAMP(part->box.x, 26, MAX(26, stage->width - 26 - width));
}

double stage_place_parts(GuiStage *stage, const SimModel *model, double y, double gap)
{
    g_autoptr(GArray) members = g_array_new(FALSE, FALSE, sizeof(guint));
    unsigned last = 0;
    bool was_outside = false;

    for (guint i = 0; i < stage->parts->len; i++)
        last = MAX(last, part_at(stage, i)->rank);
    for (unsigned rank = 1; rank <= last; rank++) {
        bool any_switch = false, outside = false;
        unsigned rows;
        g_array_set_size(members, 0);
        for (guint i = 0; i < stage->parts->len; i++) {
            if (part_at(stage, i)->rank != rank)
                continue;
            place_span(stage, model, i);
            any_switch |= part_at(stage, i)->is_switch;
            outside |= part_at(stage, i)->outside;
            g_array_append_val(members, i);
        }
        if (!any_switch || rank > 1)
            spread(stage, members);
        rows = fill_rows(stage, members);
        y += rank == 1 ? gap : MAX(gap * 0.8, 44) + (outside && !was_outside ? 20 : 0);
        was_outside |= outside;
        for (guint i = 0; i < members->len; i++) {
            StagePart *part = part_at(stage, g_array_index(members, guint, i));
            part->box.y = y + part->row * (BAR + 22);
        }
        y += MAX(rows, 1) * (BAR + 22) - 22;
    }
    return y;
}

double stage_parts_bottom(const GuiStage *stage, bool outside, double otherwise)
{
    double bottom = otherwise;

    for (guint i = 0; i < stage->parts->len; i++) {
        const StagePart *part = part_at(stage, i);
        if (part->outside == outside)
            bottom = MAX(bottom, part->box.y + part->box.height);
    }
    return bottom;
}

/* ---- Cables -------------------------------------------------------------------------------- */

static void place_socket_of(GuiStage *stage, uint32_t port, double x, bool below, double half)
{
    StagePort *place = stage_port(stage, port);
    const StagePart *part = part_at(stage, place->part_index);

    x = CLAMP(x, part->box.x + half + 2, part->box.x + part->box.width - half - 2);
    place->at = (GuiPoint){x, below ? part->box.y + part->box.height : part->box.y};
    place->box = (GuiRect){x - half, below ? place->at.y - SOCKET : place->at.y, 2 * half, SOCKET};
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

static void nic_cable(GuiStage *stage, const SimModel *model, uint32_t nic, uint32_t socket)
{
    const StagePort *plug = stage_port(stage, nic);
    double x = drop_x(stage, sim_model_port(model, nic), plug);
    GuiPoint points[4] = {plug->at};
    unsigned count = 1;

    if (!plug->placed)
        return;
    /* Cables that come down side by side have narrow sockets. */
    const StageVm *vm = &g_array_index(stage->vms, StageVm, sim_model_port(model, nic)->vm);
    if (vm->row > 0)
        place_socket_of(stage, socket, x, false, vm->lane / 2 - 0.5);
    else
        place_socket(stage, socket, x, false);
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

/* Is some other cable at x already, where it could be taken for this one? */
static bool taken(const GuiStage *stage, double x)
{
    for (guint i = 0; i < stage->ports->len; i++) {
        const StagePort *port = stage_port(stage, i);
        if (port->placed && fabs(port->at.x - x) < 11)
            return true;
    }
    return false;
}

static double free_x(const GuiStage *stage, double x, GuiRect within)
{
    for (unsigned i = 0; i < 40; i++) {
        double candidate = x + (i % 2 ? 1 : -1) * 12.0 * ((i + 1) / 2);
        if (candidate > within.x + 12 && candidate < within.x + within.width - 12 &&
            !taken(stage, candidate))
            return candidate;
    }
    return x;
}

/* Between two parts: a is the upper one, or both stand in the same row. */
static void part_cable(GuiStage *stage, uint32_t a, uint32_t b)
{
    const StagePart *upper = part_at(stage, stage_port(stage, a)->part_index);
    const StagePart *lower = part_at(stage, stage_port(stage, b)->part_index);
    double left = MAX(upper->box.x, lower->box.x);
    double right = MIN(upper->box.x + upper->box.width, lower->box.x + lower->box.width);
    double a_x, b_x;
    GuiPoint start, end;

    if (upper->box.y >= lower->box.y - 1) { /* side by side: below both */
        place_socket(stage, a, free_x(stage, gui_rect_centre(upper->box).x, upper->box), true);
        place_socket(stage, b, free_x(stage, gui_rect_centre(lower->box).x, lower->box), true);
        start = stage_port(stage, a)->at;
        end = stage_port(stage, b)->at;
        GuiPoint points[4] = {start, {start.x, start.y + 16}, {end.x, start.y + 16}, end};
        add_cable(stage, a, b, points, 4);
        return;
    }
    if (right - left > 24) {
        a_x = b_x = free_x(stage, (left + right) / 2, (GuiRect){left, 0, right - left, 0});
    } else {
        b_x = free_x(stage, gui_rect_centre(lower->box).x, lower->box);
        a_x = free_x(stage, CLAMP(b_x, upper->box.x + 20, upper->box.x + upper->box.width - 20),
                     upper->box);
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

/* Sockets without a cable stand at the right of the upper edge. */
static void place_empty_sockets(GuiStage *stage, const SimModel *model)
{
    for (guint i = 0; i < model->ports->len; i++) {
        StagePort *place = stage_port(stage, i);
        const SimModelPort *port = model->ports->pdata[i];
        if (place->placed || port->vm != SIM_NONE)
            continue;
        const StagePart *part = part_at(stage, place->part_index);
        place_socket(stage, i, free_x(stage, part->box.x + part->box.width - 20, part->box), false);
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
        const SimModelPort *peer = sim_model_port(model, port->peer);
        if (port->vm != SIM_NONE || !peer || peer->vm != SIM_NONE || port->peer < i)
            continue;
        const StagePart *one = part_at(stage, stage_port(stage, i)->part_index);
        const StagePart *other = part_at(stage, stage_port(stage, port->peer)->part_index);
        if (one->box.y <= other->box.y)
            part_cable(stage, i, port->peer);
        else
            part_cable(stage, port->peer, i);
    }
    /* Two NICs joined by a cable without anything between. */
    for (guint i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = model->ports->pdata[i];
        const SimModelPort *peer = sim_model_port(model, port->peer);
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
