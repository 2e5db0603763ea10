/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cache N [--lookups L] [--keys K] [--wait US]: looks up L keys, of which there are K, in
 * a cache of N pages. A page that is in the cache costs one look; one that is not is
 * computed anew, which takes some 20,000 instructions, and put into the cache. Every
 * fourth lookup is of a key used rarely.
 *
 * The cache is memory that can be spared: when the hypervisor inflates the VM's balloon
 * (hvlab.h, spare_pages) it gives the pages away that were not used for longest, and
 * goes on with a smaller one. Exit code 0: every page held what it should; 1: not. */
#include "hv-core/guest/hvlab.h"

#define PAGE_BYTES 4096u
#define MAX_PLACES 2048
#define WORK       2500 /* rounds of the computation of a page */
#define NO_KEY     UINT32_MAX

/* A place holds a page of the heap, unless it is given away. */
static struct {
    uint32_t key;
    uint32_t used; /* the number of the last lookup that found it */
    bool given;
} places[MAX_PLACES];
static uint64_t place_count = 64, lookups = 2000, keys, wait_us;
static uint64_t base;
static volatile uint32_t busy = NO_KEY; /* the place that the program works with now */
static uint64_t hits, misses, given, wrong;

static uint64_t *page_at(uint64_t place)
{
    return (uint64_t *)(base + place * PAGE_BYTES);
}

/* The value of a key, with some effort. */
static uint64_t compute(uint32_t key)
{
    uint64_t value = key + 1;
    for (unsigned i = 0; i < WORK; i++)
        value = (value ^ (value >> 29)) * UINT64_C(0xbf58476d1ce4e5b9) + key;
    return value;
}

/* Of the places that hold a page and are not in use now, the one used longest ago;
 * an empty one first. NO_KEY: none. */
static uint32_t oldest(void)
{
    uint32_t found = NO_KEY;
    for (uint32_t i = 0; i < place_count; i++) {
        if (places[i].given || i == busy)
            continue;
        if (places[i].key == NO_KEY)
            return i;
        if (found == NO_KEY || places[i].used < places[found].used)
            found = i;
    }
    return found;
}

static void *give(void)
{
    uint32_t place = oldest();
    if (place == NO_KEY)
        return NULL;
    places[place].key = NO_KEY;
    places[place].given = true;
    given++;
    return page_at(place);
}

static void back(void *page)
{
    places[((uint64_t)page - base) / PAGE_BYTES].given = false;
    given--;
}

static uint32_t find(uint32_t key)
{
    for (uint32_t i = 0; i < place_count; i++)
        if (!places[i].given && places[i].key == key)
            return i;
    return NO_KEY;
}

/* From here on the page of the place is not given away; is it still there? */
static bool hold(uint32_t place, uint32_t key)
{
    busy = place;
    return place != NO_KEY && !places[place].given && places[place].key == key;
}

static void look_up(uint32_t key, uint32_t number)
{
    uint32_t place = find(key);
    if (hold(place, key)) {
        hits++;
        wrong += *page_at(place) != key || page_at(place)[1] == 0;
    } else {
        misses++;
        busy = NO_KEY;
        uint64_t value = compute(key);
        place = oldest();
        if (place != NO_KEY && hold(place, places[place].key)) {
            places[place].key = key;
            *page_at(place) = key;
            page_at(place)[1] = value | 1;
        }
    }
    if (place != NO_KEY)
        places[place].used = number;
    busy = NO_KEY;
}

/* Three of four lookups are of the first eighth of the keys. */
static uint32_t next_key(void)
{
    uint64_t random = random_number();
    uint64_t among = random % 4 == 0 ? keys : (keys + 7) / 8;
    return (uint32_t)(random / 4 % among);
}

static bool parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        uint64_t *to = &place_count;
        if (strcmp(argv[i], "--lookups") == 0)
            to = &lookups;
        else if (strcmp(argv[i], "--keys") == 0)
            to = &keys;
        else if (strcmp(argv[i], "--wait") == 0)
            to = &wait_us;
        if (to != &place_count && ++i == argc)
            return false;
        const char *end;
        *to = parse_number(argv[i], &end);
        if (end == argv[i] || *end != '\0')
            return false;
    }
    if (keys == 0)
        keys = place_count;
    return place_count > 0 && place_count <= MAX_PLACES && keys <= UINT32_MAX - 1;
}

int main(int argc, char **argv)
{
    static const SparePages spare = {give, back};
    if (!parse(argc, argv)) {
        printf("usage: cache N [--lookups L] [--keys K] [--wait US], N at most %u\n", MAX_PLACES);
        return 2;
    }
    if (!heap_use(place_count * PAGE_BYTES)) {
        print("cache: the heap is too small\n");
        return 2;
    }
    base = (uint64_t)heap_begin();
    for (uint32_t i = 0; i < place_count; i++)
        places[i].key = NO_KEY;
    spare_pages(&spare);
    for (uint32_t i = 0; i < lookups; i++) {
        look_up(next_key(), i);
        if (wait_us > 0)
            sleep_ns(wait_us * NS_PER_US);
    }
    printf("cache: %lu hits, %lu misses, %lu pages given away, %lu wrong\n", hits, misses, given,
           wrong);
    return wrong == 0 ? 0 : 1;
}
