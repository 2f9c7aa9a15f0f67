/* role_extract.c -- reads what is foreign for the others: documents for the search, signatures of OpenPGP for who opens a letter. A socket
 * for each of the two, so that no letter waits for a long document, and a child without any rights for each question. It has
 * neither databases nor ports. */
#include "base/log.h"
#include "extract/openpgp.h"
#include "extract/service.h"
#include "main/role.h"

#include <talloc.h>

struct extract_role {
    struct extract_service *documents, *signatures;
};

static struct extract_options options_of(const struct config *config)
{
    return (struct extract_options){ .budget = { .time_s = (unsigned)config->attachment_time_s,
                                                 .memory_bytes = (size_t)config->attachment_memory },
                                     .document_bytes = (size_t)config->attachment_size };
}

static const struct extract_options signature_options = {
    .budget = { .time_s = OPENPGP_TIME_S, .memory_bytes = OPENPGP_MEMORY },
    .document_bytes = OPENPGP_WHOLE_MAX,
};

bool role_extract_start(struct role *role, struct err *err)
{
    const struct extract_options options = options_of(role->config);
    struct extract_role *own = talloc_zero(role->arena, struct extract_role);

    if (!extract_prepare())
        log_event(LOG_LEVEL_WARNING, "extract.no-pdf", log_text("missing", "libpoppler-glib.so.8"));
    if (!openpgp_prepare())
        log_event(LOG_LEVEL_WARNING, "extract.no-openpgp", log_text("missing", "librnp.so.0"));
    role->own = own;
    return extract_service_open(own, config_path(role->arena, role->config, EXTRACT_SOCKET), &options,
                                &own->documents, err) &&
           extract_service_open(own, config_path(role->arena, role->config, OPENPGP_SOCKET),
                                &signature_options, &own->signatures, err);
}

bool role_extract_reload(struct role *role, const struct config *config, struct err *err)
{
    const struct extract_options options = options_of(config);
    struct extract_role *own = role->own;

    (void)err;
    extract_service_set(own->documents, &options);
    return true;
}

void role_extract_stop(struct role *role)
{
    struct extract_role *own = role->own;

    if (own) {
        extract_service_close(&own->signatures);
        extract_service_close(&own->documents);
    }
    role->own = NULL;
}
