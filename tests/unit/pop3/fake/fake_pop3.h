/*
 * fake_pop3.h -- a POP3 session without sockets, threads and databases, for unit tests and the fuzz target.
 *
 * Stands in for server/session, SASL, the stores: it defines their functions, so exactly one source of a program
 * includes it. Bytes go in through fake_feed(), in pieces of any size; replies come out of fake.output. The world:
 *
 *   ada@example.org / secret    five messages, UIDs 3, 4, 7, 8, 9: small, with dots, without a last line end, of 600 kB,
 *                               with an international address
 *   bob@example.org             POP3 is not allowed; slow@example.org: the directory is down
 *   full@example.org            throttled
 *   AUTH PLAIN                  \0name\0password as above; LOGIN asks for both
 */
#ifndef FAKE_POP3_H
#define FAKE_POP3_H

#include "fake/fake_auth.h"
#include "group/group.h"
#include "mailbox/expunge.h"
#include "mailbox/fetched.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "mailbox/maildrop_lock.h"
#include "message/message.h"
#include "pop3/command.h"
#include "pop3/maildrop.h"

#include <stdlib.h>
#include <talloc.h>

enum { FAKE_MESSAGES = 5, FAKE_LARGE = 600000 };

#define FAKE_SESSION_OWN                                                                                     \
    struct pop3_context context;                                                                             \
    size_t output_max; /* session_output_is_full() above it */                                               \
    bool drops_output; /* the client reads all and says nothing of it */                                     \
    unsigned yields;                                                                                         \
    char expunged[100], seen[100]; /* UIDs */                                                                \
    enum err_kind expunge_fails;
#include "kit/fake_session.h"
static char fake_large[FAKE_LARGE];
static struct span fake_messages[FAKE_MESSAGES];

static inline void fake_write_messages(void)
{
    static const char small[] = "From: a@example.org\r\nSubject: one\r\n\r\nline 1\r\nline 2\r\nline 3\r\n";
    static const char dots[] = ".From: x\r\n\r\n.\r\n..\r\n.x\r\nx.\r\n\n.\r\n";
    static const char open_end[] = "Subject: no end\r\n\r\nlast line";
    static const char foreign[] = "From: =?utf-8?q?a?= <j\xc3\xb6rg@example.org>\r\n\r\nx\r\n";

    if (fake_messages[0].p)
        return;
    memcpy(fake_large, "Subject: large\r\n\r\n", 18);
    for (size_t i = 18; i < FAKE_LARGE; i++)
        fake_large[i] = (i - 18) % 62 == 60   ? '\r'
                        : (i - 18) % 62 == 61 ? '\n'
                        : (i - 18) % 62 == 0  ? '.'
                                              : 'x';
    fake_messages[0] = span_text(small);
    fake_messages[1] = span_text(dots);
    fake_messages[2] = span_text(open_end);
    fake_messages[3] = span_of(fake_large, FAKE_LARGE);
    fake_messages[4] = span_text(foreign);
}

static inline void fake_open(void)
{
    fake_write_messages();
    fake_login_ends = ERR_NONE;
    fake_begin(&pop3_protocol);
    fake.output_max = 256 * 1024;
    fake.can_start_tls = true;
    pop3_protocol.open(&fake);
}

static inline void fake_close(void)
{
    pop3_protocol.closed(&fake);
    talloc_free(fake.memory);
}

static inline void fake_run(struct span unit)
{
    enum session_next next;

    (void)pop3_protocol.is_cheap(&fake, unit);
    while ((next = pop3_protocol.run(&fake, unit)) == SESSION_MORE) {
        fake.yields++;
        fake.output_max = fake.output.length + 256 * 1024; /* the client has read */
    }
    fake_ran(next);
    if (fake.drops_output)
        buf_clear(&fake.output);
}

