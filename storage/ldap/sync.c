/*
 * sync.c -- content synchronisation (RFC 4533) and DirSync, message by message.
 */
#include "ldap/sync.h"

#include "base/clock.h"
#include "ldap/entry.h"

#include <talloc.h>

/* syncStateValue (RFC 4533, 2.3); 1 and 2 are added and modified */
enum { LDAP_STATE_PRESENT = 0, LDAP_STATE_DELETE = 3 };
enum { POLL_MS = 100, PROBE_S = 20, PROBE_MS = 5000, FLUSH_MS = 400 };

struct running {
    struct ldap_link *link;
    const void *owner;
    struct ldap_sync *sync;
    int id;
    bool is_refreshed, is_over, is_dirty;
    int64_t heard_us, asked_us;
};

char *ldap_key_of(const void *owner, struct span uuid)
{
    static const char hex[] = "0123456789abcdef";
    char *key = talloc_zero_array(owner, char, LDAP_KEY_BYTES), *to = key;

    if (span_length(uuid) == 16) {
        for (const char *p = uuid.p; p < uuid.end; p++) {
            *to++ = hex[(unsigned char)*p >> 4];
            *to++ = hex[(unsigned char)*p & 15];
        }
        return key;
    }
    for (const char *p = uuid.p; p < uuid.end; p++) {
        char c = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;
        if (c == '-')
            continue;
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) || to == key + 32)
            break;
        *to++ = c;
    }
    if (to == key + 32)
        return key;
    talloc_free(key);
    return NULL;
}

static void keep_cookie(struct running *run, const struct berval *cookie)
{
    if (!cookie->bv_val || !cookie->bv_len)
        return;
    run->sync->cookie_now =
        span_of(span_copy(run->owner, span_of(cookie->bv_val, cookie->bv_len)), cookie->bv_len);
}

static bool tell(struct running *run, enum ldap_sync_event event, struct berval uuid,
                 const struct ldap_entry *entry, struct err *err)
{
    void *scratch = talloc_new(NULL);
    char *key = uuid.bv_val ? ldap_key_of(scratch, span_of(uuid.bv_val, uuid.bv_len)) : NULL;
    bool ok = (uuid.bv_val && !key) || run->sync->each(run->sync->arg, event, key, entry, err);

    run->is_dirty = run->is_dirty || event <= LDAP_TOLD_GONE;
    talloc_free(scratch);
    return ok;
}

/* ---- messages */

static bool broken(struct running *run, struct err *err)
{
    return link_fault(run->link, LDAP_DECODING_ERROR, "sync", NULL, err);
}

static bool take_entry(struct running *run, LDAPMessage *message, struct err *err)
{
    LDAPControl **controls = NULL, *control;
    BerElement *ber = NULL;
    struct berval uuid = { 0 }, cookie = { 0 };
    ber_int_t state = -1;
    struct ldap_entry entry;
    void *arena;
    bool ok;

    if (ldap_get_entry_controls(run->link->ld, message, &controls) != LDAP_SUCCESS)
        return broken(run, err);
    control = ldap_control_find(LDAP_CONTROL_SYNC_STATE, controls, NULL);
    ber = control ? ber_init(&control->ldctl_value) : NULL;
    if (!ber || ber_scanf(ber, "{em", &state, &uuid) == LBER_ERROR) {
        ber_free(ber, 1);
        ldap_controls_free(controls);
        return broken(run, err);
    }
    if (ber_peek_tag(ber, &(ber_len_t){ 0 }) == LBER_OCTETSTRING &&
        ber_scanf(ber, "m", &cookie) != LBER_ERROR)
        keep_cookie(run, &cookie);
    arena = talloc_new(NULL);
    if (state == LDAP_STATE_DELETE)
        ok = tell(run, LDAP_TOLD_GONE, uuid, NULL, err);
    else if (state == LDAP_STATE_PRESENT)
        ok = tell(run, LDAP_TOLD_PRESENT, uuid, NULL, err);
    else
        ok = entry_read(run->link, arena, message, &entry, err) &&
             (!entry.dn || tell(run, LDAP_TOLD_ENTRY, uuid, &entry, err));
    talloc_free(arena);
    ber_free(ber, 1);
    ldap_controls_free(controls);
    return ok;
}

static bool note_refreshed(struct running *run, struct err *err)
{
    if (run->is_refreshed)
        return true;
    run->is_refreshed = true;
    return tell(run, LDAP_TOLD_REFRESHED, (struct berval){ 0 }, NULL, err);
}

