/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.c: a filter is read by recursive descent into a list of steps for a stack of
 * truth values: a test pushes one, `not` turns the topmost round, `and` and `or` take two.
 */
#include "gui/session/filter.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include <string.h>

#include "netsim/proto/text.h"
#include "sim/scenario/units.h"

#define MAX_DEPTH 50u

typedef enum { PROTOCOL, NUMBER, ADDRESS, MAC, TEXT, FRAME_NUMBER, FRAME_LENGTH, FRAME_TIME } Type;

typedef struct {
    const char *name;
    Type type;
    NetLayerKind layer;
    const char *fields[2]; /* of the layer, in dissect.c; of two, either */
} Name;

#define IN(kind) .layer = NET_LAYER_##kind
static const Name names[] = {
    {"eth", PROTOCOL, IN(ETHERNET)},
    {"eth.addr", MAC, IN(ETHERNET), {"Source", "Destination"}},
    {"eth.src", MAC, IN(ETHERNET), {"Source"}},
    {"eth.dst", MAC, IN(ETHERNET), {"Destination"}},
    {"eth.type", NUMBER, IN(ETHERNET), {"Type"}},
    {"vlan", PROTOCOL, IN(VLAN)},
    {"vlan.id", NUMBER, IN(VLAN), {"VLAN"}},
    {"vlan.priority", NUMBER, IN(VLAN), {"Priority"}},
    {"arp", PROTOCOL, IN(ARP)},
    {"arp.opcode", NUMBER, IN(ARP), {"Operation"}},
    {"arp.src.hw_mac", MAC, IN(ARP), {"Sender MAC address"}},
    {"arp.src.proto_ipv4", ADDRESS, IN(ARP), {"Sender IP address"}},
    {"arp.dst.hw_mac", MAC, IN(ARP), {"Target MAC address"}},
    {"arp.dst.proto_ipv4", ADDRESS, IN(ARP), {"Target IP address"}},
    {"ip", PROTOCOL, IN(IPV4)},
    {"ip.addr", ADDRESS, IN(IPV4), {"Source", "Destination"}},
    {"ip.src", ADDRESS, IN(IPV4), {"Source"}},
    {"ip.dst", ADDRESS, IN(IPV4), {"Destination"}},
    {"ip.ttl", NUMBER, IN(IPV4), {"Time to live"}},
    {"ip.proto", NUMBER, IN(IPV4), {"Protocol"}},
    {"ip.id", NUMBER, IN(IPV4), {"Identification"}},
    {"ip.len", NUMBER, IN(IPV4), {"Total length"}},
    {"ip.flags.mf", NUMBER, IN(IPV4), {"More fragments"}},
    {"ip.frag_offset", NUMBER, IN(IPV4), {"Fragment offset"}},
    {"icmp", PROTOCOL, IN(ICMP)},
    {"icmp.type", NUMBER, IN(ICMP), {"Type"}},
    {"icmp.code", NUMBER, IN(ICMP), {"Code"}},
    {"icmp.ident", NUMBER, IN(ICMP), {"Identifier"}},
    {"icmp.seq", NUMBER, IN(ICMP), {"Sequence number"}},
    {"udp", PROTOCOL, IN(UDP)},
    {"udp.port", NUMBER, IN(UDP), {"Source port", "Destination port"}},
    {"udp.srcport", NUMBER, IN(UDP), {"Source port"}},
    {"udp.dstport", NUMBER, IN(UDP), {"Destination port"}},
    {"udp.length", NUMBER, IN(UDP), {"Length"}},
    {"tcp", PROTOCOL, IN(TCP)},
    {"tcp.port", NUMBER, IN(TCP), {"Source port", "Destination port"}},
    {"tcp.srcport", NUMBER, IN(TCP), {"Source port"}},
    {"tcp.dstport", NUMBER, IN(TCP), {"Destination port"}},
    {"tcp.seq", NUMBER, IN(TCP), {"Sequence number"}},
    {"tcp.ack", NUMBER, IN(TCP), {"Acknowledgment number"}},
    {"tcp.window_size", NUMBER, IN(TCP), {"Window"}},
    {"tcp.flags.syn", NUMBER, IN(TCP), {"Synchronize"}},
    {"tcp.flags.ack", NUMBER, IN(TCP), {"Acknowledgment"}},
    {"tcp.flags.fin", NUMBER, IN(TCP), {"Finish"}},
    {"tcp.flags.reset", NUMBER, IN(TCP), {"Reset"}},
    {"tcp.flags.push", NUMBER, IN(TCP), {"Push"}},
    {"dhcp", PROTOCOL, IN(DHCP)},
    {"dhcp.id", NUMBER, IN(DHCP), {"Transaction id"}},
    {"dhcp.ip.your", ADDRESS, IN(DHCP), {"Your address"}},
    {"dns", PROTOCOL, IN(DNS)},
    {"dns.id", NUMBER, IN(DNS), {"Transaction id"}},
    {"dns.flags.response", NUMBER, IN(DNS), {"Response"}},
    {"dns.qry.name", TEXT, IN(DNS), {"Question"}},
    {"http", PROTOCOL, IN(HTTP)},
    {"http.request.line", TEXT, IN(HTTP), {"Request line"}},
    {"http.response.line", TEXT, IN(HTTP), {"Status line"}},
    {"llc", PROTOCOL, IN(LLC)},
    {"stp", PROTOCOL, IN(STP)},
    {"stp.root.cost", NUMBER, IN(STP), {"Root path cost"}},
    {"data", PROTOCOL, IN(DATA)},
    {"frame.number", FRAME_NUMBER},
    {"frame.len", FRAME_LENGTH},
    {"frame.time", FRAME_TIME},
};

