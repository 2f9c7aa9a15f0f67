/*
 * krb.c -- Kerberos tickets for the account of a source, in a cache in memory.
 */
#include "ldap/link.h"

#include <gssapi/gssapi_ext.h>
#include <krb5.h>
#include <stdio.h>
#include <talloc.h>

struct krb_tickets {
    krb5_context context;
    krb5_ccache cache;
    gss_cred_id_t credential;
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

/* Ours, as the one that SASL takes by itself is never given back (libsasl2-modules-gssapi-mit 2.1.28). */
static bool take_credential(struct krb_tickets *tickets, struct err *err)
{
    char name[200];
    gss_key_value_element_desc where = { "ccache", name };
    gss_key_value_set_desc store = { 1, &where };
    OM_uint32 major, minor;

    snprintf(name, sizeof name, "MEMORY:%s", krb5_cc_get_name(tickets->context, tickets->cache));
    major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_INITIATE,
                                  &store, &tickets->credential, NULL, NULL);
    return major == GSS_S_COMPLETE || fault(tickets, (krb5_error_code)minor, "credential", err);
}

bool krb_enter(const struct ldap_settings *settings, struct krb_tickets **tickets_out, struct err *err)
{
    struct krb_tickets *tickets = talloc_zero(NULL, struct krb_tickets);
    krb5_error_code code = krb5_init_context(&tickets->context);

    if (code) {
        tickets->context = NULL;
        fault(tickets, code, "context", err);
        krb_leave(&tickets);
        return false;
    }
    if (!fill_cache(tickets, settings, err) || !take_credential(tickets, err)) {
        krb_leave(&tickets);
        return false;
    }
    *tickets_out = tickets;
    return true;
}

void *krb_credential(const struct krb_tickets *tickets)
{
    return tickets->credential;
}

void krb_leave(struct krb_tickets **tickets)
{
    OM_uint32 minor;

    if (!*tickets)
        return;
    (void)gss_release_cred(&minor, &(*tickets)->credential);
    if ((*tickets)->cache)
        krb5_cc_destroy((*tickets)->context, (*tickets)->cache);
    if ((*tickets)->context)
        krb5_free_context((*tickets)->context);
    talloc_free(*tickets);
    *tickets = NULL;
}
