/* openpgp.c -- certificates into a keyring, a signature against them, and what came of it as lines of words (openpgp_talk.c reads them). */
#include "extract/openpgp.h"

#include "extract/formats.h"
#include "extract/rnp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

/* ---- lines */

static void add_text(struct extract_sink *sink, const char *text)
{
    extract_sink_add(sink, span_text(text));
}

/* What the library calls the thing, behind a tab; nothing where there is no such thing. */
static void add_name(struct extract_sink *sink, uint32_t (*name)(void *thing, char **text), void *thing)
{
    char *text = NULL;

    add_text(sink, "\t");
    if (thing && name(thing, &text) == RNP_SUCCESS && text) {
        add_text(sink, text);
        rnp.buffer_destroy(text);
    }
}

static void add_number(struct extract_sink *sink, uint32_t number)
{
    char text[16];

    snprintf(text, sizeof text, "\t%u", number);
    add_text(sink, text);
}

/* ---- certificates */

static bool says(uint32_t (*question)(void *key, bool *result), void *key)
{
    bool result = false;

    return question(key, &result) == RNP_SUCCESS && result;
}

/* The first key of the certificate, which `key` may be itself. NULL: there is none. */
static void *primary_of(void *ffi, void *key)
{
    char *fingerprint = NULL;
    void *primary = NULL;

    if ((says(rnp.key_is_primary, key) ? rnp.key_fingerprint : rnp.key_primary)(key, &fingerprint) ==
            RNP_SUCCESS &&
        fingerprint) {
        if (rnp.locate_key(ffi, "fingerprint", fingerprint, &primary) != RNP_SUCCESS)
            primary = NULL;
        rnp.buffer_destroy(fingerprint);
    }
    return primary;
}

static enum openpgp_state state_of_key(void *key)
{
    if (says(rnp.key_is_revoked, key))
        return OPENPGP_REVOKED;
    if (says(rnp.key_is_expired, key))
        return OPENPGP_EXPIRED;
    return says(rnp.key_is_valid, key) ? OPENPGP_GOOD : OPENPGP_UNSUPPORTED;
}

/* What is between < and >, or all of it: printable ASCII or UTF-8 with one @. Anything else is no address that one could compare. */
static struct span address_in(struct span uid)
{
    enum { ADDRESS_MAX = 320 };
    const char *open = span_is_empty(uid) ? NULL : memrchr(uid.p, '<', span_length(uid));
    const char *close = open ? memchr(open, '>', (size_t)(uid.end - open)) : NULL;
    struct span address = close ? span_of(open + 1, (size_t)(close - open - 1)) : uid;
    size_t signs = 0;

    if (span_length(address) > ADDRESS_MAX)
        return span_of("", 0);
    for (const char *p = address.p; p < address.end; p++) {
        if ((unsigned char)*p <= ' ' || *p == '\x7f' || *p == '<' || *p == '>')
            return span_of("", 0);
        signs += *p == '@';
    }
    return signs == 1 ? address : span_of("", 0);
}

static void add_uid(void *key, size_t index, struct extract_sink *sink)
{
    void *uid = NULL, *data = NULL;
    uint32_t kind = 0;
    size_t length = 0;

    if (rnp.key_uid(key, index, &uid) != RNP_SUCCESS)
        return;
    if (rnp.uid_kind(uid, &kind) == RNP_SUCCESS && kind == 1 && says(rnp.uid_is_valid, uid) &&
        !says(rnp.uid_is_revoked, uid) && rnp.uid_data(uid, &data, &length) == RNP_SUCCESS) {
        struct span address = address_in(span_of(data, length));
        if (!span_is_empty(address)) {
            add_text(sink, "address\t");
            extract_sink_add(sink, address);
            add_text(sink, "\n");
        }
        rnp.buffer_destroy(data);
    }
    rnp.uid_destroy(uid);
}

static void add_key_id(void *key, struct extract_sink *sink)
{
    add_text(sink, "id");
    add_name(sink, rnp.key_id, key);
    add_text(sink, "\n");
}

