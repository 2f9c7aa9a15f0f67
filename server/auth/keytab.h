/*
 * keytab.h -- the keys of one Kerberos service, as its file has them now. For this room only.
 *
 * What is used is a copy in memory, without the keys of other services and of ciphers that are refused: a ticket under RC4 then
 * finds no key, whatever the machine's krb5.conf permits. (Services of one account in Active Directory have one key, so that a
 * ticket for one is as good for the other; who minds gives each an account.) A file that changed is read again by whoever asks next; while it cannot be read, what
 * was read before goes on.
 *
 * Ownership  keytab_new() gives a talloc object; freeing it forgets the keys.
 * Threads    all functions may be called from any thread.
 */
#ifndef AUTH_KEYTAB_H
#define AUTH_KEYTAB_H

#include "base/err.h"

#include <gssapi/gssapi.h>

struct keytab;

/* RC4 is what Active Directory falls back to; Chappe takes it only where told to. */
enum keytab_ciphers { KEYTAB_STRONG, KEYTAB_WITH_RC4 };
/* A cipher of RFC 3962, 8009 or 6803, or RC4 where that is wanted. */
bool keytab_takes_cipher(enum keytab_ciphers ciphers, int enctype);

/* Under `owner`, for `service` ("imap"), from a file that may not be there yet; `replay_file` remembers the tickets that were shown. */
struct keytab *keytab_new(const void *owner, const char *file, const char *service, const char *replay_file,
                          enum keytab_ciphers ciphers);
/* Is there a file with at least one key that may be used? */
bool keytab_is_ready(struct keytab *keytab);
/* A credential for accepting, by plain Kerberos or SPNEGO; gss_release_cred() takes it back. ERR_BUSY: the keys cannot be
 * read, err->log says why. */
MUST_CHECK bool keytab_acquire(struct keytab *keytab, gss_cred_id_t *credential_out, struct err *err);

#endif
