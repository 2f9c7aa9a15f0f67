#include "base/stream.h"

#include "base/deflate.h"
#include "base/tls_context.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* What one call takes at most; the largest TLS records, a good many of them. */
#define PIECE_BYTES (256 * 1024)

struct stream {
    int fd;
    bool is_broken; /* no close_notify any more */
    SSL *ssl;
    struct tls_handshake *handshake; /* while it runs, as server */
    struct deflate *deflate;
    const char *failure;
};

struct stream *stream_new(int fd)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    int one = 1;

    if (!stream)
        abort();
    stream->fd = fd;
    stream->failure = "";
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)); /* fails on Unix sockets: fine */
    return stream;
}

static void end_handshake(struct stream *stream)
{
    if (stream->handshake)
        tls_handshake_done(stream->ssl, stream->handshake);
    free(stream->handshake);
    stream->handshake = NULL;
}

void stream_free(struct stream **stream)
{
    struct stream *s = *stream;

    *stream = NULL;
    if (!s)
        return;
    if (s->ssl) {
        if (!s->is_broken && SSL_is_init_finished(s->ssl))
            SSL_shutdown(s->ssl);
        ERR_clear_error();
        end_handshake(s);
        SSL_free(s->ssl);
    }
    deflate_free(&s->deflate);
    close(s->fd);
    free(s);
}

int stream_fd(const struct stream *stream)
{
    return stream->fd;
}

static enum stream_result fail(struct stream *stream, const char *reason)
{
    stream->failure = reason;
    stream->is_broken = true;
    return STREAM_FAILED;
}

static const char *errno_reason(void)
{
    static const struct {
        int number;
        const char *reason;
    } reasons[] = { { ECONNRESET, "reset" }, { EPIPE, "reset" }, { ETIMEDOUT, "timed out" } };

    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (errno == reasons[i].number)
            return reasons[i].reason;
    return "connection failed";
}

static enum stream_result tls_result(struct stream *stream, int code)
{
    int saved = errno;

    switch (SSL_get_error(stream->ssl, code)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return STREAM_WAIT;
    case SSL_ERROR_ZERO_RETURN:
        return STREAM_EOF;
    case SSL_ERROR_SYSCALL:
        errno = saved;
        ERR_clear_error();
        return saved == 0 ? STREAM_EOF : fail(stream, errno_reason());
    default:
        return fail(stream, tls_reason());
    }
}

static enum stream_result raw_read(struct stream *stream, char *out, size_t size, size_t *read_out)
{
    ssize_t got;

    if (stream->ssl) {
        int code;
        ERR_clear_error();
        errno = 0;
        code = SSL_read_ex(stream->ssl, out, size, read_out);
        return code == 1 ? STREAM_OK : tls_result(stream, code);
    }
    do
        got = recv(stream->fd, out, size, 0);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        *read_out = (size_t)got;
        return STREAM_OK;
    }
    if (got == 0)
        return STREAM_EOF;
    return errno == EAGAIN ? STREAM_WAIT : fail(stream, errno_reason());
}

static enum stream_result raw_write(struct stream *stream, struct span bytes, size_t *written_out)
{
    size_t length = span_length(bytes) < PIECE_BYTES ? span_length(bytes) : PIECE_BYTES;
    ssize_t sent;

    if (stream->ssl) {
        int code;
        ERR_clear_error();
        errno = 0;
        code = SSL_write_ex(stream->ssl, bytes.p, length, written_out);
        return code == 1 ? STREAM_OK : tls_result(stream, code);
    }
    do
        sent = send(stream->fd, bytes.p, length, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        *written_out = (size_t)sent;
        return STREAM_OK;
    }
    return errno == EAGAIN ? STREAM_WAIT : fail(stream, errno_reason());
}

static enum stream_result deflate_result(struct stream *stream, int result)
{
    const char *reason = deflate_failure(stream->deflate);

