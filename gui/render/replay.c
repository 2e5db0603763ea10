/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.c: the page: sections, pictures, rows, and the few lines of script. */
#include "gui/render/replay.h"

#include <cairo-svg.h>
#include <json-c/json.h>
#include <string.h>

#include "gui/draw/stage.h"
#include "gui/draw/ticks.h"
#include "gui/render/html.h"
#include "gui/render/svg.h"
#include "sim/scenario/scenario.h"

#define MOST_ROWS 24u /* of events in a section */

/* On a wide screen the picture stands beside what is said and asked, on a phone between
 * them; there it is as large as can be read, and moves sideways. */
static const char style[] =
    "body{font:16px/1.45 system-ui,'DejaVu Sans',sans-serif;margin:0 auto;max-width:68rem;"
    "padding:1rem;color:var(--ink);background:var(--ground)}"
    "h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.2rem;margin:.4rem 0}"
    "h2:focus{outline:none}"
    ".pic{overflow-x:auto;border:1px solid var(--line);border-radius:10px}"
    ".pic svg{width:100%;min-width:38rem;height:auto;display:block}"
    "nav{display:flex;gap:.5rem;align-items:center;position:sticky;top:0;padding:.5rem 0;"
    "background:var(--ground);z-index:1}"
    "button{font:inherit;padding:.45rem 1rem;border:1px solid var(--line);border-radius:8px;"
    "background:var(--card);color:var(--ink);cursor:pointer}"
    "button:focus-visible,input:focus-visible,select:focus-visible,summary:focus-visible,"
    ".pic:focus-visible{outline:3px solid var(--accent);outline-offset:2px}"
    "button:disabled{opacity:.45}.caption{font-size:1.1rem;margin:.6rem 0}"
    ".caption b{color:var(--accent);margin-right:.8em}"
    ".lesson,.ask fieldset{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:.6rem 1rem;margin:.6rem 0}.lesson p{margin:.4rem 0}.ask fieldset{min-width:0}"
    ".ask label{display:block;padding:.3rem 0}.ask legend{font-weight:600;padding:0;float:left;"
    "width:100%;margin-bottom:.4rem}.ask legend+*{clear:both}.ask button{margin-top:.4rem}"
    ".reveal{padding:.4rem 1rem;border-left:5px solid var(--accent)}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "td,th{text-align:left;padding:.2rem .6rem;border-bottom:1px solid var(--line);"
    "vertical-align:top;overflow-wrap:anywhere}td:first-child{white-space:nowrap}"
    "summary{cursor:pointer;padding:.4rem 0}"
    ".unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    ".wide{display:none;color:var(--dim);font-size:.9rem;margin:.3rem 0 0}"
    "@media (max-width:38rem){.wide{display:block}}"
    "@media (max-width:38rem){td:nth-child(2),th:nth-child(2){display:none}}"
    "@media (min-width:64rem){body{max-width:88rem}.pic svg{max-height:calc(100vh - 12rem)}"
    "section.step:not([hidden]){display:grid;grid-template:'h h' auto 'pic say' auto 'pic ask' 1fr "
    "'cap ask' auto 'rows rows' auto/minmax(0,1.8fr) minmax(18rem,1fr);column-gap:1.2rem}"
    ".step h2{grid-area:h}.step .pic{grid-area:pic;align-self:start}.step .lesson{grid-area:say;"
    "margin-top:0}.step .ask{grid-area:ask}.step .caption{grid-area:cap}"
    ".step details{grid-area:rows}}"
    "@media print{nav{display:none}section[hidden]{display:block!important}}";

static const char script[] =
    "(function(){var s=[].slice.call(document.querySelectorAll('section')),n=0,"
    "b=document.getElementById('back'),f=document.getElementById('next'),"
    "w=document.getElementById('where'),v=document.getElementById('said');"
    "function show(i,focus){n=Math.max(0,Math.min(s.length-1,i));"
    "s.forEach(function(e,j){e.hidden=j!==n});b.disabled=n===0;f.disabled=n===s.length-1;"
    "w.textContent='Step '+(n+1)+' of '+s.length;if(history.replaceState)"
    "try{history.replaceState(null,'','#'+(n+1))}catch(e){}"
    "var t=s[n].querySelector('h2');if(focus)t.focus();"
    /* What a screen reader says when the focus stays on a button. */
    "v.textContent=focus?'':t.textContent+'. '+s[n].querySelector('.caption').textContent}"
    "b.onclick=function(){show(n-1)};f.onclick=function(){show(n+1)};"
    "document.addEventListener('keydown',function(e){"
    "if(/^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)||e.altKey||e.ctrlKey||e.metaKey)return;"
    "var k=e.key;if(k==='ArrowRight'||k==='PageDown')show(n+1,true);"
    "else if(k==='ArrowLeft'||k==='PageUp')show(n-1,true);"
    "else if(k==='Home')show(0,true);else if(k==='End')show(s.length-1,true);else return;"
    "e.preventDefault()});"
    "[].forEach.call(document.querySelectorAll('form.ask'),function(q){"
    "q.onsubmit=function(e){e.preventDefault();var r=null,why='',k=q.dataset.kind,"
    "i=[].slice.call(q.querySelectorAll('input,select'));"
    "if(k==='choice'){var c=i.filter(function(x){return x.checked})[0];"
    "if(c){r=c.dataset.right==='1';why=c.dataset.because}}"
    "else if(k==='ports'){if(i.some(function(x){return x.checked}))"
    "r=i.every(function(x){return x.checked===(x.dataset.right==='1')})}"
    "else if(k==='number'){if(i[0].value!=='')"
    "r=Math.abs(i[0].value-i[0].dataset.right)<=+i[0].dataset.off}"
    "else{if(i.every(function(x){return x.value!==''}))"
    "r=i.every(function(x){return x.value===x.dataset.right})}"
    "q.querySelector('.verdict').textContent=r===null?'':r?'Right.':'Not this time.';"
    "q.querySelector('.because').textContent=why;"
    "q.querySelector('.reveal').hidden=false}});"
    "document.querySelector('nav').hidden=false;"
    "show((parseInt(location.hash.slice(1),10)||1)-1)})();";

/* ---- The picture ---------------------------------------------------------------------------- */

static cairo_status_t collect(void *out, const unsigned char *data, unsigned length)
{
    g_string_append_len(out, (const char *)data, length);
    return CAIRO_STATUS_SUCCESS;
}

static char *describe(const GuiStage *stage, const GuiScene *scene)
{
    g_autoptr(GArray) items = gui_stage_items(stage, scene);
    g_autoptr(GArray) frames = gui_stage_frames(stage, scene);
    GString *words = g_string_new(NULL);

    for (guint i = 0; i < items->len; i++) {
        const GuiItem *item = &g_array_index(items, GuiItem, i);
        if (item->entity.kind == GUI_ENTITY_VM || item->entity.kind == GUI_ENTITY_NETWORK)
            g_string_append_printf(words, "%s. ", item->name);
    }
    for (guint i = 0; i < frames->len; i++)
        g_string_append_printf(words, "%s. ", g_array_index(frames, GuiItem, i).name);
    return g_string_free(words, FALSE);
}

static void add_picture(GString *out, const RenderOptions *options, GuiSession *session,
                        SvgPage *pictures)
{
    GuiScene scene = gui_scene(session, 0);
    GString *svg = g_string_new(NULL);
    g_autoptr(GuiStage) stage =
        gui_stage_new(scene.model, options->width, options->height, &options->theme);
    g_autofree char *words = describe(stage, &scene);
    double width, height;

    gui_stage_size(stage, &width, &height);
    cairo_surface_t *surface = cairo_svg_surface_create_for_stream(collect, svg, width, height);
    cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    cairo_t *cr = cairo_create(surface);
    gui_stage_draw(stage, cr, &scene);
    cairo_destroy(cr);
    cairo_surface_finish(surface);
    cairo_surface_destroy(surface);
    svg_page_add(pictures, out, svg->str, words);
    g_string_free(svg, TRUE);
    gui_scene_clear(&scene);
}

/* ---- A section --------------------------------------------------------------------------------
 */

static void add_rows(GString *out, GuiSession *session, uint64_t from, uint64_t to)
{
    SimCursor cursor = sim_reader_at(gui_session_reader(session), from);
    uint64_t left = to > from ? to - from : 0;
    SimRecord record;

    if (left == 0)
        return;
    g_string_append_printf(out,
                           "<details><summary>%" G_GUINT64_FORMAT " event%s since the step before"
                           "</summary><table><tr><th scope=\"col\">Time</th><th scope=\"col\">Event"
                           "</th><th scope=\"col\">What happens</th></tr>\n",
                           left, left == 1 ? "" : "s");
    for (unsigned row = 0; row < MOST_ROWS && cursor.index < to &&
                           sim_reader_next(gui_session_reader(session), &cursor, &record);
         row++) {
        g_autofree char *time = gui_tick_label(record.time, 1);
        g_autofree char *sentence = gui_event_sentence(gui_session_model(session), &record);
        g_string_append_printf(out, "<tr><td>%s</td><td>%s</td><td>", time,
                               sim_event_info(record.type)->name);
        html_text(out, sentence);
        g_string_append(out, "</td></tr>\n");
    }
    g_string_append(out, "</table>");
    if (left > MOST_ROWS)
        g_string_append_printf(out, "<p>and %" G_GUINT64_FORMAT " more</p>", left - MOST_ROWS);
    g_string_append(out, "</details>\n");
}

/* What just happened, as a heading. */
static void add_title(GString *out, GuiSession *session, const ReplayMoment *moment)
{
    g_autofree char *sentence = NULL;
    SimRecord record;

    if (moment->event >= 0 &&
        sim_reader_get(gui_session_reader(session), (uint64_t)moment->event, &record))
        sentence = gui_event_sentence(gui_session_model(session), &record);
    html_text(out, sentence ? sentence : "The beginning");
}

typedef struct {
    const RenderOptions *options;
    GuiSession *session;
    const SimScenario *scenario; /* NULL: not to be had */
    const GArray *places;
    SvgPage *pictures;
} Page;

static void add_section(GString *out, const Page *page, const ReplayMoment *moment,
                        const ReplayMoment *before, unsigned number)
{
    const SimStep *step = moment->step >= 0 ? &page->scenario->steps[moment->step] : NULL;

    gui_session_seek(page->session, moment->time);
    if (moment->position > 0 && gui_session_position(page->session) != moment->position)
        gui_session_seek_event(page->session, moment->position - 1);
    g_string_append_printf(out,
                           "<section id=\"step%u\"%s aria-labelledby=\"title%u\">"
                           "<h2 id=\"title%u\" tabindex=\"-1\">",
                           number + 1, step ? " class=\"step\"" : "", number + 1, number + 1);
    if (step)
        html_text(out, step->title);
    else
        add_title(out, page->session, moment);
    g_string_append(out, "</h2>\n");
    if (step) {
        g_string_append(out, "<div class=\"lesson\">");
        html_markdown(out, step->text);
        g_string_append(out, "</div>\n");
    }
    g_string_append_printf(out,
                           "<div class=\"pic\" tabindex=\"0\" role=\"group\" "
                           "aria-label=\"Picture of step %u\">",
                           number + 1);
    add_picture(out, page->options, page->session, page->pictures);
    g_string_append(out, "</div>\n<p class=\"wide\">The picture is wider than this screen: move it "
                         "sideways.</p>\n");
    g_autofree char *time = gui_tick_label(gui_session_time(page->session), 1);
    g_string_append_printf(out, "<p class=\"caption\"><b>t = %s</b></p>\n", time);
    if (step)
        replay_question(out, page->scenario, gui_session_reader(page->session), page->places,
                        (unsigned)moment->step);
    add_rows(out, page->session, before ? before->position : moment->position, moment->position);
    g_string_append(out, "</section>\n");
}

/* ---- The page -----------------------------------------------------------------------------------
 */

/* The scenario stands in the trace. NULL: this trace has none that can be read. */
static SimScenario *scenario_of(GuiSession *session)
{
    json_object *metadata = json_tokener_parse(gui_session_metadata(session)), *scenario = NULL;
    SimScenario *result = NULL;

    if (metadata && json_object_object_get_ex(metadata, "scenario", &scenario)) {
        const char *text = json_object_to_json_string(scenario);
        result = sim_scenario_load_text(text, strlen(text), "the trace", ".", NULL, NULL, NULL);
    }
    json_object_put(metadata);
    return result;
}

static void add_variable(GString *out, const char *name, GuiColour c)
{
    g_string_append_printf(out, "--%s:#%02x%02x%02x;", name, (unsigned)(c.r * 255),
                           (unsigned)(c.g * 255), (unsigned)(c.b * 255));
}

static void add_head(GString *out, const RenderOptions *options, const char *title)
{
    const GuiTheme *theme = &options->theme;

    g_string_append(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                         "<title>");
    html_text(out, title);
    g_string_append(out, "</title><style>:root{");
    add_variable(out, "ink", theme->ink);
    add_variable(out, "ground", theme->ground);
    add_variable(out, "card", theme->card);
    add_variable(out, "dim", theme->dim);
    add_variable(out, "line", theme->card_line);
    add_variable(out, "accent", theme->accent);
    g_string_append_printf(out, "}%s</style></head><body>\n<h1>", style);
    html_text(out, title);
    g_string_append(out, "</h1>\n<nav aria-label=\"Steps\" hidden><button id=\"back\">Back</button>"
                         "<button id=\"next\">Next</button> <span id=\"where\" role=\"status\">"
                         "</span><span id=\"said\" class=\"unseen\" aria-live=\"polite\"></span>"
                         "</nav>\n<main>\n");
}

gboolean render_replay(const RenderOptions *options, GuiSession *session, GError **error)
{
    SimScenario *scenario = scenario_of(session);
    bool lesson = scenario && scenario->step_count > 0;
    g_autoptr(GArray) places =
        lesson ? lab_steps_place(scenario, gui_session_reader(session)) : NULL;
    g_autoptr(GArray) moments = replay_moments(session, places);
    SvgPage pictures;
    Page page = {options, session, scenario, places, &pictures};
    GString *out = g_string_new(NULL);
    gboolean good = TRUE;

    svg_page_init(&pictures);
    add_head(out, options, scenario ? scenario->title : "A run");
    for (guint i = 0; i < moments->len && good; i++) {
        add_section(out, &page, &g_array_index(moments, ReplayMoment, i),
                    i > 0 ? &g_array_index(moments, ReplayMoment, i - 1) : NULL, i);
        good = render_goes_on(options, (i + 1.0) / moments->len, error);
    }
    svg_page_add_symbols(&pictures, out);
    svg_page_clear(&pictures);
    g_string_append_printf(out, "</main>\n<script>%s</script></body></html>\n", script);
    good = good && g_file_set_contents(options->output, out->str, (gssize)out->len, error);
    g_string_free(out, TRUE);
    if (scenario)
        sim_scenario_free(scenario);
    return good;
}
