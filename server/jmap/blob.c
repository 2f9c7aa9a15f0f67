/* blob.c -- see blob.h. */
#include "jmap/blob.h"

#include "format/codec.h"
#include "format/text.h"
#include "jmap/account.h"
#include "jmap/email.h"
#include "jmap/script.h"
#include "mailbox/upload.h"

#include <stdlib.h>
#include <talloc.h>

enum { DECODED_MAX = 512 << 20 };

static bool nothing(struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "There is no such blob.");
}

const char *jmap_blob_of_email(const struct jmap_call *call, int64_t item_id)
{
    return talloc_asprintf(call->arena, "b%s", jmap_id_of(call, GROUP_ID_ITEM, item_id));
}

static bool find_upload(struct jmap_call *call, const char *id, struct blob *blob, struct err *err)
{
    struct upload upload;
    int64_t upload_id;

    if (!jmap_id_decode(call->account, GROUP_ID_UPLOAD, id, &upload_id))
        return nothing(err);
    if (!upload_find(call->account->group, call->arena, upload_id, call->account->mailbox_id,
                     call->request->reader.recipient_id, &upload, err))
        return err->kind == ERR_NOT_FOUND ? nothing(err) : false;
    blob->type = upload.type;
    return upload_read(call->account->group, call->arena, &upload, &blob->bytes, err);
}

static bool find_message(struct jmap_call *call, const char *id, struct blob *blob, struct err *err)
{
    struct email email;

    if (!jmap_email_find(call, id + 1, &email, err))
        return false;
    if (!email.item_id)
        return nothing(err);
    blob->type = "message/rfc822";
    return message_read(call->account->group, call->arena, email.message_id, 0, email.size, &blob->bytes,
                        err);
}

static const char *type_of(const void *arena, struct span bytes, const struct mime_index *index,
                           const struct mime_part *part)
{
    struct mime_type type = mime_part_type(bytes, index, part);

    return talloc_asprintf(arena, "%s/%s", span_copy(arena, type.type), span_copy(arena, type.subtype));
}

/* From a message to one of its parts. */
static bool step_into(const void *arena, uint32_t number, struct blob *blob, struct err *err)
{
    const struct mime_part *part;
    struct mime_index index;
    struct buf decoded = buf_owned_by(arena);
    struct span body;

    mime_index_build(arena, blob->bytes, &index);
    if (number >= index.count)
        return nothing(err);
    part = &index.parts[number];
    body = mime_part_body(blob->bytes, part);
    blob->type = type_of(arena, blob->bytes, &index, part);
    blob->name = text_file_name(arena, blob->bytes, part);
    blob->bytes = codec_decode_all(body, (enum mime_encoding)part->encoding, DECODED_MAX, &decoded)
                      ? buf_span(&decoded)
                      : body;
    return true;
}

bool jmap_blob_find(struct jmap_call *call, const char *id, struct blob *blob_out, struct err *err)
{
    char *copy = talloc_strdup(call->arena, id), *dash = strchr(copy, '-');
    unsigned steps = 0;

    *blob_out = (struct blob){ .type = NULL };
    if (dash)
        *dash++ = '\0';
    if (*copy == 'V') {
        blob_out->type = "application/sieve";
        return jmap_script_text(call, copy, &blob_out->bytes, err);
    }
    if (!(*copy == 'b' ? find_message(call, copy, blob_out, err) : find_upload(call, copy, blob_out, err)))
        return false;
    while (dash && *dash) {
        size_t digits = strspn(dash, "0123456789");
        uint32_t number = (uint32_t)strtoul(dash, NULL, 10);
        if (digits == 0 || digits > 4 || (dash[digits] && dash[digits] != '-') || ++steps > BLOB_STEPS_MAX)
            return nothing(err);
        if (!step_into(call->arena, number, blob_out, err))
            return false;
        dash += digits + (dash[digits] == '-');
    }
    return true;
}

bool jmap_blob_of(struct jmap_request *request, struct jmap_account *account, const char *id,
                  struct blob *blob_out, struct err *err)
{
    struct jmap_call call = { .request = request, .arena = request->arena, .account = account };

    if (!jmap_account_read(request, account, err) || !jmap_blob_find(&call, id, blob_out, err))
        return false;
    jmap_account_note_visit(request, account);
    return true;
}

bool jmap_blob_put(struct jmap_request *request, struct jmap_account *account, const char *type,
                   struct span bytes, const char **id_out, struct err *err)
{
    struct upload wanted = { .mailbox_id = account->mailbox_id,
                             .recipient_id = request->reader.recipient_id,
                             .type = type };
    char id[GROUP_PUBLIC_ID_SIZE];
    int64_t upload_id;

    if (!upload_put(account->group, &wanted, bytes, &upload_id, err))
        return false;
    group_public_id(account->group, GROUP_ID_UPLOAD, upload_id, id);
    *id_out = talloc_strdup(request->arena, id);
    return true;
}
