/*
 * certificate.c -- why a server's certificate is not trusted, in words that help.
 *
 * libldap says only that the handshake failed. A second connection, which trusts everything and sends nothing, fetches what the
 * server shows, and it is looked at here.
 */
#include "ldap/link.h"
#include "ldap/watch.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <sys/socket.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

/* StartTLS (RFC 4511, 4.14): the request, and a look at the result code of the answer. */
static bool ask_start(int socket)
{
    static const unsigned char request[] = { 0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16, '1', '.',
                                             '3',  '.',  '6',  '.',  '1',  '.',  '4',  '.',  '1',  '.', '1',
                                             '4',  '6',  '6',  '.',  '2',  '0',  '0',  '3',  '7' };
    unsigned char answer[512];

    return send(socket, request, sizeof request, MSG_NOSIGNAL) == (ssize_t)sizeof request &&
           recv(socket, answer, sizeof answer, 0) > 0;
}

static void describe(gnutls_x509_crt_t certificate, struct ldap_trial *trial)
{
    char subject[90] = "", end[12] = "", print[65] = "";
    unsigned char digest[32];
    size_t size = sizeof subject, digest_size = sizeof digest;
    time_t expires = gnutls_x509_crt_get_expiration_time(certificate);
    struct tm parts;

    if (gnutls_x509_crt_get_dn(certificate, subject, &size) != 0)
        snprintf(subject, sizeof subject, "?");
    if (gmtime_r(&expires, &parts))
        (void)strftime(end, sizeof end, "%Y-%m-%d", &parts);
    if (gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, digest, &digest_size) == 0)
        for (size_t i = 0; i < digest_size; i++)
            snprintf(print + i * 2, 3, "%02x", digest[i]);
    snprintf(trial->peer, sizeof trial->peer, "%.80s, until %s, SHA-256 %s", subject, end, print);
}

static bool is_trusted(const struct ldap_settings *settings, const gnutls_datum_t *chain, unsigned count)
{
    gnutls_certificate_credentials_t credentials;
    gnutls_x509_trust_list_t list;
    gnutls_x509_crt_t certificates[16];
    gnutls_datum_t pem = { (unsigned char *)(uintptr_t)settings->trusted,
                           settings->trusted ? (unsigned)strlen(settings->trusted) : 0 };
    unsigned verdict = GNUTLS_CERT_INVALID, n = 0;

    if (gnutls_certificate_allocate_credentials(&credentials) != 0)
        return false;
    gnutls_x509_trust_list_init(&list, 0);
    if (settings->trusted)
        gnutls_x509_trust_list_add_trust_mem(list, &pem, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
    else
        gnutls_x509_trust_list_add_system_trust(list, 0, 0);
    for (; n < count && n < COUNT_OF(certificates); n++) {
        gnutls_x509_crt_init(&certificates[n]);
        gnutls_x509_crt_import(certificates[n], &chain[n], GNUTLS_X509_FMT_DER);
    }
    gnutls_x509_trust_list_verify_crt(
        list, certificates, n, GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS,
        &verdict, NULL);
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crt_deinit(certificates[i]);
    gnutls_x509_trust_list_deinit(list, 1);
    gnutls_certificate_free_credentials(credentials);
    return verdict == 0;
}

static void judge(const struct ldap_settings *settings, const struct ldap_target *target,
                  gnutls_session_t session, struct ldap_trial *trial)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    time_t now = time(NULL);
    gnutls_x509_crt_t certificate;

    if (!chain || !count || gnutls_x509_crt_init(&certificate) != 0)
        return;
    if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) == 0) {
        describe(certificate, trial);
        if (gnutls_x509_crt_get_expiration_time(certificate) < now)
            snprintf(trial->remedy, sizeof trial->remedy,
                     "The server's certificate has expired. Renew it on the server.");
        else if (gnutls_x509_crt_get_activation_time(certificate) > now)
            snprintf(trial->remedy, sizeof trial->remedy,
                     "The server's certificate is not valid yet. Compare the clocks of both machines.");
        else if (!is_trusted(settings, chain, count))
            snprintf(
                trial->remedy, sizeof trial->remedy,
                "The server's certificate comes from an authority that the source does not trust. Give the "
                "source that authority's certificate, after comparing its fingerprint.");
        else if (!gnutls_x509_crt_check_hostname(certificate, target->host))
            snprintf(trial->remedy, sizeof trial->remedy,
                     "The server's certificate is for another name than %.100s. Use the name that the "
                     "certificate has in the URL.",
                     target->host);
    }
    gnutls_x509_crt_deinit(certificate);
}

void certificate_examine(const struct ldap_settings *settings, const struct ldap_target *target,
                         int64_t deadline_us, struct ldap_trial *trial)
{
    struct err err = ERR_INIT;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    struct watch watch;
    int socket;

    if (!dial(target, deadline_us, &socket, &err))
        return;
    watch_begin(&watch, socket, deadline_us);
    if ((target->tls != LDAP_STARTTLS || ask_start(socket)) &&
        gnutls_certificate_allocate_credentials(&credentials) == 0) {
        if (gnutls_init(&session, GNUTLS_CLIENT) == 0) {
            gnutls_set_default_priority(session);
            gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
            gnutls_server_name_set(session, GNUTLS_NAME_DNS, target->host, strlen(target->host));
            gnutls_transport_set_int(session, socket);
            gnutls_handshake_set_timeout(session, 3000);
            if (gnutls_handshake(session) == 0)
                judge(settings, target, session, trial);
            else
                snprintf(
                    trial->remedy, sizeof trial->remedy,
                    "The server does not speak TLS 1.2 or newer at this port. Check port and encryption.");
            gnutls_deinit(session);
        }
        gnutls_certificate_free_credentials(credentials);
    } else {
        snprintf(trial->remedy, sizeof trial->remedy,
                 "The server does not offer StartTLS. Give it a certificate, or use ldaps:// URLs.");
    }
    if (watch_end(&watch))
        snprintf(trial->remedy, sizeof trial->remedy,
                 "The server accepts connections and does not answer. Look whether it is well.");
    close(socket);
}
