#include "base/tls.h"

#include "base/net.h"
#include "base/tls_context.h"

#include <glib.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

static const char CIPHERS_TLS12[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

enum { USAGE_DANE_TA = 2, USAGE_DANE_EE = 3 }; /* RFC 6698, 7218 */

struct tls_set {
    atomic_int references;
    bool refuses_unknown_names;
    size_t count;
    GHashTable *names; /* lower case -> SSL_CTX, "*.example.org" too */
    SSL_CTX *contexts[];
};

struct tls_server {
    pthread_mutex_t lock; /* over set */
    struct tls_set *set;
};

struct tls_client {
    SSL_CTX *context;
    bool verifies;
    bool lacks_trust; /* in the system's authorities, which are read when the first server is to be judged */
    pthread_mutex_t lock;
};

const char *tls_reason(void)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return reason ? reason : "tls failed";
}

static void set_release(struct tls_set *set)
{
    if (!set || atomic_fetch_sub(&set->references, 1) != 1)
        return;
    for (size_t i = 0; i < set->count; i++)
        SSL_CTX_free(set->contexts[i]);
    g_hash_table_destroy(set->names);
    free(set);
}

static SSL_CTX *find_context(const struct tls_set *set, const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    SSL_CTX *context = g_hash_table_lookup(set->names, lower);
    const char *dot = strchr(lower, '.');

    if (!context && dot) {
        g_autofree char *wildcard = g_strconcat("*", dot, NULL);
        context = g_hash_table_lookup(set->names, wildcard);
    }
    return context;
}

static int choose_by_name(SSL *ssl, int *alert, void *unused UNUSED)
{
    struct tls_handshake *handshake = SSL_get_app_data(ssl);
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    SSL_CTX *context;

    if (!name || !handshake)
        return SSL_TLSEXT_ERR_OK;
    context = find_context(handshake->set, name);
    if (context) {
        SSL_set_SSL_CTX(ssl, context);
        return SSL_TLSEXT_ERR_OK;
    }
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return handshake->set->refuses_unknown_names ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                           const unsigned char *offered, unsigned offered_length, void *unused UNUSED)
{
    struct tls_handshake *handshake = SSL_get_app_data(ssl);
    size_t wanted = handshake && handshake->alpn ? strlen(handshake->alpn) : 0;

    if (wanted == 0)
        return SSL_TLSEXT_ERR_NOACK;
    for (unsigned i = 0; i < offered_length; i += 1u + offered[i]) {
        if (offered[i] == wanted && i + 1 + wanted <= offered_length &&
            memcmp(offered + i + 1, handshake->alpn, wanted) == 0) {
            *out = offered + i + 1;
            *out_length = (unsigned char)wanted;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int no_passphrase(char *out UNUSED, int size UNUSED, int writing UNUSED, void *unused UNUSED)
{
    return 0;
}

static SSL_CTX *server_context(void)
{
    static const unsigned char session_context[] = "chappe";
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, CIPHERS_TLS12);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(context, session_context, sizeof(session_context) - 1);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    SSL_CTX_set_tlsext_servername_callback(context, choose_by_name);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return context;
}

static bool load_pair(SSL_CTX *context, const struct tls_pair *pair, struct err *err)
{
    const char *what = "The certificate %s cannot be used.", *file = pair->certificate_file;

    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, pair->certificate_file) == 1) {
        what = "The key %s cannot be used with its certificate.";
        file = pair->key_file;
        if (SSL_CTX_use_PrivateKey_file(context, pair->key_file, SSL_FILETYPE_PEM) == 1 &&
            SSL_CTX_check_private_key(context) == 1)
            return true;
    }
    err_log(err, "%s, %s: %s", pair->certificate_file, pair->key_file, tls_reason());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return err_set(err, ERR_INVALID, what, file);
#pragma GCC diagnostic pop
}

static void add_names(struct tls_set *set, SSL_CTX *context)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(SSL_CTX_get0_certificate(context), NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        char *text = g_ascii_strdown((const char *)ASN1_STRING_get0_data(name->d.dNSName),
                                     ASN1_STRING_length(name->d.dNSName));
        if (g_hash_table_contains(set->names, text)) /* the first pair of a name wins */
            g_free(text);
        else
            g_hash_table_insert(set->names, text, context);
    }
    GENERAL_NAMES_free(names);
}

static bool set_new(const struct tls_config *config, struct tls_set **set_out, struct err *err)
{
    struct tls_set *set;

    if (config->count == 0)
        return err_set(err, ERR_INVALID, "No certificate is configured.");
    set = calloc(1, sizeof(*set) + config->count * sizeof(set->contexts[0]));
    if (!set)
        abort();
    atomic_init(&set->references, 1);
    set->refuses_unknown_names = config->refuses_unknown_names;
    set->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < config->count; i++) {
        set->contexts[set->count++] = server_context();
        if (!load_pair(set->contexts[i], &config->pairs[i], err)) {
            set_release(set);
            return false;
        }
        add_names(set, set->contexts[i]);
    }
    *set_out = set;
    return true;
}

bool tls_server_new(const struct tls_config *config, struct tls_server **server_out, struct err *err)
{
    struct tls_set *set;
    struct tls_server *server;

    if (!set_new(config, &set, err))
        return false;
    server = calloc(1, sizeof(*server));
    if (!server)
        abort();
    pthread_mutex_init(&server->lock, NULL);
    server->set = set;
    *server_out = server;
    return true;
}

