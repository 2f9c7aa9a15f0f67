/* audit.c -- who did what, and the list of checks. */
#include "directory/audit.h"
#include "admin_api/call.h"
#include "admin_api/language.h"
#include "admin_api/table.h"
#include "directory/user.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

/* What the action is, in the caller's language; one that has no text is its own. */
static const char *text_of(const char *action, bool is_french)
{
    size_t count;
    const struct admin_text *texts = admin_audit_texts(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(texts[i].action, action) == 0)
            return is_french ? texts[i].fr : texts[i].en;
    return action;
}

enum { PAGE_MOST = 1000 };

static bool read_query(struct admin_call *call, struct audit_query *query, struct err *err)
{
    const char *before = http_query(call->request, "before"), *limit = http_query(call->request, "limit");

    *query = (struct audit_query){ .before_id = before ? strtoll(before, NULL, 10) : 0,
                                   .limit = limit ? strtoul(limit, NULL, 10) : 0,
                                   .who = http_query(call->request, "actor"),
                                   .object = http_query(call->request, "object"),
                                   .action = http_query(call->request, "action") };
    if (query->limit > PAGE_MOST)
        query->limit = PAGE_MOST;
    return call_organisation_filter(call, &query->organisation_id, err);
}

static json_t *entry_json(const struct audit_entry *e, bool is_french)
{
    json_t *json = json_pack("{s:I, s:o, s:s, s:s?, s:s, s:s, s:s, s:s?, s:s?, s:s?}", "id",
                             (json_int_t)e->audit_id, "at", json_time(e->at_us), "actor", e->actor, "peer",
                             e->peer, "action", e->action, "text", text_of(e->action, is_french), "object",
                             e->object, "before", e->before, "after", e->after, "reason", e->reason);

    if (e->sequence) {
        json_object_set_new(json, "sequence", json_integer(e->sequence));
        json_object_set_new(json, "hash", json_string(e->hash));
    }
    return json;
}

bool audit_get(struct admin_call *call, struct err *err)
{
    struct audit_query query;
    struct audit_entry *list;
    size_t count;
    json_t *json;

    if (!read_query(call, &query, err) ||
        !audit_list(call->api->options.directory, &call->actor, call->arena, &query, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            json, entry_json(&list[i], language_is_french(http_header(call->request, "Accept-Language"))));
    return call_answer(call, json_pack("{s:o}", "entries", json));
}

/* ---- all of it, a line an entry */

struct export
{
    struct directory *directory;
    struct actor actor;
    struct audit_query query;
    bool is_french;
};

static const char *kept(const void *owner, const char *text)
{
    return text ? talloc_strdup(owner, text) : NULL;
}

/* A page at a time, as the client reads. */
static bool next_page(void *state, struct buf *out)
{
    struct export *export = state;
    void *arena = talloc_new(export);
    struct audit_entry *list;
    struct err err = ERR_INIT;
    size_t count;
    bool done = audit_list(export->directory, &export->actor, arena, &export->query, &list, &count, &err);

    for (size_t i = 0; done && i < count; i++) {
        json_t *json = entry_json(&list[i], export->is_french);
        char *text = json_dumps(json, JSON_COMPACT);
        buf_add_text(out, text);
        buf_add_byte(out, '\n');
        free(text);
        json_decref(json);
        export->query.before_id = list[i].audit_id;
    }
    talloc_free(arena);
    return done;
}

static void release(void *state)
{
    talloc_free(state);
}

bool audit_export_get(struct admin_call *call, struct err *err)
{
    struct export *export = talloc_zero(NULL, struct export);

    if (!read_query(call, &export->query, err)) {
        talloc_free(export);
        return false;
    }
    export->directory = call->api->options.directory;
    export->query.limit = PAGE_MOST;
    export->is_french = language_is_french(http_header(call->request, "Accept-Language"));
    export->query.who = kept(export, export->query.who);
    export->query.object = kept(export, export->query.object);
    export->query.action = kept(export, export->query.action);
    export->actor = (struct actor){ .name = kept(export, call->actor.name),
                                    .organisation_id = call->actor.organisation_id,
                                    .within = kept(export, call->actor.within) };
    call->is_answered = true;
    http_reply_type(call->reply, "application/jsonl");
    http_reply_stream(call->reply, next_page, release, export);
    return true;
}

/* ---- the chain */

static const char *sentence_of(const struct audit_verdict *v)
{
    return strcmp(v->wrong, "gap") == 0       ? "A seal is missing before this one."
           : strcmp(v->wrong, "removed") == 0 ? "The entry of this seal is missing."
           : strcmp(v->wrong, "changed") == 0 ? "This entry, or a seal, was changed or exchanged."
                                              : "The chain is whole.";
}

bool audit_verify_get(struct admin_call *call, struct err *err)
{
    const char *sequence = http_query(call->request, "sequence"), *hash = http_query(call->request, "hash");
    int64_t asked = sequence ? strtoll(sequence, NULL, 10) : 0;
    struct audit_verdict v;

    if (!audit_verify(call->api->options.directory, &call->actor, call->arena, asked, &v, err))
        return false;
    bool is_as_kept = !hash || (v.asked && strcmp(v.asked, hash) == 0);
    return call_answer(
        call,
        json_pack("{s:b, s:s, s:I, s:I, s:o, s:s, s:I, s:I}", "whole", *v.wrong == '\0' && is_as_kept,
                  "verdict",
                  is_as_kept ? sentence_of(&v) : "The chain has another hash at that place than was kept.",
                  "sealed", (json_int_t)v.sealed, "waiting", (json_int_t)v.waiting, "oldest_waiting",
                  json_time(v.oldest_waiting_us), "head", v.head, "wrong_sequence",
                  (json_int_t)v.wrong_sequence, "wrong_entry", (json_int_t)v.wrong_id));
}

/* ---- who opened my mailbox */

bool activity_get(struct admin_call *call, struct err *err)
{
    struct audit_activity *list;
    struct user user;
    size_t count;
    json_t *json;

    if (!user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], &user,
                   err) ||
        !audit_activity(call->api->options.directory, call->arena, user.recipient_id, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_pack("{s:o, s:s, s:s, s:s?, s:I, s:o, s:o}", "day",
                                              json_time(list[i].day_us), "action", list[i].action, "actor",
                                              list[i].actor, "peer", list[i].peer, "count",
                                              (json_int_t)list[i].count, "first", json_time(list[i].first_us),
                                              "last", json_time(list[i].last_us)));
    return call_answer(call, json_pack("{s:o}", "activity", json));
}
