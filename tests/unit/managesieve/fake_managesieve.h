/*
 * fake_managesieve.h -- a ManageSieve session without sockets, threads and databases, for the unit test and the fuzz target.
 *
 * Stands in for server/session, SASL and the storage of scripts (eight in memory at most): it defines their functions, so
 * exactly one source of a program includes it. Bytes go in through fake_feed(), in pieces of any size; replies come out of
 * fake.output. Who may log in stands in fake/fake_auth.h.
 */
#ifndef FAKE_MANAGESIEVE_H
#define FAKE_MANAGESIEVE_H

#include "base/mem.h"
#include "fake/fake_auth.h"
#include "mailbox/script.h"
#include "managesieve/command.h"
#include "session/session.h"

#include <stdlib.h>
#include <talloc.h>

enum { FAKE_SCRIPTS = 8 };

struct fake_script {
    char *name;
    struct span content;
};

struct session {
    void *memory, *arena, *state;
    struct managesieve_context context;
    struct net_address peer;
    struct buf input, output;
    size_t used;
    bool is_tls, is_closed, drops_output;
    struct fake_script scripts[FAKE_SCRIPTS];
    int active; /* -1: none */
};

static struct session fake;

static inline void fake_open(void)
{
    fake_login_ends = ERR_NONE;
    memset(&fake, 0, sizeof fake);
    fake.memory = talloc_new(NULL);
    fake.arena = talloc_new(fake.memory);
    fake.state = talloc_zero_size(fake.memory, managesieve_protocol.state_bytes);
    fake.input = fake.output = BUF_INIT(fake.memory);
    fake.active = -1;
    if (!net_address_parse(span_text("192.0.2.1"), &fake.peer))
        abort();
    managesieve_protocol.open(&fake);
}

static inline void fake_close(void)
{
    managesieve_protocol.closed(&fake);
    talloc_free(fake.memory);
}

static inline void fake_run(struct span unit)
{
    (void)managesieve_protocol.is_cheap(&fake, unit);
    if (managesieve_protocol.run(&fake, unit) == SESSION_CLOSE)
        fake.is_closed = true;
    talloc_free_children(fake.arena);
    if (fake.drops_output)
        buf_clear(&fake.output);
}

static inline bool fake_step(void)
{
    struct span in = span_of(fake.input.p + fake.used, fake.input.length - fake.used);
    size_t length;

    if (fake.is_closed || span_is_empty(in))
        return false;
    switch (managesieve_protocol.frame(&fake, in, &length)) {
    case FRAME_UNIT:
        if (length > span_length(in))
            abort();
        fake.used += length;
        fake_run(span_part(in, 0, length));
        return true;
    case FRAME_SKIP:
        if (length == 0 || length > span_length(in))
            abort();
        fake.used += length;
        return true;
    case FRAME_CLOSE:
        fake.is_closed = true;
        return false;
    case FRAME_MORE:
        break;
    }
    if (span_length(in) >= managesieve_protocol.unit_max)
        abort(); /* frame() must deal with what is too long itself */
    return false;
}

/* Feeds the bytes in pieces of `step`. */
static inline void fake_feed(struct span bytes, size_t step)
{
    while (!fake.is_closed && !span_is_empty(bytes)) {
        struct span piece = span_part(bytes, 0, step);

        bytes.p = piece.end;
        if (fake.used > 0)
            memmove(fake.input.p, fake.input.p + fake.used, fake.input.length - fake.used);
        fake.input.length -= fake.used;
        fake.used = 0;
        buf_add_span(&fake.input, piece);
        while (fake_step())
            continue;
    }
}

/* ---- server/session */