static bool take_ids(struct running *run, BerElement *ber, struct err *err)
{
    struct berval cookie = { 0 }, *uuids = NULL;
    ber_int_t deletes = 0;
    ber_len_t length;
    bool ok = true;

    if (ber_scanf(ber, "{") == LBER_ERROR)
        return broken(run, err);
    if (ber_peek_tag(ber, &length) == LBER_OCTETSTRING) {
        if (ber_scanf(ber, "m", &cookie) == LBER_ERROR)
            return broken(run, err);
        keep_cookie(run, &cookie);
    }
    if (ber_peek_tag(ber, &length) == LBER_BOOLEAN && ber_scanf(ber, "b", &deletes) == LBER_ERROR)
        return broken(run, err);
    if (ber_scanf(ber, "[W]", &uuids) == LBER_ERROR)
        return broken(run, err);
    for (size_t i = 0; ok && uuids && uuids[i].bv_val; i++)
        ok = tell(run, deletes ? LDAP_TOLD_GONE : LDAP_TOLD_PRESENT, uuids[i], NULL, err);
    ber_bvarray_free(uuids);
    return ok;
}

static bool take_phase(struct running *run, BerElement *ber, bool is_presence, struct err *err)
{
    struct berval cookie = { 0 };
    ber_int_t done = 1;
    ber_len_t length;

    if (ber_scanf(ber, "{") == LBER_ERROR)
        return broken(run, err);
    if (ber_peek_tag(ber, &length) == LBER_OCTETSTRING) {
        if (ber_scanf(ber, "m", &cookie) == LBER_ERROR)
            return broken(run, err);
        keep_cookie(run, &cookie);
    }
    if (ber_peek_tag(ber, &length) == LBER_BOOLEAN && ber_scanf(ber, "b", &done) == LBER_ERROR)
        return broken(run, err);
    run->sync->told_presence = run->sync->told_presence || is_presence;
    return !done || note_refreshed(run, err);
}

static bool take_information(struct running *run, LDAPMessage *message, struct err *err)
{
    struct berval *value = NULL, cookie;
    char *oid = NULL;
    BerElement *ber = NULL;
    ber_len_t length;
    bool ok = true;

    if (ldap_parse_intermediate(run->link->ld, message, &oid, &value, NULL, 0) != LDAP_SUCCESS)
        return broken(run, err);
    if (oid && value && strcmp(oid, LDAP_SYNC_INFO) == 0 && (ber = ber_init(value)) != NULL)
        switch (ber_peek_tag(ber, &length)) {
        case LDAP_TAG_SYNC_NEW_COOKIE:
            if (ber_scanf(ber, "tm", &(ber_tag_t){ 0 }, &cookie) != LBER_ERROR)
                keep_cookie(run, &cookie);
            break;
        case LDAP_TAG_SYNC_REFRESH_DELETE:
            ok = take_phase(run, ber, false, err);
            break;
        case LDAP_TAG_SYNC_REFRESH_PRESENT:
            ok = take_phase(run, ber, true, err);
            break;
        case LDAP_TAG_SYNC_ID_SET:
            ok = take_ids(run, ber, err);
            break;
        default:
            break;
        }
    ber_free(ber, 1);
    ber_bvfree(value);
    ldap_memfree(oid);
    return ok;
}

static bool take_result(struct running *run, LDAPMessage *message, struct err *err)
{
    LDAPControl **controls = NULL, *control;
    int code = LDAP_DECODING_ERROR;
    char *diagnostic = NULL;
    struct berval cookie = { 0 };
    ber_int_t deletes = 0;
    ber_len_t length;
    BerElement *ber;

    run->is_over = true;
    if (ldap_parse_result(run->link->ld, message, &code, NULL, &diagnostic, NULL, &controls, 0) !=
        LDAP_SUCCESS)
        return broken(run, err);
    control = ldap_control_find(LDAP_CONTROL_SYNC_DONE, controls, NULL);
    ber = control ? ber_init(&control->ldctl_value) : NULL;
    if (ber && ber_scanf(ber, "{") != LBER_ERROR) {
        if (ber_peek_tag(ber, &length) == LBER_OCTETSTRING && ber_scanf(ber, "m", &cookie) != LBER_ERROR)
            keep_cookie(run, &cookie);
        if (ber_peek_tag(ber, &length) == LBER_BOOLEAN)
            (void)ber_scanf(ber, "b", &deletes);
    }
    ber_free(ber, 1);
    ldap_controls_free(controls);
    if (code == LDAP_SYNC_REFRESH_REQUIRED) {
        err_log(err, "%s: refresh required", run->link->url);
        err_set(err, ERR_CONFLICT, "The directory has forgotten what was read from it.");
    } else if (code != LDAP_SUCCESS) {
        link_fault(run->link, code, "sync", diagnostic, err);
    }
    ldap_memfree(diagnostic);
    if (code != LDAP_SUCCESS)
        return false;
    run->sync->told_presence = run->sync->told_presence || !deletes;
    return note_refreshed(run, err);
}

