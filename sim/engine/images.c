/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images.c: guest images from files, each read once and known by its SHA-256. */
#include "sim/engine/private.h"

#include <string.h>

#include "hv-core/limits.h"
#include "sim/engine/sha256.h"

void sim_loaded_image_free(SimLoadedImage *image)
{
    if (!image)
        return;
    g_free(image->program);
    g_free(image->sha256);
    g_clear_pointer(&image->bytes, g_bytes_unref);
    g_free(image);
}

static char *image_path(SimEngine *engine, unsigned vm, const char *guest_directory)
{
    const SimScenarioVm *config = &engine->scenario->vms[vm];

    if (config->program_is_file)
        return sim_scenario_program_path(engine->scenario, vm);

    g_autofree char *name = g_strconcat(config->program, ".elf", NULL);

    return g_build_filename(guest_directory, name, NULL);
}

const SimLoadedImage *sim_engine_image(SimEngine *engine, unsigned vm, const char *guest_directory,
                                       GError **error)
{
    const SimScenarioVm *config = &engine->scenario->vms[vm];

    for (unsigned i = 0; i < engine->images->len; i++) {
        SimLoadedImage *image = engine->images->pdata[i];

        if (!strcmp(image->program, config->program))
            return image;
    }

    g_autofree char *path = image_path(engine, vm, guest_directory);
    g_autoptr(GError) problem = NULL;
    char *contents;
    gsize size;

    if (!g_file_get_contents(path, &contents, &size, &problem)) {
        g_set_error(error, HV_ERROR, HV_ERROR_INVALID, "vms.%s.program: the guest image: %s",
                    config->name, problem->message);
        return NULL;
    }
    if (size > HV_MAX_IMAGE_BYTES) {
        g_set_error(error, HV_ERROR, HV_ERROR_INVALID,
                    "vms.%s.program: %s has %zu bytes; a guest image has at most %u", config->name,
                    path, size, HV_MAX_IMAGE_BYTES);
        g_free(contents);
        return NULL;
    }

    SimLoadedImage *image = g_new0(SimLoadedImage, 1);

    image->program = g_strdup(config->program);
    image->bytes = g_bytes_new_take(contents, size);
    image->sha256 = sim_sha256(contents, size);
    g_ptr_array_add(engine->images, image);
    return image;
}
