/* openpgp_key.c -- OpenPgpKey (docs/jmap.md): whose signatures the account's owner believes, each for the mail of one address. */
#include "mailbox/openpgp_key.h"

#include "format/base32.h"
#include "jmap/blob.h"
#include "jmap/get.h"
#include "jmap/letter.h"
#include "jmap/methods.h"
#include "jmap/openpgp.h"
#include "jmap/owner.h"

#include <talloc.h>

static const char *const names[] = { "id", "address", "fingerprint", "created" };

/* Fingerprint and address, as letters that an id may have. */
static const char *id_of(const void *owner, const char *address, const char *fingerprint)
{
    return talloc_asprintf(owner, "K%s-%s", fingerprint, base64url_text(owner, span_text(address)));
}

static bool read_id(const void *owner, const char *id, const char **address_out, const char **fingerprint_out)
{
    struct buf text = buf_owned_by(owner);
    const char *dash = strchr(id, '-');

    if (*id != 'K' || !dash || !base64url_read(span_text(dash + 1), JMAP_ID_MAX, &text) || text.length == 0 ||
        memchr(text.p, '\0', text.length))
        return false;
    *fingerprint_out = talloc_strndup(owner, id + 1, (size_t)(dash - id - 1));
    *address_out = buf_text(&text);
    return true;
}

/* Of the own account, and of a mailbox that is nobody's own: of that by who administers its inbox. */
static bool may_keep(struct jmap_call *call)
{
    const struct jmap_account *account = call->account;

    if (account->is_own)
        return true;
    if (!account->is_nobodys)
        return jmap_fail(call, "accountNotSupportedByMethod", "This is possible in one's own account only.");
    for (size_t i = 0; i < account->folder_count; i++)
        if (strcmp(account->folders[i]->name, FOLDER_INBOX) == 0 &&
            (account->folders[i]->rights & RIGHT_ADMINISTER))
            return true;
    return jmap_fail(call, "forbidden", "The keys of this mailbox are for those who administer its inbox.");
}

/* ---- OpenPgpKey/get */

struct listed {
    struct openpgp_key *keys;
    size_t count;
};

static json_t *object_of(struct jmap_call *call, const char *id, uint64_t wanted, void *arg)
{
    const struct listed *listed = arg;
    const char *address, *fingerprint;
    json_t *all = NULL, *object;

    if (!read_id(call->arena, id, &address, &fingerprint))
        return NULL;
    for (size_t i = 0; i < listed->count && !all; i++) {
        const struct openpgp_key *key = &listed->keys[i];
        if (strcmp(key->address, address) == 0 && strcmp(key->fingerprint, fingerprint) == 0)
            all = json_pack("{s:s, s:s, s:s, s:o}", "id", id, "address", key->address, "fingerprint",
                            key->fingerprint, "created", jmap_date(key->created_us));
    }
    if (!all)
        return NULL;
    object = jmap_only(all, names, COUNT_OF(names), wanted);
    json_decref(all);
    return object;
}

bool openpgp_key_get(struct jmap_call *call)
{
    json_t *all = jmap_keep(call->arena, json_array());
    struct listed listed;
    struct err err = ERR_INIT;
    uint64_t wanted;

    if (!may_keep(call) || !jmap_wanted(call, names, COUNT_OF(names), UINT64_MAX, &wanted))
        return false;
    if (!openpgp_key_list(call->account->group, call->account->mailbox_id, call->arena, &listed.keys,
                          &listed.count, &err))
        return jmap_fail_err(call, &err);
    for (size_t i = 0; i < listed.count; i++)
        json_array_append_new(
            all, json_string(id_of(call->arena, listed.keys[i].address, listed.keys[i].fingerprint)));
    return jmap_get_each(call, all, wanted, object_of, &listed);
}

/* ---- OpenPgpKey/set */

/* What is to be kept: a certificate that is in one of these files. */
struct taking {
    struct openpgp_question question;
    struct openpgp_answer answer;
    const char *address, *fingerprint; /* NULL: the first that names the address */
};

/* The keys of a letter that the owner has, for its sender. */
static json_t *read_letter(struct jmap_call *call, const char *email_id, struct taking *taking)
{
    struct letter_source source = { .blob_id = "" };
    struct openpgp_letter *letter = talloc(call->arena, struct openpgp_letter);
    struct err err = ERR_INIT;
    struct blob blob;

    if (!jmap_blob_find(call, talloc_asprintf(call->arena, "b%s", email_id), &blob, &err))
        return err.kind == ERR_NOT_FOUND ? jmap_bad_property("emailId") : jmap_set_error_of(&err);
    source.bytes = blob.bytes;
    letter_source_index(call->arena, &source);
    openpgp_letter_read(call->arena, &source, letter);
    taking->question = (struct openpgp_question){ .keys = letter->keys, .key_count = letter->key_count };
    taking->address = letter->sender;
    return *letter->sender ? NULL : jmap_bad_property("emailId");
}

