/*
 * source_ldap.c -- a source's settings as the room ldap wants them.
 */
#include "directory/source.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { DEFAULT_COST = 10, COST_MAX = 1000 };

/* "URL" or "URL=COST". */
static bool read_server(const void *owner, const char *text, struct ldap_server *server, struct err *err)
{
    const char *sign = strrchr(text, '=');
    char *end = NULL;
    long cost = sign ? strtol(sign + 1, &end, 10) : DEFAULT_COST;

    if (sign && (end == sign + 1 || *end || cost < 1 || cost > COST_MAX))
        return err_set(err, ERR_INVALID, "%.60s: a cost is a number from 1 to %d.", text, COST_MAX);
    *server = (struct ldap_server){ sign ? talloc_strndup(owner, text, (size_t)(sign - text))
                                         : talloc_strdup(owner, text),
                                    (unsigned)cost };
    return ldap_url_check(server->url, err);
}

bool source_ldap(const void *owner, const struct source *source, struct ldap_settings *settings_out,
                 struct err *err)
{
    struct ldap_server *servers =
        talloc_zero_array(owner, struct ldap_server, (unsigned)source->urls.count + 1);

    *settings_out = (struct ldap_settings){ .servers = servers,
                                            .server_count = source->urls.count,
                                            .trusted = source->trusted,
                                            .certificate = source->certificate,
                                            .key = source->certificate ? source->key : NULL,
                                            .bind_name = source->bind_dn,
                                            .bind_password = source->bind_password,
                                            .keytab = source->keytab,
                                            .connections = (unsigned)source->connections,
                                            .connect_ms = (unsigned)source->connect_ms,
                                            .answer_ms = (unsigned)source->answer_ms };
    if (source->urls.count > LDAP_SERVERS_MAX)
        return err_set(err, ERR_LIMIT, "A source has at most %d servers.", LDAP_SERVERS_MAX);
    for (size_t i = 0; i < source->urls.count; i++)
        if (!read_server(servers, source->urls.texts[i], &servers[i], err))
            return false;
    if (!ldap_tls_of(source->tls ? source->tls : "starttls", &settings_out->tls) ||
        !ldap_bind_of(source->bind ? source->bind : "simple", &settings_out->bind))
        return err_set(err, ERR_INVALID, "There is no such way to encrypt or to bind.");
    return true;
}
