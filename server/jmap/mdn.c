/* mdn.c -- MDN (RFC 9007): telling a sender that his message was seen, when he asked and the reader wants to. */
#include "jmap/mdn.h"

#include "base/clock.h"
#include "base/digest.h"
#include "format/address.h"
#include "format/base32.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"
#include "format/text.h"
#include "jmap/account.h"
#include "jmap/blob.h"
#include "jmap/email.h"
#include "jmap/get.h"
#include "jmap/identity.h"
#include "jmap/methods.h"
#include "jmap/submit.h"

#include <glib.h>
#include <strings.h>
#include <talloc.h>

enum { RECIPIENTS_MAX = 5, TEXT_MAX = 100000 };

struct mdn {
    const struct writer *writer;
    struct email email;
    struct span message, header;    /* of the message that it is about */
    const char *to[RECIPIENTS_MAX]; /* Disposition-Notification-To */
    size_t to_count;
    const char *message_id, *recipient; /* what the report says */
};

/* ---- what is asked for */

static bool is_word(const json_t *value, const char *const *words, size_t count)
{
    for (size_t i = 0; json_is_string(value) && i < count; i++)
        if (strcmp(json_string_value(value), words[i]) == 0)
            return true;
    return false;
}

static bool has_good_disposition(const json_t *object)
{
    static const char *const action_modes[] = { "manual-action", "automatic-action" };
    static const char *const sending_modes[] = { "mdn-sent-manually", "mdn-sent-automatically" };
    static const char *const types[] = { "deleted", "dispatched", "displayed", "processed" };
    const json_t *d = json_object_get(object, "disposition");

    return json_object_size(d) == 3 &&
           is_word(json_object_get(d, "actionMode"), action_modes, COUNT_OF(action_modes)) &&
           is_word(json_object_get(d, "sendingMode"), sending_modes, COUNT_OF(sending_modes)) &&
           is_word(json_object_get(d, "type"), types, COUNT_OF(types));
}

static json_t *check_properties(const json_t *object)
{
    static const struct {
        const char *name;
        json_type type;
    } known[] = { { "forEmailId", JSON_STRING },       { "subject", JSON_STRING },
                  { "textBody", JSON_STRING },         { "includeOriginalMessage", JSON_TRUE },
                  { "reportingUA", JSON_STRING },      { "disposition", JSON_OBJECT },
                  { "originalRecipient", JSON_STRING } };
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        size_t i = 0;
        while (i < COUNT_OF(known) && strcmp(known[i].name, name) != 0)
            i++;
        if (i == COUNT_OF(known) ||
            !(json_is_null(value) || json_typeof(value) == known[i].type ||
              (known[i].type == JSON_TRUE && json_is_false(value))) ||
            (json_is_string(value) && json_string_length(value) > TEXT_MAX))
            return jmap_bad_property(name);
    }
    return has_good_disposition(object) ? NULL : jmap_bad_property("disposition");
}

static json_t *read_message(struct jmap_call *call, const json_t *object, struct mdn *mdn)
{
    const char *id = json_string_value(json_object_get(object, "forEmailId"));
    const char *known = id ? jmap_resolve_id(call->request, id) : NULL;
    struct err err = ERR_INIT;

    if (!known)
        return jmap_bad_property("forEmailId");
    if (!jmap_email_find(call, known, &mdn->email, &err))
        return jmap_set_error_of(&err);
    if (!mdn->email.item_id)
        return jmap_set_error("notFound", "There is no such email.");
    if (!message_read(call->account->group, call->arena, mdn->email.message_id, 0, mdn->email.size,
                      &mdn->message, &err))
        return jmap_set_error_of(&err);
    mdn->header = span_of(mdn->message.p, header_block_length(mdn->message));
    return NULL;
}

static bool was_sent(const struct mdn *mdn)
{
    int bit = mdn->email.keywords ? keyword_bit(mdn->email.keywords, span_text("$mdnsent")) : -1;

    return bit >= 0 && (mdn->email.flags & (UINT64_C(1) << bit));
}

/* Who wants it; nobody, and nothing can be sent. */
static json_t *read_recipients(struct jmap_call *call, struct mdn *mdn)
{
    struct address_list list;
    struct header_field field;
    struct address address;

    if (!header_find(mdn->header, "Disposition-Notification-To", &field))
        return jmap_set_error("noRecipients", "The sender did not ask for a notice.");
    address_list_parse(call->arena, field.value, &list);
    for (size_t i = 0; i < list.count && mdn->to_count < RECIPIENTS_MAX; i++)
        if (list.items[i].kind == ADDRESS_MAILBOX &&
            address_of_item(call->arena, &list.items[i], &address) == ADDRESS_GOOD)
            mdn->to[mdn->to_count++] = address_text(call->arena, &address);
    return mdn->to_count ? NULL : jmap_set_error("noRecipients", "Nobody can be told: the address is none.");
}