typedef enum { EXISTS, EQUAL, NOT_EQUAL, MORE, LESS, AT_LEAST, AT_MOST, CONTAINS } Relation;

static const struct {
    const char *word;
    Relation relation;
} relations[] = {{"==", EQUAL},    {"!=", NOT_EQUAL}, {">=", AT_LEAST},       {"<=", AT_MOST},
                 {">", MORE},      {"<", LESS},       {"eq", EQUAL},          {"ne", NOT_EQUAL},
                 {"ge", AT_LEAST}, {"le", AT_MOST},   {"contains", CONTAINS}, {"gt", MORE},
                 {"lt", LESS}};

typedef struct {
    enum { TEST, NOT, AND, OR } kind;
    const Name *name; /* of a test; NULL: a text, wherever it stands */
    Relation relation;
    uint64_t value, mask; /* mask: the bits that count */
    char *text;           /* folded */
} Step;

struct GuiFilter {
    GArray *steps; /* of Step */
};

typedef struct {
    const char *text; /* all of it */
    const char *at;
    unsigned depth;
    GuiFilter *filter;
    GError **error;
} Parser;

/* ---- Words -------------------------------------------------------------------------------- */

static bool fail(Parser *p, const char *at, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool fail(Parser *p, const char *at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);

    g_autofree char *what = g_strdup_vprintf(format, arguments);

    va_end(arguments);
    g_set_error(p->error, GUI_FILTER_ERROR, 0, _("Character %ld: %s"),
                g_utf8_pointer_to_offset(p->text, at) + 1, what);
    return false;
}

static void skip_blanks(Parser *p)
{
    while (g_ascii_isspace(*p->at))
        p->at++;
}

static bool in_word(char c)
{
    return g_ascii_isalnum(c) || c == '.' || c == '_' || c == ':' || c == '-' || c == '/' ||
           (c & 0x80);
}

/* The word at the parser's place, of letters, digits and what is in addresses; g_free(). */
static char *peek_word(Parser *p)
{
    const char *end;

    skip_blanks(p);
    for (end = p->at; in_word(*end); end++)
        ;
    return g_ascii_strdown(p->at, end - p->at);
}

