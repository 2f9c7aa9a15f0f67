/* company_change.c -- a new password in a company directory, and what it asks of one. */
#include "auth/company.h"
#include "directory/source.h"
#include "ldap/search.h"

#include <stdlib.h>
#include <strings.h>
#include <talloc.h>

enum { WAIT_MS = 8000 };
#define TICKS_PER_S INT64_C(10000000) /* AD counts in steps of 100 ns */
enum { AD_COMPLEX = 1 };              /* bit of pwdProperties */

static bool enter(struct auth *auth, const struct login *login, const struct source_use **use_out,
                  struct err *err)
{
    *use_out = NULL;
    if (auth->options.sources && login->dn &&
        source_enter(auth->options.sources, login->source_id, use_out, err))
        return true;
    return err_set(err, ERR_BUSY, "The company directory cannot be used now.");
}

bool company_change(struct auth *auth, const struct login *login, struct span old, struct span new,
                    struct err *err)
{
    const struct source_use *use;

    if (!enter(auth, login, &use, err))
        return false;
    enum ldap_change how =
        source_flavour(use->source) == FLAVOUR_AD ? LDAP_CHANGE_UNICODE : LDAP_CHANGE_EXTENDED;
    bool done = ldap_change_password(use->pool, how, login->dn, login->dn, old, new, WAIT_MS, err);
    source_leave(auth->options.sources, &use);
    return done;
}

static int64_t number(const struct ldap_entry *entry, const char *name)
{
    void *scratch = talloc_new(NULL);
    const char *text = ldap_entry_text(scratch, entry, name);
    int64_t value = text ? strtoll(text, NULL, 10) : 0;

    talloc_free(scratch);
    return value;
}

/* Negative, in steps of 100 ns; the smallest number is "never". */
static int64_t ad_seconds(const struct ldap_entry *entry, const char *name)
{
    int64_t ticks = number(entry, name);

    return ticks >= 0 || ticks == INT64_MIN ? 0 : -(ticks / TICKS_PER_S);
}

/* The entry of the whole domain: the part of the base that begins with its first DC. */
static const char *domain_of(const char *base)
{
    for (const char *p = base; *p; p++)
        if (strncasecmp(p, "DC=", 3) == 0 && (p == base || p[-1] == ',' || p[-1] == ' '))
            return p;
    return base;
}

static bool read_domain(struct ldap_link *link, const void *scratch, const struct source *source,
                        struct password_policy *policy, struct err *err)
{
    static const char *wanted[] = { "minPwdLength", "pwdProperties", "pwdHistoryLength",
                                    "minPwdAge",    "maxPwdAge",     NULL };
    const struct ldap_search search = {
        .base = domain_of(source->base), .scope = LDAP_BASE, .filter = "(objectClass=*)", .attributes = wanted
    };
    struct ldap_entry entry;

    if (!ldap_link_find(link, scratch, &search, &entry, err))
        return false;
    policy->is_known = ldap_entry_attribute(&entry, "minPwdLength") != NULL;
    policy->min_length = number(&entry, "minPwdLength");
    policy->is_complex = (number(&entry, "pwdProperties") & AD_COMPLEX) != 0;
    policy->history = number(&entry, "pwdHistoryLength");
    policy->min_age_s = ad_seconds(&entry, "minPwdAge");
    policy->max_age_s = ad_seconds(&entry, "maxPwdAge");
    return true;
}

/* draft-behera-ldap-password-policy: the person's entry names the policy that holds for it; else it is the only one that there
 * is. */
static bool read_subentry(struct ldap_link *link, const void *scratch, const struct source *source,
                          const struct login *login, struct password_policy *policy, struct err *err)
{
    static const char *pointer[] = { "pwdPolicySubentry", NULL };
    static const char *wanted[] = { "pwdMinLength", "pwdInHistory", "pwdMinAge", "pwdMaxAge", NULL };
    struct ldap_search search = {
        .base = login->dn, .scope = LDAP_BASE, .filter = "(objectClass=*)", .attributes = pointer
    };
    struct ldap_entry entry;

    if (!ldap_link_find(link, scratch, &search, &entry, err))
        return false;
    search.base = ldap_entry_text(scratch, &entry, "pwdPolicySubentry");
    search.attributes = wanted;
    if (!search.base) {
        search.base = source->base;
        search.scope = LDAP_SUBTREE;
        search.filter = "(objectClass=pwdPolicy)";
    }
    if (!ldap_link_find(link, scratch, &search, &entry, err))
        return (err->kind == ERR_NOT_FOUND || err->kind == ERR_CONFLICT) && (*err = ERR_INIT, true);
    policy->is_known = true;
    policy->min_length = number(&entry, "pwdMinLength");
    policy->history = number(&entry, "pwdInHistory");
    policy->min_age_s = number(&entry, "pwdMinAge");
    policy->max_age_s = number(&entry, "pwdMaxAge");
    return true;
}

bool company_policy(struct auth *auth, const void *owner, const struct login *login,
                    struct password_policy *policy_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    const struct source_use *use = NULL;
    struct ldap_link *link = NULL;

    *policy_out = (struct password_policy){ .is_elsewhere = true, .keeper = "" };
    bool done =
        enter(auth, login, &use, err) && ldap_link_take(use->pool, LDAP_LINK_SERVICE, WAIT_MS, &link, err);
    if (done) {
        policy_out->keeper = talloc_strdup(owner, use->source->name);
        done = source_flavour(use->source) == FLAVOUR_AD
                   ? read_domain(link, scratch, use->source, policy_out, err)
                   : read_subentry(link, scratch, use->source, login, policy_out, err);
    }
    ldap_link_release(&link);
    source_leave(auth->options.sources, &use);
    talloc_free(scratch);
    /* what cannot be read is the directory's secret, not a trouble of who asks */
    return done || ((err->kind == ERR_NOT_FOUND || err->kind == ERR_DENIED) && (*err = ERR_INIT, true));
}
