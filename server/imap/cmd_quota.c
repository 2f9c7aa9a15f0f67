/*
 * cmd_quota.c -- GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208), resources STORAGE and MESSAGE.
 *
 * A mailbox has up to three roots, each where it has a limit: its own (""), its domain's and its organisation's. The latter two are
 * shown by their names, and only to those whose mailbox counts there. Limits are the administrator's: SETQUOTA is refused.
 */
#include "group/quota.h"
#include "imap/place.h"
#include "mailbox/folder.h"
#include "mailbox/rights.h"

static const struct {
    const char *name;
    size_t used, limit; /* offsets of int64_t in struct mailbox_usage; bytes */
} roots[] = {
    { "", offsetof(struct mailbox_usage, used_bytes), offsetof(struct mailbox_usage, quota_bytes) },
    { "domain", offsetof(struct mailbox_usage, domain_used_bytes),
      offsetof(struct mailbox_usage, domain_quota_bytes) },
    { "organisation", offsetof(struct mailbox_usage, organisation_used_bytes),
      offsetof(struct mailbox_usage, organisation_quota_bytes) },
};

static int64_t number_at(const struct mailbox_usage *usage, size_t offset)
{
    return *(const int64_t *)(const void *)((const char *)usage + offset);
}

/* A root without a limit is none: its list would be empty, which has no place in the grammar (RFC 9208, 7). */
static bool has_root(const struct mailbox_usage *usage, size_t i)
{
    return number_at(usage, roots[i].limit) > 0 || (i == 0 && usage->quota_messages > 0);
}

/* KiB; what is begun counts. */
static uint64_t kib(int64_t bytes)
{
    return ((uint64_t)bytes + 1023) / 1024;
}

static void add_resource(struct buf *out, const char *name, uint64_t used, uint64_t limit, bool *has_one)
{
    if (limit == 0)
        return;
    buf_add_format(out, "%s%s %llu %llu", *has_one ? " " : "", name, (unsigned long long)used,
                   (unsigned long long)limit);
    *has_one = true;
}

static void add_quota(struct imap_request *req, const struct mailbox_usage *usage, size_t i)
{
    struct buf *out = imap_out(req->session);
    bool has_one = false;

    buf_add_text(out, "* QUOTA ");
    imap_add_astring(req->session, out, span_text(roots[i].name));
    buf_add_text(out, " (");
    add_resource(out, "STORAGE", kib(number_at(usage, roots[i].used)), kib(number_at(usage, roots[i].limit)),
                 &has_one);
    if (i == 0)
        add_resource(out, "MESSAGE", (uint64_t)usage->used_messages, (uint64_t)usage->quota_messages,
                     &has_one);
    buf_add_text(out, ")\r\n");
}

static bool usage_of(struct mailbox *mailbox, struct mailbox_usage *usage, struct err *err)
{
    return mailbox_usage(mailbox_group(mailbox), mailbox_id(mailbox), usage, err);
}

enum session_next cmd_getquota(struct imap_request *req)
{
    struct mailbox_usage usage;
    struct err err = ERR_INIT;
    struct span name;

    if (!imap_take_space(&req->in) || !imap_take_astring(&req->in, &name) || !imap_at_end(&req->in))
        return imap_bad(req, "GETQUOTA takes a quota root.");
    if (!usage_of(req->session->own, &usage, &err))
        return imap_fail(req, &err);
    for (size_t i = 0; i < COUNT_OF(roots); i++)
        if (span_equals_text(name, roots[i].name) && has_root(&usage, i)) {
            add_quota(req, &usage, i);
            return imap_ok(req, NULL, "GETQUOTA done.");
        }
    return imap_no(req, "NONEXISTENT", "There is no such quota root.");
}

/* One's own name need not exist yet (RFC 9208, 4.1.2). Of a folder of somebody else only its existence is told: what they
 * have is theirs to know. */
enum session_next cmd_getquotaroot(struct imap_request *req)
{
    struct buf *out = imap_out(req->session);
    struct mailbox_usage usage;
    struct err err = ERR_INIT;
    struct imap_place place;
    bool is_bad = !imap_take_space(&req->in);
    unsigned rights;

    if (is_bad || !imap_take_place(req, &place, &is_bad, &err))
        return is_bad ? imap_bad(req, "GETQUOTAROOT takes a folder.") : imap_fail(req, &err);
    if (!imap_at_end(&req->in))
        return imap_bad(req, "GETQUOTAROOT takes a folder.");
    if ((!place.is_own && !rights_mine(place.mailbox, &req->session->reader, place.name, &rights, &err)) ||
        !usage_of(place.mailbox, &usage, &err))
        return imap_fail(req, &err);
    buf_add_text(out, "* QUOTAROOT ");
    imap_add_folder_name(req->session, out, place.shown);
    for (size_t i = 0; i < COUNT_OF(roots) && place.is_own; i++)
        if (has_root(&usage, i)) {
            buf_add_byte(out, ' ');
            imap_add_astring(req->session, out, span_text(roots[i].name));
        }
    buf_add_text(out, "\r\n");
    for (size_t i = 0; i < COUNT_OF(roots) && place.is_own; i++)
        if (has_root(&usage, i))
            add_quota(req, &usage, i);
    return imap_ok(req, NULL, "GETQUOTAROOT done.");
}

enum session_next cmd_setquota(struct imap_request *req)
{
    return imap_no(req, "NOPERM", "Limits are set by the administrator.");
}