/* Is one of these next? Takes it. */
static bool take(Parser *p, const char *word, const char *sign)
{
    g_autofree char *next = peek_word(p);

    if (word && !strcmp(next, word)) {
        p->at += strlen(next);
        return true;
    }
    if (!g_str_has_prefix(p->at, sign) || (*sign == '!' && p->at[1] == '='))
        return false;
    p->at += strlen(sign);
    return true;
}

static const Name *find_name(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (!strcmp(names[i].name, word))
            return &names[i];
    return NULL;
}

/* ---- Values --------------------------------------------------------------------------------- */

static bool parse_address(Parser *p, const char *word, Step *step)
{
    g_auto(GStrv) parts = g_strsplit(word, "/", 2);
    guint64 bits = 32;
    NetIp4 address;

    if (!parts[0] || !net_ip4_parse(parts[0], &address) ||
        (parts[1] && !g_ascii_string_to_unsigned(parts[1], 10, 0, 32, &bits, NULL)))
        return fail(p, p->at,
                    _("%s is no address; write 10.0.0.2, or 10.0.0.0/8 for all that "
                      "begin so"),
                    *word ? word : "nothing");
    step->mask = bits ? UINT32_MAX << (32 - bits) & UINT32_MAX : 0;
    step->value = address & step->mask;
    return true;
}

static bool parse_mac(Parser *p, const char *word, Step *step)
{
    g_auto(GStrv) parts = g_strsplit(word, ":", -1);

    step->mask = UINT64_MAX;
    for (unsigned i = 0; i < 6 && g_strv_length(parts) == 6; i++) {
        guint64 byte;

        if (!g_ascii_string_to_unsigned(parts[i], 16, 0, 255, &byte, NULL))
            break;
        step->value = step->value << 8 | byte;
        if (i == 5)
            return true;
    }
    return fail(p, p->at, _("%s is no MAC address; write 02:00:00:00:00:0a"),
                *word ? word : "nothing");
}

static bool parse_time(Parser *p, const char *word, Step *step)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
    char *end;
    double value = g_ascii_strtod(word, &end);

    step->mask = UINT64_MAX;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
        if (end != word && value >= 0 && value < 1e9 && !strcmp(end, units[i].name)) {
            step->value = (uint64_t)(value * units[i].ns + 0.5);
            return true;
        }
    return fail(p, p->at, _("%s is no time; write 1.5ms, with s, ms, us or ns"),
                *word ? word : "nothing");
}

static bool parse_number(Parser *p, const char *word, Step *step)
{
    bool hex = g_str_has_prefix(word, "0x");
    guint64 value;

    if (!g_ascii_string_to_unsigned(hex ? word + 2 : word, hex ? 16 : 10, 0, UINT64_MAX, &value,
                                    NULL))
        return fail(p, p->at, _("%s is no number; write 80 or 0x50"), *word ? word : "nothing");
    step->value = value;
    step->mask = UINT64_MAX;
    return true;
}

/* A text in quotation marks, or one word. */
static bool parse_text(Parser *p, Step *step)
{
    g_autofree char *word = peek_word(p);
    const char *end = p->at + strlen(word);

    if (*p->at == '"') {
        end = strchr(p->at + 1, '"');
        if (!end)
            return fail(p, p->at, _("the closing quotation mark is missing"));
        g_free(word);
        word = g_strndup(p->at + 1, (gsize)(end - p->at - 1));
        end++;
    }
    if (!*word)
        return fail(p, p->at, _("a text is missing, as in \"reply\""));
    step->text = g_utf8_casefold(word, -1);
    p->at = end;
    return true;
}

static bool parse_value(Parser *p, Step *step)
{
    g_autofree char *word = peek_word(p);
    bool good;

    switch (step->name->type) {
    case TEXT: return parse_text(p, step);
    case ADDRESS: good = parse_address(p, word, step); break;
    case MAC: good = parse_mac(p, word, step); break;
    case FRAME_TIME: good = parse_time(p, word, step); break;
    default: good = parse_number(p, word, step); break;
    }
    p->at += good ? strlen(word) : 0;
    return good;
}