    return result == STREAM_FAILED && reason ? fail(stream, reason) : (enum stream_result)result;
}

enum stream_result stream_read(struct stream *stream, char *out, size_t size, size_t *read_out)
{
    *read_out = 0;
    if (stream->deflate)
        return deflate_result(stream, deflate_read(stream->deflate, out, size, read_out));
    return raw_read(stream, out, size, read_out);
}

enum stream_result stream_write(struct stream *stream, struct span bytes, size_t *written_out)
{
    *written_out = 0;
    if (span_is_empty(bytes))
        return STREAM_OK;
    if (stream->deflate)
        return deflate_result(stream, deflate_write(stream->deflate, bytes, written_out));
    return raw_write(stream, bytes, written_out);
}

enum stream_result stream_flush(struct stream *stream)
{
    return stream->deflate ? deflate_result(stream, deflate_flush(stream->deflate)) : STREAM_OK;
}

const char *stream_failure(const struct stream *stream)
{
    return stream->failure;
}

static bool attach(struct stream *stream, SSL *ssl, struct err *err)
{
    assert(!stream->ssl && !stream->deflate);
    if (!ssl || SSL_set_fd(ssl, stream->fd) != 1) {
        SSL_free(ssl);
        err_log(err, "%s", tls_reason());
        return err_set(err, ERR_INTERNAL, "TLS is not available now.");
    }
    stream->ssl = ssl;
    return true;
}

bool stream_start_tls(struct stream *stream, struct tls_server *server, const char *alpn, struct err *err)
{
    SSL *ssl;

    stream->handshake = calloc(1, sizeof(*stream->handshake));
    if (!stream->handshake)
        abort();
    ssl = tls_accept_new(server, alpn, stream->handshake);
    if (attach(stream, ssl, err))
        return true;
    end_handshake(stream);
    return false;
}

bool stream_connect_tls(struct stream *stream, struct tls_client *client, const char *name, const char *alpn,
                        struct err *err)
{
    return attach(stream, tls_connect_new(client, name, alpn), err);
}

bool stream_connect_tls_expecting(struct stream *stream, struct tls_client *client,
                                  const struct tls_expectation *expectation, struct err *err)
{
    SSL *ssl = tls_connect_expecting(client, expectation);

    if (!ssl && expectation->trust == TLS_TRUST_DANE)
        return err_set(err, ERR_INVALID, "None of the TLSA records can be used.");
    return attach(stream, ssl, err);
}

enum tls_trust stream_tls_trust(const struct stream *stream)
{
    if (SSL_get_verify_result(stream->ssl) != X509_V_OK || !SSL_get0_peer_certificate(stream->ssl))
        return TLS_TRUST_ANY;
    return SSL_get0_dane_authority(stream->ssl, NULL, NULL) >= 0 ? TLS_TRUST_DANE : TLS_TRUST_AUTHORITIES;
}

const char *stream_tls_distrust(const struct stream *stream)
{
    return X509_verify_cert_error_string(SSL_get_verify_result(stream->ssl));
}

enum tls_fault stream_tls_fault(const struct stream *stream)
{
    static const struct {
        long code;
        enum tls_fault fault;
    } faults[] = {
        { X509_V_OK, TLS_FAULT_NONE },
        { X509_V_ERR_HOSTNAME_MISMATCH, TLS_FAULT_NAME },
        { X509_V_ERR_IP_ADDRESS_MISMATCH, TLS_FAULT_NAME },
        { X509_V_ERR_CERT_HAS_EXPIRED, TLS_FAULT_EXPIRED },
        { X509_V_ERR_CERT_NOT_YET_VALID, TLS_FAULT_EXPIRED },
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, TLS_FAULT_UNTRUSTED },
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, TLS_FAULT_UNTRUSTED },
        { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, TLS_FAULT_UNTRUSTED },
        { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, TLS_FAULT_UNTRUSTED },
        { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, TLS_FAULT_UNTRUSTED },
        { X509_V_ERR_CERT_UNTRUSTED, TLS_FAULT_UNTRUSTED },
        { X509_V_ERR_DANE_NO_MATCH, TLS_FAULT_NO_MATCH },
    };
    long code = stream->ssl ? SSL_get_verify_result(stream->ssl) : X509_V_ERR_UNSPECIFIED;

    for (size_t i = 0; i < COUNT_OF(faults); i++)
        if (faults[i].code == code)
            return faults[i].fault;
    return TLS_FAULT_OTHER;
}

