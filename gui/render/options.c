/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.c: what the command line asks for, and whether that makes sense: first by
 * itself, then for the run that is there. */
#include <stdio.h>
#include <string.h>

#include "gui/draw/ticks.h"
#include "gui/render/render.h"
#include "sim/scenario/units.h"

/* Which options mean something to a view. */
enum { USES_AT = 1, USES_SPAN = 2, USES_VM = 4, USES_FRAME = 8, USES_GIF = 16 };

static const struct {
    const char *name;
    unsigned uses;
} views[RENDER_VIEW_COUNT] = {
    [RENDER_STAGE] = {"stage", USES_AT | USES_GIF},
    [RENDER_TIMELINE] = {"timeline", USES_AT | USES_SPAN | USES_GIF},
    [RENDER_MEMORY] = {"memory", USES_AT | USES_VM | USES_GIF},
    [RENDER_PACKETS] = {"packets", USES_AT | USES_FRAME | USES_GIF},
    [RENDER_WAY] = {"way", USES_AT | USES_FRAME | USES_GIF},
    [RENDER_EXITS] = {"exits", USES_AT | USES_VM | USES_GIF},
    [RENDER_TABLES] = {"tables", USES_AT | USES_GIF},
    [RENDER_CONSOLE] = {"console", USES_AT | USES_VM | USES_GIF},
    [RENDER_ROWS] = {"rows", USES_AT | USES_GIF},
    [RENDER_COMPARE] = {"compare", USES_SPAN},
};

static bool bad(const char *option, const char *value, const char *allowed)
{
    render_error("render: --%s=%s: allowed is %s", option, value, allowed);
    return false;
}

/* ---- One by one ------------------------------------------------------------------------- */

static bool read_time(const char *option, const char *text, uint64_t *ret)
{
    *ret = SIM_TIME_NEVER;
    if (!text)
        return true;
    return sim_quantity_parse(&sim_duration, text, ret) == SIM_UNIT_OK ||
           bad(option, text, "a time with its unit, for example 1.2s or 350us");
}

static bool read_size(const char *text, RenderOptions *options)
{
    char after;

    if (sscanf(text, "%dx%d%c", &options->width, &options->height, &after) == 2 &&
        options->width >= 200 && options->width <= 16384 && options->height >= 120 &&
        options->height <= 16384)
        return true;
    return bad("size", text, "WIDTHxHEIGHT from 200x120 to 16384x16384, for example 1600x900");
}

char *render_view_names(void)
{
    GString *names = g_string_new(views[0].name);

    for (unsigned i = 1; i < RENDER_VIEW_COUNT; i++)
        g_string_append_printf(names, "%s%s", i + 1 == RENDER_VIEW_COUNT ? " or " : ", ",
                               views[i].name);
    return g_string_free(names, FALSE);
}

static bool read_view(const char *text, RenderOptions *options)
{
    g_autofree char *names = render_view_names();

    for (unsigned i = 0; i < RENDER_VIEW_COUNT; i++) {
        if (strcmp(text, views[i].name) == 0) {
            options->view = (RenderView)i;
            return true;
        }
    }
    return bad("view", text, names);
}

static bool read_output(const RenderWords *words, RenderOptions *options)
{
    static const char *const endings[] = {".png", ".svg", ".pdf", ".gif"};

    options->output = words->output;
    options->replay = words->replay;
    if (!words->output) {
        render_error("render: where to? Give -o FILE.png, .svg, .pdf or .gif, or --replay -o "
                     "FILE.html");
        return false;
    }
    for (unsigned i = 0; !words->replay && i < G_N_ELEMENTS(endings); i++) {
        if (g_str_has_suffix(words->output, endings[i]))
            return true;
    }
    if (words->replay &&
        (g_str_has_suffix(words->output, ".html") || g_str_has_suffix(words->output, ".htm")))
        return true;
    render_error("render: -o %s: its ending must be %s", words->output,
                 words->replay ? ".html" : ".png, .svg, .pdf or .gif");
    return false;
}

static bool read_numbers(const RenderWords *words, RenderOptions *options)
{
    if (words->scale < 0.5 || words->scale > 4) {
        render_error("render: --scale: allowed is 0.5 to 4");
        return false;
    }
    if (options->from != SIM_TIME_NEVER && options->to != SIM_TIME_NEVER &&
        options->from >= options->to) {
        render_error("render: --from=%s --to=%s: --from must be before --to", words->from,
                     words->to);
        return false;
    }
    if (options->seconds < 0.1 || options->seconds > 600 || options->per_second < 1 ||
        options->per_second > 50) {
        render_error("render: --seconds: allowed is 0.1 to 600; --fps: 1 to 50");
        return false;
    }
    return true;
}

/* ---- Together ------------------------------------------------------------------------------ */

static char *views_that_use(unsigned what)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (unsigned i = 0; i < RENDER_VIEW_COUNT; i++)
        if (views[i].uses & what)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", views[i].name);
    return g_strdup(names->str);
}