static bool take(struct running *run, LDAPMessage *message, struct err *err)
{
    bool ok = true;

    run->heard_us = clock_monotonic_us();
    switch (ldap_msgtype(message)) {
    case LDAP_RES_SEARCH_ENTRY:
        ok = take_entry(run, message, err);
        break;
    case LDAP_RES_INTERMEDIATE:
        ok = take_information(run, message, err);
        break;
    case LDAP_RES_SEARCH_RESULT:
        ok = take_result(run, message, err);
        break;
    default:
        break;
    }
    ldap_msgfree(message);
    return ok;
}

/* ---- the operation */

static bool begin(struct running *run, struct err *err)
{
    struct ldap_sync *sync = run->sync;
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    struct berval value = { 0 }, cookie = { span_length(sync->cookie), (char *)(uintptr_t)sync->cookie.p };
    LDAPControl *control = NULL, *controls[2] = { NULL };
    int code = LDAP_NO_MEMORY, mode = sync->persists ? LDAP_SYNC_REFRESH_AND_PERSIST : LDAP_SYNC_REFRESH_ONLY;

    if (ber &&
        (span_is_empty(sync->cookie) ? ber_printf(ber, "{e}", mode)
                                     : ber_printf(ber, "{eO}", mode, &cookie)) != -1 &&
        ber_flatten2(ber, &value, 0) != -1)
        code = ldap_control_create(LDAP_CONTROL_SYNC, 1, &value, 1, &control);
    controls[0] = control;
    if (code == LDAP_SUCCESS)
        code = ldap_search_ext(run->link->ld, sync->base, LDAP_SCOPE_SUBTREE, sync->filter,
                               (char **)(uintptr_t)sync->attributes, 0, controls, NULL, NULL, 0, &run->id);
    ldap_control_free(control);
    ber_free(ber, 1);
    return code == LDAP_SUCCESS || link_fault(run->link, code, "sync", NULL, err);
}

/* While nothing happens: is the server still there? A persistent search says nothing of that. */
static bool probe(struct running *run, struct err *err)
{
    char *names[] = { (char *)(uintptr_t) "1.1", NULL };
    LDAPMessage *answer;
    int id, code;

    run->heard_us = clock_monotonic_us();
    ldap_link_extend(run->link, PROBE_MS);
    code = ldap_search_ext(run->link->ld, "", LDAP_SCOPE_BASE, "(objectClass=*)", names, 0, NULL, NULL, NULL,
                           1, &id);
    if (code != LDAP_SUCCESS)
        return link_fault(run->link, code, "probe", NULL, err);
    return link_answer(run->link, id, LDAP_MSG_ALL, &answer, err) &&
           link_result(run->link, answer, "probe", err);
}

static bool idle(struct running *run, struct err *err)
{
    int64_t now = clock_monotonic_us();

    if (run->is_refreshed && run->is_dirty && now > run->heard_us + POLL_MS * 1000) {
        run->is_dirty = false;
        if (!tell(run, LDAP_TOLD_IDLE, (struct berval){ 0 }, NULL, err))
            return false;
    }
    if (!run->is_refreshed && now > run->heard_us + (int64_t)run->link->answer_ms * 1000)
        return link_fault(run->link, LDAP_TIMEOUT, "sync", NULL, err);
    return now < run->heard_us + PROBE_S * US_PER_S || probe(run, err);
}

/* True where it is to go on. */
static bool wants_more(struct running *run)
{
    int64_t now = clock_monotonic_us();

    if (now < run->asked_us + FLUSH_MS * 1000)
        return true;
    run->asked_us = now;
    return run->sync->goes_on(run->sync->arg);
}

