/* SPDX-License-Identifier: GPL-2.0-or-later */
/* question.c: what a step asks, as a form. The answer stands beside it, hidden until it
 * is asked for; the page's script compares. */
#include <string.h>

#include "gui/render/html.h"
#include "gui/render/replay.h"

static void add_option(GString *out, const SimStepPredict *predict, const LabAnswer *answer,
                       unsigned step, unsigned number)
{
    const SimStepOption *option = &predict->options[number];
    const char *const given[] = {option->id, NULL};
    g_autoptr(LabReveal) reveal = lab_step_reveal(predict, answer, given);
    const char *because = option->because ? option->because : reveal->because;

    g_string_append_printf(out,
                           "<label><input type=\"radio\" name=\"q%u\" value=\"%u\" "
                           "data-right=\"%d\" data-because=\"",
                           step, number, reveal->right);
    html_text(out, because ? because : "");
    g_string_append(out, "\"> ");
    html_text(out, option->text ? option->text : option->id);
    g_string_append(out, "</label>\n");
}

/* Everybody who could be meant: the words of the answer, and all machines. */
static void add_ports(GString *out, const SimScenario *scenario, const LabAnswer *answer,
                      unsigned step)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < scenario->vm_count; i++)
        g_ptr_array_add(names, g_strdup_printf("vm:%s", scenario->vms[i].name));
    for (char **word = answer->words; word && *word; word++) {
        if (!g_ptr_array_find_with_equal_func(names, *word, g_str_equal, NULL))
            g_ptr_array_add(names, g_strdup(*word));
    }
    for (guint i = 0; i < names->len; i++) {
        bool right =
            answer->words && g_strv_contains((const char *const *)answer->words, names->pdata[i]);
        g_string_append_printf(
            out, "<label><input type=\"checkbox\" name=\"q%u\" data-right=\"%d\"> ", step, right);
        html_text(out, names->pdata[i]);
        g_string_append(out, "</label>\n");
    }
}

static void add_order(GString *out, const SimStepPredict *predict, const LabAnswer *answer,
                      unsigned step)
{
    for (size_t place = 0; place < predict->option_count; place++) {
        const char *right =
            answer->words && place < g_strv_length(answer->words) ? answer->words[place] : "";
        g_string_append_printf(out, "<label>%zu. <select name=\"q%u\" data-right=\"", place + 1,
                               step);
        html_text(out, right);
        g_string_append(out, "\"><option value=\"\">choose</option>");
        for (size_t i = 0; i < predict->option_count; i++) {
            g_string_append(out, "<option value=\"");
            html_text(out, predict->options[i].id);
            g_string_append(out, "\">");
            html_text(out,
                      predict->options[i].text ? predict->options[i].text : predict->options[i].id);
            g_string_append(out, "</option>");
        }
        g_string_append(out, "</select></label>\n");
    }
}

static void add_inputs(GString *out, const SimScenario *scenario, const LabAnswer *answer,
                       unsigned step)
{
    const SimStepPredict *predict = &scenario->steps[step].predict;

    switch ((SimPredictKind)predict->kind) {
    case SIM_PREDICT_CHOICE:
        for (unsigned i = 0; i < predict->option_count; i++)
            add_option(out, predict, answer, step, i);
        break;
    case SIM_PREDICT_NUMBER:
        g_string_append_printf(out,
                               "<label>Your number <input type=\"number\" name=\"q%u\" "
                               "data-right=\"%s\" data-off=\"%" G_GUINT64_FORMAT "\"> ",
                               step, answer->words && answer->words[0] ? answer->words[0] : "",
                               predict->tolerance);
        html_text(out, predict->unit ? predict->unit : "");
        g_string_append(out, "</label>\n");
        break;
    case SIM_PREDICT_PORTS: add_ports(out, scenario, answer, step); break;
    case SIM_PREDICT_ORDER: add_order(out, predict, answer, step); break;
    }
}

void replay_question(GString *out, const SimScenario *scenario, SimReader *reader,
                     const GArray *places, unsigned step)
{
    static const char *const kinds[] = {"choice", "number", "ports", "order"};
    const SimStepPredict *predict = &scenario->steps[step].predict;

    if (!predict->ask)
        return;
    g_autoptr(LabAnswer) answer = lab_step_answer(scenario, reader, places, step);
    g_autoptr(LabReveal) reveal = lab_step_reveal(predict, answer, NULL);
    g_string_append_printf(out, "<form class=\"ask\" data-kind=\"%s\"><fieldset><legend>",
                           kinds[predict->kind]);
    html_text(out, predict->ask);
    g_string_append(out, "</legend>\n");
    add_inputs(out, scenario, answer, step);
    g_string_append(out,
                    "<button type=\"submit\">Reveal</button></fieldset>\n"
                    "<div class=\"reveal\" role=\"status\" hidden><p><b class=\"verdict\"></b> "
                    "The answer: <strong>");
    html_text(out, reveal->answer ? reveal->answer : "");
    g_string_append(out, "</strong>. <span class=\"because\"></span> ");
    if (reveal->because)
        html_text(out, reveal->because);
    g_string_append(out, "</p></div></form>\n");
}