static bool fake_step(void)
{
    struct span in = fake_unused();
    size_t length;

    if (fake.is_closed || span_is_empty(in))
        return false;
    switch (pop3_protocol.frame(&fake, in, &length)) {
    case FRAME_UNIT:
        fake.used += length;
        fake_run(span_part(in, 0, length));
        return true;
    case FRAME_SKIP:
        fake.used += length;
        return true;
    case FRAME_CLOSE:
        fake.is_closed = true;
        return false;
    default:
        if (span_length(in) >= pop3_protocol.unit_max)
            abort(); /* frame() must deal with long lines itself */
        return false;
    }
}

/* ---- server/session */

void session_printf(struct session *session, const char *text_format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, text_format);
    text = talloc_vasprintf(session->arena, text_format, arguments);
    va_end(arguments);
    buf_add_text(&session->output, text);
}
bool session_output_is_full(const struct session *session)
{
    return session->output.length >= session->output_max;
}
void session_beside(struct session *session, void (*function)(void *), void *argument)
{
    (void)session;
    function(argument);
}
bool session_start_tls(struct session *session)
{
    session->is_tls = session->may_login = true;
    pop3_protocol.tls_started(session);
    session->used = session->input.length; /* what came along is thrown away */
    return true;
}
bool stream_channel_binding(const struct stream *stream, enum stream_binding type,
                            uint8_t out[STREAM_BINDING_MAX], size_t *length_out)
{
    (void)stream;
    memset(out, (int)type, 32);
    *length_out = 32;
    return true;
}

/* ---- storage */

struct mailbox {
    int unused;
};
static struct mailbox fake_mailbox;
static const uint32_t fake_uids[FAKE_MESSAGES] = { 3, 4, 7, 8, 9 };

bool group_find(struct groups *groups, int64_t storage_group_id, struct group **group_out, struct err *err)
{
    (void)groups;
    (void)storage_group_id;
    (void)err;
    *group_out = NULL;
    return true;
}
void fetched_note(struct fetched *fetched, struct group *group, const struct fetched_message *message)
{
    (void)fetched;
    (void)group;
    (void)message;
}
bool maildrop_lock_take(struct group *group, int64_t mailbox_id, struct err *err)
{
    (void)group;
    (void)mailbox_id;
    (void)err;
    return true;
}
void maildrop_lock_release(struct group *group, int64_t mailbox_id)
{
    (void)group;
    (void)mailbox_id;
}
bool mailbox_open(struct mailbox_cache *cache, struct group *group, int64_t mailbox_id,
                  struct mailbox **mailbox_out, struct err *err)
{
    (void)cache;
    (void)group;
    (void)mailbox_id;
    (void)err;
    *mailbox_out = &fake_mailbox;
    return true;
}
void mailbox_close(struct mailbox **mailbox)
{
    *mailbox = NULL;
}
struct group *mailbox_group(const struct mailbox *mailbox)
{
    (void)mailbox;
    return NULL;
}
bool folder_find(struct mailbox *mailbox, const struct mailbox_reader *reader, const char *name,
                 unsigned rights, const void *owner, struct folder **folder_out, struct err *err)
{
    (void)mailbox;
    (void)reader;
    (void)name;
    (void)rights;
    (void)err;
    *folder_out = talloc_zero(owner, struct folder);
    return true;
}

struct view {
    int unused;
};
static struct view fake_view;

bool view_latest(struct mailbox *mailbox, int64_t folder_id, enum view_freshness freshness,
                 struct view **view_out, struct err *err)
{
    (void)mailbox;
    (void)folder_id;
    (void)freshness;
    (void)err;
    *view_out = &fake_view;
    return true;
}
void view_release(struct view **view)
{
    *view = NULL;
}
uint32_t view_uidvalidity(const struct view *view)
{
    (void)view;
    return 0x1234;
}
uint32_t view_count(const struct view *view)
{
    (void)view;
    return FAKE_MESSAGES;
}
uint64_t view_bytes(const struct view *view)
{
    uint64_t bytes = 0;
    (void)view;
    for (int i = 0; i < FAKE_MESSAGES; i++)
        bytes += span_length(fake_messages[i]);
    return bytes;
}
bool view_at(const struct view *view, uint32_t number, struct view_message *message_out)
{
    (void)view;
    if (number < 1 || number > FAKE_MESSAGES)
        return false;
    *message_out = (struct view_message){ .uid = fake_uids[number - 1],
                                          .number = number,
                                          .size = (uint32_t)span_length(fake_messages[number - 1]),
                                          .flags = number == 2 ? FLAG_SEEN : 0,
                                          .message_id = number };
    return true;
}
struct view_at view_from(const struct view *view, uint32_t number)
{
    return (struct view_at){ .view = view, .number = number };
}
bool view_next(struct view_at *at, struct view_message *message_out)
{
    return view_at(at->view, at->number++, message_out);
}

