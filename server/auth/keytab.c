/* keytab.c -- see keytab.h. */
#include "auth/keytab.h"

#include "base/log.h"
#include "base/span.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>

enum { NAME_MAX_BYTES = 48, CAUSE_BYTES = 200 };

struct keytab {
    const char *file, *service, *replay;
    enum keytab_ciphers ciphers;
    pthread_mutex_t lock; /* of what follows */
    struct stat seen;     /* the file when it was read */
    krb5_context context;
    krb5_keytab kept; /* the copy in memory; NULL: none could be read yet */
    char name[NAME_MAX_BYTES];
    char cause[CAUSE_BYTES]; /* why the file as it is now was not read */
    size_t keys;
};

/* Copies in memory have names that the whole process shares. */
static atomic_uint numbers;

bool keytab_takes_cipher(enum keytab_ciphers ciphers, int enctype)
{
    switch (enctype) {
    case ENCTYPE_AES128_CTS_HMAC_SHA1_96:
    case ENCTYPE_AES256_CTS_HMAC_SHA1_96:
    case ENCTYPE_AES128_CTS_HMAC_SHA256_128:
    case ENCTYPE_AES256_CTS_HMAC_SHA384_192:
    case ENCTYPE_CAMELLIA128_CTS_CMAC:
    case ENCTYPE_CAMELLIA256_CTS_CMAC:
        return true;
    case ENCTYPE_ARCFOUR_HMAC:
        return ciphers == KEYTAB_WITH_RC4;
    default:
        return false;
    }
}

static int destroy(struct keytab *keytab)
{
    if (keytab->kept)
        krb5_kt_close(keytab->context, keytab->kept);
    if (keytab->context)
        krb5_free_context(keytab->context);
    pthread_mutex_destroy(&keytab->lock);
    return 0;
}

struct keytab *keytab_new(const void *owner, const char *file, const char *service, const char *replay_file,
                          enum keytab_ciphers ciphers)
{
    struct keytab *keytab = talloc_zero(owner, struct keytab);

    keytab->file = talloc_strdup(keytab, file);
    keytab->service = talloc_strdup(keytab, service);
    keytab->replay = talloc_asprintf(keytab, "file2:%s", replay_file);
    keytab->ciphers = ciphers;
    pthread_mutex_init(&keytab->lock, NULL);
    talloc_set_destructor(keytab, destroy);
    return keytab;
}

/* service/host@REALM, in the letters that the directory has: Windows writes IMAP. */
static bool is_wanted(const struct keytab *keytab, const krb5_keytab_entry *entry)
{
    const krb5_data *service = entry->principal->length == 2 ? &entry->principal->data[0] : NULL;

    return service && keytab_takes_cipher(keytab->ciphers, entry->key.enctype) &&
           span_equals_nocase(span_of(service->data, service->length), keytab->service);
}

static krb5_error_code copy_keys(struct keytab *keytab, krb5_keytab from, krb5_keytab to, size_t *count_out)
{
    krb5_context context = keytab->context;
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    krb5_error_code code = krb5_kt_start_seq_get(context, from, &cursor), ended;

    *count_out = 0;
    if (code)
        return code;
    while (!code && (code = krb5_kt_next_entry(context, from, &entry, &cursor)) == 0) {
        if (is_wanted(keytab, &entry)) {
            code = krb5_kt_add_entry(context, to, &entry);
            ++*count_out;
        }
        krb5_free_keytab_entry_contents(context, &entry);
    }
    ended = krb5_kt_end_seq_get(context, from, &cursor);
    return code == KRB5_KT_END ? ended : code;
}

static void note_cause(struct keytab *keytab, krb5_error_code code)
{
    const char *text = krb5_get_error_message(keytab->context, code);

    snprintf(keytab->cause, sizeof keytab->cause, "%s", text);
    krb5_free_error_message(keytab->context, text);
}

static void replace(struct keytab *keytab, krb5_keytab fresh, const char *name, size_t keys)
{
    if (keytab->kept)
        krb5_kt_close(keytab->context, keytab->kept); /* credentials in use hold it still */
    keytab->kept = fresh;
    keytab->keys = keys;
    keytab->cause[0] = '\0';
    snprintf(keytab->name, sizeof keytab->name, "%s", name);
    log_event(LOG_LEVEL_INFO, "auth.kerberos.keytab", log_text("file", keytab->file),
              log_text("service", keytab->service), log_i64("keys", (int64_t)keys));
}

