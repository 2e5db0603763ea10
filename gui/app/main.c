/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c: the program hvlab-gui. `hvlab gui` starts it. */
#include <locale.h>
#include <signal.h>

#include "gui/app/application.h"
#include "gui/app/common.h"

int main(int argc, char **argv)
{
    const char *folder = g_getenv("HVLAB_LOCALE_DIR"); /* tests have a language of their own */

    setlocale(LC_ALL, "");
    bindtextdomain("hvlab", folder ? folder : HVLAB_LOCALE_DIR);
    bind_textdomain_codeset("hvlab", "UTF-8");
    textdomain("hvlab");
    signal(SIGPIPE, SIG_IGN); /* an engine that died is told by its pipe */

    g_autoptr(GuiApplication) app = gui_application_new();

    return g_application_run(G_APPLICATION(app), argc, argv);
}
