/* handshake.c -- one security context, from the client's first token to a name that can be trusted. */
#include "auth/kerberos_rooms.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <stdio.h>
#include <talloc.h>

enum { STEPS_MAX = 8, NAME_BYTES_MAX = 320, CAUSE_BYTES = 300 };

struct handshake {
    struct kerberos *kerberos;
    gss_cred_id_t credential;
    gss_ctx_id_t context;
    struct gss_channel_bindings_struct binding;
    bool is_bound;
    unsigned steps;
    char *name, *realm;
};

static int destroy(struct handshake *handshake)
{
    OM_uint32 minor;

    if (handshake->context)
        gss_delete_sec_context(&minor, &handshake->context, GSS_C_NO_BUFFER);
    if (handshake->credential)
        gss_release_cred(&minor, &handshake->credential);
    return 0;
}

/* RFC 5929, 4: the type's name, a colon, the hash. */
static void bind_to(struct handshake *handshake, struct span end_point)
{
    static const char prefix[] = "tls-server-end-point:";
    struct buf data = BUF_INIT(handshake);

    if (span_is_empty(end_point))
        return;
    buf_add_text(&data, prefix);
    buf_add_span(&data, end_point);
    handshake->binding.application_data = (gss_buffer_desc){ data.length, data.p };
    handshake->is_bound = true;
}

bool handshake_begin(struct kerberos *kerberos, const void *owner, enum directory_protocol protocol,
                     struct span end_point, struct handshake **handshake_out, struct err *err)
{
    struct handshake *handshake = talloc_zero(owner, struct handshake);
    struct keytab *keytab = kerberos_keytab(kerberos, protocol);

    handshake->kerberos = kerberos;
    talloc_set_destructor(handshake, destroy);
    if (!keytab || !keytab_acquire(keytab, &handshake->credential, err)) {
        talloc_free(handshake);
        return keytab ? false : err_set(err, ERR_INVALID, "This way to log in is not supported.");
    }
    bind_to(handshake, end_point);
    *handshake_out = handshake;
    return true;
}

static void add_status(char *text, size_t size, OM_uint32 code, int type)
{
    OM_uint32 minor, more = 0;
    gss_buffer_desc said;
    size_t length = strlen(text);

    if (GSS_ERROR(gss_display_status(&minor, code, type, GSS_C_NO_OID, &more, &said)))
        return;
    snprintf(text + length, size - length, "%s%.*s", length ? "; " : "", (int)said.length,
             (const char *)said.value);
    gss_release_buffer(&minor, &said);
}

/* What the client can do about it. */
static const struct {
    OM_uint32 major, minor; /* 0: any */
    enum err_kind kind;
    const char *sentence;
} causes[] = {
    { 0, (OM_uint32)KRB5KRB_AP_ERR_SKEW, ERR_AUTH,
      "The clocks of your computer and of the server differ too much. Set the clock and log in again." },
    { 0, (OM_uint32)KRB5KRB_AP_ERR_TKT_EXPIRED, ERR_AUTH,
      "Your Kerberos ticket has expired. Log in to your computer's domain again." },
    { GSS_S_CREDENTIALS_EXPIRED, 0, ERR_AUTH,
      "Your Kerberos ticket has expired. Log in to your computer's domain again." },
    { 0, (OM_uint32)KRB5_RC_IO, ERR_BUSY,
      "Kerberos tickets cannot be checked at the moment. Please try again later." },
    { 0, (OM_uint32)KRB5_RC_IO_SPACE, ERR_BUSY,
      "Kerberos tickets cannot be checked at the moment. Please try again later." },
    { 0, (OM_uint32)KRB5_RC_IO_PERM, ERR_BUSY,
      "Kerberos tickets cannot be checked at the moment. Please try again later." },
    { GSS_S_DEFECTIVE_TOKEN, 0, ERR_INVALID, "The login was not understood." },
};

static enum handshake_next refuse(OM_uint32 major, OM_uint32 minor, struct err *err)
{
    char cause[CAUSE_BYTES] = "";

    add_status(cause, sizeof cause, major, GSS_C_GSS_CODE);
    add_status(cause, sizeof cause, minor, GSS_C_MECH_CODE);
    err_log(err, "kerberos: %s", cause);
    for (size_t i = 0; i < COUNT_OF(causes); i++)
        if (causes[i].minor ? minor == causes[i].minor : GSS_ROUTINE_ERROR(major) == causes[i].major) {
            err_set(err, causes[i].kind, "%s", causes[i].sentence);
            return HANDSHAKE_FAILED;
        }
    err_set(err, ERR_AUTH, "The Kerberos ticket was not accepted.");
    return HANDSHAKE_FAILED;
}

static char *displayed(const void *owner, gss_name_t name)
{
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;
    char *copy = NULL;

    if (GSS_ERROR(gss_display_name(&minor, name, &text, NULL)))
        return NULL;
    if (text.length <= NAME_BYTES_MAX && !memchr(text.value, '\0', text.length))
        copy = talloc_strndup(owner, text.value, text.length);
    gss_release_buffer(&minor, &text);
    return copy;
}

