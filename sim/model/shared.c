/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shared.c: pages and texts with copy on write. Not for several threads. */
#include "sim/model/shared.h"

#define CHUNK_PAGES 512u

typedef struct {
    unsigned refs;
    SimModelPage pages[CHUNK_PAGES];
} Chunk;

struct SimPages {
    unsigned refs;
    uint32_t chunk_count;
    Chunk **chunks; /* NULL until the first page is set; each NULL until one of its pages is */
};

/* Text only grows, so one buffer serves all copies: each knows how much of it is its
 * own text. Whoever is first to append beyond that goes on in the buffer; the others
 * then see more than their own in it, and must not. */
typedef struct {
    unsigned refs;
    GString *string;
} Buffer;

struct SimText {
    unsigned refs;
    size_t length;
    Buffer *buffer;
    char *ended; /* the text with its NUL, once somebody asked and the buffer has more */
};

/* ---- Pages --------------------------------------------------------------- */

static const SimModelPage absent = {.frame = SIM_MODEL_NO_FRAME};

SimPages *sim_pages_new(uint32_t count)
{
    SimPages *pages = g_new0(SimPages, 1);

    pages->refs = 1;
    pages->chunk_count = (count + CHUNK_PAGES - 1) / CHUNK_PAGES;
    return pages;
}

SimPages *sim_pages_ref(SimPages *pages)
{
    pages->refs++;
    return pages;
}

void sim_pages_unref(SimPages *pages)
{
    if (!pages || --pages->refs > 0)
        return;
    for (uint32_t i = 0; pages->chunks && i < pages->chunk_count; i++) {
        if (pages->chunks[i] && --pages->chunks[i]->refs == 0)
            g_free(pages->chunks[i]);
    }
    g_free(pages->chunks);
    g_free(pages);
}

SimModelPage sim_pages_get(const SimPages *pages, uint32_t page)
{
    const Chunk *chunk = pages->chunks ? pages->chunks[page / CHUNK_PAGES] : NULL;

    return chunk ? chunk->pages[page % CHUNK_PAGES] : absent;
}

/* Pages of the same content that nobody else has; takes over the reference. */
static SimPages *pages_own(SimPages *pages)
{
    SimPages *own;

    if (pages->refs == 1)
        return pages;
    own = sim_pages_new(pages->chunk_count * CHUNK_PAGES);
    if (pages->chunks) {
        own->chunks = g_memdup2(pages->chunks, pages->chunk_count * sizeof(*pages->chunks));
        for (uint32_t i = 0; i < own->chunk_count; i++) {
            if (own->chunks[i])
                own->chunks[i]->refs++;
        }
    }
    sim_pages_unref(pages);
    return own;
}

static Chunk *chunk_own(Chunk *chunk)
{
    Chunk *own;

    if (chunk && chunk->refs == 1)
        return chunk;
    if (chunk) {
        own = g_memdup2(chunk, sizeof(*chunk));
        chunk->refs--;
    } else {
        own = g_new(Chunk, 1);
        for (unsigned i = 0; i < CHUNK_PAGES; i++)
            own->pages[i] = absent;
    }
    own->refs = 1;
    return own;
}

void sim_pages_set(SimPages **pages, uint32_t page, SimModelPage value)
{
    SimPages *own = *pages = pages_own(*pages);

    if (!own->chunks)
        own->chunks = g_new0(Chunk *, own->chunk_count);
    own->chunks[page / CHUNK_PAGES] = chunk_own(own->chunks[page / CHUNK_PAGES]);
    own->chunks[page / CHUNK_PAGES]->pages[page % CHUNK_PAGES] = value;
}

/* ---- Text ---------------------------------------------------------------- */

static Buffer *buffer_new(const char *bytes, size_t size)
{
    Buffer *buffer = g_new(Buffer, 1);

    *buffer = (Buffer){1, g_string_new_len(bytes, (gssize)size)};
    return buffer;
}

static void buffer_unref(Buffer *buffer)
{
    if (--buffer->refs > 0)
        return;
    g_string_free(buffer->string, TRUE);
    g_free(buffer);
}

SimText *sim_text_new(void)
{
    SimText *text = g_new0(SimText, 1);

    text->refs = 1;
    text->buffer = buffer_new("", 0);
    return text;
}

SimText *sim_text_ref(SimText *text)
{
    text->refs++;
    return text;
}

void sim_text_unref(SimText *text)
{
    if (!text || --text->refs > 0)
        return;
    buffer_unref(text->buffer);
    g_free(text->ended);
    g_free(text);
}

size_t sim_text_length(const SimText *text)
{
    return text->length;
}

const char *sim_text_get(SimText *text)
{
    if (text->length == text->buffer->string->len)
        return text->buffer->string->str;
    if (!text->ended) { /* not g_strndup(): it may hold any bytes */
        text->ended = g_malloc(text->length + 1);
        memcpy(text->ended, text->buffer->string->str, text->length);
        text->ended[text->length] = '\0';
    }
    return text->ended;
}

/* A text of the same length that nobody else has; takes over the reference. */
static SimText *text_own(SimText *text)
{
    SimText *own;

    if (text->refs == 1)
        return text;
    own = g_new0(SimText, 1);
    own->refs = 1;
    own->length = text->length;
    own->buffer = text->buffer;
    own->buffer->refs++;
    sim_text_unref(text);
    return own;
}

void sim_text_append(SimText **text, const void *bytes, size_t size)
{
    SimText *own = *text = text_own(*text);
    Buffer *buffer = own->buffer;

    if (own->length < buffer->string->len) {
        own->buffer = buffer_new(buffer->string->str, own->length);
        buffer_unref(buffer);
    }
    g_clear_pointer(&own->ended, g_free);
    g_string_append_len(own->buffer->string, bytes, (gssize)size);
    own->length += size;
}
