/*
 * list_copy.c -- List-Unsubscribe of one member's copy (RFC 2369, 3.2; RFC 8058), written when the copy leaves, so that the body stands
 * in the queue once for all members.
 */
#include "base/clock.h"
#include "format/header.h"
#include "resolve/link.h"
#include "run/post.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

char *list_copy_target(const void *owner, int64_t list_id, uint64_t member)
{
    json_t *json = json_pack("{s:I, s:I}", "list", (json_int_t)list_id, "member", (json_int_t)member);
    char *text = json_dumps(json, JSON_COMPACT), *copy = talloc_strdup(owner, text);

    free(text);
    json_decref(json);
    return copy;
}

static void read_target(const struct queue_recipient *row, int64_t *list_id_out, uint64_t *member_out)
{
    json_t *json = row->target ? json_loads(row->target, 0, NULL) : NULL;

    *list_id_out = json_integer_value(json_object_get(json, "list"));
    *member_out = (uint64_t)json_integer_value(json_object_get(json, "member"));
    json_decref(json);
}

bool list_copy_is_own(const struct queue_recipient *row)
{
    int64_t list_id;
    uint64_t member;

    if (!(row->flags & QUEUE_IS_LIST_COPY))
        return false;
    read_target(row, &list_id, &member);
    return member != 0;
}

/* The installation's key does not change while we run. */
static bool key_of(struct run *run, struct link_key *key_out, struct err *err)
{
    bool has_key;

    pthread_mutex_lock(&run->lock);
    has_key = run->has_link_key;
    memcpy(key_out->bytes, run->link_key, sizeof key_out->bytes);
    pthread_mutex_unlock(&run->lock);
    if (has_key)
        return true;
    if (!link_key(run->options.directory, key_out, err))
        return false;
    pthread_mutex_lock(&run->lock);
    memcpy(run->link_key, key_out->bytes, sizeof run->link_key);
    run->has_link_key = true;
    pthread_mutex_unlock(&run->lock);
    return true;
}

/* "staff-bounces@example.org" is the sender of the list staff@example.org. */
static char *list_of_sender(const void *arena, const char *sender)
{
    const char *at = strrchr(sender, '@');
    char *local = talloc_strndup(arena, sender, at ? (size_t)(at - sender) : strlen(sender));
    size_t length;

    list_word_of(local, &length);
    local[length] = '\0';
    return talloc_asprintf(arena, "%s%s", local, at ? at : "");
}

bool list_copy_finish(struct run *run, const void *arena, const struct queue_recipient *row,
                      const char *sender, struct span *bytes_io, struct err *err)
{
    struct buf out = buf_owned_by(arena);
    struct span rest = *bytes_io;
    struct link_token token = { .act = LINK_UNSUBSCRIBE };
    struct header_field field;
    struct link_key key;
    int64_t list_id;

    if (!(row->flags & QUEUE_IS_LIST_COPY))
        return true;
    if (!key_of(run, &key, err))
        return false;
    read_target(row, &list_id, &token.b);
    token.a = (uint64_t)list_id;
    if (header_next(&rest, &field) && field.whole.p == bytes_io->p &&
        span_equals_nocase(field.name, "Return-Path"))
        buf_add_span(&out, field.whole);
    else
        rest = *bytes_io;
    buf_add_text(&out, "List-Unsubscribe: ");
    if (token.b)
        buf_add_format(&out, "<%s/l/%s>,\r\n ", run->options.link_base,
                       link_token_text(arena, key.bytes, &token));
    buf_add_format(&out, "<mailto:%s>\r\n",
                   list_word_address(arena, list_of_sender(arena, sender), LIST_WORD_LEAVE));
    if (token.b)
        buf_add_text(&out, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    buf_add_span(&out, rest);
    *bytes_io = buf_span(&out);
    return true;
}
