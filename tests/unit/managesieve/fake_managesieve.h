/*
 * fake_managesieve.h -- a ManageSieve session without sockets, threads and databases, for the unit test and the fuzz target.
 *
 * Stands in for server/session, SASL and the storage of scripts (eight in memory at most): it defines their functions, so
 * exactly one source of a program includes it. Bytes go in through fake_feed(), in pieces of any size; replies come out of
 * fake.output. Who may log in stands in fake/fake_auth.h.
 */
#ifndef FAKE_MANAGESIEVE_H
#define FAKE_MANAGESIEVE_H

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

#define FAKE_SESSION_OWN                                                                                     \
    struct managesieve_context context;                                                                      \
    bool drops_output; /* the client reads all and says nothing of it */                                     \
    struct fake_script scripts[FAKE_SCRIPTS];                                                                \
    int active; /* -1: none */
#include "kit/fake_session.h"

static inline void fake_open(void)
{
    fake_login_ends = ERR_NONE;
    fake_begin(&managesieve_protocol);
    fake.can_start_tls = true;
    fake.active = -1;
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
    fake_ran(managesieve_protocol.run(&fake, unit));
    if (fake.drops_output)
        buf_clear(&fake.output);
}

static bool fake_step(void)
{
    struct span in = fake_unused();
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

/* ---- server/session */

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