/* "ada@EXAMPLE.LAN": one component, nothing escaped. */
static bool take_principal(struct handshake *handshake, gss_name_t source, struct err *err)
{
    char *text = displayed(handshake, source), *at = text ? strchr(text, '@') : NULL;

    if (!at || at == text || strpbrk(text, "/\\") || strchr(at + 1, '@') || !at[1]) {
        err_log(err, "kerberos: %s is no name of a person", text ? text : "what came");
        return err_set(err, ERR_AUTH, "This Kerberos ticket is not of a person.");
    }
    *at = '\0';
    handshake->name = text;
    handshake->realm = at + 1;
    return true;
}

/* The key that client and server share: its number stands at the end of an object identifier. */
static bool is_strong(struct handshake *handshake, struct err *err)
{
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    OM_uint32 minor;
    int cipher = 0;

    if (!GSS_ERROR(
            gss_inquire_sec_context_by_oid(&minor, handshake->context, GSS_C_INQ_SSPI_SESSION_KEY, &set)) &&
        set && set->count == 2 && set->elements[1].length > 0)
        cipher = ((const unsigned char *)set->elements[1].value)[set->elements[1].length - 1];
    gss_release_buffer_set(&minor, &set);
    if (keytab_takes_cipher(kerberos_ciphers(handshake->kerberos), cipher))
        return true;
    err_log(err, "kerberos: the session's key is of cipher %d, which is refused", cipher);
    return err_set(err, ERR_AUTH, "The Kerberos ticket uses a cipher that is not accepted here.");
}

static enum handshake_next finish(struct handshake *handshake, gss_OID mechanism, gss_name_t source,
                                  struct err *err)
{
    if (!gss_oid_equal(mechanism, gss_mech_krb5)) {
        err_set(err, ERR_AUTH, "The Kerberos ticket was not accepted.");
        return HANDSHAKE_FAILED;
    }
    return is_strong(handshake, err) && take_principal(handshake, source, err) ? HANDSHAKE_DONE
                                                                               : HANDSHAKE_FAILED;
}

static gss_buffer_desc buffer_of(struct span bytes)
{
    return (gss_buffer_desc){ span_length(bytes), (void *)(uintptr_t)bytes.p };
}

enum handshake_next handshake_step(struct handshake *handshake, struct span token, struct buf *reply,
                                   struct err *err)
{
    gss_buffer_desc in = buffer_of(token), out = GSS_C_EMPTY_BUFFER;
    gss_name_t source = GSS_C_NO_NAME;
    gss_OID mechanism = GSS_C_NO_OID;
    OM_uint32 major, minor, ignored;
    enum handshake_next next = HANDSHAKE_GOES_ON;

    if (span_is_empty(token) || handshake->steps++ >= STEPS_MAX) {
        err_set(err, ERR_INVALID, "The login was not understood.");
        return HANDSHAKE_FAILED;
    }
    major = gss_accept_sec_context(&minor, &handshake->context, handshake->credential, &in,
                                   handshake->is_bound ? &handshake->binding : GSS_C_NO_CHANNEL_BINDINGS,
                                   &source, &mechanism, &out, NULL, NULL, NULL);
    if (GSS_ERROR(major))
        next = refuse(major, minor, err);
    else if (!(major & GSS_S_CONTINUE_NEEDED))
        next = finish(handshake, mechanism, source, err);
    if (next != HANDSHAKE_FAILED)
        buf_add(reply, out.value, out.length);
    gss_release_buffer(&ignored, &out);
    gss_release_name(&ignored, &source);
    return next;
}

const char *handshake_name(const struct handshake *handshake)
{
    return handshake->name;
}

const char *handshake_realm(const struct handshake *handshake)
{
    return handshake->realm;
}

bool handshake_wrap(struct handshake *handshake, struct span text, struct buf *out, struct err *err)
{
    gss_buffer_desc in = buffer_of(text), wrapped = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    if (GSS_ERROR(gss_wrap(&minor, handshake->context, 0, GSS_C_QOP_DEFAULT, &in, NULL, &wrapped)))
        return err_set(err, ERR_BUSY,
                       "Kerberos tickets cannot be checked at the moment. Please try again later.");
    buf_add(out, wrapped.value, wrapped.length);
    gss_release_buffer(&minor, &wrapped);
    return true;
}

bool handshake_unwrap(struct handshake *handshake, struct span message, struct buf *out, struct err *err)
{
    gss_buffer_desc in = buffer_of(message), text = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    if (GSS_ERROR(gss_unwrap(&minor, handshake->context, &in, &text, NULL, NULL)))
        return err_set(err, ERR_INVALID, "The login was not understood.");
    buf_add(out, text.value, text.length);
    gss_release_buffer(&minor, &text);
    return true;
}