void *session_state(struct session *session)
{
    return session->state;
}
void *session_context(const struct session *session)
{
    return (void *)(uintptr_t)&session->context;
}
void *session_memory(struct session *session)
{
    return session->memory;
}
void *session_arena(struct session *session)
{
    return session->arena;
}
const struct net_address *session_peer(const struct session *session)
{
    return &session->peer;
}
const char *session_peer_text(const struct session *session)
{
    (void)session;
    return "192.0.2.1";
}
const char *session_id(const struct session *session)
{
    (void)session;
    return "1";
}
bool session_is_tls(const struct session *session)
{
    return session->is_tls;
}
const struct stream *session_stream(const struct session *session)
{
    (void)session;
    return NULL;
}
bool session_may_login(const struct session *session)
{
    (void)session;
    return true;
}
void session_set_authenticated(struct session *session, bool is_authenticated)
{
    (void)session;
    (void)is_authenticated;
}
void session_set_identity(struct session *session, void *identity)
{
    (void)session;
    (void)identity;
}
struct buf *session_output(struct session *session)
{
    return &session->output;
}
void session_write_text(struct session *session, const char *text)
{
    buf_add_text(&session->output, text);
}
void session_delay(struct session *session, int ms)
{
    (void)session;
    (void)ms;
}
bool session_can_start_tls(const struct session *session)
{
    return !session->is_tls;
}
bool session_start_tls(struct session *session)
{
    session->is_tls = true;
    managesieve_protocol.tls_started(session);
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

bool group_find(struct groups *groups, int64_t storage_group_id, struct group **group_out, struct err *err)
{
    (void)groups;
    (void)storage_group_id;
    (void)err;
    *group_out = NULL;
    return true;
}

bool script_name_is_valid(struct span name)
{
    return !span_is_empty(name) && !span_find_byte(name, '/');
}
bool script_is_too_many(const struct err *err)
{
    return err->kind == ERR_LIMIT && strcmp(err->user, "many") == 0;
}

static inline int fake_find(const char *name)
{
    for (int i = 0; i < FAKE_SCRIPTS; i++)
        if (fake.scripts[i].name && strcmp(fake.scripts[i].name, name) == 0)
            return i;
    return -1;
}
static inline int fake_place(const char *name)
{
    int found = fake_find(name);

    for (int i = 0; i < FAKE_SCRIPTS && found < 0; i++)
        if (!fake.scripts[i].name)
            found = i;
    return found;
}

bool script_list(struct group *group, int64_t mailbox_id, const void *owner, struct script **scripts_out,
                 size_t *count_out, struct err *err)
{
    (void)group;
    (void)mailbox_id;
    (void)err;
    *scripts_out = talloc_array(owner, struct script, FAKE_SCRIPTS);
    *count_out = 0;
    for (int i = 0; i < FAKE_SCRIPTS; i++)
        if (fake.scripts[i].name)
            (*scripts_out)[(*count_out)++] =
                (struct script){ .name = fake.scripts[i].name, .is_active = i == fake.active };
    return true;
}
bool script_get(struct group *group, int64_t mailbox_id, const void *owner, const char *name,
                struct span *content_out, struct err *err)
{
    int found = fake_find(name);

    (void)group;
    (void)mailbox_id;
    (void)owner;
    if (found < 0)
        return err_set(err, ERR_NOT_FOUND, "none");
    *content_out = fake.scripts[found].content;
    return true;
}
bool script_has_room(struct group *group, int64_t mailbox_id, const char *name, int64_t bytes,
                     const struct script_limits *limits, struct err *err)
{
    (void)group;
    (void)mailbox_id;
    (void)limits;
    if (bytes > SCRIPT_BYTES_STANDARD)
        return err_set(err, ERR_LIMIT, "large");
    return fake_place(name) >= 0 || err_set(err, ERR_LIMIT, "many");
}
bool script_put(struct group *group, int64_t mailbox_id, const char *name, struct span content,
                const struct script_limits *limits, struct err *err)
{
    int place = fake_place(name);

    if (!script_name_is_valid(span_text(name)))
        return err_set(err, ERR_INVALID, "bad");
    if (!script_has_room(group, mailbox_id, name, (int64_t)span_length(content), limits, err))
        return false;
    fake.scripts[place].name = talloc_strdup(fake.memory, name);
    fake.scripts[place].content = span_text(span_copy(fake.memory, content));
    return true;
}
bool script_activate(struct group *group, int64_t mailbox_id, const char *name, struct err *err)
{
    int found = name ? fake_find(name) : -1;

    (void)group;
    (void)mailbox_id;
    if (name && found < 0)
        return err_set(err, ERR_NOT_FOUND, "none");
    fake.active = found;
    return true;
}
bool script_delete(struct group *group, int64_t mailbox_id, const char *name, struct err *err)
{
    int found = fake_find(name);

    (void)group;
    (void)mailbox_id;
    if (found < 0)
        return err_set(err, ERR_NOT_FOUND, "none");
    if (found == fake.active)
        return err_set(err, ERR_DEPENDED_ON, "active");
    fake.scripts[found].name = NULL;
    return true;
}
bool script_rename(struct group *group, int64_t mailbox_id, const char *from, const char *to, struct err *err)
{
    int found = fake_find(from);

    (void)group;
    (void)mailbox_id;
    if (found < 0)
        return err_set(err, ERR_NOT_FOUND, "none");
    if (fake_find(to) >= 0)
        return err_set(err, ERR_EXISTS, "there");
    if (!script_name_is_valid(span_text(to)))
        return err_set(err, ERR_INVALID, "bad");
    fake.scripts[found].name = talloc_strdup(fake.memory, to);
    return true;
}

#endif
