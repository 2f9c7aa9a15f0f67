/*
 * sync.h -- servers that tell what changed: content synchronisation of OpenLDAP (RFC 4533), and DirSync of Active Directory.
 *
 * A cookie stands for all that was seen. Without one everything is told; with one what changed since, or, where the server has
 * forgotten so much, what is present: what was known and is neither told nor present is gone.
 *
 * Errors   as in ldap/search.h; ERR_CONFLICT: the server does not know the cookie any more: begin without one.
 */
#ifndef LDAP_SYNC_H
#define LDAP_SYNC_H

#include "ldap/search.h"

/* An entry's key: its UUID in hexadecimal digits. */
enum { LDAP_KEY_BYTES = 33 };
/* The 16 bytes of a UUID, or its text with dashes, under `owner`; NULL where it is neither. */
char *ldap_key_of(const void *owner, struct span uuid);

enum ldap_sync_event {
    LDAP_TOLD_ENTRY,     /* is new or changed: `entry` */
    LDAP_TOLD_PRESENT,   /* is there as before */
    LDAP_TOLD_GONE,      /* is not there any more */
    LDAP_TOLD_REFRESHED, /* all that was missing has been told; from here on what happens */
    LDAP_TOLD_IDLE,      /* nothing happened for a moment: time to write down */
};

struct ldap_sync {
    const char *base, *filter;
    const char **attributes;
    bool persists;          /* stays, and tells what happens from then on */
    struct span cookie;     /* to begin with; empty: from nothing */
    struct span cookie_now; /* filled: of what was told so far; lives as long as the owner given */
    bool told_presence;     /* filled: after the refresh, what was not told of is gone */
    bool (*each)(void *arg, enum ldap_sync_event event, const char *key, const struct ldap_entry *entry,
                 struct err *err);
    bool (*goes_on)(void *arg); /* asked about twice a second */
    void *arg;
};

/* Until the refresh is done (persists: until goes_on() says no, or the server is lost). `owner` keeps the cookie. */
MUST_CHECK bool ldap_link_sync(struct ldap_link *link, const void *owner, struct ldap_sync *sync,
                               struct err *err);

/* One round of DirSync below the root of a naming context: `each` gets what the server tells of every changed object, which is not
 * all of it (LDAP_TOLD_ENTRY, deleted ones included). *has_more: ask again with cookie_now. ERR_DENIED: not allowed. */
MUST_CHECK bool ldap_link_dirsync(struct ldap_link *link, const void *owner, struct ldap_sync *sync,
                                  bool *has_more, struct err *err);

#endif
