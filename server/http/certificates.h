/*
 * certificates.h -- the certificates of HTTPS, one of them for each handshake by the name that the client asks for.
 *
 * libmicrohttpd asks a callback that has no argument, so there is one set for all HTTPS listeners of a process. The
 * rules are those of base/tls.h: the exact name, then its wildcard, then the first pair; of two pairs that bear a name
 * the first answers.
 *
 * Ownership  the files are read once, the set keeps their bytes; a handshake gets copies of its own.
 * Threads    any.
 */
#ifndef HTTP_CERTIFICATES_H
#define HTTP_CERTIFICATES_H

#include "base/tls.h"

/* Replaces the set for handshakes that begin afterwards. ERR_INVALID names the file that cannot be used, and the set
 * stays as it was. */
MUST_CHECK bool http_certificates_load(const struct tls_config *config, struct err *err);
/* No handshake may come any more. */
void http_certificates_forget(void);

#endif
