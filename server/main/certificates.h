/*
 * certificates.h -- which certificates this installation has, and how long they last.
 *
 * The default pair (`tls_certificate`, `tls_key`) answers clients that name no server or one that no certificate bears.
 * The folder `tls_certificates` holds further ones: NAME.pem or NAME.crt with NAME.key, or a folder NAME with
 * fullchain.pem and privkey.pem as certbot lays them out. Names of files mean nothing to a client: which certificate it
 * gets is decided by the names that stand in them. `ca` and `server` are no further certificates: there lie the CA of
 * the installation and the standard default pair.
 *
 * Threads  pure functions, but for the files.
 */
#ifndef MAIN_CERTIFICATES_H
#define MAIN_CERTIFICATES_H

#include "base/tls.h"
#include "main/config.h"

#include <jansson.h>

/* All pairs, the default first, the others by name. Under `owner`. ERR_LIMIT: more than 4,096. */
MUST_CHECK bool certificates_find(const void *owner, const struct config *config, struct tls_config *tls_out,
                                  struct err *err);
/* The certificate files of the folder that are not used because no key lies beside them; their number. */
size_t certificates_without_key(const void *owner, const struct config *config, struct tls_pair **pairs_out);

/* Whole days that are left, -1 when it has ended. */
int certificate_days(const struct tls_certificate *certificate, int64_t now_us);
/* The threshold that was passed, 30, 14 or 3 days; 0: there is time. */
int certificate_warning(int days);

/* Appends what GET /certificates says of each: the served ones, the default first, then those without a key. */
void certificates_list(const struct config *config, json_t *certificates);

#endif
