/* kerberos_rooms.h -- what kerberos.c and handshake.c share. */
#ifndef AUTH_KERBEROS_ROOMS_H
#define AUTH_KERBEROS_ROOMS_H

#include "auth/kerberos.h"
#include "auth/keytab.h"

enum { KERBEROS_SERVICES = 5 };

/* The keys for this protocol; NULL: tickets are not for it. */
struct keytab *kerberos_keytab(struct kerberos *kerberos, enum directory_protocol protocol);
/* Those that may be used. */
enum keytab_ciphers kerberos_ciphers(const struct kerberos *kerberos);

#endif