/* ---- Sentences ---------------------------------------------------------------------------------
 */

static bool parse_relation(Parser *p, Step *step)
{
    g_autofree char *word = peek_word(p);

    for (size_t i = 0; i < G_N_ELEMENTS(relations); i++) {
        const char *sign = relations[i].word;
        bool here = g_ascii_isalpha(*sign) ? !strcmp(word, sign) : g_str_has_prefix(p->at, sign);

        if (!here)
            continue;
        step->relation = relations[i].relation;
        if ((step->relation == CONTAINS) > (step->name->type == TEXT) ||
            (step->name->type == TEXT && step->relation > NOT_EQUAL && step->relation < CONTAINS))
            return fail(p, p->at, _("%s does not go with %s"), sign, step->name->name);
        p->at += strlen(sign);
        skip_blanks(p);
        return true;
    }
    if (*p->at == '=')
        return fail(p, p->at, _("write == to compare"));
    step->relation = EXISTS;
    return true;
}

static bool unknown_name(Parser *p, const char *at, const char *word)
{
    g_autofree const char **known = gui_filter_names();
    const char *nearest = sim_nearest(word, known, G_N_ELEMENTS(names));

    return fail(p, at, _("there is no protocol or field %s%s%s; a text is written \"%s\""), word,
                nearest ? _(", maybe ") : "", nearest ? nearest : "", word);
}

static bool parse_test(Parser *p)
{
    Step step = {.kind = TEST};
    g_autofree char *word = peek_word(p);
    const char *begin = p->at;
    bool good = true;

    if (p->filter->steps->len >= GUI_FILTER_MAX_TESTS)
        return fail(p, p->at, _("the filter is too long"));
    if (*p->at == '"') {
        good = parse_text(p, &step);
    } else if (!*word) {
        return *p->at ? fail(p, p->at, _("a protocol or a field is missing before %c"), *p->at)
                      : fail(p, p->at, _("a protocol or a field is missing at the end"));
    } else {
        step.name = find_name(word);
        if (!step.name)
            return unknown_name(p, begin, word);
        p->at += strlen(word);
        skip_blanks(p);
        if (step.name->type != PROTOCOL)
            good = parse_relation(p, &step) && (step.relation == EXISTS || parse_value(p, &step));
    }
    if (good)
        g_array_append_val(p->filter->steps, step);
    else
        g_free(step.text);
    return good;
}

static bool parse_or(Parser *p);

static bool push(Parser *p, int kind)
{
    Step step = {.kind = kind};

    g_array_append_val(p->filter->steps, step);
    return true;
}

static bool parse_not(Parser *p)
{
    bool good;

    if (++p->depth > MAX_DEPTH)
        return fail(p, p->at, _("too many things inside each other"));
    if (take(p, "not", "!")) {
        good = parse_not(p) && push(p, NOT);
    } else if (take(p, NULL, "(")) {
        good = parse_or(p);
        if (good && !take(p, NULL, ")"))
            good = fail(p, p->at, _("a closing parenthesis is missing"));
    } else {
        good = parse_test(p);
    }
    p->depth--;
    return good;
}

static bool parse_and(Parser *p)
{
    if (!parse_not(p))
        return false;
    while (take(p, "and", "&&"))
        if (!parse_not(p) || !push(p, AND))
            return false;
    return true;
}

static bool parse_or(Parser *p)
{
    if (!parse_and(p))
        return false;
    while (take(p, "or", "||"))
        if (!parse_and(p) || !push(p, OR))
            return false;
    return true;
}

static void clear_step(void *data)
{
    g_free(((Step *)data)->text);
}