/* An option that would have no effect is a mistake. */
static bool fits(bool given, const char *option, unsigned what, const RenderOptions *options)
{
    g_autofree char *names = views_that_use(what);

    if (!given || views[options->view].uses & what)
        return true;
    render_error("render: %s has no meaning for --view %s; it is for %s", option,
                 views[options->view].name, names);
    return false;
}

static bool read_uses(const RenderWords *words, const RenderOptions *options)
{
    bool animation = g_str_has_suffix(options->output, ".gif");
    bool compares = options->view == RENDER_COMPARE;

    if (options->replay && options->view != RENDER_STAGE)
        render_error("render: --replay shows the stage; --view has no meaning with it");
    else if (words->at && (animation || options->replay))
        render_error("render: --at is for a picture; what is made shows many moments");
    else if ((words->from || words->to) && !animation &&
             (options->replay || !(views[options->view].uses & USES_SPAN)))
        render_error("render: --from and --to are for --view timeline or compare and for a .gif");
    else if (options->vary && !compares)
        render_error("render: --vary is for --view compare");
    else if (compares && (options->vary ? options->input_count != 1 : options->input_count != 2))
        render_error("render: --view compare is of two runs: give two scenarios or traces, or one "
                     "scenario and --vary=PATH=V1,V2");
    else if (!compares && options->input_count != 1)
        render_error("render: one scenario or trace is needed; 'hvlab render --help' explains");
    else
        return fits(animation, "a .gif", USES_GIF, options) &&
               fits(words->at != NULL, "--at", USES_AT, options) &&
               fits(options->vm != NULL, "--vm", USES_VM, options) &&
               fits(options->frame > 0, "--frame", USES_FRAME, options);
    return false;
}

static bool read_backend(const RenderOptions *options)
{
    static const char *const names[] = {"auto", "kvm", "emulated"};

    for (unsigned i = 0; options->backend && i < G_N_ELEMENTS(names); i++)
        if (strcmp(options->backend, names[i]) == 0)
            return true;
    return !options->backend || bad("backend", options->backend, "auto, kvm or emulated");
}

bool render_read_options(const RenderWords *words, RenderOptions *options)
{
    int theme = gui_theme_find(words->theme ? words->theme : "light");

    if (!read_output(words, options) || !read_time("at", words->at, &options->at) ||
        !read_time("from", words->from, &options->from) ||
        !read_time("to", words->to, &options->to) ||
        !read_size(words->size     ? words->size
                   : words->replay ? "960x560"
                                   : "1600x900",
                   options) ||
        !read_view(words->view ? words->view : "stage", options))
        return false;
    if (theme < 0)
        return bad("theme", words->theme, "light, dark or contrast");
    if (!read_numbers(words, options) || !read_backend(options) || !read_uses(words, options))
        return false;
    options->theme = gui_theme((GuiThemeKind)theme, words->scale, words->font);
    options->caption = !words->bare;
    return true;
}

/* ---- For this run -------------------------------------------------------------------------- */

static bool has_vm(GuiSession *session, const char *name)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const SimModel *model;

    gui_session_seek(session, SIM_TIME_NEVER);
    model = gui_session_model(session);
    for (guint i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        if (strcmp(vm->name, name) == 0)
            return true;
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", vm->name);
    }
    render_error("render: --vm=%s: there is none of that name; there is %s", name,
                 names->len ? names->str : "no VM at all");
    return false;
}

/* The world stands still when the run is over, so that is what is shown; but who wrote
 * the time may have meant another. */
static void note_late(const char *option, uint64_t time, uint64_t end)
{
    g_autofree char *asked = gui_duration(time), *ends = gui_time_text(end);

    if (time != SIM_TIME_NEVER && time > end)
        render_error("render: note: --%s=%s is after the end of the run; what is shown is its end, "
                     "at %s",
                     option, asked, ends);
}

bool render_fits_run(const RenderOptions *options, GuiSession *session)
{
    uint64_t end = gui_session_end_time(session);
    g_autofree char *ends = gui_time_text(end);
    GuiFrameInfo info;

    if (options->from != SIM_TIME_NEVER && options->from >= end) {
        g_autofree char *asked = gui_duration(options->from);

        render_error("render: --from=%s: the run ends at %s", asked, ends);
        return false;
    }
    if (options->frame && !gui_frames_info(gui_session_frames(session), gui_session_reader(session),
                                           options->frame, &info)) {
        render_error("render: --frame=%" G_GUINT64_FORMAT
                     ": there is no such frame; the run has %u",
                     options->frame, gui_frames_count(gui_session_frames(session)));
        return false;
    }
    note_late("at", options->at, end);
    if (g_str_has_suffix(options->output, ".gif"))
        note_late("to", options->to, end);
    return !options->vm || has_vm(session, options->vm);
}