enum stream_result stream_handshake(struct stream *stream)
{
    enum stream_result result = STREAM_OK;
    int code;

    ERR_clear_error();
    errno = 0;
    code = SSL_do_handshake(stream->ssl);
    if (code != 1)
        result = tls_result(stream, code);
    if (result != STREAM_WAIT)
        end_handshake(stream);
    return result;
}

bool stream_is_tls(const struct stream *stream)
{
    return stream->ssl && SSL_is_init_finished(stream->ssl);
}

const char *stream_tls_version(const struct stream *stream)
{
    return SSL_get_version(stream->ssl);
}

const char *stream_tls_cipher(const struct stream *stream)
{
    return SSL_get_cipher_name(stream->ssl);
}

const char *stream_tls_name(const struct stream *stream)
{
    const char *name = SSL_get_servername(stream->ssl, TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
}

static bool export_binding(SSL *ssl, uint8_t *out, size_t *length_out)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    static const unsigned char no_context[1] = { 0 };

    /* Without extended master secret a man in the middle could make two connections agree (RFC 9266, 4). */
    if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1)
        return false;
    *length_out = 32;
    return SSL_export_keying_material(ssl, out, *length_out, label, sizeof(label) - 1, no_context, 0, 1) == 1;
}

static bool certificate_binding(SSL *ssl, uint8_t *out, size_t *length_out)
{
    X509 *x509 = SSL_is_server(ssl) ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
    int digest = NID_undef;
    unsigned length = 0;

    if (!x509 || X509_get_signature_info(x509, &digest, NULL, NULL, NULL) != 1 || digest == NID_undef)
        return false;
    if (digest == NID_md5 || digest == NID_sha1)
        digest = NID_sha256;
    if (X509_digest(x509, EVP_get_digestbynid(digest), out, &length) != 1)
        return false;
    *length_out = length;
    return true;
}

bool stream_channel_binding(const struct stream *stream, enum stream_binding type,
                            uint8_t out[STREAM_BINDING_MAX], size_t *length_out)
{
    if (!stream_is_tls(stream))
        return false;
    return type == STREAM_TLS_EXPORTER ? export_binding(stream->ssl, out, length_out)
                                       : certificate_binding(stream->ssl, out, length_out);
}

static int transport_read(void *context, char *out, size_t size, size_t *read_out)
{
    return (int)raw_read(context, out, size, read_out);
}

static int transport_write(void *context, struct span bytes, size_t *written_out)
{
    return (int)raw_write(context, bytes, written_out);
}

bool stream_start_deflate(struct stream *stream, struct err *err)
{
    const struct deflate_transport below = { .context = stream,
                                             .read = transport_read,
                                             .write = transport_write };

    if (stream->deflate)
        return err_set(err, ERR_INVALID, "Compression is on already.");
    stream->deflate = deflate_new(&below);
    return true;
}

bool stream_is_deflated(const struct stream *stream)
{
    return stream->deflate != NULL;
}

void stream_shutdown(struct stream *stream)
{
    if (stream_is_tls(stream) && !stream->is_broken) {
        SSL_shutdown(stream->ssl);
        ERR_clear_error();
    }
    stream->is_broken = true;
    (void)shutdown(stream->fd, SHUT_WR);
}

void stream_reset(struct stream *stream)
{
    static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    stream->is_broken = true;
    (void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}
