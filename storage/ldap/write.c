/*
 * write.c -- binds and modifications of the account that writes.
 */
#include "ldap/write.h"

#include "ldap/link.h"

#include <string.h>
#include <talloc.h>

enum { WRITES_MAX = 8 };

bool ldap_writer_take(struct ldap_pool *pool, const char *name, const char *password, unsigned wait_ms,
                      struct ldap_link **link_out, struct err *err)
{
    struct berval credential = { strlen(password), (char *)(uintptr_t)password };
    LDAPMessage *answer;
    int id, code;
    bool ok;

    *err = ERR_INIT;
    /* RFC 4513, 5.1.2: without a password it would be nobody */
    if (!*name || !*password)
        return err_set(err, ERR_DENIED, "The account that writes to the directory has no password.");
    if (!ldap_link_take(pool, LDAP_LINK_BARE, wait_ms, link_out, err))
        return false;
    code = ldap_sasl_bind((*link_out)->ld, name, LDAP_SASL_SIMPLE, &credential, NULL, NULL, &id);
    ok = code == LDAP_SUCCESS ? link_answer(*link_out, id, LDAP_MSG_ALL, &answer, err) &&
                                    link_result(*link_out, answer, "bind", err)
                              : link_fault(*link_out, code, "bind", NULL, err);
    if (ok)
        return true;
    if (!(*link_out)->is_broken)
        err_set(err, ERR_DENIED, "The company directory refuses the account that writes to it.");
    ldap_link_release(link_out);
    return false;
}

static struct berval **values_of(const void *owner, const struct span *values, size_t count)
{
    struct berval **list = talloc_zero_array(owner, struct berval *, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++) {
        list[i] = talloc(list, struct berval);
        *list[i] = (struct berval){ span_length(values[i]), (char *)(uintptr_t)values[i].p };
    }
    return list;
}

static void add_change(const void *owner, LDAPMod **changes, size_t *count, int operation,
                       const char *attribute, const struct span *values, size_t value_count)
{
    if (value_count == 0 && operation != LDAP_MOD_REPLACE)
        return;
    changes[*count] = talloc(owner, LDAPMod);
    *changes[(*count)++] = (LDAPMod){ .mod_op = operation | LDAP_MOD_BVALUES,
                                      .mod_type = (char *)(uintptr_t)attribute,
                                      .mod_vals.modv_bvals = values_of(owner, values, value_count) };
}

bool ldap_link_write(struct ldap_link *link, const char *dn, const struct ldap_write *writes, size_t count,
                     struct err *err)
{
    void *scratch = talloc_new(NULL);
    LDAPMod *changes[2 * WRITES_MAX + 1] = { NULL };
    LDAPMessage *answer;
    size_t used = 0;
    int id, code;
    bool ok;

    *err = ERR_INIT;
    for (size_t i = 0; i < count && i < WRITES_MAX; i++) {
        if (!writes[i].replaces_all)
            add_change(scratch, changes, &used, LDAP_MOD_DELETE, writes[i].attribute, writes[i].removed,
                       writes[i].removed_count);
        add_change(scratch, changes, &used, writes[i].replaces_all ? LDAP_MOD_REPLACE : LDAP_MOD_ADD,
                   writes[i].attribute, writes[i].added, writes[i].added_count);
    }
    code = ldap_modify_ext(link->ld, dn, changes, NULL, NULL, &id);
    ok = code == LDAP_SUCCESS
             ? link_answer(link, id, LDAP_MSG_ALL, &answer, err) && link_result(link, answer, "write", err)
             : link_fault(link, code, "write", NULL, err);
    talloc_free(scratch);
    return ok;
}
