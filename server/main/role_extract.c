/* role_extract.c -- reads documents for the search: a socket, and a child without any rights for each document. It has neither
 * databases nor ports. */
#include "base/log.h"
#include "extract/service.h"
#include "main/role.h"

#include <talloc.h>

static struct extract_options options_of(const struct config *config)
{
    return (struct extract_options){ .budget = { .time_s = (unsigned)config->attachment_time_s,
                                                 .memory_bytes = (size_t)config->attachment_memory },
                                     .document_bytes = (size_t)config->attachment_size };
}

bool role_extract_start(struct role *role, struct err *err)
{
    const struct extract_options options = options_of(role->config);
    struct extract_service *service = NULL;
    bool done;

    if (!extract_prepare())
        log_event(LOG_LEVEL_WARNING, "extract.no-pdf", log_text("missing", "libpoppler-glib.so.8"));
    done = extract_service_open(role->arena, config_path(role->arena, role->config, EXTRACT_SOCKET), &options,
                                &service, err);
    role->own = service;
    return done;
}

bool role_extract_reload(struct role *role, const struct config *config, struct err *err)
{
    const struct extract_options options = options_of(config);

    (void)err;
    extract_service_set(role->own, &options);
    return true;
}

void role_extract_stop(struct role *role)
{
    struct extract_service *service = role->own;

    extract_service_close(&service);
    role->own = NULL;
}
