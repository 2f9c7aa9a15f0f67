/* openpgp.c -- librnp, loaded by name as poppler is (pdf.c): certificates into a keyring that is nowhere but in memory, a signature against
 * them, and what came of it as lines of words (openpgp_talk.c). Its calls are those of librnp.so.0, whose interface is stable. */
#include "extract/openpgp.h"

#include "extract/formats.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

static const char library[] = "librnp.so.0";

/* rnp/rnp_err.h, rnp/rnp.h */
enum {
    SUCCESS = 0,
    SIGNATURE_INVALID = 0x12000002,
    KEY_NOT_FOUND = 0x12000005,
    SIGNATURE_EXPIRED = 0x1200000b,
    LOAD_PUBLIC = 1,
    LOAD_PERMISSIVE = 1 << 8,
};

struct calls {
    uint32_t (*ffi_create)(void **ffi, const char *public_format, const char *secret_format);
    uint32_t (*ffi_destroy)(void *ffi);
    uint32_t (*input_from_memory)(void **input, const uint8_t *bytes, size_t length, bool copies);
    uint32_t (*input_destroy)(void *input);
    uint32_t (*output_to_null)(void **output);
    uint32_t (*output_destroy)(void *output);
    void (*buffer_destroy)(void *buffer);
    uint32_t (*import_keys)(void *ffi, void *input, uint32_t flags, char **results);
    uint32_t (*verify_detached_create)(void **op, void *ffi, void *content, void *signature);
    uint32_t (*verify_create)(void **op, void *ffi, void *input, void *output);
    uint32_t (*verify_execute)(void *op);
    uint32_t (*verify_destroy)(void *op);
    uint32_t (*verify_signature_count)(void *op, size_t *count);
    uint32_t (*verify_signature_at)(void *op, size_t index, void **signature);
    uint32_t (*signature_status)(void *signature);
    uint32_t (*signature_key)(void *signature, void **key);
    uint32_t (*signature_hash)(void *signature, char **hash);
    uint32_t (*signature_times)(void *signature, uint32_t *created, uint32_t *expires);
    uint32_t (*signature_handle)(void *signature, void **handle);
    uint32_t (*handle_key_id)(void *handle, char **key_id);
    uint32_t (*handle_destroy)(void *handle);
    uint32_t (*keys)(void *ffi, void **iterator, const char *kind);
    uint32_t (*next_key)(void *iterator, const char **fingerprint);
    uint32_t (*keys_destroy)(void *iterator);
    uint32_t (*locate_key)(void *ffi, const char *kind, const char *which, void **key);
    uint32_t (*key_destroy)(void *key);
    uint32_t (*key_id)(void *key, char **id);
    uint32_t (*key_primary)(void *key, char **fingerprint);
    uint32_t (*key_fingerprint)(void *key, char **fingerprint);
    uint32_t (*key_is_primary)(void *key, bool *result);
    uint32_t (*key_is_valid)(void *key, bool *result);
    uint32_t (*key_is_revoked)(void *key, bool *result);
    uint32_t (*key_is_expired)(void *key, bool *result);
    uint32_t (*key_uids)(void *key, size_t *count);
    uint32_t (*key_uid)(void *key, size_t index, void **uid);
    uint32_t (*uid_is_valid)(void *uid, bool *result);
    uint32_t (*uid_is_revoked)(void *uid, bool *result);
    uint32_t (*uid_kind)(void *uid, uint32_t *kind);
    uint32_t (*uid_data)(void *uid, void **data, size_t *length);
    uint32_t (*uid_destroy)(void *uid);
};
#define CALL(member, name)                                                                                   \
    {                                                                                                        \
        name, offsetof(struct calls, member)                                                                 \
    }
