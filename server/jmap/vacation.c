/* vacation.c -- VacationResponse (RFC 8621, 8): the automatic reply that everybody else sees as well. */
#include "base/buf.h"
#include "format/text.h"
#include "jmap/account.h"
#include "jmap/get.h"
#include "jmap/methods.h"
#include "mailbox/raise.h"
#include "mailbox/script.h"

#include <talloc.h>

#define SINGLETON "singleton"

/* OUTSIDE_TEXT is our own and told only where it is asked for: docs/jmap.md. */
enum property { ID, IS_ENABLED, FROM_DATE, TO_DATE, SUBJECT, TEXT_BODY, HTML_BODY, OUTSIDE_TEXT, PROPERTIES };
static const char *const names[PROPERTIES] = {
    [ID] = "id",
    [IS_ENABLED] = "isEnabled",
    [FROM_DATE] = "fromDate",
    [TO_DATE] = "toDate",
    [SUBJECT] = "subject",
    [TEXT_BODY] = "textBody",
    [HTML_BODY] = "htmlBody",
    [OUTSIDE_TEXT] = "outsideTextBody",
};
#define BIT(property) (UINT64_C(1) << (property))

enum { SUBJECT_MAX = 500, REPLY_TEXT_MAX = 16 * 1024 }; /* bytes */

struct vacation {
    bool is_enabled;
    struct automatic_reply reply;
};

static bool load(struct jmap_call *call, struct vacation *vacation, struct err *err)
{
    *vacation = (struct vacation){ .is_enabled = true };
    if (automatic_reply_get(call->account->group, call->account->mailbox_id, call->arena, &vacation->reply,
                            err))
        return true;
    vacation->is_enabled = false;
    if (err->kind != ERR_NOT_FOUND)
        return false;
    *err = ERR_INIT;
    return true;
}

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct vacation *v = arg;
    const struct automatic_reply *r = &v->reply;
    json_t *object;

    (void)call;
    if (strcmp(id, SINGLETON) != 0)
        return NULL;
    object = json_pack("{s:s}", "id", id);
    if (wanted & BIT(IS_ENABLED))
        json_object_set_new(object, "isEnabled", json_boolean(v->is_enabled));
    if (wanted & BIT(FROM_DATE))
        json_object_set_new(object, "fromDate", r->from_us ? jmap_date(r->from_us) : json_null());
    if (wanted & BIT(TO_DATE))
        json_object_set_new(object, "toDate", r->until_us ? jmap_date(r->until_us) : json_null());
    if (wanted & BIT(SUBJECT))
        json_object_set_new(object, "subject", jmap_text(r->subject));
    if (wanted & BIT(TEXT_BODY))
        json_object_set_new(object, "textBody", jmap_text(r->inside_text));
    if (wanted & BIT(HTML_BODY))
        json_object_set_new(object, "htmlBody", json_null());
    if (wanted & BIT(OUTSIDE_TEXT))
        json_object_set_new(object, "outsideTextBody", jmap_text(r->outside_text));
    return object;
}

bool vacation_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_pack("[s]", SINGLETON));
    struct vacation vacation;
    struct err err = ERR_INIT;
    uint64_t wanted;

    if (!jmap_wanted(call, names, PROPERTIES, BIT(OUTSIDE_TEXT) - 1, &wanted))
        return false;
    if (!load(call, &vacation, &err))
        return jmap_fail_err(call, &err);
    return jmap_get_each(call, all, wanted, object_of, &vacation);
}

static bool read_date(const json_t *value, int64_t *us_out)
{
    *us_out = 0;
    return json_is_null(value) || jmap_take_date(value, us_out);
}

/* Replies are plain text: from a client that sends HTML only, its words. */
static const char *words_of(void *arena, const char *html)
{
    struct buf text = BUF_INIT(arena);

    html_add_text(&text, span_text(html), TEXT_PART_MAX);
    return text.length ? buf_text(&text) : "";
}

static bool fits(const char *text, size_t most)
{
    return !text || strlen(text) <= most;
}

static json_t *refuse(const struct automatic_reply *r)
{
    if (r->until_us && r->from_us && r->until_us <= r->from_us)
        return jmap_bad_property("toDate");
    if (!fits(r->subject, SUBJECT_MAX) || (r->subject && strpbrk(r->subject, "\r\n")))
        return jmap_bad_property("subject");
    if (!fits(r->inside_text, REPLY_TEXT_MAX))
        return jmap_bad_property("textBody");
    return fits(r->outside_text, REPLY_TEXT_MAX) ? NULL : jmap_bad_property("outsideTextBody");
}

static json_t *take(struct jmap_call *call, json_t *patch, struct vacation *v)
{
    const char *html = NULL, *name;
    json_t *value;

    json_object_foreach(patch, name, value)
    {
        const char *text = json_string_value(value);
        bool is_text = text || json_is_null(value);
        if (strcmp(name, "isEnabled") == 0 && json_is_boolean(value))
            v->is_enabled = json_is_true(value);
        else if (strcmp(name, "subject") == 0 && is_text)
            v->reply.subject = text;
        else if (strcmp(name, "textBody") == 0 && is_text)
            v->reply.inside_text = text;
        else if (strcmp(name, "htmlBody") == 0 && is_text)
            html = text;
        else if (strcmp(name, "outsideTextBody") == 0 && is_text)
            v->reply.outside_text = text;
        else if (!(strcmp(name, "fromDate") == 0 ? read_date(value, &v->reply.from_us)
                   : strcmp(name, "toDate") == 0 ? read_date(value, &v->reply.until_us)
                                                 : false))
            return jmap_bad_property(name);
    }
    if (html && (!v->reply.inside_text || !*v->reply.inside_text))
        v->reply.inside_text = words_of(call->arena, html);
    return refuse(&v->reply);
}

/* Its state is the mailbox's, so the mailbox is told of it. */
static json_t *store(struct jmap_call *call, struct vacation *v)
{
    struct jmap_account *account = call->account;
    struct err err = ERR_INIT;
    bool is_done;

    if (!v->reply.inside_text)
        v->reply.inside_text = "";
    if (v->is_enabled)
        is_done = automatic_reply_set(account->group, account->mailbox_id, &v->reply, &err);
    else
        is_done =
            automatic_reply_remove(account->group, account->mailbox_id, &err) || err.kind == ERR_NOT_FOUND;
    return is_done && mailbox_raise(account->mailbox, NULL, NULL, &err) ? NULL : jmap_set_error_of(&err);
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg)
{
    struct vacation vacation;
    struct err err = ERR_INIT;
    json_t *error;

    (void)updated_out;
    (void)arg;
    if (strcmp(id, SINGLETON) != 0)
        return jmap_set_error("notFound", "There is one vacation response.");
    if (!load(call, &vacation, &err))
        return jmap_set_error_of(&err);
    error = take(call, patch, &vacation);
    return error ? error : store(call, &vacation);
}

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    (void)call;
    (void)creation_id;
    (void)object;
    (void)created_out;
    (void)arg;
    return jmap_set_error("singleton", "There is one vacation response.");
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg)
{
    (void)call;
    (void)id;
    (void)arg;
    return jmap_set_error("singleton", "There is one vacation response.");
}

bool vacation_set(struct jmap_call *call)
{
    return jmap_set_run(
        call, &(struct jmap_set){
                  .create = create,
                  .update = update,
                  .destroy = destroy,
                  .changes = "isEnabled fromDate toDate subject textBody htmlBody outsideTextBody" });
}
