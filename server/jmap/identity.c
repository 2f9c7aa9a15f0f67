/* identity.c -- Identity (RFC 8621, 6): from which addresses one writes, with which name and signatures. */
#include "jmap/identity.h"

#include "auth/auth.h"
#include "directory/sender_grant.h"
#include "format/address.h"
#include "jmap/account.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#include <stdlib.h>
#include <talloc.h>

enum property {
    ID,
    NAME,
    EMAIL,
    REPLY_TO,
    BCC,
    TEXT_SIGNATURE,
    HTML_SIGNATURE,
    MAY_DELETE,
    ON_BEHALF,
    PROPERTIES
};
static const char *const names[PROPERTIES] = {
    [ID] = "id",
    [NAME] = "name",
    [EMAIL] = "email",
    [REPLY_TO] = "replyTo",
    [BCC] = "bcc",
    [TEXT_SIGNATURE] = "textSignature",
    [HTML_SIGNATURE] = "htmlSignature",
    [MAY_DELETE] = "mayDelete",
    [ON_BEHALF] = "onBehalf",
};
#define BIT(property) (UINT64_C(1) << (property))

bool jmap_claim(const struct jmap_call *call, const struct address *address, enum jmap_claim *claim_out,
                struct err *err)
{
    const struct identity *who = call->request->identity;
    const char *keys[] = { address_key(call->arena, address), address_user_key(call->arena, address) };
    struct sender_right right;

    *claim_out = JMAP_CLAIM_OWN;
    if (identity_may_send_as(who, keys[0]) || identity_may_send_as(who, keys[1]))
        return true;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (sender_right_find(call->request->jmap->options.directory, call->arena, who->recipient_id, keys[i],
                              &right, err)) {
            *claim_out = right.is_on_behalf ? JMAP_CLAIM_ON_BEHALF : JMAP_CLAIM_AS;
            return true;
        }
        if (err->kind != ERR_NOT_FOUND)
            return false;
    }
    *err = ERR_INIT;
    *claim_out = JMAP_CLAIM_NONE;
    return true;
}

/* ---- the list */

static bool has_default(const struct writers *writers, const char *email)
{
    for (size_t i = 0; i < writers->count; i++)
        if (writers->list[i].is_default && strcmp(writers->list[i].email, email) == 0)
            return true;
    return false;
}

/* Makes those of `emails` that have no default identity. */
static bool ensure(struct jmap_call *call, const struct writers *writers, const char *const *emails,
                   size_t count, const char *name, bool *is_changed_io, struct err *err)
{
    const char **missing = talloc_array(call->arena, const char *, (unsigned)count + 1);
    size_t missing_count = 0;

    for (size_t i = 0; i < count; i++)
        if (!has_default(writers, emails[i]))
            missing[missing_count++] = emails[i];
    if (missing_count == 0)
        return true;
    *is_changed_io = true;
    return writers_ensure(call->account->mailbox, missing, missing_count, name, err);
}

static bool ensure_all(struct jmap_call *call, const struct writers *writers, bool *is_changed_out,
                       struct err *err)
{
    const struct identity *who = call->request->identity;
    struct sender_right *rights;
    size_t count;