bool message_read(struct group *group, const void *owner, int64_t message_id, uint64_t offset, size_t length,
                  struct span *bytes_out, struct err *err)
{
    struct span part = span_part(fake_messages[message_id - 1], (size_t)offset, length);
    (void)group;
    (void)err;
    *bytes_out = span_of(talloc_memdup(owner, part.p, span_length(part)), span_length(part));
    return true;
}
bool message_header(struct group *group, const void *owner, int64_t message_id, struct span *header_out,
                    struct err *err)
{
    struct span all = fake_messages[message_id - 1];
    const char *end = memmem(all.p, span_length(all), "\r\n\r\n", 4);
    (void)group;
    (void)owner;
    (void)err;
    *header_out = (struct span){ all.p, end + 4 };
    return true;
}

struct message_sweep {
    int64_t ids[FAKE_MESSAGES];
    size_t count, next;
};
struct message_sweep *message_sweep_open(const void *owner, struct group *group, const int64_t *message_ids,
                                         size_t count)
{
    struct message_sweep *sweep = talloc_zero(owner, struct message_sweep);
    (void)group;
    memcpy(sweep->ids, message_ids, count * sizeof(*message_ids));
    sweep->count = count;
    return sweep;
}
bool message_sweep_next(struct message_sweep *sweep, struct message_sweep_item *item_out, struct err *err)
{
    struct span all;

    *err = ERR_INIT;
    if (sweep->next == sweep->count)
        return false;
    all = fake_messages[sweep->ids[sweep->next] - 1];
    *item_out = (struct message_sweep_item){ .number = sweep->next, .message_id = sweep->ids[sweep->next] };
    sweep->next++;
    if (span_length(all) > MESSAGE_CHUNK_BYTES)
        item_out->is_large = true;
    else
        item_out->bytes = all;
    return true;
}
void message_sweep_beside(struct message_sweep *sweep, message_beside *beside, void *context)
{
    (void)sweep;
    (void)beside;
    (void)context;
}
void message_sweep_close(struct message_sweep **sweep)
{
    talloc_free(*sweep);
    *sweep = NULL;
}

static inline void fake_note(char *out, size_t size, const struct uid_set *uids)
{
    struct uid_set_at at = UID_SET_START(uids);
    char *p = out;

    *p = '\0';
    for (uint32_t uid; uid_set_next(&at, &uid);)
        p += snprintf(p, size - (size_t)(p - out), "%s%u", p == out ? "" : " ", uid);
}
bool flags_store(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                 const struct flags_change *change, const void *owner, struct flags_result *result_out,
                 struct err *err)
{
    (void)mailbox;
    (void)folder_id;
    (void)owner;
    (void)err;
    if (change->operation != FLAGS_ADD || change->flags.system != FLAG_SEEN)
        abort();
    fake_note(fake.seen, sizeof(fake.seen), uids);
    memset(result_out, 0, sizeof(*result_out));
    return true;
}
void flags_result_release(struct flags_result *result)
{
    (void)result;
}
bool folder_expunge(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                    enum expunge_which which, const void *owner, struct expunge_result *result_out,
                    struct err *err)
{
    (void)mailbox;
    (void)folder_id;
    (void)owner;
    if (which != EXPUNGE_ALL)
        abort();
    if (fake.expunge_fails != ERR_NONE)
        return err_set(err, fake.expunge_fails, "down");
    fake_note(fake.expunged, sizeof(fake.expunged), uids);
    memset(result_out, 0, sizeof(*result_out));
    return true;
}
void expunge_result_release(struct expunge_result *result)
{
    (void)result;
}

#endif
