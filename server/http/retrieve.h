/*
 * retrieve.h -- inside of this room: what libmicrohttpd asks for the certificate of a handshake (certificates.c).
 */
#ifndef HTTP_RETRIEVE_H
#define HTTP_RETRIEVE_H

#include <gnutls/abstract.h>

/* A gnutls_certificate_retrieve_function3. */
int http_certificate_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                              gnutls_pcert_st **chain_out, unsigned *length_out, gnutls_ocsp_data_st **ocsp,
                              unsigned *ocsp_length, gnutls_privkey_t *key_out, unsigned *flags_out);

#endif