bool ldap_link_sync(struct ldap_link *link, const void *owner, struct ldap_sync *sync, struct err *err)
{
    struct running run = { .link = link, .owner = owner, .sync = sync, .heard_us = clock_monotonic_us() };
    bool ok;

    *err = ERR_INIT;
    sync->cookie_now = sync->cookie;
    sync->told_presence = false;
    ok = begin(&run, err);
    while (ok && !run.is_over && wants_more(&run)) {
        struct timeval wait = { .tv_usec = POLL_MS * 1000 };
        LDAPMessage *message = NULL;
        int type = ldap_result(link->ld, run.id, LDAP_MSG_ONE, &wait, &message);
        if (type < 0)
            ok = link_fault(link, LDAP_SERVER_DOWN, "sync", NULL, err);
        else
            ok = type == 0 ? idle(&run, err) : take(&run, message, err);
    }
    if (!run.is_over && !link->is_broken)
        ldap_abandon_ext(link->ld, run.id, NULL, NULL);
    return ok;
}

/* ---- DirSync (MS-ADTS, 3.1.1.3.4.1.3) */

static const char DIRSYNC[] = "1.2.840.113556.1.4.841";
enum { DIRSYNC_OBJECT_SECURITY = 1, DIRSYNC_BYTES = 1 << 20 };

static LDAPControl *dirsync_control(struct span cookie)
{
    struct berval value = { 0 },
                  bytes = { span_length(cookie), (char *)(uintptr_t)(cookie.p ? cookie.p : "") };
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    LDAPControl *control = NULL;

    if (ber && ber_printf(ber, "{iiO}", DIRSYNC_OBJECT_SECURITY, DIRSYNC_BYTES, &bytes) != -1 &&
        ber_flatten2(ber, &value, 0) != -1)
        (void)ldap_control_create(DIRSYNC, 1, &value, 1, &control);
    ber_free(ber, 1);
    return control;
}

static bool take_dirsync_result(struct running *run, LDAPMessage *message, bool *has_more, struct err *err)
{
    LDAPControl **controls = NULL, *control;
    ber_int_t more = 0, unused;
    struct berval cookie = { 0 };
    BerElement *ber;
    bool ok = true;

    if (ldap_parse_result(run->link->ld, message, NULL, NULL, NULL, NULL, &controls, 0) != LDAP_SUCCESS)
        return broken(run, err);
    control = ldap_control_find(DIRSYNC, controls, NULL);
    ber = control ? ber_init(&control->ldctl_value) : NULL;
    if (ber) {
        ok = ber_scanf(ber, "{iim", &more, &unused, &cookie) != LBER_ERROR || broken(run, err);
        keep_cookie(run, &cookie);
    }
    ber_free(ber, 1);
    ldap_controls_free(controls);
    *has_more = more != 0;
    return ok;
}

static bool dirsync_entry(struct running *run, LDAPMessage *message, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct ldap_entry entry;
    bool ok = entry_read(run->link, arena, message, &entry, err);
    const struct ldap_attribute *guid = ok ? ldap_entry_attribute(&entry, "objectGUID") : NULL;

    if (guid && guid->count && entry.dn)
        ok = tell(run, LDAP_TOLD_ENTRY,
                  (struct berval){ span_length(guid->values[0]), (char *)(uintptr_t)guid->values[0].p },
                  &entry, err);
    talloc_free(arena);
    return ok;
}

bool ldap_link_dirsync(struct ldap_link *link, const void *owner, struct ldap_sync *sync, bool *has_more,
                       struct err *err)
{
    struct running run = { .link = link, .owner = owner, .sync = sync };
    LDAPControl *control = dirsync_control(sync->cookie), *controls[] = { control, NULL };
    bool ok;
    int code;

    *err = ERR_INIT;
    *has_more = false;
    sync->cookie_now = sync->cookie;
    code = ldap_search_ext(link->ld, sync->base, LDAP_SCOPE_SUBTREE, sync->filter,
                           (char **)(uintptr_t)sync->attributes, 0, controls, NULL, NULL, 0, &run.id);
    ldap_control_free(control);
    ok = code == LDAP_SUCCESS || link_fault(link, code, "dirsync", NULL, err);
    while (ok && !run.is_over) {
        LDAPMessage *message;
        ok = link_answer(link, run.id, LDAP_MSG_ONE, &message, err);
        if (!ok)
            break;
        if (ldap_msgtype(message) == LDAP_RES_SEARCH_ENTRY) {
            ok = dirsync_entry(&run, message, err);
        } else if (ldap_msgtype(message) == LDAP_RES_SEARCH_RESULT) {
            run.is_over = true;
            ok = take_dirsync_result(&run, message, has_more, err);
            ok = link_result(link, message, "dirsync", err) && ok;
            continue; /* link_result() has taken it */
        }
        ldap_msgfree(message);
    }
    return ok;
}
