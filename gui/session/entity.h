/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entity.h: the name of anything that a person can point at.
 *
 * A view answers a click with an entity; the session keeps the selected one; the
 * other views mark it. Plain data, compared by value; numbers are those of the
 * trace. It stays meaningful at every time: the thing need not exist yet.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "sim/model/model.h"

typedef enum {
    GUI_ENTITY_NONE,
    GUI_ENTITY_HOST,       /* a: host */
    GUI_ENTITY_PCPU,       /* a: pCPU */
    GUI_ENTITY_VM,         /* a: VM */
    GUI_ENTITY_VCPU,       /* a: VM, b: vCPU */
    GUI_ENTITY_NIC,        /* a: VM, b: NIC */
    GUI_ENTITY_NETWORK,    /* a: network (its switch) */
    GUI_ENTITY_PART,       /* a: part: a translator, router, host, LAN machine, server */
    GUI_ENTITY_PORT,       /* a: port */
    GUI_ENTITY_FRAME,      /* number: the Ethernet frame's id; a: port its copy goes to, or none */
    GUI_ENTITY_PAGE,       /* a: VM, b: guest page */
    GUI_ENTITY_PAGE_FRAME, /* a: host, b: page frame */
    GUI_ENTITY_EVENT,      /* number: the event's place in the trace; an exit is one */
    GUI_ENTITY_KIND_COUNT
} GuiEntityKind;

typedef struct {
    GuiEntityKind kind;
    uint32_t a, b;
    uint64_t number;
} GuiEntity;

#define GUI_NOTHING ((GuiEntity){GUI_ENTITY_NONE, 0, 0, 0})

bool gui_entity_equal(GuiEntity one, GuiEntity other);
/* Does thing belong to what is selected: the same, a copy of the selected frame, a
 * vCPU or NIC of the selected VM? */
bool gui_entity_within(GuiEntity thing, GuiEntity selected);
/* "VM a", "vCPU 0 of VM a", "port 3", "frame 17", for people and screen readers; g_free(). */
char *gui_entity_name(const SimModel *model, GuiEntity entity);