static const struct {
    const char *name;
    size_t offset;
} names[] = {
    CALL(ffi_create, "rnp_ffi_create"),
    CALL(ffi_destroy, "rnp_ffi_destroy"),
    CALL(input_from_memory, "rnp_input_from_memory"),
    CALL(input_destroy, "rnp_input_destroy"),
    CALL(output_to_null, "rnp_output_to_null"),
    CALL(output_destroy, "rnp_output_destroy"),
    CALL(buffer_destroy, "rnp_buffer_destroy"),
    CALL(import_keys, "rnp_import_keys"),
    CALL(verify_detached_create, "rnp_op_verify_detached_create"),
    CALL(verify_create, "rnp_op_verify_create"),
    CALL(verify_execute, "rnp_op_verify_execute"),
    CALL(verify_destroy, "rnp_op_verify_destroy"),
    CALL(verify_signature_count, "rnp_op_verify_get_signature_count"),
    CALL(verify_signature_at, "rnp_op_verify_get_signature_at"),
    CALL(signature_status, "rnp_op_verify_signature_get_status"),
    CALL(signature_key, "rnp_op_verify_signature_get_key"),
    CALL(signature_hash, "rnp_op_verify_signature_get_hash"),
    CALL(signature_times, "rnp_op_verify_signature_get_times"),
    CALL(signature_handle, "rnp_op_verify_signature_get_handle"),
    CALL(handle_key_id, "rnp_signature_get_keyid"),
    CALL(handle_destroy, "rnp_signature_handle_destroy"),
    CALL(keys, "rnp_identifier_iterator_create"),
    CALL(next_key, "rnp_identifier_iterator_next"),
    CALL(keys_destroy, "rnp_identifier_iterator_destroy"),
    CALL(locate_key, "rnp_locate_key"),
    CALL(key_destroy, "rnp_key_handle_destroy"),
    CALL(key_id, "rnp_key_get_keyid"),
    CALL(key_primary, "rnp_key_get_primary_fprint"),
    CALL(key_fingerprint, "rnp_key_get_fprint"),
    CALL(key_is_primary, "rnp_key_is_primary"),
    CALL(key_is_valid, "rnp_key_is_valid"),
    CALL(key_is_revoked, "rnp_key_is_revoked"),
    CALL(key_is_expired, "rnp_key_is_expired"),
    CALL(key_uids, "rnp_key_get_uid_count"),
    CALL(key_uid, "rnp_key_get_uid_handle_at"),
    CALL(uid_is_valid, "rnp_uid_is_valid"),
    CALL(uid_is_revoked, "rnp_uid_is_revoked"),
    CALL(uid_kind, "rnp_uid_get_type"),
    CALL(uid_data, "rnp_uid_get_data"),
    CALL(uid_destroy, "rnp_uid_handle_destroy"),
};

/* Written once by openpgp_prepare(), before there are others who read them. */
static struct calls rnp;
static bool is_loaded;
/* Keyrings for one question, made with it too: what fills their source of randomness, which no question uses, could not be opened by a child. Each child has
 * its own copy of them. */
static void *spare[OPENPGP_KEYS_MAX + 1];
static size_t spare_count;

static bool load(void)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; handle && i < COUNT_OF(names); i++) {
        void *found = dlsym(handle, names[i].name);
        if (!found)
            return false;
        memcpy((char *)&rnp + names[i].offset, &found, sizeof found);
    }
    return handle != NULL;
}

bool openpgp_prepare(void)
{
    if (is_loaded || !load())
        return is_loaded;
    while (spare_count < COUNT_OF(spare) && rnp.ffi_create(&spare[spare_count], "GPG", "GPG") == SUCCESS)
        spare_count++;
    is_loaded = spare_count == COUNT_OF(spare);
    return is_loaded;
}

/* NULL: there is none. */
static void *take_keyring(void)
{
    void *ffi = NULL;

    if (spare_count > 0)
        return spare[--spare_count];
    return rnp.ffi_create(&ffi, "GPG", "GPG") == SUCCESS ? ffi : NULL;
}

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
    if (thing && name(thing, &text) == SUCCESS && text) {
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

    return question(key, &result) == SUCCESS && result;
}

