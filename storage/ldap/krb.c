/*
 * krb.c -- Kerberos tickets for the account of a source, in a cache of this thread's memory.
 */
#include "ldap/link.h"

#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdio.h>
#include <talloc.h>

struct krb_tickets {
    krb5_context context;
    krb5_ccache cache;
    char *before; /* the name of the thread's cache before it */
};

static bool fault(struct krb_tickets *tickets, krb5_error_code code, const char *what, struct err *err)
{
    const char *words = tickets->context ? krb5_get_error_message(tickets->context, code) : NULL;

    err_log(err, "kerberos %s: %s", what, words ? words : "no context");
    if (words)
        krb5_free_error_message(tickets->context, words);
    return err_set(err, ERR_BUSY, "There is no Kerberos ticket for the account of the source.");
}

static krb5_error_code get_ticket(struct krb_tickets *tickets, const struct ldap_settings *settings,
                                  krb5_principal principal, krb5_creds *ticket)
{
    krb5_keytab keytab;
    krb5_error_code code;

    if (settings->bind_password)
        return krb5_get_init_creds_password(tickets->context, ticket, principal, settings->bind_password,
                                            NULL, NULL, 0, NULL, NULL);
    code = krb5_kt_resolve(tickets->context, settings->keytab, &keytab);
    if (code)
        return code;
    code = krb5_get_init_creds_keytab(tickets->context, ticket, principal, keytab, 0, NULL, NULL);
    krb5_kt_close(tickets->context, keytab);
    return code;
}

static bool fill_cache(struct krb_tickets *tickets, const struct ldap_settings *settings, struct err *err)
{
    krb5_principal principal;
    krb5_creds ticket = { 0 };
    krb5_error_code code = krb5_parse_name(tickets->context, settings->bind_name, &principal);

    if (code)
        return fault(tickets, code, "principal", err);
    code = get_ticket(tickets, settings, principal, &ticket);
    if (!code)
        code = krb5_cc_new_unique(tickets->context, "MEMORY", NULL, &tickets->cache);
    if (!code)
        code = krb5_cc_initialize(tickets->context, tickets->cache, principal);
    if (!code)
        code = krb5_cc_store_cred(tickets->context, tickets->cache, &ticket);
    krb5_free_cred_contents(tickets->context, &ticket);
    krb5_free_principal(tickets->context, principal);
    return !code || fault(tickets, code, settings->bind_name, err);
}

bool krb_enter(const struct ldap_settings *settings, struct krb_tickets **tickets_out, struct err *err)
{
    struct krb_tickets *tickets = talloc_zero(NULL, struct krb_tickets);
    krb5_error_code code = krb5_init_context(&tickets->context);
    const char *before = NULL;
    char name[200];
    OM_uint32 minor;

    if (code) {
        tickets->context = NULL;
        fault(tickets, code, "context", err);
        krb_leave(&tickets);
        return false;
    }
    if (!fill_cache(tickets, settings, err)) {
        krb_leave(&tickets);
        return false;
    }
    snprintf(name, sizeof name, "MEMORY:%s", krb5_cc_get_name(tickets->context, tickets->cache));
    if (gss_krb5_ccache_name(&minor, name, &before) == GSS_S_COMPLETE && before)
        tickets->before = talloc_strdup(tickets, before);
    *tickets_out = tickets;
    return true;
}

void krb_leave(struct krb_tickets **tickets)
{
    OM_uint32 minor;

    if (!*tickets)
        return;
    (void)gss_krb5_ccache_name(&minor, (*tickets)->before, NULL);
    if ((*tickets)->cache)
        krb5_cc_destroy((*tickets)->context, (*tickets)->cache);
    if ((*tickets)->context)
        krb5_free_context((*tickets)->context);
    talloc_free(*tickets);
    *tickets = NULL;
}