static void read_file(struct keytab *keytab)
{
    krb5_keytab from = NULL, fresh = NULL;
    char name[NAME_MAX_BYTES];
    size_t keys = 0;

    snprintf(name, sizeof name, "MEMORY:chappe-%u", ++numbers);
    krb5_error_code code = krb5_kt_resolve(keytab->context, keytab->file, &from);
    if (!code)
        code = krb5_kt_resolve(keytab->context, name, &fresh);
    if (!code)
        code = copy_keys(keytab, from, fresh, &keys);
    if (from)
        krb5_kt_close(keytab->context, from);
    if (!code) {
        replace(keytab, fresh, name, keys);
        return;
    }
    note_cause(keytab, code);
    if (fresh)
        krb5_kt_close(keytab->context, fresh);
    log_event(LOG_LEVEL_WARNING, "auth.kerberos.keytab", log_text("file", keytab->file),
              log_text("cause", keytab->cause));
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool open_library(struct keytab *keytab)
{
    krb5_error_code code = krb5_init_context(&keytab->context);

    if (code == 0)
        return true;
    keytab->context = NULL;
    if (!keytab->cause[0]) {
        note_cause(keytab, code); /* libkrb5 takes no context for that */
        log_event(LOG_LEVEL_ERROR, "auth.kerberos.library", log_text("cause", keytab->cause));
    }
    return false;
}

/* Under the lock. */
static bool refresh(struct keytab *keytab)
{
    struct stat now;

    if (!keytab->context && !open_library(keytab))
        return false;
    if (stat(keytab->file, &now) != 0)
        snprintf(keytab->cause, sizeof keytab->cause, "%s cannot be found", keytab->file);
    else if (!is_same_file(&now, &keytab->seen)) {
        keytab->seen = now;
        read_file(keytab);
    }
    return keytab->kept && keytab->keys > 0;
}

bool keytab_is_ready(struct keytab *keytab)
{
    pthread_mutex_lock(&keytab->lock);
    bool is_ready = refresh(keytab);
    pthread_mutex_unlock(&keytab->lock);
    return is_ready;
}

/* Under the lock: the copy cannot be replaced meanwhile. */
static OM_uint32 acquire(const struct keytab *keytab, gss_cred_id_t *credential_out)
{
    gss_OID_desc spnego = { 6, (void *)(uintptr_t) "\x2b\x06\x01\x05\x05\x02" };
    gss_OID_desc both[] = { *gss_mech_krb5, spnego };
    gss_OID_set_desc wanted = { COUNT_OF(both), both }, plain = { 1, both };
    gss_key_value_element_desc elements[] = { { "keytab", keytab->name }, { "rcache", keytab->replay } };
    const gss_key_value_set_desc store = { COUNT_OF(elements), elements };
    OM_uint32 minor, major;

    major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &wanted, GSS_C_ACCEPT, &store,
                                  credential_out, NULL, NULL);
    if (!GSS_ERROR(major)) /* SPNEGO shall come to nothing but Kerberos */
        major = gss_set_neg_mechs(&minor, *credential_out, &plain);
    return major;
}

bool keytab_acquire(struct keytab *keytab, gss_cred_id_t *credential_out, struct err *err)
{
    OM_uint32 minor;

    *credential_out = GSS_C_NO_CREDENTIAL;
    pthread_mutex_lock(&keytab->lock);
    bool is_there = refresh(keytab);
    bool done = is_there && !GSS_ERROR(acquire(keytab, credential_out));
    if (!done)
        err_log(err, "keytab %s: %s", keytab->file,
                keytab->cause[0] ? keytab->cause
                : is_there       ? "no credential came of it"
                                 : "no usable key");
    pthread_mutex_unlock(&keytab->lock);
    if (done)
        return true;
    if (*credential_out)
        gss_release_cred(&minor, credential_out);
    return err_set(err, ERR_BUSY,
                   "Kerberos tickets cannot be checked at the moment. Please try again later.");
}
