/*
 * updates.c -- see updates.h.
 *
 * What lies between two views is collected as sets, then written from them in pieces: a set of a hundred thousand
 * messages is a few runs, and the writer can stop anywhere.
 */
#include "imap/updates.h"

#include "imap/fetch.h"
#include "imap/notify.h"
#include "imap/reply.h"
#include "mailbox/flags.h"

#include <talloc.h>

enum phase { SAY_EXPUNGED, SAY_VANISHED, SAY_COUNT, SAY_KEYWORDS, SAY_FLAGS, SAID };

struct imap_updates {
    enum phase phase;
    struct uid_set expunged; /* numbers in the old view */
    size_t expunged_run;     /* runs still to be said: the highest number goes first */
    struct uid_set vanished; /* UIDs */
    struct uid_set changed;  /* UIDs */
    struct view_select select;
    bool has_new;
};

struct collector {
    struct imap_updates *updates;
    const struct imap_selected *selected;
};

static void on_vanished(void *arg, const struct uid_set *uids)
{
    struct collector *collector = arg;

    uid_set_add_all(&collector->updates->vanished, uids);
}

/* True where the change is ours and led to what the client expects. */
static bool is_known(const struct imap_selected *selected, const struct view_message *message,
                     uint64_t old_flags)
{
    for (size_t i = 0; i < selected->own_count; i++) {
        const struct imap_own_change *own = &selected->own[i];

        if (own->modseq == message->modseq)
            return message->flags == ((old_flags & ~own->clear_bits) | own->set_bits);
    }
    return false;
}

static void on_flags(void *arg, const struct view_message *message, uint64_t old_flags)
{
    struct collector *collector = arg;

    if (!is_known(collector->selected, message, old_flags))
        uid_set_add_one(&collector->updates->changed, message->uid);
}

static void on_appended(void *arg, uint32_t first_uid, uint32_t count)
{
    struct collector *collector = arg;

    (void)first_uid;
    (void)count;
    collector->updates->has_new = true;
}

/* What of the newest view the client may see now. Takes over the reference. */
static struct view *picture_of(const struct imap_session *session, enum imap_expunges expunges,
                               struct view *latest)
{
    const struct view *told = session->selected->told;
    unsigned muted = imap_notify_muted(session);
    struct view *next = latest;

    if (expunges == EXPUNGES_ARE_HELD || (expunges != EXPUNGES_ARE_ASKED && (muted & MUTED_EXPUNGES))) {
        next = view_keep_expunged(told, latest);
        view_release(&latest);
    }
    if (muted & MUTED_NEW) {
        latest = next;
        next = view_without_new(latest, view_uidnext(told));
        view_release(&latest);
    }
    return next;
}

void imap_updates_begin_with(struct imap_session *session, enum imap_expunges expunges, struct view *latest)
{
    struct imap_selected *selected = session->selected;
    struct imap_updates *updates;
    struct collector collector;
    struct view *next;

    if (session->updates || latest == selected->told) {
        view_release(&latest);
        return;
    }
    next = picture_of(session, expunges, latest);
    updates = talloc_zero(session_memory(session->net), struct imap_updates);
    updates->vanished = updates->changed = UID_SET_INIT(updates);
    collector = (struct collector){ updates, selected };
    view_diff(selected->told, next,
              &(struct view_diff){ .expunged_uids = on_vanished,
                                   .flags = imap_notify_muted(session) & MUTED_FLAGS ? NULL : on_flags,
                                   .appended = on_appended,
                                   .arg = &collector });
    updates->expunged = view_numbers_of(updates, selected->told, &updates->vanished);
    updates->expunged_run = updates->expunged.count;
    view_release(&selected->told);
    selected->told = next;
    selected->own_count = 0;
    session->updates = updates;
}

bool imap_updates_begin(struct imap_session *session, enum imap_expunges expunges,
                        enum view_freshness freshness)
{
    struct imap_selected *selected = session->selected;
    struct view *latest = NULL;
    struct err err = ERR_INIT;

    if (!selected || session->updates)
        return true;
    if (!imap_selected_is_still_readable(session)) {
        imap_bye(session, NULL, "The selected folder was deleted.");
        return false;
    }
    if (view_latest(selected->mailbox, selected->folder_id, freshness, &latest, &err)) {
        imap_updates_begin_with(session, expunges, latest);
        return true;
    }
    if (err.kind != ERR_NOT_FOUND) {
        if (!imap_session_is_due(session) || imap_session_still_valid(session))
            return true;
        imap_bye(session, "UNAVAILABLE", "The mailbox was moved, log in again.");
        return false;
    }
    imap_bye(session, NULL, "The selected folder was deleted.");
    return false;
}

void imap_updates_own(struct imap_session *session, uint64_t modseq, uint64_t clear_bits, uint64_t set_bits)
{
    struct imap_selected *selected = session->selected;

    if (selected->own_count < IMAP_OWN_CHANGES)
        selected->own[selected->own_count++] = (struct imap_own_change){ modseq, clear_bits, set_bits };
}

