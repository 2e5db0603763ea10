/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c: the program hvlab-render: a run as pictures, without a display.
 *
 * `hvlab render` starts it, so that hvlab itself needs no graphics library.
 */
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gui/draw/ticks.h"
#include "gui/render/replay.h"
#include "sim/scenario/units.h"

void render_error(const char *format, ...)
{
    va_list args;

    fputs("hvlab: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

typedef struct {
    char *view, *at, *from, *to, *size, *theme, *font, *output;
    double scale;
    gboolean replay, bare;
} Words;

static bool bad(const char *option, const char *value, const char *allowed)
{
    render_error("render: --%s=%s: allowed is %s", option, value, allowed);
    return false;
}

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

static bool read_view(const char *text, RenderOptions *options)
{
    static const char *const views[] = {"stage", "timeline", "memory", "packets"};

    for (unsigned i = 0; i < G_N_ELEMENTS(views); i++) {
        if (strcmp(text, views[i]) == 0) {
            options->view = (RenderView)i;
            return true;
        }
    }
    return bad("view", text, "stage, timeline, memory or packets");
}

static bool read_output(const Words *words, RenderOptions *options)
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

static bool read_options(const Words *words, RenderOptions *options)
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
    if (words->scale < 0.5 || words->scale > 4) {
        render_error("render: --scale: allowed is 0.5 to 4");
        return false;
    }
    if (options->from != SIM_TIME_NEVER && options->to != SIM_TIME_NEVER &&
        options->from >= options->to) {
        render_error("render: --from must be before --to");
        return false;
    }
    if (options->seconds < 0.1 || options->seconds > 600 || options->per_second < 1 ||
        options->per_second > 50) {
        render_error("render: --seconds: allowed is 0.1 to 600; --fps: 1 to 50");
        return false;
    }
    options->theme = gui_theme((GuiThemeKind)theme, words->scale, words->font);
    options->caption = !words->bare;
    return true;
}

/* An option that would have no effect is a mistake. */
static bool read_uses(const Words *words, const RenderOptions *options)
{
    bool animation = g_str_has_suffix(options->output, ".gif");

    if ((words->from || words->to) && !animation &&
        (options->view != RENDER_TIMELINE || options->replay))
        render_error("render: --from and --to are for --view timeline and for a .gif");
    else if (words->at && (animation || options->replay))
        render_error("render: --at is for a picture; what is made shows many moments");
    else if (options->replay && options->view != RENDER_STAGE)
        render_error("render: --replay shows the stage; --view has no meaning with it");
    else if (options->vm && options->view != RENDER_MEMORY)
        render_error("render: --vm is for --view memory");
    else if (options->frame && options->view != RENDER_PACKETS)
        render_error("render: --frame is for --view packets");
    else
        return true;
    return false;
}

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

/* Does the run have what the options speak of? */
static bool fits_run(const RenderOptions *options, GuiSession *session)
{
    uint64_t end = gui_session_end_time(session);
    g_autofree char *ends = gui_tick_label(end, 1);
    GuiFrameInfo info;

    if (options->from != SIM_TIME_NEVER && options->from >= end) {
        render_error("render: --from: the run ends at %s", ends);
        return false;
    }
    if (options->frame && !gui_frames_info(gui_session_frames(session), gui_session_reader(session),
                                           options->frame, &info)) {
        render_error("render: --frame=%" G_GUINT64_FORMAT ": there is no such frame",
                     options->frame);
        return false;
    }
    return !options->vm || has_vm(session, options->vm);
}

static int render(const RenderOptions *options)
{
    g_autoptr(GError) error = NULL;
    int exit = RENDER_OK;
    g_autoptr(GuiSession) session = render_open(options->input, &exit);
    bool good;

    if (!session)
        return exit;
    exit = RENDER_BAD_INPUT;
    if (!fits_run(options, session))
        return exit;
    render_listen();
    if (options->at != SIM_TIME_NEVER)
        gui_session_seek(session, options->at);
    else
        gui_session_seek(session, SIM_TIME_NEVER);
    if (options->replay)
        good = render_replay(options, session, &error);
    else if (g_str_has_suffix(options->output, ".gif"))
        good = render_animation(options, session, &exit, &error);
    else
        good = render_picture(options, session, &error);
    if (good)
        return RENDER_OK;
    render_end_if_told();
    render_error("%s", error->message);
    return exit;
}

static void clear_words(Words *words, RenderOptions *options)
{
    char **const all[] = {&words->view,  &words->at,   &words->from,   &words->to,  &words->size,
                          &words->theme, &words->font, &words->output, &options->vm};

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_clear_pointer(all[i], g_free);
}

/* What is left of the command line when the options are taken out. */
static int render_rest(const Words *words, RenderOptions *options, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--") == 0) {
        argv++;
        argc--;
    }
    if (argc != 2) {
        render_error("render: one scenario or trace is needed; 'hvlab render --help' explains");
        return RENDER_BAD_INPUT;
    }
    options->input = argv[1];
    return read_options(words, options) && read_uses(words, options) ? render(options)
                                                                     : RENDER_BAD_INPUT;
}

