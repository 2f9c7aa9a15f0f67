/*
 * scram.c -- SCRAM-SHA-256 and -PLUS, the server's side (RFC 5802, 7677; channel bindings of RFC 5929 and 9266).
 *
 * An account that does not exist has a salt that always is the same, and keys that nothing fits: the exchange goes
 * its whole way. Only the account's own password works here: an app password has no SCRAM keys.
 */
#include "auth/mechanism.h"
#include "auth/prepare.h"
#include "base/digest.h"
#include "directory/login_name.h"
#include "format/codec.h"

#include <talloc.h>

enum { NONCE_BYTES = 18, NONCE_MAX = 256, PROOF_MAX = 2 * SHA256_BYTES, BINDING_MAX = 1024 };

struct scram {
    struct account account;
    struct span binding;        /* data of the channel binding the client named; empty: none */
    char *gs2_header;           /* as the client sent it, with its last comma */
    char *client_bare;          /* client-first-message-bare */
    char *server_first, *nonce; /* nonce: the client's and ours */
    uint8_t stored_key[SHA256_BYTES], server_key[SHA256_BYTES];
    bool is_proven; /* ServerSignature is sent: an empty response ends it well */
};

static bool is_plus(const struct sasl *sasl)
{
    return strcmp(sasl->mechanism->name, "SCRAM-SHA-256-PLUS") == 0;
}

/* p=tls-exporter: the name chooses the data. */
static bool choose_binding(struct sasl *sasl, struct span name)
{
    struct span data = { NULL, NULL };

    if (span_equals_text(name, "tls-exporter"))
        data = sasl->channel.tls_exporter;
    else if (span_equals_text(name, "tls-server-end-point"))
        data = sasl->channel.tls_end_point;
    sasl->scram->binding = data;
    return !span_is_empty(data);
}

/* gs2-cbind-flag: "n" no binding, "y" the client thinks that we have none (then somebody cut our -PLUS out of the
 * list, RFC 5802, 6), "p=name". */
static bool take_flag(struct sasl *sasl, struct span *in)
{
    bool we_offer = !span_is_empty(sasl->channel.tls_exporter) || !span_is_empty(sasl->channel.tls_end_point);
    struct span flag;

    if (!span_take_until(in, ',', &flag))
        return false;
    if (is_plus(sasl))
        return span_take_byte(&flag, 'p') && span_take_byte(&flag, '=') && choose_binding(sasl, flag);
    return span_equals_text(flag, "n") || (span_equals_text(flag, "y") && !we_offer);
}

static bool is_nonce(struct span nonce)
{
    for (const char *p = nonce.p; p < nonce.end; p++)
        if (*p < 0x21 || *p > 0x7E || *p == ',')
            return false;
    return !span_is_empty(nonce) && span_length(nonce) <= NONCE_MAX;
}

/* client-first-message = gs2-header client-first-message-bare */
static bool parse_first(struct sasl *sasl, struct span message, struct span *client_nonce_out)
{
    struct scram *scram = sasl->scram;
    struct span in = message;
    const char *authorisation = "", *name;

    if (!take_flag(sasl, &in))
        return false;
    if (span_take_word(&in, "a=")) {
        authorisation = sasl_take_name(sasl, &in);
        if (!authorisation)
            return false;
    } else if (!span_take_byte(&in, ',')) {
        return false;
    }
    scram->gs2_header = span_copy(scram, (struct span){ message.p, in.p });
    scram->client_bare = span_copy(scram, in);
    if (!span_take_byte(&in, 'n') ||
        !span_take_byte(&in, '=')) /* "m=": an extension that we must know, and do not */
        return false;
    name = sasl_take_name(sasl, &in);
    if (!name || !span_take_byte(&in, 'r') || !span_take_byte(&in, '='))
        return false;
    if (!span_take_until(&in, ',', client_nonce_out))
        *client_nonce_out = in; /* no extensions behind it */
    sasl_set_login(sasl, password_prepare(sasl, span_text(name)));
    return is_nonce(*client_nonce_out) && sasl_is_own_name(span_text(authorisation), span_text(sasl->login));
}

