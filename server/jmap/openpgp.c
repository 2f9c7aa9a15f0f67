/* openpgp.c -- see openpgp.h. */
#include "jmap/openpgp.h"

#include "base/clock.h"
#include "mailbox/openpgp_key.h"

#include <assert.h>
#include <talloc.h>

enum { KNOWN_MAX = OPENPGP_KEYS_MAX - OPENPGP_LETTER_KEYS_MAX };

struct openpgp_checker {
    struct jmap_call *call;
    unsigned left, failures_left;
};

bool openpgp_is_property(const char *name)
{
    return strcmp(name, "openpgp") == 0;
}

struct openpgp_checker *openpgp_checker_new(struct jmap_call *call)
{
    struct openpgp_checker *checker = talloc_zero(call->arena, struct openpgp_checker);

    checker->call = call;
    checker->left = OPENPGP_CHECKS_MAX;
    checker->failures_left = OPENPGP_FAILURES_MAX;
    return checker;
}

/* What is said of a letter. Of several signatures the first of these counts: a broken one spoils the others. */
enum status {
    CHANGED,
    VERIFIED,
    PARTIAL,
    REPLACED,
    UNTRUSTED,
    ANOTHER,
    REVOKED,
    EXPIRED,
    UNSUPPORTED,
    UNKNOWN,
    UNREADABLE,
    UNAVAILABLE,
    UNSIGNED,
    ENCRYPTED,
    STATUSES
};
static const char *const names[] = {
    [CHANGED] = "changed",   [VERIFIED] = "verified",     [PARTIAL] = "partial",
    [REPLACED] = "replaced", [UNTRUSTED] = "untrusted",   [ANOTHER] = "another",
    [REVOKED] = "revoked",   [EXPIRED] = "expired",       [UNSUPPORTED] = "unsupported",
    [UNKNOWN] = "unknown",   [UNREADABLE] = "unreadable", [UNAVAILABLE] = "unavailable",
    [UNSIGNED] = "unsigned", [ENCRYPTED] = "encrypted",
};
static_assert(COUNT_OF(names) == STATUSES, "every status has a name");

/* ---- asking */

/* A letter while it is judged; all under `arena`. */
struct judging {
    struct jmap_call *call;
    void *arena;
    struct openpgp_letter letter;
    struct openpgp_key
        *known; /* that were taken for the sender's address, or hold a key that the signature names */
    size_t known_count;
    struct openpgp_answer answer;
};

/* The known files first, then those of the letter: by the number of its file a certificate is told to be of one or the other. */
static bool ask(struct judging *j, struct err *err)
{
    struct span *keys = talloc_array(j->arena, struct span, OPENPGP_KEYS_MAX);
    struct openpgp_question question = { .content = j->letter.content,
                                         .signature = j->letter.signature,
                                         .keys = keys };

    for (size_t i = 0; i < j->known_count; i++)
        keys[question.key_count++] = j->known[i].content;
    for (size_t i = 0; i < j->letter.key_count; i++)
        keys[question.key_count++] = j->letter.keys[i];
    return openpgp_ask(j->arena, j->call->request->jmap->options.openpgp_socket, &question, &j->answer, err);
}

static bool find_known(struct judging *j, const struct span *key_ids, size_t count, struct err *err)
{
    const struct jmap_account *account = j->call->account;

    return openpgp_key_find(account->group, account->mailbox_id, j->arena, j->letter.sender, key_ids, count,
                            KNOWN_MAX, &j->known, &j->known_count, err);
}

/* Asks with the sender's keys and the letter's; where a signature is of none of them, once more with those that its number names. */
static bool look(struct judging *j, struct err *err)
{
    struct span key_ids[OPENPGP_SIGNATURES_MAX];
    size_t count = 0, before;

    if (!find_known(j, NULL, 0, err) || !ask(j, err))
        return false;
    for (size_t i = 0; i < j->answer.signature_count; i++)
        if (j->answer.signatures[i].state == OPENPGP_UNKNOWN && *j->answer.signatures[i].key_id)
            key_ids[count++] = span_text(j->answer.signatures[i].key_id);
    before = j->known_count;
    return count == 0 || (find_known(j, key_ids, count, err) && (j->known_count == before || ask(j, err)));
}

/* ---- judging */

bool openpgp_names(const void *arena, const struct openpgp_certificate *certificate, const char *address)
{
    for (size_t i = 0; i < certificate->address_count; i++) {
        const char *one = openpgp_address(arena, certificate->addresses[i]);
        if (one && strcmp(one, address) == 0)
            return true;
    }
    return false;
}

/* From the letter where it has one: it is what can be taken from there. */
static const struct openpgp_certificate *certificate_of(const struct judging *j, const char *fingerprint)
{
    const struct openpgp_certificate *found = NULL;

    for (size_t i = 0; i < j->answer.certificate_count; i++)
        if (strcmp(j->answer.certificates[i].fingerprint, fingerprint) == 0)
            found = &j->answer.certificates[i];
    return found;
}

static bool is_of_letter(const struct judging *j, const struct openpgp_certificate *certificate)
{
    return certificate->file >= j->known_count;
}

/* Is the certificate kept, and for whom: `address` NULL is anybody. */
static bool is_kept(const struct judging *j, const char *fingerprint, const char *address)
{
    for (size_t i = 0; i < j->known_count; i++)
        if ((!fingerprint || strcmp(j->known[i].fingerprint, fingerprint) == 0) &&
            (!address || strcmp(j->known[i].address, address) == 0))
            return true;
    return false;
}

