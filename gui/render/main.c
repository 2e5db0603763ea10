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

#include "gui/render/replay.h"

void render_error(const char *format, ...)
{
    va_list args;

    fputs("hvlab: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static int render(const RenderOptions *options)
{
    g_autoptr(GError) error = NULL;
    int exit = RENDER_OK;
    g_autoptr(GuiSession) session = render_open(options, options->inputs[0], NULL, &exit);
    bool good;

    if (!session)
        return exit;
    exit = RENDER_BAD_INPUT;
    if (!render_fits_run(options, session))
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

static void clear_words(RenderWords *words, RenderOptions *options)
{
    char **const all[] = {&words->view,   &words->at,    &words->from,     &words->to,
                          &words->size,   &words->theme, &words->font,     &words->output,
                          &options->vary, &options->vm,  &options->backend};

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_clear_pointer(all[i], g_free);
    g_clear_pointer(&options->set, g_strfreev);
}

/* What is left of the command line when the options are taken out. */
static int render_rest(const RenderWords *words, RenderOptions *options, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--") == 0) {
        argv++;
        argc--;
    }
    options->input_count = (unsigned)argc - 1;
    for (int i = 1; i < MIN(argc, 3); i++)
        options->inputs[i - 1] = argv[i];
    if (!render_read_options(words, options))
        return RENDER_BAD_INPUT;
    return options->view == RENDER_COMPARE ? render_compare(options) : render(options);
}

static const char summary[] =
    "Draws a view (stage, if none is said) of a run at a time. A scenario is run first; a trace "
    "(from hvlab run --trace) is "
    "read. The file's ending says what is written: .png, .svg, .pdf, or .gif for an animation from "
    "--from to --to; with --replay a page .html that shows the stage step by step.\n\n"
    "Views: stage (what the stage says in words: rows), timeline, memory, packets (a frame's way "
    "hop "
    "by hop: way), exits, tables, console. compare shows two runs: of two scenarios or traces, or "
    "of one scenario with --vary.\n\n"
    "Exit code: 0 done, 2 bad usage or input, 3 this host cannot.";

int main(int argc, char **argv)
{
    RenderWords words = {.scale = 1};
    g_autofree char *views = render_view_names();
    RenderOptions options = {.seconds = 8, .per_second = 12.5};
    gint64 frame = 0;
    gboolean progress = FALSE;
    const GOptionEntry entries[] = {
        {"view", 0, 0, G_OPTION_ARG_STRING, &words.view, views, "VIEW"},
        {"at", 0, 0, G_OPTION_ARG_STRING, &words.at,
         "The time to show, for example 1.2s (default: "
         "the end)",
         "TIME"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &words.from,
         "Timeline, compare and .gif: from this time", "TIME"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &words.to, "Timeline, compare and .gif: to this time",
         "TIME"},
        {"size", 0, 0, G_OPTION_ARG_STRING, &words.size, "In pixels (default 1600x900)", "WxH"},
        {"theme", 0, 0, G_OPTION_ARG_STRING, &words.theme, "light (default), dark or contrast",
         "THEME"},
        {"scale", 0, 0, G_OPTION_ARG_DOUBLE, &words.scale,
         "Of text: 1 (default), 2 for a projector", "NUMBER"},
        {"font", 0, 0, G_OPTION_ARG_STRING, &words.font, "Family (default DejaVu Sans)", "NAME"},
        {"vm", 0, 0, G_OPTION_ARG_STRING, &options.vm, "Memory, console, exits: only this VM",
         "NAME"},
        {"frame", 0, 0, G_OPTION_ARG_INT64, &frame,
         "Packets, way: this frame (default: the last one)", "ID"},
        {"backend", 0, 0, G_OPTION_ARG_STRING, &options.backend,
         "Of a scenario: auto (default: kvm where it works), kvm or emulated", "NAME"},
        {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.set,
         "Replace a value of the scenario, as hvlab run does; may be given several times",
         "PATH=VALUE"},
        {"vary", 0, 0, G_OPTION_ARG_STRING, &options.vary,
         "Compare: the scenario with each of two values (backend: emulated, if none is said)",
         "PATH=V1,V2"},
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
    g_autoptr(GOptionContext) context = g_option_context_new("SCENARIO|TRACE [SCENARIO|TRACE]");
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