GuiFilter *gui_filter_new(const char *text, GError **error)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GuiFilter *filter = g_new0(GuiFilter, 1);
    Parser p = {.text = valid, .at = valid, .filter = filter, .error = error};
    bool good;

    filter->steps = g_array_new(FALSE, FALSE, sizeof(Step));
    g_array_set_clear_func(filter->steps, clear_step);
    skip_blanks(&p);
    good = !*p.at || parse_or(&p);
    skip_blanks(&p);
    if (good && *p.at)
        good = fail(&p, p.at, _("after that comes \"and\", \"or\", or nothing"));
    if (good)
        return filter;
    gui_filter_free(filter);
    return NULL;
}

void gui_filter_free(GuiFilter *filter)
{
    if (!filter)
        return;
    g_array_unref(filter->steps);
    g_free(filter);
}

bool gui_filter_is_empty(const GuiFilter *filter)
{
    return filter->steps->len == 0;
}

const char **gui_filter_names(void)
{
    const char **list = g_new0(const char *, G_N_ELEMENTS(names) + 1);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        list[i] = names[i].name;
    return list;
}

/* ---- Frames ------------------------------------------------------------------------------------
 */

static bool compare(const Step *step, uint64_t value)
{
    value &= step->mask;
    switch (step->relation) {
    case EQUAL:
    case NOT_EQUAL: return value == step->value; /* != is turned round for all fields at once */
    case MORE: return value > step->value;
    case LESS: return value < step->value;
    case AT_LEAST: return value >= step->value;
    case AT_MOST: return value <= step->value;
    default: return true;
    }
}

static bool has_text(const char *text, const char *folded_word)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);

    return strstr(folded, folded_word) != NULL;
}

static bool field_fits(const Step *step, const NetField *field)
{
    if (step->relation == EXISTS)
        return true;
    if (step->name->type != TEXT)
        return compare(step, field->value);
    if (step->relation == CONTAINS)
        return has_text(field->text, step->text);

    g_autofree char *folded = g_utf8_casefold(field->text, -1);

    return !strcmp(folded, step->text);
}

static bool any_field_fits(const Step *step, const NetDissection *whole)
{
    for (unsigned i = 0; i < whole->layer_count; i++) {
        const NetLayer *layer = &whole->layers[i];

        if (layer->kind != step->name->layer)
            continue;
        if (step->name->type == PROTOCOL)
            return true;
        for (unsigned f = layer->first_field; f < layer->first_field + layer->field_count; f++)
            for (unsigned n = 0; n < 2 && step->name->fields[n]; n++)
                if (!strcmp(whole->fields[f].name, step->name->fields[n]) &&
                    field_fits(step, &whole->fields[f]))
                    return true;
    }
    return false;
}

static bool test_fits(const Step *step, const GuiFilterFrame *frame)
{
    const NetDissection *whole = frame->whole;
    bool fits;

    if (!step->name)
        return has_text(whole->info, step->text) || has_text(whole->source, step->text) ||
               has_text(whole->destination, step->text) || has_text(whole->protocol, step->text);
    switch (step->name->type) {
    case FRAME_NUMBER: fits = compare(step, frame->number); break;
    case FRAME_LENGTH: fits = compare(step, frame->length); break;
    case FRAME_TIME: fits = compare(step, frame->time); break;
    default: fits = any_field_fits(step, whole); break;
    }
    return fits != (step->relation == NOT_EQUAL);
}

bool gui_filter_fits(const GuiFilter *filter, const GuiFilterFrame *frame)
{
    bool stack[GUI_FILTER_MAX_TESTS + 1];
    unsigned top = 0;

    for (unsigned i = 0; i < filter->steps->len; i++) {
        const Step *step = &g_array_index(filter->steps, Step, i);

        switch (step->kind) {
        case TEST: stack[top++] = test_fits(step, frame); break;
        case NOT: stack[top - 1] = !stack[top - 1]; break;
        case AND: top--, stack[top - 1] = stack[top - 1] && stack[top]; break;
        case OR: top--, stack[top - 1] = stack[top - 1] || stack[top]; break;
        }
    }
    return top == 0 || stack[0];
}