static const char summary[] =
    "Draws a run: the stage, the timeline, memory or packets, at a time. A scenario is run first; "
    "a trace (from hvlab run --trace) is read. The file's ending says what is written: .png, .svg, "
    ".pdf, or .gif for an animation from --from to --to; with --replay a page .html that shows the "
    "stage step by step.\n\nExit code: 0 done, 2 bad usage or input, 3 this host cannot.";

int main(int argc, char **argv)
{
    Words words = {.scale = 1};
    RenderOptions options = {.seconds = 8, .per_second = 12.5};
    gint64 frame = 0;
    gboolean progress = FALSE;
    const GOptionEntry entries[] = {
        {"view", 0, 0, G_OPTION_ARG_STRING, &words.view,
         "stage (default), timeline, memory or packets", "VIEW"},
        {"at", 0, 0, G_OPTION_ARG_STRING, &words.at,
         "The time to show, for example 1.2s (default: "
         "the end)",
         "TIME"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &words.from, "Timeline and .gif: from this time",
         "TIME"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &words.to, "Timeline and .gif: to this time", "TIME"},
        {"size", 0, 0, G_OPTION_ARG_STRING, &words.size, "In pixels (default 1600x900)", "WxH"},
        {"theme", 0, 0, G_OPTION_ARG_STRING, &words.theme, "light (default), dark or contrast",
         "THEME"},
        {"scale", 0, 0, G_OPTION_ARG_DOUBLE, &words.scale,
         "Of text: 1 (default), 2 for a projector", "NUMBER"},
        {"font", 0, 0, G_OPTION_ARG_STRING, &words.font, "Family (default DejaVu Sans)", "NAME"},
        {"vm", 0, 0, G_OPTION_ARG_STRING, &options.vm, "Memory: only this VM", "NAME"},
        {"frame", 0, 0, G_OPTION_ARG_INT64, &frame, "Packets: the frame to take apart", "ID"},
        {"bare", 0, 0, G_OPTION_ARG_NONE, &words.bare, "Without the caption below", NULL},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.seconds,
         "How long a .gif lasts (default 8)", "NUMBER"},
        {"fps", 0, 0, G_OPTION_ARG_DOUBLE, &options.per_second,
         "Pictures a second of a .gif "
         "(default 12.5)",
         "NUMBER"},
        {"replay", 0, 0, G_OPTION_ARG_NONE, &words.replay,
         "One page that needs nothing else, with "
         "the stage step by step",
         NULL},
        {"progress", 0, 0, G_OPTION_ARG_NONE, &progress,
         "A .gif or page: say on stdout how far it is, in percent", NULL},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &words.output, "The file to write", "FILE"},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GOptionContext) context = g_option_context_new("SCENARIO|TRACE");
    g_autoptr(GError) error = NULL;

    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    g_set_prgname("hvlab render");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, summary);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        render_error("render: %s", error->message);
        return RENDER_BAD_INPUT;
    }
    options.frame = (uint64_t)MAX(frame, 0);
    options.progress = progress;

    int exit = render_rest(&words, &options, argc, argv);

    clear_words(&words, &options);
    return exit;
}