/* The first key of the certificate, which `key` may be itself. NULL: there is none. */
static void *primary_of(void *ffi, void *key)
{
    char *fingerprint = NULL;
    void *primary = NULL;

    if ((says(rnp.key_is_primary, key) ? rnp.key_fingerprint : rnp.key_primary)(key, &fingerprint) ==
            SUCCESS &&
        fingerprint) {
        if (rnp.locate_key(ffi, "fingerprint", fingerprint, &primary) != SUCCESS)
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

    if (rnp.key_uid(key, index, &uid) != SUCCESS)
        return;
    if (rnp.uid_kind(uid, &kind) == SUCCESS && kind == 1 && says(rnp.uid_is_valid, uid) &&
        !says(rnp.uid_is_revoked, uid) && rnp.uid_data(uid, &data, &length) == SUCCESS) {
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
    if (rnp.key_uids(key, &uids) != SUCCESS)
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

    if (rnp.keys(ffi, &iterator, "fingerprint") != SUCCESS)
        return;
    while (goes_on && rnp.next_key(iterator, &fingerprint) == SUCCESS && fingerprint) {
        key = NULL;
        if (rnp.locate_key(ffi, "fingerprint", fingerprint, &key) != SUCCESS || !key)
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
    if (!says(rnp.key_is_primary, key) && rnp.key_primary(key, &mine) == SUCCESS && mine &&
        rnp.key_fingerprint(listing->of, &its) == SUCCESS && its && strcmp(mine, its) == 0) {
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

    if (rnp.input_from_memory(&input, (const uint8_t *)bytes.p, span_length(bytes), false) != SUCCESS)
        return;
    (void)rnp.import_keys(ffi, input, LOAD_PUBLIC | LOAD_PERMISSIVE, NULL);
    rnp.input_destroy(input);
}

/* What each file brings, each in a keyring of its own, so that it is known which certificate came with which. */
static void list_certificates(const struct openpgp_question *question, struct extract_sink *sink)
{
    for (size_t i = 0; i < question->key_count; i++) {
        struct listing listing = { .sink = sink, .file = (uint32_t)i };
        void *ffi = take_keyring();
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

    if (rnp.signature_hash(signature, &hash) != SUCCESS || !hash)
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

    if (status == KEY_NOT_FOUND || !key || !primary)
        return status == KEY_NOT_FOUND ? OPENPGP_UNKNOWN : OPENPGP_UNSUPPORTED;
    if ((status != SUCCESS && status != SIGNATURE_EXPIRED && status != SIGNATURE_INVALID) ||
        is_weak(signature))
        return OPENPGP_UNSUPPORTED;
    of_key = state_of_key(primary);
    if (of_key == OPENPGP_GOOD)
        of_key = state_of_key(key);
    if (of_key == OPENPGP_REVOKED || of_key == OPENPGP_EXPIRED)
        return of_key;
    if (status != SUCCESS)
        return status == SIGNATURE_EXPIRED ? OPENPGP_EXPIRED : OPENPGP_CHANGED;
    return of_key;
}

static void add_signature(void *ffi, void *signature, struct extract_sink *sink)
{
    void *key = NULL, *primary = NULL, *handle = NULL;
    uint32_t created = 0;

    if (rnp.signature_key(signature, &key) != SUCCESS)
        key = NULL;
    primary = key ? primary_of(ffi, key) : NULL;
    add_text(sink, "signature\t");
    add_text(sink, openpgp_state_name(state_of(signature, key, primary)));
    if (rnp.signature_handle(signature, &handle) != SUCCESS)
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
    if (rnp.verify_signature_count(op, &count) != SUCCESS || count == 0)
        return;
    for (size_t i = 0; i < count && i < OPENPGP_SIGNATURES_MAX; i++)
        if (rnp.verify_signature_at(op, i, &signature) == SUCCESS)
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

    if (result == SUCCESS && is_text) {
        result = rnp.output_to_null(&output);
        result = result == SUCCESS ? rnp.verify_create(&op, ffi, content, output) : result;
    } else if (result == SUCCESS) {
        result = rnp.input_from_memory(&signature, (const uint8_t *)question->signature.p,
                                       span_length(question->signature), false);
        result = result == SUCCESS ? rnp.verify_detached_create(&op, ffi, content, signature) : result;
    }
    if (result == SUCCESS)
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
    void *arena = talloc_new(NULL), *ffi = openpgp_prepare() ? take_keyring() : NULL;
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