static void make_up_salt(struct sasl *sasl, const unsigned char secret[32],
                         unsigned char salt[SCRAM_SALT_BYTES])
{
    uint8_t mac[SHA256_BYTES];
    char *text = talloc_asprintf(sasl, "scram-salt %s", sasl->scram->account.name);

    hmac_sha256(span_of(secret, 32), span_text(text), mac);
    memcpy(salt, mac, SCRAM_SALT_BYTES);
    talloc_free(text);
}

static void add_server_first(struct sasl *sasl, struct span client_nonce, const unsigned char *salt,
                             int32_t iterations)
{
    struct scram *scram = sasl->scram;
    uint8_t random[NONCE_BYTES];
    struct buf nonce = BUF_INIT(scram), text = BUF_INIT(scram);

    random_bytes(random, sizeof random);
    buf_add_span(&nonce, client_nonce);
    codec_add_base64(&nonce, span_of(random, sizeof random));
    scram->nonce = buf_text(&nonce);
    buf_add_format(&text, "r=%s,s=", scram->nonce);
    codec_add_base64(&text, span_of(salt, SCRAM_SALT_BYTES));
    buf_add_format(&text, ",i=%d", (int)iterations);
    scram->server_first = buf_text(&text);
    buf_add_text(&sasl->challenge, scram->server_first);
}

/* A company directory shows nobody what SCRAM needs of a password. Refused by the name alone, whether it exists or not: nobody
 * learns that from it, and no failure is counted. */
static bool is_ours_to_check(struct sasl *sasl, struct err *err)
{
    bool is_decided_elsewhere;

    if (!sasl->auth->options.sources)
        return true;
    if (!login_is_decided_elsewhere(sasl->auth->options.directory, sasl->login, &is_decided_elsewhere, err)) {
        sasl->auth->counters.busy++;
        return false;
    }
    return !is_decided_elsewhere ||
           err_set(err, ERR_DENIED,
                   "This account logs in with PLAIN or LOGIN: its password is checked elsewhere.");
}

static enum sasl_next first_step(struct sasl *sasl, struct span message, struct err *err)
{
    struct scram *scram = sasl->scram = talloc_zero(sasl, struct scram);
    unsigned char secret[32], salt[SCRAM_SALT_BYTES];
    struct span client_nonce;
    const struct login *login = &scram->account.login;

    if (span_find_byte(message, '\0') || !parse_first(sasl, message, &client_nonce))
        return sasl_broken(err);
    if (!is_ours_to_check(sasl, err) ||
        !account_find(sasl->auth, scram, &sasl->request, span_text(sasl->login), &scram->account, err) ||
        !auth_secret(sasl->auth, secret, err))
        return SASL_FAILED;
    if (scram->account.is_known && login->has_credential) {
        memcpy(salt, login->credential.scram_salt, sizeof salt);
        memcpy(scram->stored_key, login->credential.scram_stored_key, sizeof scram->stored_key);
        memcpy(scram->server_key, login->credential.scram_server_key, sizeof scram->server_key);
        add_server_first(sasl, client_nonce, salt, login->credential.scram_iterations);
    } else {
        make_up_salt(sasl, secret, salt);
        random_bytes(scram->stored_key, sizeof scram->stored_key);
        add_server_first(sasl, client_nonce, salt, SCRAM_ITERATIONS);
    }
    return SASL_CHALLENGE;
}

struct final {
    struct span binding, nonce, proof; /* binding and proof in base64 */
    struct span without_proof;
};

/* client-final-message = channel-binding "," nonce ["," extensions] "," proof */
static bool parse_final(struct span message, struct final *out)
{
    struct span in = message, extension;

    if (!span_take_word(&in, "c=") || !span_take_until(&in, ',', &out->binding) ||
        !span_take_word(&in, "r=") || !span_take_until(&in, ',', &out->nonce))
        return false;
    while (!span_starts_nocase(in, "p="))
        if (!span_take_until(&in, ',', &extension))
            return false;
    out->without_proof = (struct span){ message.p, in.p - 1 };
    return span_take_word(&in, "p=") && (out->proof = in, !span_find_byte(in, ','));
}