static void add_certificate(void *key, uint32_t file, struct extract_sink *sink)
{
    size_t uids = 0;

    add_text(sink, "certificate\t");
    add_text(sink, openpgp_state_name(state_of_key(key)));
    add_name(sink, rnp.key_fingerprint, key);
    add_number(sink, file);
    add_text(sink, "\n");
    add_key_id(key, sink);
    if (rnp.key_uids(key, &uids) != RNP_SUCCESS)
        return;
    for (size_t i = 0; i < uids && i < OPENPGP_ADDRESSES_MAX; i++)
        add_uid(key, i, sink);
}

/* All keys of the keyring, until `one` says that it is enough. */
static void each_key(void *ffi, bool (*one)(void *ffi, void *key, void *arg), void *arg)
{
    const char *fingerprint;
    void *iterator, *key;
    bool goes_on = true;

    if (rnp.keys(ffi, &iterator, "fingerprint") != RNP_SUCCESS)
        return;
    while (goes_on && rnp.next_key(iterator, &fingerprint) == RNP_SUCCESS && fingerprint) {
        key = NULL;
        if (rnp.locate_key(ffi, "fingerprint", fingerprint, &key) != RNP_SUCCESS || !key)
            continue;
        goes_on = one(ffi, key, arg);
        rnp.key_destroy(key);
    }
    rnp.keys_destroy(iterator);
}

struct listing {
    struct extract_sink *sink;
    uint32_t file;
    void *of; /* the certificate whose other keys are wanted */
    size_t left;
};

static bool add_subkey(void *ffi, void *key, void *arg)
{
    struct listing *listing = arg;
    char *mine = NULL, *its = NULL;

    (void)ffi;
    if (!says(rnp.key_is_primary, key) && rnp.key_primary(key, &mine) == RNP_SUCCESS && mine &&
        rnp.key_fingerprint(listing->of, &its) == RNP_SUCCESS && its && strcmp(mine, its) == 0) {
        add_key_id(key, listing->sink);
        listing->left--;
    }
    if (mine)
        rnp.buffer_destroy(mine);
    if (its)
        rnp.buffer_destroy(its);
    return listing->left > 0;
}

static bool add_primary(void *ffi, void *key, void *arg)
{
    struct listing *listing = arg;

    if (says(rnp.key_is_primary, key)) {
        add_certificate(key, listing->file, listing->sink);
        listing->of = key;
        listing->left = OPENPGP_IDS_MAX - 1;
        each_key(ffi, add_subkey, listing);
    }
    return true;
}

static void take_keys(void *ffi, struct span bytes)
{
    void *input;

    if (rnp.input_from_memory(&input, (const uint8_t *)bytes.p, span_length(bytes), false) != RNP_SUCCESS)
        return;
    (void)rnp.import_keys(ffi, input, RNP_LOAD_PUBLIC | RNP_LOAD_PERMISSIVE, NULL);
    rnp.input_destroy(input);
}

/* What each file brings, each in a keyring of its own, so that it is known which certificate came with which. */
static void list_certificates(const struct openpgp_question *question, struct extract_sink *sink)
{
    for (size_t i = 0; i < question->key_count; i++) {
        struct listing listing = { .sink = sink, .file = (uint32_t)i };
        void *ffi = rnp_keyring();
        if (!ffi)
            return;
        take_keys(ffi, question->keys[i]);
        each_key(ffi, add_primary, &listing);
        rnp.ffi_destroy(ffi);
    }
}

/* ---- signatures */

static bool is_weak(void *signature)
{
    static const char *const believed[] = { "SHA224", "SHA256", "SHA384", "SHA512", "SHA3-256", "SHA3-512" };
    char *hash = NULL;
    bool is_believed = false;

    if (rnp.signature_hash(signature, &hash) != RNP_SUCCESS || !hash)
        return true;
    for (size_t i = 0; i < COUNT_OF(believed); i++)
        is_believed = is_believed || strcasecmp(hash, believed[i]) == 0;
    rnp.buffer_destroy(hash);
    return !is_believed;
}

static enum openpgp_state state_of(void *signature, void *key, void *primary)
{
    uint32_t status = rnp.signature_status(signature);
    enum openpgp_state of_key;