/* May the reader take it for the sender's address by a click? */
static bool may_be_taken(const struct judging *j, const struct openpgp_certificate *certificate)
{
    return certificate && is_of_letter(j, certificate) && certificate->state == OPENPGP_GOOD &&
           *j->letter.sender && !is_kept(j, certificate->fingerprint, j->letter.sender) &&
           openpgp_names(j->arena, certificate, j->letter.sender);
}

static enum status status_of_good(const struct judging *j, const struct openpgp_signature *signature)
{
    const struct openpgp_certificate *certificate = certificate_of(j, signature->fingerprint);

    if (*j->letter.sender && is_kept(j, signature->fingerprint, j->letter.sender))
        return j->letter.is_whole ? VERIFIED : PARTIAL;
    if (!certificate || !*j->letter.sender || !openpgp_names(j->arena, certificate, j->letter.sender))
        return ANOTHER;
    return is_kept(j, NULL, j->letter.sender) ? REPLACED : UNTRUSTED;
}

static enum status status_of(const struct judging *j, const struct openpgp_signature *signature)
{
    static const enum status others[] = { [OPENPGP_UNKNOWN] = UNKNOWN,
                                          [OPENPGP_CHANGED] = CHANGED,
                                          [OPENPGP_EXPIRED] = EXPIRED,
                                          [OPENPGP_REVOKED] = REVOKED,
                                          [OPENPGP_UNSUPPORTED] = UNSUPPORTED };

    return signature->state == OPENPGP_GOOD ? status_of_good(j, signature) : others[signature->state];
}

/* ---- as a property */

static json_t *addresses_of(const struct openpgp_certificate *certificate)
{
    json_t *list = json_array();

    for (size_t i = 0; certificate && i < certificate->address_count; i++)
        json_array_append_new(list, json_string(certificate->addresses[i]));
    return list;
}

static json_t *text_or_null(const char *text)
{
    return *text ? json_string(text) : json_null();
}

/* What can be taken: the certificate of the signature, or without one those that are attached. */
static json_t *offers_of(const struct judging *j, const struct openpgp_signature *signature)
{
    json_t *list = json_array();

    for (size_t i = 0; i < j->answer.certificate_count; i++) {
        const struct openpgp_certificate *one = &j->answer.certificates[i];
        if (may_be_taken(j, one) && (!signature || strcmp(signature->fingerprint, one->fingerprint) == 0))
            json_array_append_new(list, json_string(one->fingerprint));
    }
    return list;
}

static json_t *simple(enum status status)
{
    return json_pack("{s:s, s:b, s:n, s:n, s:n, s:[], s:[]}", "status", names[status], "isWhole", 0,
                     "fingerprint", "keyId", "signedAt", "addresses", "offers");
}

static json_t *describe(const struct judging *j, enum status status,
                        const struct openpgp_signature *signature)
{
    const struct openpgp_certificate *certificate = certificate_of(j, signature->fingerprint);

    return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "status", names[status], "isWhole",
                     j->letter.is_whole, "fingerprint", text_or_null(signature->fingerprint), "keyId",
                     text_or_null(signature->key_id), "signedAt",
                     signature->created_s ? jmap_date(signature->created_s * US_PER_S) : json_null(),
                     "addresses", addresses_of(certificate), "offers", offers_of(j, signature));
}

static json_t *judge(const struct judging *j)
{
    const struct openpgp_signature *which = NULL;
    enum status status = STATUSES;

    for (size_t i = 0; i < j->answer.signature_count; i++) {
        enum status one = status_of(j, &j->answer.signatures[i]);
        if (one < status) {
            status = one;
            which = &j->answer.signatures[i];
        }
    }
    return which && j->answer.is_read ? describe(j, status, which) : simple(UNREADABLE);
}

static json_t *unsigned_with_keys(struct judging *j)
{
    json_t *offers = offers_of(j, NULL), *object;

    if (json_array_size(offers) == 0) {
        json_decref(offers);
        return json_null();
    }
    object = simple(UNSIGNED);
    json_object_set_new(object, "offers", offers);
    return object;
}

static bool check(struct openpgp_checker *checker, struct judging *j, struct err *err)
{
    bool is_done;

    if (checker->left == 0 || checker->failures_left == 0)
        return false;
    checker->left--;
    is_done = look(j, err);
    if (!is_done && err->kind != ERR_LIMIT)
        checker->failures_left--;
    return is_done;
}

static json_t *value_of(struct openpgp_checker *checker, struct judging *j)
{
    enum openpgp_letter_kind kind = j->letter.kind;
    struct err err = ERR_INIT;

    if (kind == OPENPGP_LETTER_SEALED)
        return simple(ENCRYPTED);
    if (kind == OPENPGP_LETTER_TORN)
        return simple(UNREADABLE);
    if (kind == OPENPGP_LETTER_PLAIN && !j->letter.has_attached_key)
        return json_null();
    if (!check(checker, j, &err))
        return kind == OPENPGP_LETTER_PLAIN ? json_null()
                                            : simple(err.kind == ERR_LIMIT ? UNSUPPORTED : UNAVAILABLE);
    return kind == OPENPGP_LETTER_PLAIN ? unsigned_with_keys(j) : judge(j);
}

void openpgp_add(struct openpgp_checker *checker, const struct letter_source *source, json_t *object)
{
    struct judging judging = { .call = checker->call, .arena = talloc_new(checker) };

    openpgp_letter_read(judging.arena, source, &judging.letter);
    json_object_set_new(object, "openpgp", value_of(checker, &judging));
    talloc_free(judging.arena);
}