/* c= must be the gs2-header of the first message and the data of this very connection. */
static bool is_bound(struct sasl *sasl, struct span encoded)
{
    struct buf got = BUF_INIT(sasl->scram), wanted = BUF_INIT(sasl->scram);

    buf_add_text(&wanted, sasl->scram->gs2_header);
    buf_add_span(&wanted, sasl->scram->binding);
    return codec_take_base64(encoded, BINDING_MAX, &got) &&
           equal_in_constant_time(buf_span(&got), buf_span(&wanted));
}

/* RFC 5802, 3: ClientKey = ClientProof XOR ClientSignature, and its hash is StoredKey. */
static bool is_proof(struct scram *scram, struct span auth_message, struct span encoded)
{
    uint8_t signature[SHA256_BYTES], key[SHA256_BYTES], hash[SHA256_BYTES];
    struct buf proof = BUF_INIT(scram);

    if (!codec_take_base64(encoded, PROOF_MAX, &proof) || proof.length != SHA256_BYTES)
        return false;
    hmac_sha256(span_of(scram->stored_key, SHA256_BYTES), auth_message, signature);
    for (size_t i = 0; i < SHA256_BYTES; i++)
        key[i] = (uint8_t)((uint8_t)proof.p[i] ^ signature[i]);
    sha256(span_of(key, sizeof key), hash);
    secret_erase(key, sizeof key);
    return equal_in_constant_time(span_of(hash, sizeof hash), span_of(scram->stored_key, SHA256_BYTES));
}

static void add_server_final(struct sasl *sasl, struct span auth_message)
{
    uint8_t signature[SHA256_BYTES];

    hmac_sha256(span_of(sasl->scram->server_key, SHA256_BYTES), auth_message, signature);
    buf_add_text(&sasl->challenge, "v=");
    codec_add_base64(&sasl->challenge, span_of(signature, sizeof signature));
}

static enum sasl_next final_step(struct sasl *sasl, struct span message, struct err *err)
{
    struct scram *scram = sasl->scram;
    struct buf auth_message = BUF_INIT(scram);
    struct final final;

    if (!parse_final(message, &final) || !is_bound(sasl, final.binding) ||
        !span_equals_text(final.nonce, scram->nonce))
        return sasl_broken(err);
    buf_add_format(&auth_message, "%s,%s,", scram->client_bare, scram->server_first);
    buf_add_span(&auth_message, final.without_proof);
    bool is_right = is_proof(scram, buf_span(&auth_message), final.proof);
    if (!is_right || !scram->account.is_known || scram->account.login.state != RECIPIENT_ACTIVE) {
        account_refuse(sasl->auth, &sasl->request, &scram->account, false, &sasl->delay_ms, err);
        return SASL_FAILED;
    }
    if (!account_password_suffices(sasl->auth, &sasl->request, &scram->account, err) ||
        !account_admit(sasl->auth, sasl, &sasl->request, &scram->account, NULL, &sasl->identity, err))
        return SASL_FAILED;
    add_server_final(sasl, buf_span(&auth_message));
    scram->is_proven = true;
    return SASL_CHALLENGE;
}

enum sasl_next scram_step(struct sasl *sasl, const struct span *response, struct err *err)
{
    if (!response)
        return sasl->step == 0 ? SASL_CHALLENGE : sasl_broken(err);
    switch (sasl->step++) {
    case 0:
        return first_step(sasl, *response, err);
    case 1:
        return final_step(sasl, *response, err);
    default:
        return sasl->step == 3 && sasl->scram->is_proven && span_is_empty(*response) ? SASL_OK
                                                                                     : sasl_broken(err);
    }
}