    *is_changed_out = false;
    if (!ensure(call, writers, who->senders, who->sender_count, who->name, is_changed_out, err) ||
        !sender_rights_of(call->request->jmap->options.directory, call->arena, who->recipient_id, &rights,
                          &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!ensure(call, writers, &rights[i].address, 1, rights[i].name, is_changed_out, err))
            return false;
    return true;
}

/* What may be sent as is asked anew each time: an address that was taken away hides its identities. */
static bool claim_all(struct jmap_call *call, struct writers *writers, struct err *err)
{
    writers->claims = talloc_zero_array(call->arena, enum jmap_claim, (unsigned)writers->count + 1);
    for (size_t i = 0; i < writers->count; i++) {
        struct address address;
        if (!writers->list[i].is_removed &&
            address_parse(call->arena, span_text(writers->list[i].email), ADDRESS_ACCEPT_UTF8, &address) ==
                ADDRESS_GOOD &&
            !jmap_claim(call, &address, &writers->claims[i], err))
            return false;
    }
    return true;
}

static bool read_list(struct jmap_call *call, struct writers *writers, struct err *err)
{
    return writers_list(call->account->mailbox, call->arena, &writers->list, &writers->count, err);
}

bool jmap_writers(struct jmap_call *call, struct writers *writers_out, struct err *err)
{
    bool is_changed;

    if (!read_list(call, writers_out, err) || !ensure_all(call, writers_out, &is_changed, err))
        return false;
    if (is_changed) {
        jmap_account_stale(call->account);
        if (!jmap_account_read(call->request, call->account, err) || !read_list(call, writers_out, err))
            return false;
    }
    return claim_all(call, writers_out, err);
}

static bool load(struct jmap_call *call, struct writers *writers)
{
    struct err err = ERR_INIT;

    return jmap_writers(call, writers, &err) || jmap_fail_err(call, &err);
}

const struct writer *jmap_writer_of(const struct jmap_call *call, const struct writers *writers,
                                    const char *id, enum jmap_claim *claim_out)
{
    int64_t writer_id;

    if (!jmap_id_decode(call->account, GROUP_ID_IDENTITY, id, &writer_id))
        return NULL;
    for (size_t i = 0; i < writers->count; i++)
        if (writers->list[i].writer_id == writer_id && writers->claims[i] != JMAP_CLAIM_NONE) {
            if (claim_out)
                *claim_out = writers->claims[i];
            return &writers->list[i];
        }
    return NULL;
}

static json_t *json_of(const char *text)
{
    json_t *json = text ? json_loads(text, 0, NULL) : NULL;

    return json ? json : json_null();
}

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct writers *writers = arg;
    enum jmap_claim claim;
    const struct writer *w = jmap_writer_of(call, writers, id, &claim);
    json_t *object;

    if (!w)
        return NULL;
    object = json_pack("{s:s}", "id", id);
    if (wanted & BIT(NAME))
        json_object_set_new(object, "name", jmap_text(w->name));
    if (wanted & BIT(EMAIL))
        json_object_set_new(object, "email", jmap_text(w->email));
    if (wanted & BIT(REPLY_TO))
        json_object_set_new(object, "replyTo", json_of(w->reply_to));
    if (wanted & BIT(BCC))
        json_object_set_new(object, "bcc", json_of(w->bcc));
    if (wanted & BIT(TEXT_SIGNATURE))
        json_object_set_new(object, "textSignature", jmap_text(w->text_signature));
    if (wanted & BIT(HTML_SIGNATURE))
        json_object_set_new(object, "htmlSignature", jmap_text(w->html_signature));
    if (wanted & BIT(MAY_DELETE))
        json_object_set_new(object, "mayDelete", json_boolean(!w->is_default));
    if (wanted & BIT(ON_BEHALF))
        json_object_set_new(object, "onBehalf", json_boolean(claim == JMAP_CLAIM_ON_BEHALF));
    return object;
}

bool identity_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct writers writers;
    uint64_t wanted;

    if (!jmap_wanted(call, names, PROPERTIES, BIT(ON_BEHALF) - 1, &wanted) || !load(call, &writers))
        return false;
    for (size_t i = 0; i < writers.count; i++)
        if (writers.claims[i] != JMAP_CLAIM_NONE)
            json_array_append_new(
                all, json_string(jmap_id_of(call, GROUP_ID_IDENTITY, writers.list[i].writer_id)));
    return jmap_get_each(call, all, wanted, object_of, &writers);
}

bool identity_changes(struct jmap_call *call)
{
    json_t *created, *updated, *destroyed;
    struct writers writers;
    uint64_t since;

    if (!jmap_since(call, "sinceState", &since) || !load(call, &writers))
        return false;
    created = json_array();
    updated = json_array();
    destroyed = json_array();
    for (size_t i = 0; i < writers.count; i++) {
        const struct writer *w = &writers.list[i];
        bool is_new = w->created_modseq > since;
        if (w->modseq > since && !(is_new && w->is_removed))
            json_array_append_new(w->is_removed ? destroyed
                                  : is_new      ? created
                                                : updated,
                                  json_string(jmap_id_of(call, GROUP_ID_IDENTITY, w->writer_id)));
    }
    jmap_put_changes(call, jmap_arg_text(call, "sinceState"), jmap_state(call), false, created, updated,
                     destroyed);
    return true;
}

/* ---- Identity/set */

