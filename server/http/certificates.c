#include "http/certificates.h"

#include "http/retrieve.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { PEM_BYTES = 256 * 1024, CHAIN_MAX = 16, SERVER_NAME_BYTES = 256 };

struct pair {
    gnutls_datum_t certificate, key; /* PEM */
};

struct set {
    struct pair *pairs;
    GHashTable *names; /* lower case, "*.example.org" too -> struct pair */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* over current */
static struct set *current;                              /* the callback has no argument: see the header */

/* ---- reading */

static int set_end(struct set *set)
{
    g_hash_table_destroy(set->names);
    return 0;
}

static bool read_pem(const void *owner, const char *file, gnutls_datum_t *out, struct err *err)
{
    char *text = talloc_zero_size(owner, PEM_BYTES);
    FILE *in = fopen(file, "re");
    size_t length = in ? fread(text, 1, PEM_BYTES - 1, in) : 0;

    if (in)
        fclose(in);
    if (length == 0 || length == PEM_BYTES - 1)
        return err_set(err, ERR_INVALID, "%s cannot be read as PEM: %s.", file,
                       in ? "empty or too large" : strerror(errno));
    out->data = (unsigned char *)talloc_realloc_size(owner, text, length + 1);
    out->size = (unsigned)length;
    return true;
}

/* Does the key belong to the certificate? */
static bool is_usable(const struct pair *pair, const struct tls_pair *files, struct err *err)
{
    gnutls_certificate_credentials_t credentials;
    int result;

    gnutls_certificate_allocate_credentials(&credentials);
    result =
        gnutls_certificate_set_x509_key_mem(credentials, &pair->certificate, &pair->key, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(credentials);
    if (result >= 0)
        return true;
    err_log(err, "%s, %s: %s", files->certificate_file, files->key_file, gnutls_strerror(result));
    return err_set(err, ERR_INVALID, "The certificate %s cannot be used with its key %s.",
                   files->certificate_file, files->key_file);
}

static bool add_names(struct set *set, struct pair *pair, const char *file, struct err *err)
{
    struct tls_certificate *certificate;

    if (!tls_certificate_read(set, file, &certificate, err))
        return false;
    for (char **name = certificate->names; *name; name++) {
        char *lower = g_ascii_strdown(*name, -1);
        if (g_hash_table_contains(set->names, lower))
            g_free(lower);
        else
            g_hash_table_insert(set->names, lower, pair);
    }
    talloc_free(certificate);
    return true;
}

static bool fill(struct set *set, const struct tls_config *config, struct err *err)
{
    for (size_t i = 0; i < config->count; i++) {
        const struct tls_pair *files = &config->pairs[i];
        struct pair *pair = &set->pairs[i];
        if (!read_pem(set, files->certificate_file, &pair->certificate, err) ||
            !read_pem(set, files->key_file, &pair->key, err) || !is_usable(pair, files, err) ||
            !add_names(set, pair, files->certificate_file, err))
            return false;
    }
    return true;
}

static void replace(struct set *fresh)
{
    struct set *old;

    pthread_mutex_lock(&lock);
    old = current;
    current = fresh;
    pthread_mutex_unlock(&lock);
    talloc_free(old);
}

bool http_certificates_load(const struct tls_config *config, struct err *err)
{
    struct set *set;

    if (config->count == 0)
        return err_set(err, ERR_INVALID, "No certificate is configured.");
    set = talloc_zero(NULL, struct set);
    set->pairs = talloc_zero_array(set, struct pair, (unsigned)config->count);
    set->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    talloc_set_destructor(set, set_end);
    if (!fill(set, config, err)) {
        talloc_free(set);
        return false;
    }
    replace(set);
    return true;
}

void http_certificates_forget(void)
{
    replace(NULL);
}

/* ---- a handshake */

static const struct pair *choose(const struct set *set, const char *name)
{
    char *lower = g_ascii_strdown(name, -1);
    const char *dot = strchr(lower, '.');
    char *wildcard = dot ? g_strconcat("*", dot, NULL) : NULL;
    const struct pair *pair = g_hash_table_lookup(set->names, lower);

    if (!pair && wildcard)
        pair = g_hash_table_lookup(set->names, wildcard);
    g_free(wildcard);
    g_free(lower);
    return pair ? pair : &set->pairs[0];
}

/* GnuTLS frees the copies after the handshake, so a reload needs to wait for nobody. */
static int copy_pair(const struct pair *pair, gnutls_pcert_st **chain_out, unsigned *length_out,
                     gnutls_privkey_t *key_out)
{
    unsigned length = CHAIN_MAX;
    gnutls_pcert_st *chain = gnutls_calloc(CHAIN_MAX, sizeof *chain);
    int result =
        chain ? gnutls_pcert_list_import_x509_raw(chain, &length, &pair->certificate, GNUTLS_X509_FMT_PEM, 0)
              : GNUTLS_E_MEMORY_ERROR;

    if (result < 0) {
        gnutls_free(chain);
        return -1;
    }
    *chain_out = chain;
    *length_out = length;
    if (gnutls_privkey_init(key_out) < 0)
        result = -1;
    else if ((result = gnutls_privkey_import_x509_raw(*key_out, &pair->key, GNUTLS_X509_FMT_PEM, NULL, 0)) <
             0)
        gnutls_privkey_deinit(*key_out);
    for (unsigned i = 0; result < 0 && i < length; i++)
        gnutls_pcert_deinit(&chain[i]);
    if (result < 0)
        gnutls_free(chain);
    return result < 0 ? -1 : 0;
}

int http_certificate_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                              gnutls_pcert_st **chain_out, unsigned *length_out, gnutls_ocsp_data_st **ocsp,
                              unsigned *ocsp_length, gnutls_privkey_t *key_out, unsigned *flags_out)
{
    char name[SERVER_NAME_BYTES] = "";
    size_t size = sizeof name;
    unsigned type;
    int result = -1;

    (void)info;
    if (gnutls_server_name_get(session, name, &size, &type, 0) < 0)
        name[0] = '\0';
    pthread_mutex_lock(&lock);
    if (current)
        result = copy_pair(choose(current, name), chain_out, length_out, key_out);
    pthread_mutex_unlock(&lock);
    *ocsp = NULL;
    *ocsp_length = 0;
    *flags_out = GNUTLS_CERT_RETR_DEINIT_ALL;
    return result;
}