/* As OpenPGP has it, or in an armour. */
static json_t *read_file(struct jmap_call *call, struct span key, const char *name, const char *address,
                         struct taking *taking)
{
    struct span *file = talloc(call->arena, struct span);

    *file = key;
    taking->question = (struct openpgp_question){ .keys = file, .key_count = 1 };
    taking->address = openpgp_address(call->arena, address);
    if (!taking->address)
        return jmap_bad_property("address");
    return span_is_empty(key) || span_length(key) > OPENPGP_KEY_MAX ? jmap_bad_property(name) : NULL;
}

static json_t *read_blob(struct jmap_call *call, const char *blob_id, const char *address,
                         struct taking *taking)
{
    struct err err = ERR_INIT;
    struct blob blob;

    if (!jmap_blob_find(call, blob_id, &blob, &err))
        return err.kind == ERR_NOT_FOUND ? jmap_bad_property("blobId") : jmap_set_error_of(&err);
    return read_file(call, blob.bytes, "blobId", address, taking);
}

/* Either an email and which of its keys, or a file and whose it is. */
static json_t *read_object(struct jmap_call *call, const json_t *object, struct taking *taking)
{
    const char *email = json_string_value(json_object_get(object, "emailId")),
               *fingerprint = json_string_value(json_object_get(object, "fingerprint")),
               *key = json_string_value(json_object_get(object, "key")),
               *blob = json_string_value(json_object_get(object, "blobId")),
               *address = json_string_value(json_object_get(object, "address"));

    taking->fingerprint = fingerprint;
    if (json_object_size(object) == 2 && email && fingerprint)
        return read_letter(call, email, taking);
    if (json_object_size(object) == 2 && key && address)
        return read_file(call, span_text(key), "key", address, taking);
    if (json_object_size(object) == 2 && blob && address)
        return read_blob(call, blob, address, taking);
    return jmap_set_error("invalidProperties",
                          "A key is taken with emailId and fingerprint, or with address and blobId or key.");
}

static const struct openpgp_certificate *choose(struct jmap_call *call, const struct taking *taking)
{
    for (size_t i = 0; i < taking->answer.certificate_count; i++) {
        const struct openpgp_certificate *one = &taking->answer.certificates[i];
        if ((!taking->fingerprint || strcmp(one->fingerprint, taking->fingerprint) == 0) &&
            one->state == OPENPGP_GOOD && openpgp_names(call->arena, one, taking->address))
            return one;
    }
    return NULL;
}

static json_t *keep(struct jmap_call *call, const struct taking *taking,
                    const struct openpgp_certificate *chosen)
{
    struct openpgp_key key = { .address = taking->address,
                               .fingerprint = chosen->fingerprint,
                               .content = taking->question.keys[chosen->file] };
    struct span *ids = talloc_array(call->arena, struct span, (unsigned)chosen->id_count + 1);
    struct err err = ERR_INIT;

    for (size_t i = 0; i < chosen->id_count; i++)
        ids[i] = span_text(chosen->ids[i]);
    return openpgp_key_put(call->account->group, call->account->mailbox_id, &key, ids, chosen->id_count,
                           &err) &&
                   jmap_owner_raise(call, &err)
               ? NULL
               : jmap_set_error_of(&err);
}

static json_t *create(struct jmap_call *call, const char *creation_id, json_t *object, json_t **created_out,
                      void *arg)
{
    const struct openpgp_certificate *chosen;
    struct taking taking = { 0 };
    struct err err = ERR_INIT;
    json_t *error = read_object(call, object, &taking);

    (void)creation_id;
    (void)arg;
    if (error)
        return error;
    if (!openpgp_ask(call->arena, call->request->jmap->options.openpgp_socket, &taking.question,
                     &taking.answer, &err))
        return jmap_set_error_of(&err);
    chosen = choose(call, &taking);
    if (!chosen || strlen(id_of(call->arena, taking.address, chosen->fingerprint)) > JMAP_ID_MAX)
        return jmap_set_error("invalidProperties", "There is no valid key of %s in it.", taking.address);
    error = keep(call, &taking, chosen);
    if (!error)
        *created_out =
            json_pack("{s:s, s:s, s:s}", "id", id_of(call->arena, taking.address, chosen->fingerprint),
                      "address", taking.address, "fingerprint", chosen->fingerprint);
    return error;
}

static json_t *destroy(struct jmap_call *call, const char *id, void *arg)
{
    const char *address, *fingerprint;
    struct err err = ERR_INIT;

    (void)arg;
    if (!read_id(call->arena, id, &address, &fingerprint))
        return jmap_set_error("notFound", "There is no such key.");
    return openpgp_key_remove(call->account->group, call->account->mailbox_id, address, fingerprint, &err) &&
                   jmap_owner_raise(call, &err)
               ? NULL
               : jmap_set_error_of(&err);
}

bool openpgp_key_set(struct jmap_call *call)
{
    return may_keep(call) && jmap_set_run(call, &(struct jmap_set){ .create = create, .destroy = destroy });
}