bool tls_server_reload(struct tls_server *server, const struct tls_config *config, struct err *err)
{
    struct tls_set *fresh, *old;

    if (!set_new(config, &fresh, err))
        return false;
    pthread_mutex_lock(&server->lock);
    old = server->set;
    server->set = fresh;
    pthread_mutex_unlock(&server->lock);
    set_release(old);
    return true;
}

void tls_server_free(struct tls_server **server)
{
    if (*server) {
        set_release((*server)->set);
        pthread_mutex_destroy(&(*server)->lock);
        free(*server);
    }
    *server = NULL;
}

SSL *tls_accept_new(struct tls_server *server, const char *alpn, struct tls_handshake *handshake)
{
    SSL *ssl;

    pthread_mutex_lock(&server->lock);
    handshake->set = server->set;
    atomic_fetch_add(&handshake->set->references, 1);
    pthread_mutex_unlock(&server->lock);
    handshake->alpn = alpn;
    ssl = SSL_new(handshake->set->contexts[0]);
    if (ssl) {
        SSL_set_app_data(ssl, handshake);
        SSL_set_accept_state(ssl);
    } else {
        set_release(handshake->set);
        handshake->set = NULL;
    }
    return ssl;
}

void tls_handshake_done(SSL *ssl, struct tls_handshake *handshake)
{
    if (ssl)
        SSL_set_app_data(ssl, NULL);
    set_release(handshake->set);
    handshake->set = NULL;
}

bool tls_client_new(const char *ca_file, bool verifies, struct tls_client **client_out, struct err *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct tls_client *client;

    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (verifies && ca_file && SSL_CTX_load_verify_file(context, ca_file) != 1) {
        err_log(err, "%s: %s", ca_file, tls_reason());
        SSL_CTX_free(context);
        return err_set(err, ERR_INVALID, "The trusted certificates cannot be read.");
    }
    SSL_CTX_set_verify(context, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    SSL_CTX_dane_enable(context);
    SSL_CTX_dane_set_flags(context, DANE_FLAG_NO_DANE_EE_NAMECHECKS); /* RFC 7671, 5.1 */
    client = calloc(1, sizeof(*client));
    if (!client)
        abort();
    client->context = context;
    client->verifies = verifies;
    client->lacks_trust = verifies && !ca_file;
    pthread_mutex_init(&client->lock, NULL);
    *client_out = client;
    return true;
}

void tls_client_free(struct tls_client **client)
{
    if (*client) {
        SSL_CTX_free((*client)->context);
        pthread_mutex_destroy(&(*client)->lock);
    }
    free(*client);
    *client = NULL;
}

static void expect_name(SSL *ssl, const char *name)
{
    struct net_address address;

    if (net_address_parse(span_text(name), &address)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name);
        return;
    }
    SSL_set_tlsext_host_name(ssl, name);
    SSL_set1_host(ssl, name);
}

static void offer_protocol(SSL *ssl, const char *alpn)
{
    unsigned char offered[256];
    size_t length = alpn ? strlen(alpn) : 0;

    if (length > 0 && length < sizeof(offered)) {
        offered[0] = (unsigned char)length;
        memcpy(offered + 1, alpn, length);
        SSL_set_alpn_protos(ssl, offered, (unsigned)length + 1);
    }
}

/* The system's authorities are a hundred and forty certificates to parse, which many a process never needs. Where there are none, nobody
 * is believed. */
static SSL *new_connection(struct tls_client *client)
{
    pthread_mutex_lock(&client->lock);
    if (client->lacks_trust)
        (void)SSL_CTX_set_default_verify_paths(client->context);
    client->lacks_trust = false;
    pthread_mutex_unlock(&client->lock);
    return SSL_new(client->context);
}

SSL *tls_connect_new(struct tls_client *client, const char *name, const char *alpn)
{
    SSL *ssl = new_connection(client);

    if (!ssl)
        return NULL;
    if (name)
        expect_name(ssl, name);
    offer_protocol(ssl, alpn);
    SSL_set_connect_state(ssl);
    return ssl;
}

/* True where at least one association can be used. Those of unknown kinds are left out (RFC 7671, 8). */
static bool expect_associations(SSL *ssl, const struct tls_expectation *expectation)
{
    bool is_usable = false;

    if (SSL_dane_enable(ssl, expectation->name) <= 0)
        return false;
    for (size_t i = 0; i < expectation->association_count; i++) {
        const struct tls_association *each = &expectation->associations[i];
        if ((each->usage == USAGE_DANE_TA || each->usage == USAGE_DANE_EE) &&
            SSL_dane_tlsa_add(ssl, each->usage, each->selector, each->matching,
                              (const unsigned char *)each->data.p, span_length(each->data)) > 0)
            is_usable = true;
    }
    ERR_clear_error();
    return is_usable;
}

SSL *tls_connect_expecting(struct tls_client *client, const struct tls_expectation *expectation)
{
    SSL *ssl = new_connection(client);

    if (!ssl)
        return NULL;
    if (expectation->trust == TLS_TRUST_DANE) {
        if (!expect_associations(ssl, expectation)) {
            SSL_free(ssl);
            return NULL;
        }
    } else {
        expect_name(ssl, expectation->name);
    }
    for (const char *const *name = expectation->more_names; name && *name; name++)
        SSL_add1_host(ssl, *name);
    SSL_set_verify(ssl, expectation->trust == TLS_TRUST_ANY ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    offer_protocol(ssl, expectation->alpn);
    SSL_set_connect_state(ssl);
    return ssl;
}
