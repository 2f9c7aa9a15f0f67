/*
 * search.c -- a search, page by page (RFC 2696), entry by entry.
 */
#include "ldap/search.h"

#include "ldap/entry.h"

#include <talloc.h>

enum { ENTRY_ARENA = 16 * 1024, ALLOWED_PAGE_MS = 60000 };

struct run {
    struct ldap_link *link;
    const struct ldap_search *search;
    ldap_each *each;
    void *arg;
    uint64_t seen;
    struct berval cookie;
    unsigned lifetime_ms;
};

static bool hand_over(struct run *run, LDAPMessage *message, struct err *err)
{
    void *arena = talloc_pool(NULL, ENTRY_ARENA);
    struct ldap_entry entry;
    bool ok = entry_read(run->link, arena, message, &entry, err);

    run->seen++;
    if (ok && run->search->size_limit && run->seen > run->search->size_limit)
        ok = err_set(err, ERR_LIMIT, "There are more than %u entries.", run->search->size_limit);
    if (ok && entry.dn)
        ok = run->each(run->arg, &entry, err);
    talloc_free(arena);
    return ok;
}

static void take_cookie(struct run *run, LDAPMessage *result)
{
    LDAPControl **controls = NULL, *control;
    ber_int_t estimate;

    ber_memfree(run->cookie.bv_val);
    run->cookie = (struct berval){ 0 };
    if (ldap_parse_result(run->link->ld, result, NULL, NULL, NULL, NULL, &controls, 0) != LDAP_SUCCESS)
        return;
    control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (control &&
        ldap_parse_pageresponse_control(run->link->ld, control, &estimate, &run->cookie) != LDAP_SUCCESS)
        run->cookie = (struct berval){ 0 };
    ldap_controls_free(controls);
}

/* All messages of one page. Referrals to other servers are passed over. */
static bool receive(struct run *run, int id, struct err *err)
{
    bool is_done = false, ok = true;

    while (!is_done) {
        LDAPMessage *message;
        if (!link_answer(run->link, id, LDAP_MSG_ONE, &message, err))
            return false;
        switch (ldap_msgtype(message)) {
        case LDAP_RES_SEARCH_ENTRY:
            ok = hand_over(run, message, err);
            ldap_msgfree(message);
            if (ok)
                break;
            if (!run->link->is_broken)
                ldap_abandon_ext(run->link->ld, id, NULL, NULL);
            return false;
        case LDAP_RES_SEARCH_RESULT:
            is_done = true;
            take_cookie(run, message);
            if (!link_result(run->link, message, "search", err))
                return false;
            break;
        default:
            ldap_msgfree(message);
            break;
        }
    }
    return true;
}

static LDAPControl *deleted_control(void)
{
    LDAPControl *control = NULL;
    struct berval none = { 0, NULL };

    (void)ldap_control_create("1.2.840.113556.1.4.417", 1, &none, 1, &control);
    return control;
}

static bool ask_page(struct run *run, struct err *err)
{
    static const int scopes[] = { [LDAP_BASE] = LDAP_SCOPE_BASE,
                                  [LDAP_ONE_LEVEL] = LDAP_SCOPE_ONELEVEL,
                                  [LDAP_SUBTREE] = LDAP_SCOPE_SUBTREE };
    const struct ldap_search *search = run->search;
    LDAPControl *paging = NULL, *deleted = search->shows_deleted ? deleted_control() : NULL,
                *controls[3] = { NULL };
    struct timeval limit = { .tv_sec = search->time_limit_s };
    size_t count = 0;
    int id, code = LDAP_SUCCESS;

    if (search->page_size)
        code =
            ldap_create_page_control(run->link->ld, (ber_int_t)search->page_size, &run->cookie, 0, &paging);
    if (paging)
        controls[count++] = paging;
    if (deleted)
        controls[count++] = deleted;
    if (code == LDAP_SUCCESS)
        code = ldap_search_ext(run->link->ld, search->base, scopes[search->scope], search->filter,
                               (char **)(uintptr_t)search->attributes, 0, controls, NULL,
                               search->time_limit_s ? &limit : NULL, 0, &id);
    ldap_control_free(paging);
    ldap_control_free(deleted);
    if (code != LDAP_SUCCESS)
        return link_fault(run->link, code, "search", NULL, err);
    return receive(run, id, err);
}

bool ldap_link_search(struct ldap_link *link, const struct ldap_search *search, ldap_each *each, void *arg,
                      struct err *err)
{
    struct run run = { .link = link, .search = search, .each = each, .arg = arg };
    bool ok;

    *err = ERR_INIT;
    do {
        ok = ask_page(&run, err);
        if (ok && run.cookie.bv_len)
            ldap_link_extend(link, ALLOWED_PAGE_MS);
    } while (ok && run.cookie.bv_len);
    ber_memfree(run.cookie.bv_val);
    return ok;
}

struct finding {
    const void *owner;
    struct ldap_entry *entry;
    size_t count;
};

static bool keep_first(void *arg, const struct ldap_entry *entry, struct err *err)
{
    struct finding *finding = arg;

    if (finding->count++ > 0)
        return err_set(err, ERR_CONFLICT, "Several entries of the directory match.");
    entry_copy(finding->owner, entry, finding->entry);
    return true;
}

bool ldap_link_find(struct ldap_link *link, const void *owner, const struct ldap_search *search,
                    struct ldap_entry *entry_out, struct err *err)
{
    struct finding finding = { .owner = owner, .entry = entry_out };

    return ldap_link_search(link, search, keep_first, &finding, err) &&
           (finding.count == 1 || err_set(err, ERR_NOT_FOUND, "The directory has no such entry."));
}