bool imap_claim_recent(struct imap_session *session, const struct view *view)
{
    struct imap_selected *selected = session->selected;
    struct err err = ERR_INIT;
    uint32_t first;

    if (imap_has(session, ENABLED_REV2) || selected->is_read_only)
        return false;
    if (!folder_claim_recent(selected->mailbox, selected->folder_id, &first, &err))
        return false;
    if (first < view_uidnext(view))
        uid_set_add(&selected->recent, first, view_uidnext(view) - 1);
    return true;
}

static uint32_t recent_count(const struct imap_selected *selected)
{
    uint32_t count = 0;

    for (size_t i = 0; i < selected->recent.count; i++)
        count += view_count_below(selected->told, selected->recent.runs[i].last + 1) -
                 view_count_below(selected->told, selected->recent.runs[i].first);
    return count;
}

static void say_number(struct buf *out, uint64_t number, const char *word)
{
    buf_add_text(out, "* ");
    buf_add_u64(out, number);
    buf_add_text(out, word);
}

/* False: the output is full. */
static bool say_expunged(struct imap_session *session, struct imap_updates *updates)
{
    struct buf *out = imap_out(session);

    while (updates->expunged_run > 0) {
        struct uid_run *run = &updates->expunged.runs[updates->expunged_run - 1];

        for (; run->last >= run->first; run->last--) {
            if (session_output_is_full(session->net))
                return false;
            say_number(out, run->last, " EXPUNGE\r\n");
        }
        updates->expunged_run--;
    }
    return true;
}

static void say_vanished(struct imap_session *session, struct imap_updates *updates)
{
    struct buf *out = imap_out(session);

    if (uid_set_is_empty(&updates->vanished))
        return;
    buf_add_text(out, "* VANISHED ");
    imap_add_set(out, &updates->vanished);
    buf_add_text(out, "\r\n");
}

void imap_updates_write_recent(struct imap_session *session, enum imap_recent_when when)
{
    struct imap_selected *selected = session->selected;
    uint32_t count = recent_count(selected);

    if (imap_has(session, ENABLED_REV2) || (when == RECENT_WHEN_CHANGED && count == selected->recent_told))
        return;
    say_number(imap_out(session), count, " RECENT\r\n");
    selected->recent_told = count;
}

static void say_count(struct imap_session *session, struct imap_updates *updates)
{
    struct imap_selected *selected = session->selected;

    if (updates->has_new) {
        say_number(imap_out(session), view_count(selected->told), " EXISTS\r\n");
        (void)imap_claim_recent(session, selected->told);
    }
    imap_updates_write_recent(session, updates->has_new ? RECENT_ALWAYS : RECENT_WHEN_CHANGED);
}

void imap_updates_write_flags(struct imap_session *session, const struct view *view)
{
    struct imap_selected *selected = session->selected;
    const struct keyword_table *keywords = view_keywords(view);
    uint64_t system = FLAG_ANSWERED | FLAG_FLAGGED | FLAG_DELETED | FLAG_SEEN | FLAG_DRAFT;
    uint64_t all =
        system | (keywords->count >= 56 ? FLAGS_KEYWORDS
                                        : ((UINT64_C(1) << keywords->count) - 1) << KEYWORD_FIRST_BIT);
    uint64_t permanent = selected->is_read_only ? 0 : all & flags_allowed(selected->rights);
    struct buf *out = imap_out(session);

    buf_add_text(out, "* FLAGS (");
    imap_add_flags(out, keywords, all, IMAP_NOT_RECENT);
    buf_add_text(out, ")\r\n* OK [PERMANENTFLAGS (");
    imap_add_flags(out, keywords, permanent, IMAP_NOT_RECENT);
    if (!selected->is_read_only && (selected->rights & RIGHT_WRITE) && keywords->count < KEYWORDS_MAX)
        buf_add_text(out, " \\*");
    buf_add_text(out, ")] These flags can be changed.\r\n");
    selected->keywords_told = keywords->count;
}

static bool say_flags(struct imap_session *session, struct imap_updates *updates)
{
    struct buf *out = imap_out(session);
    struct view_message message;

    while (!session_output_is_full(session->net)) {
        if (!view_select_next(&updates->select, &message))
            return true;
        imap_fetch_add_flags_line(session, out, &message);
    }
    return false;
}

/* One phase of the news; false: the output is full in the middle of it. */
static bool say_phase(struct imap_session *session, struct imap_updates *updates)
{
    bool says_vanished = imap_has(session, ENABLED_QRESYNC | ENABLED_UIDONLY);

    switch (updates->phase) {
    case SAY_EXPUNGED:
        return says_vanished || say_expunged(session, updates);
    case SAY_VANISHED:
        if (says_vanished)
            say_vanished(session, updates);
        return true;
    case SAY_COUNT:
        say_count(session, updates);
        return true;
    case SAY_KEYWORDS:
        if (view_keywords(session->selected->told)->count > session->selected->keywords_told)
            imap_updates_write_flags(session, session->selected->told);
        updates->select = view_select_uids(session->selected->told, &updates->changed);
        return true;
    case SAY_FLAGS:
        return say_flags(session, updates);
    case SAID:
        break;
    }
    return true;
}

bool imap_updates_step(struct imap_session *session)
{
    struct imap_updates *updates = session->updates;

    if (!updates)
        return true;
    for (; updates->phase < SAID; updates->phase++)
        if (!say_phase(session, updates))
            return false;
    TALLOC_FREE(session->updates);
    return true;
}
