/* envelope.c -- see envelope.h. */
#include "jmap/envelope.h"

#include "base/clock.h"
#include "format/address.h"
#include "format/date.h"
#include "format/header.h"
#include "jmap/identity.h"

#include <stdlib.h>
#include <strings.h>
#include <talloc.h>

struct reading {
    struct jmap_call *call;
    struct envelope *envelope;
    json_t *invalid; /* addresses that are none */
    size_t room;
};

/* ---- parameters (RFC 8621, 7): those that the submission service takes from a client */

static const char *const mail_parameters[] = { "HOLDFOR",     "HOLDUNTIL", "RET",       "ENVID",
                                               "MT-PRIORITY", "BY",        "REQUIRETLS" };
static const char *const rcpt_parameters[] = { "NOTIFY", "ORCPT" };

static bool is_known(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_value(const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~' || *p == '<' || *p == '>')
            return false;
    return *text;
}

static bool read_hold(struct envelope *envelope, const char *name, const char *value)
{
    if (strcasecmp(name, "HOLDFOR") == 0) {
        envelope->hold_until_us = clock_now_us() + strtoll(value, NULL, 10) * US_PER_S;
        return strspn(value, "0123456789") == strlen(value) && strlen(value) < 10;
    }
    return strcasecmp(name, "HOLDUNTIL") != 0 || date_parse_utc(span_text(value), &envelope->hold_until_us);
}

/* " NAME=value ..." */
static bool read_parameters(struct reading *r, json_t *parameters, const char *const *names, size_t count,
                            const char **text_out)
{
    struct buf out = BUF_INIT(r->call->arena);
    const char *name;
    json_t *value;

    json_object_foreach(parameters, name, value)
    {
        const char *text = json_string_value(value);
        if (!is_known(name, names, count) || (!json_is_null(value) && (!text || !is_value(text))) ||
            (text && !read_hold(r->envelope, name, text)))
            return false;
        buf_add_format(&out, text ? " %s=%s" : " %s", name, text);
    }
    *text_out = out.length ? buf_text(&out) : "";
    return !parameters || json_is_null(parameters) || json_is_object(parameters);
}

/* ---- addresses */

static bool take_address(struct reading *r, const char *text, const char **as_smtp_out)
{
    struct address address;

    if (!text ||
        address_parse(r->call->arena, span_text(text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return false;
    *as_smtp_out = address_text(r->call->arena, &address);
    r->envelope->is_utf8 = r->envelope->is_utf8 || !*as_smtp_out || address.is_utf8;
    return true;
}

static bool add_recipient(struct reading *r, const char *text, json_t *parameters)
{
    struct envelope *e = r->envelope;
    const char *address, *more;

    if (!read_parameters(r, parameters, rcpt_parameters, COUNT_OF(rcpt_parameters), &more))
        return false;
    if (!take_address(r, text, &address)) {
        json_array_append_new(r->invalid, jmap_text(text));
        return true;
    }
    for (size_t i = 0; i < e->to_count; i++)
        if (strcasecmp(e->to[i], address) == 0)
            return true;
    if (e->to_count == r->room) {
        r->room = r->room ? 2 * r->room : 16;
        e->to = talloc_realloc(r->call->arena, e->to, const char *, (unsigned)r->room);
        e->to_parameters = talloc_realloc(r->call->arena, e->to_parameters, const char *, (unsigned)r->room);
    }
    e->to_parameters[e->to_count] = more;
    e->to[e->to_count++] = address;
    return true;
}

static bool add_field(struct reading *r, struct span header, const char *name)
{
    struct header_field field;
    struct address_list list;

    while (header_next(&header, &field)) {
        if (!span_equals_nocase(field.name, name))
            continue;
        address_list_parse(r->call->arena, field.value, &list);
        for (size_t i = 0; i < list.count; i++)
            if (list.items[i].kind == ADDRESS_MAILBOX &&
                !add_recipient(r, address_item_text(r->call->arena, &list.items[i]), NULL))
                return false;
    }
    return true;
}

static bool read_wanted(struct reading *r, const json_t *wanted)
{
    const json_t *from = json_object_get(wanted, "mailFrom");
    json_t *to = json_object_get(wanted, "rcptTo"), *one;
    const char *email = json_string_value(json_object_get(from, "email"));
    size_t i;

    if (!email || !json_is_array(to) ||
        !read_parameters(r, json_object_get(from, "parameters"), mail_parameters, COUNT_OF(mail_parameters),
                         &r->envelope->parameters))
        return false;
    r->envelope->from = "";
    if (*email && !take_address(r, email, &r->envelope->from))
        return false;
    json_array_foreach(to, i, one) if (!json_is_string(json_object_get(one, "email")) ||
                                       !add_recipient(r, json_string_value(json_object_get(one, "email")),
                                                      json_object_get(one, "parameters"))) return false;
    return true;
}

static bool make(struct reading *r, struct span header, const char *email)
{
    r->envelope->parameters = "";
    return take_address(r, email, &r->envelope->from) && add_field(r, header, "To") &&
           add_field(r, header, "Cc") && add_field(r, header, "Bcc");
}

static json_t *as_json(const struct envelope *e, const json_t *wanted)
{
    json_t *to;

    if (json_is_object(wanted))
        return json_deep_copy(wanted);
    to = json_array();
    for (size_t i = 0; i < e->to_count; i++)
        json_array_append_new(to, json_pack("{s:o, s:n}", "email", jmap_text(e->to[i]), "parameters"));
    return json_pack("{s:{s:o, s:n}, s:o}", "mailFrom", "email", jmap_text(e->from), "parameters", "rcptTo",
                     to);
}

static json_t *check_sender(struct jmap_call *call, const char *from)
{
    enum jmap_claim claim = JMAP_CLAIM_NONE;
    struct address address;
    struct err err = ERR_INIT;

    if (address_parse(call->arena, span_text(from), ADDRESS_ACCEPT_UTF8, &address) == ADDRESS_GOOD &&
        !jmap_claim(call, &address, &claim, &err))
        return jmap_set_error_of(&err);
    return claim != JMAP_CLAIM_NONE
               ? NULL
               : jmap_set_error("forbiddenMailFrom", "You may not send as this address.");
}

json_t *jmap_envelope_read(struct jmap_call *call, const json_t *wanted, struct span header,
                           const char *email, struct envelope *envelope_out)
{
    struct reading r = { .call = call,
                         .envelope = envelope_out,
                         .invalid = jmap_keep(call->arena, json_array()) };
    json_t *error;

    *envelope_out = (struct envelope){ .from = "" };
    if (wanted && !json_is_null(wanted) ? !read_wanted(&r, wanted) : !make(&r, header, email))
        return jmap_bad_property("envelope");
    if (json_array_size(r.invalid) > 0) {
        error = jmap_set_error("invalidRecipients", "Some recipients are no addresses.");
        json_object_set(error, "invalidRecipients", r.invalid);
        return error;
    }
    if (envelope_out->to_count == 0)
        return jmap_set_error("noRecipients", "The message has no recipients.");
    if (envelope_out->to_count > ENVELOPE_RECIPIENTS_MAX) {
        error = jmap_set_error("tooManyRecipients", "The message has too many recipients.");
        json_object_set_new(error, "maxRecipients", json_integer(ENVELOPE_RECIPIENTS_MAX));
        return error;
    }
    error = *envelope_out->from ? check_sender(call, envelope_out->from) : NULL;
    if (error)
        return error;
    envelope_out->json = jmap_keep(call->arena, as_json(envelope_out, wanted));
    return NULL;
}

/* Each address of the field is one that may be used; *on_behalf_out: one of them only with the own one as Sender. */
static json_t *check_field(struct jmap_call *call, struct span value, bool *on_behalf_out, bool *all_own_out)
{
    struct address_list list;
    size_t mailboxes = 0;

    *on_behalf_out = false;
    *all_own_out = true;
    address_list_parse(call->arena, value, &list);
    for (size_t i = 0; i < list.count; i++) {
        enum jmap_claim claim;
        struct address address;
        struct err err = ERR_INIT;
        if (list.items[i].kind != ADDRESS_MAILBOX)
            continue;
        mailboxes++;
        if (address_of_item(call->arena, &list.items[i], &address) != ADDRESS_GOOD)
            return jmap_set_error("invalidEmail", "The author is no address.");
        if (!jmap_claim(call, &address, &claim, &err))
            return jmap_set_error_of(&err);
        if (claim == JMAP_CLAIM_NONE)
            return jmap_set_error("forbiddenFrom", "You may not send as this address.");
        *on_behalf_out = *on_behalf_out || claim == JMAP_CLAIM_ON_BEHALF;
        *all_own_out = *all_own_out && claim == JMAP_CLAIM_OWN;
    }
    return mailboxes > 0 ? NULL : jmap_set_error("invalidEmail", "The message has no author.");
}

json_t *jmap_check_author(struct jmap_call *call, struct span header)
{
    struct header_field field;
    bool is_on_behalf, is_own, ignored;
    json_t *error;

    if (header_count(header, "From") != 1 || !header_find(header, "From", &field))
        return jmap_set_error("invalidEmail", "A message has one From field.");
    error = check_field(call, field.value, &is_on_behalf, &is_own);
    if (error || header_count(header, "Sender") == 0 || !header_find(header, "Sender", &field))
        return error; /* the submission service adds a Sender where one is needed */
    error = check_field(call, field.value, &ignored, &is_own);
    if (!error && is_on_behalf && !is_own)
        error = jmap_set_error("forbiddenFrom", "You may write on behalf of this author: Sender is then your "
                                                "own address.");
    return error;
}
