/*
 * services.h -- the ports that we open, and the roles that open them: two tables that everything walks.
 */
#ifndef MAIN_SERVICES_H
#define MAIN_SERVICES_H

#include "main/config.h"

#include <stdbool.h>
#include <stdint.h>

enum service_tls { SERVICE_PLAIN, SERVICE_STARTTLS, SERVICE_TLS };

struct service {
    const char *name, *role;
    uint16_t port; /* the standard one; port_offset is added */
    enum service_tls tls;
    bool is_loopback_only;
};

/* Ends with name == NULL. */
extern const struct service services[];
/* With the configured offset. */
uint16_t service_port(const struct config *config, const struct service *service);

/* Runs until it is told to stop; the exit status of the process. */
struct role;
struct role_kind {
    const char *name;
    const char *does; /* for the manual and status */
    bool (*start)(struct role *role, struct err *err);
    bool (*reload)(struct role *role, const struct config *config, struct err *err);
    void (*stop)(struct role *role);
    bool yields; /* nobody waits for it: where the processor is short, the others go first */
};
/* Ends with name == NULL. */
extern const struct role_kind role_kinds[];
/* NULL for a name that is no role. */
const struct role_kind *role_kind_find(const char *name);

/* True when the word `role` is in the list ("smtp,mailbox" or "smtp mailbox"). */
bool role_is_listed(const char *list, const char *role);
/* ERR_INVALID names the word that is no role. */
MUST_CHECK bool role_list_check(const char *list, struct err *err);

#endif