static bool is_address_list(const json_t *list)
{
    json_t *one;
    size_t i;

    if (json_is_null(list))
        return true;
    json_array_foreach(list, i, one) if (!json_is_string(json_object_get(one, "email")) ||
                                         (json_object_get(one, "name") &&
                                          !json_is_null(json_object_get(one, "name")) &&
                                          !json_is_string(json_object_get(one, "name")))) return false;
    return json_is_array(list);
}

static const char *list_text(void *arena, const json_t *list)
{
    char *text = json_is_array(list) && json_array_size(list) > 0 ? json_dumps(list, JSON_COMPACT) : NULL;
    const char *copy = text ? talloc_strdup(arena, text) : NULL;

    free(text);
    return copy;
}

/* Takes what the object says over into `w`. */
static json_t *take(struct jmap_call *call, json_t *object, struct writer *w)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        const char *text = json_string_value(value);
        bool is_short = text && strlen(text) <= WRITER_SIGNATURE_MAX;
        if (strcmp(name, "name") == 0 && is_short)
            w->name = text;
        else if (strcmp(name, "textSignature") == 0 && is_short)
            w->text_signature = text;
        else if (strcmp(name, "htmlSignature") == 0 && is_short)
            w->html_signature = text;
        else if (strcmp(name, "replyTo") == 0 && is_address_list(value))
            w->reply_to = list_text(call->arena, value);
        else if (strcmp(name, "bcc") == 0 && is_address_list(value))
            w->bcc = list_text(call->arena, value);
        else if (strcmp(name, "email") != 0 || !text || w->writer_id)
            return jmap_bad_property(name);
    }
    return NULL;
}

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    const char *email = json_string_value(json_object_get(object, "email"));
    struct writer w = { .name = "", .text_signature = "", .html_signature = "" };
    struct address address;
    struct err err = ERR_INIT;
    json_t *error = take(call, object, &w);
    enum jmap_claim claim;
    int64_t id;

    (void)creation_id;
    (void)arg;
    if (error)
        return error;
    if (!email || address_parse(call->arena, span_text(email), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return jmap_bad_property("email");
    if (!jmap_claim(call, &address, &claim, &err))
        return jmap_set_error_of(&err);
    if (claim == JMAP_CLAIM_NONE)
        return jmap_set_error("forbiddenFrom", "You may not send as this address.");
    w.email = address_key(call->arena, &address);
    if (!writer_put(call->account->mailbox, &w, &id, &err))
        return jmap_set_error_of(&err);
    *created_out = json_pack("{s:s, s:b}", "id", jmap_id_of(call, GROUP_ID_IDENTITY, id), "mayDelete", 1);
    jmap_tell_standard(*created_out, object,
                       json_pack("{s:s, s:n, s:n, s:s, s:s}", names[NAME], "", names[REPLY_TO], names[BCC],
                                 names[TEXT_SIGNATURE], "", names[HTML_SIGNATURE], ""));
    return NULL;
}

static json_t *update(struct jmap_call *call, const char *id, json_t *patch, json_t **updated_out, void *arg)
{
    const struct writers *writers = arg;
    const struct writer *known = jmap_writer_of(call, writers, id, NULL);
    struct writer w;
    struct err err = ERR_INIT;
    json_t *error;
    int64_t same;

    (void)updated_out;
    if (!known)
        return jmap_set_error("notFound", "There is no such identity.");
    w = *known;
    error = take(call, patch, &w);
    if (error)
        return error;
    return writer_put(call->account->mailbox, &w, &same, &err) ? NULL : jmap_set_error_of(&err);
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg)
{
    const struct writers *writers = arg;
    const struct writer *known = jmap_writer_of(call, writers, id, NULL);
    struct writer w;
    struct err err = ERR_INIT;
    int64_t same;

    if (!known)
        return jmap_set_error("notFound", "There is no such identity.");
    if (known->is_default)
        return jmap_set_error("forbidden", "This is an address of the account itself.");
    w = *known;
    w.is_removed = true;
    return writer_put(call->account->mailbox, &w, &same, &err) ? NULL : jmap_set_error_of(&err);
}

bool identity_set(struct jmap_call *call)
{
    struct writers writers;

    return load(call, &writers) &&
           jmap_set_run(call,
                        &(struct jmap_set){ .create = create,
                                            .update = update,
                                            .destroy = destroy,
                                            .arg = &writers,
                                            .changes = "name replyTo bcc textSignature htmlSignature" });
}