/* ---- the report (RFC 8098, 3) */

/* One line of a machine's part: no line end in it can begin another. */
static void add_line(struct buf *out, const char *name, const char *value)
{
    buf_add_format(out, "%s: ", name);
    for (const char *p = value; *p; p++)
        buf_add_byte(out, (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
    buf_add_text(out, "\r\n");
}

static const char *text_of(const json_t *object, const char *name, const char *standard)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text && *text ? text : standard;
}

static void add_machine_part(struct buf *out, const struct jmap_call *call, const json_t *object,
                             const struct mdn *mdn)
{
    const json_t *d = json_object_get(object, "disposition");
    const char *original = text_of(object, "originalRecipient", NULL);

    add_line(out, "Reporting-UA",
             text_of(object, "reportingUA",
                     talloc_asprintf(call->arena, "%s; Chappe", call->request->jmap->options.host_name)));
    if (original)
        add_line(out, "Original-Recipient", original);
    add_line(out, "Final-Recipient", talloc_asprintf(call->arena, "rfc822;%s", mdn->recipient));
    if (mdn->message_id)
        add_line(out, "Original-Message-ID", mdn->message_id);
    add_line(out, "Disposition",
             talloc_asprintf(call->arena, "%s/%s; %s", text_of(d, "actionMode", ""),
                             strcasecmp(text_of(d, "sendingMode", ""), "mdn-sent-manually") == 0
                                 ? "MDN-sent-manually"
                                 : "MDN-sent-automatically",
                             text_of(d, "type", "")));
}

static void add_head(struct buf *out, const struct jmap_call *call, const json_t *object,
                     const struct mdn *mdn, const char *boundary)
{
    const char *subject = header_text(call->arena, mdn->header, "Subject");
    struct buf from = BUF_INIT(call->arena);
    char date[DATE_TEXT_MAX];
    uint8_t random[16];

    header_add_address(&from, mdn->writer->name, mdn->writer->email);
    buf_add_format(out, "From: %s\r\n", buf_text(&from));
    for (size_t i = 0; i < mdn->to_count; i++)
        buf_add_format(out, i ? ",\r\n %s" : "To: %s", mdn->to[i]);
    buf_add_text(out, "\r\n");
    header_add(out, "Subject",
               text_of(object, "subject", talloc_asprintf(call->arena, "Read: %s", subject ? subject : "")));
    date_render(date, (struct date){ .us = clock_now_us() });
    buf_add_format(out, "Date: %s\r\nMessage-ID: ", date);
    random_bytes(random, sizeof random);
    message_id_add(out, clock_now_us(), random, call->request->jmap->options.host_name);
    buf_add_text(out, "\r\n");
    if (mdn->message_id) {
        buf_add_format(out, "In-Reply-To: %s\r\n", mdn->message_id);
        buf_add_format(out, "References: %s\r\n", mdn->message_id);
    }
    buf_add_format(out,
                   "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
                   "Content-Type: multipart/report; report-type=disposition-notification;\r\n"
                   "\tboundary=\"%s\"\r\n\r\n",
                   boundary);
}

/* Lines of at most 76 characters whatever was written: base64. */
static void add_text_part(struct buf *out, const char *text)
{
    char *encoded = g_base64_encode((const guchar *)text, strlen(text));
    size_t length = strlen(encoded);

    buf_add_text(out, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    for (size_t at = 0; at < length; at += 76)
        buf_add_format(out, "%.76s\r\n", encoded + at);
    g_free(encoded);
}

static const char *standard_text(const struct jmap_call *call, const struct mdn *mdn)
{
    const char *subject = header_text(call->arena, mdn->header, "Subject");

    return talloc_asprintf(call->arena, "Your message \"%s\" was opened by %s.\n", subject ? subject : "",
                           mdn->writer->email);
}

static struct span report_of(const struct jmap_call *call, const json_t *object, const struct mdn *mdn)
{
    struct buf out = BUF_INIT(call->arena);
    uint8_t random[12];
    const char *boundary;

    random_bytes(random, sizeof random);
    boundary = talloc_asprintf(call->arena, "=_%s", base32_text(call->arena, span_of(random, sizeof random)));
    add_head(&out, call, object, mdn, boundary);
    buf_add_format(&out, "--%s\r\n", boundary);
    add_text_part(&out, text_of(object, "textBody", standard_text(call, mdn)));
    buf_add_format(&out, "--%s\r\nContent-Type: message/disposition-notification\r\n\r\n", boundary);
    add_machine_part(&out, call, object, mdn);
    if (json_is_true(json_object_get(object, "includeOriginalMessage"))) {
        buf_add_format(&out, "\r\n--%s\r\nContent-Type: text/rfc822-headers\r\n\r\n", boundary);
        buf_add_span(&out, mdn->header);
    }
    buf_add_format(&out, "\r\n--%s--\r\n", boundary);
    return buf_span(&out);
}

/* ---- MDN/send */

static json_t *hand_over(struct jmap_call *call, const struct mdn *mdn, struct span report)
{
    const char **parameters = talloc_zero_array(call->arena, const char *, RECIPIENTS_MAX);
    struct submit submit = { .socket = call->request->jmap->options.submission_socket,
                             .login = call->request->identity->login,
                             .host_name = call->request->jmap->options.host_name,
                             .from = "", /* RFC 8098, 3: nothing answers it */
                             .parameters = "",
                             .to = (const char **)(uintptr_t)mdn->to,
                             .to_parameters = parameters,
                             .to_count = mdn->to_count,
                             .bytes = report };
    struct submitted result;

    for (size_t i = 0; i < RECIPIENTS_MAX; i++)
        parameters[i] = "";
    jmap_submit(call->arena, &submit, &result);
    json_decref(result.refused);
    if (result.verdict == SUBMIT_NOT_NOW || result.verdict == SUBMIT_UNKNOWN)
        return jmap_set_error("serverUnavailable", "%s", result.reply);
    return result.verdict == SUBMIT_TAKEN ? NULL : jmap_set_error("forbidden", "%s", result.reply);
}

static json_t *send_one(struct jmap_call *call, const struct writer *writer, const json_t *object,
                        json_t **sent_out, const char **email_id_out)
{
    struct mdn mdn = { .writer = writer, .recipient = writer->email };
    json_t *error = check_properties(object);

    if (!error)
        error = read_message(call, object, &mdn);
    if (!error && was_sent(&mdn))
        error = jmap_set_error("mdnAlreadySent", "The sender was told already.");
    if (!error)
        error = read_recipients(call, &mdn);
    if (error)
        return error;
    mdn.message_id = header_text(call->arena, mdn.header, "Message-ID");
    error = hand_over(call, &mdn, report_of(call, object, &mdn));
    if (error)
        return error;
    *email_id_out = jmap_id_of(call, GROUP_ID_ITEM, mdn.email.item_id);
    *sent_out = json_pack("{s:o, s:s?}", "finalRecipient", json_sprintf("rfc822; %s", mdn.recipient),
                          "originalMessageId", mdn.message_id);
    return NULL;
}

static bool read_writer(struct jmap_call *call, const struct writer **writer_out)
{
    const char *id = jmap_arg_text(call, "identityId");
    const char *known = id ? jmap_resolve_id(call->request, id) : NULL;
    struct writers writers;
    struct err err = ERR_INIT;

    if (!known)
        return jmap_fail_argument(call, "identityId");
    if (!jmap_writers(call, &writers, &err))
        return jmap_fail_err(call, &err);
    *writer_out = jmap_writer_of(call, &writers, known, NULL);
    return *writer_out || jmap_fail(call, "invalidArguments", "There is no such identity.");
}

/* onSuccessUpdateEmail: "#creation id" -> patch. */
static void imply(struct jmap_call *call, json_t *emails)
{
    json_t *updates = json_object_get(call->in, "onSuccessUpdateEmail"), *update, *patch;
    const char *key;

    update = json_object();
    json_object_foreach(updates, key, patch)
    {
        const char *id = *key == '#' ? json_string_value(json_object_get(emails, key + 1)) : NULL;
        if (id && json_is_object(patch))
            json_object_set(update, id, patch);
    }
    if (json_object_size(update) > 0) {
        call->implicit_name = "Email/set";
        call->implicit_in =
            jmap_keep(call->arena, json_pack("{s:s, s:O}", "accountId", call->account->id, "update", update));
    }
    json_decref(update);
}

bool mdn_send(struct jmap_call *call)
{
    json_t *wanted = json_object_get(call->in, "send"), *sent, *refused, *object;
    json_t *emails = jmap_keep(call->arena, json_object());
    const struct writer *writer = NULL;
    const char *creation_id;

    if (!json_is_object(wanted) || json_object_size(wanted) > JMAP_SET_MAX)
        return jmap_fail_argument(call, "send");
    if (!read_writer(call, &writer) || !writer)
        return false;
    sent = json_object();
    refused = json_object();
    json_object_foreach(wanted, creation_id, object)
    {
        json_t *one = NULL;
        const char *email_id = NULL;
        json_t *error = json_is_object(object) ? send_one(call, writer, object, &one, &email_id)
                                               : jmap_set_error("invalidProperties", "This is no object.");
        if (error) {
            json_object_set_new(refused, creation_id, error);
            continue;
        }
        json_object_set_new(sent, creation_id, one);
        json_object_set_new(emails, creation_id, json_string(email_id));
    }
    jmap_put(call, "sent", json_object_size(sent) ? json_incref(sent) : json_null());
    jmap_put(call, "notSent", json_object_size(refused) ? json_incref(refused) : json_null());
    json_decref(sent);
    json_decref(refused);
    imply(call, emails);
    return true;
}

/* ---- MDN/parse */

/* "manual-action/MDN-sent-manually; displayed"; modifiers after a slash are not told. */
static json_t *disposition_of(void *arena, const char *text)
{
    char *copy = talloc_strdup(arena, text ? text : ""), *mode, *type, *rest;

    for (char *p = copy; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
    mode = strchr(copy, '/');
    type = strchr(copy, ';');
    if (!mode || !type || mode > type)
        return NULL;
    *mode++ = '\0';
    *type++ = '\0';
    type += strspn(type, " \t");
    rest = type + strcspn(type, "/ \t");
    *rest = '\0';
    mode[strcspn(mode, " \t")] = '\0';
    return json_pack("{s:s, s:s, s:s}", "actionMode", copy + strspn(copy, " \t"), "sendingMode", mode, "type",
                     type);
}

static const struct mime_part *find_part(struct span message, const struct mime_index *index,
                                         const char *type, const char *subtype)
{
    for (uint32_t i = 0; i < index->count; i++) {
        struct mime_type found = mime_part_type(message, index, &index->parts[i]);
        if (span_equals_nocase(found.type, type) && (!subtype || span_equals_nocase(found.subtype, subtype)))
            return &index->parts[i];
    }
    return NULL;
}

static json_t *field(void *arena, struct span block, const char *name)
{
    return jmap_text(header_text(arena, block, name));
}

json_t *jmap_mdn_of(void *arena, struct span message)
{
    struct mime_index index;
    const struct mime_part *machine, *human;
    struct buf text = BUF_INIT(arena);
    struct span block;
    json_t *disposition;

    mime_index_build(arena, message, &index);
    machine = find_part(message, &index, "message", "disposition-notification");
    human = find_part(message, &index, "text", "plain");
    if (!machine)
        return NULL;
    block = mime_part_body(message, machine);
    disposition = disposition_of(arena, header_text(arena, block, "Disposition"));
    if (!disposition)
        return NULL;
    if (human)
        text_add_part(&text, message, &index, human, TEXT_MAX);
    return json_pack("{s:n, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:n, s:n}", "forEmailId", "subject",
                     field(arena, span_of(message.p, header_block_length(message)), "Subject"), "textBody",
                     text.length ? json_stringn(text.p, text.length) : json_null(), "includeOriginalMessage",
                     find_part(message, &index, "text", "rfc822-headers") ||
                         find_part(message, &index, "message", "rfc822"),
                     "reportingUA", field(arena, block, "Reporting-UA"), "disposition", disposition,
                     "mdnGateway", field(arena, block, "MDN-Gateway"), "originalRecipient",
                     field(arena, block, "Original-Recipient"), "finalRecipient",
                     field(arena, block, "Final-Recipient"), "originalMessageId",
                     field(arena, block, "Original-Message-ID"), "error", "extensionFields");
}

bool mdn_parse(struct jmap_call *call)
{
    json_t *ids = json_object_get(call->in, "blobIds"), *all, *bad, *missing, *id;
    size_t i;

    if (!json_is_array(ids))
        return jmap_fail_argument(call, "blobIds");
    if (json_array_size(ids) > JMAP_GET_MAX)
        return jmap_fail(call, "requestTooLarge", "At most %d blobs are read at once.", JMAP_GET_MAX);
    all = json_object();
    bad = json_array();
    missing = json_array();
    jmap_put(call, "parsed", all);
    jmap_put(call, "notParsable", bad);
    jmap_put(call, "notFound", missing);
    json_array_foreach(ids, i, id)
    {
        void *arena = talloc_new(call->arena);
        struct err err = ERR_INIT;
        struct blob blob;
        json_t *one;
        if (!json_is_string(id))
            return jmap_fail_argument(call, "blobIds");
        if (!jmap_blob_find(call, json_string_value(id), &blob, &err)) {
            if (err.kind != ERR_NOT_FOUND)
                return jmap_fail_err(call, &err);
            json_array_append(missing, id);
            continue;
        }
        one = jmap_mdn_of(arena, blob.bytes);
        if (one)
            json_object_set_new(all, json_string_value(id), one);
        else
            json_array_append(bad, id);
        talloc_free(arena);
    }
    return true;
}