    if (status == RNP_KEY_NOT_FOUND || !key || !primary)
        return status == RNP_KEY_NOT_FOUND ? OPENPGP_UNKNOWN : OPENPGP_UNSUPPORTED;
    if ((status != RNP_SUCCESS && status != RNP_SIGNATURE_EXPIRED && status != RNP_SIGNATURE_INVALID) ||
        is_weak(signature))
        return OPENPGP_UNSUPPORTED;
    of_key = state_of_key(primary);
    if (of_key == OPENPGP_GOOD)
        of_key = state_of_key(key);
    if (of_key == OPENPGP_REVOKED || of_key == OPENPGP_EXPIRED)
        return of_key;
    if (status != RNP_SUCCESS)
        return status == RNP_SIGNATURE_EXPIRED ? OPENPGP_EXPIRED : OPENPGP_CHANGED;
    return of_key;
}

static void add_signature(void *ffi, void *signature, struct extract_sink *sink)
{
    void *key = NULL, *primary = NULL, *handle = NULL;
    uint32_t created = 0;

    if (rnp.signature_key(signature, &key) != RNP_SUCCESS)
        key = NULL;
    primary = key ? primary_of(ffi, key) : NULL;
    add_text(sink, "signature\t");
    add_text(sink, openpgp_state_name(state_of(signature, key, primary)));
    if (rnp.signature_handle(signature, &handle) != RNP_SUCCESS)
        handle = NULL;
    add_name(sink, rnp.handle_key_id, handle);
    add_name(sink, rnp.key_fingerprint, primary);
    (void)rnp.signature_times(signature, &created, NULL);
    add_number(sink, created);
    add_text(sink, "\n");
    if (handle)
        rnp.handle_destroy(handle);
    if (primary)
        rnp.key_destroy(primary);
    if (key)
        rnp.key_destroy(key);
}

static void add_signatures(void *ffi, void *op, struct extract_sink *sink)
{
    size_t count = 0;
    void *signature;

    (void)rnp.verify_execute(op); /* what came of it is said by each */
    if (rnp.verify_signature_count(op, &count) != RNP_SUCCESS || count == 0)
        return;
    for (size_t i = 0; i < count && i < OPENPGP_SIGNATURES_MAX; i++)
        if (rnp.verify_signature_at(op, i, &signature) == RNP_SUCCESS)
            add_signature(ffi, signature, sink);
    if (count <= OPENPGP_SIGNATURES_MAX)
        add_text(sink, "read\n");
}

static void check(void *ffi, const struct openpgp_question *question, struct extract_sink *sink)
{
    bool is_text = span_is_empty(question->signature);
    void *content = NULL, *signature = NULL, *output = NULL, *op = NULL;
    uint32_t result = rnp.input_from_memory(&content, (const uint8_t *)question->content.p,
                                            span_length(question->content), false);

    if (result == RNP_SUCCESS && is_text) {
        result = rnp.output_to_null(&output);
        result = result == RNP_SUCCESS ? rnp.verify_create(&op, ffi, content, output) : result;
    } else if (result == RNP_SUCCESS) {
        result = rnp.input_from_memory(&signature, (const uint8_t *)question->signature.p,
                                       span_length(question->signature), false);
        result = result == RNP_SUCCESS ? rnp.verify_detached_create(&op, ffi, content, signature) : result;
    }
    if (result == RNP_SUCCESS)
        add_signatures(ffi, op, sink);
    if (op)
        rnp.verify_destroy(op);
    if (output)
        rnp.output_destroy(output);
    if (signature)
        rnp.input_destroy(signature);
    if (content)
        rnp.input_destroy(content);
}

enum extract_verdict openpgp_text(struct span bytes, struct extract_sink *sink)
{
    void *arena = talloc_new(NULL), *ffi = openpgp_prepare() ? rnp_keyring() : NULL;
    struct openpgp_question question;
    enum extract_verdict verdict = ffi ? EXTRACT_DAMAGED : EXTRACT_UNREAD;

    if (ffi && openpgp_question_unpack(arena, bytes, &question)) {
        list_certificates(&question, sink);
        for (size_t i = 0; i < question.key_count; i++)
            take_keys(ffi, question.keys[i]);
        if (!span_is_empty(question.content))
            check(ffi, &question, sink);
        verdict = EXTRACT_DONE;
    }
    if (ffi)
        rnp.ffi_destroy(ffi);
    talloc_free(arena);
    return verdict;
}
