/*
 * address.h -- mail addresses: on the wire (RFC 5321, 4.1.2), in header fields (RFC 5322, 3.4), and
 * as the key under which a recipient is found.
 *
 * The two grammars differ on purpose. In SMTP an address decides who gets mail, so what is not
 * exactly right is refused. In a header field it is only shown, so anything is read somehow.
 *
 * Ownership  strings belong to the talloc context `owner`.
 * Threads    pure functions; any thread.
 */
#ifndef FORMAT_ADDRESS_H
#define FORMAT_ADDRESS_H

#include "base/buf.h"
#include "base/span.h"

enum {
    ADDRESS_LOCAL_MAX = 64,   /* octets, RFC 5321, 4.5.3.1.1 */
    ADDRESS_DOMAIN_MAX = 255, /* octets, 4.5.3.1.2 */
    ADDRESS_LIST_MAX = 10000, /* addresses read from one header field; the rest is not looked at */
};

/* What is wrong with an address; SMTP turns these into 501 5.1.3, 553 5.6.7 and so on in its table. */
enum address_fault {
    ADDRESS_GOOD,
    ADDRESS_BAD_SYNTAX,
    ADDRESS_LOCAL_TOO_LONG,
    ADDRESS_DOMAIN_TOO_LONG,
    ADDRESS_BAD_DOMAIN,     /* not a host name, bad address literal, not a valid IDN */
    ADDRESS_BAD_UTF8,       /* bytes above 127 that are not UTF-8 */
    ADDRESS_NEEDS_SMTPUTF8, /* good, but only for a session that asked for SMTPUTF8 (RFC 6531) */
    ADDRESS_FAULTS
};

/* A sentence about the fault, for the reply or the console. Static. */
const char *address_fault_text(enum address_fault fault);

enum address_accept {
    ADDRESS_ACCEPT_UTF8 = 1,      /* the session or file may carry UTF-8 */
    ADDRESS_ACCEPT_NO_DOMAIN = 2, /* "postmaster" alone (RFC 5321, 4.1.1.3); domain is then "" */
};

struct address {
    const char *local;  /* without quotes, NFC; never empty, may hold spaces and '@' */
    const char *domain; /* lower case A-labels without final dot, or "[192.0.2.1]", "[IPv6:2001:db8::1]" */
    const char *domain_display; /* the same in U-labels, for people */
    const char *user;           /* local up to the first '+', or all of it */
    const char *detail;         /* after the first '+', NULL where there is none (RFC 5233) */
    bool is_literal;            /* the domain is an address literal */
    bool is_utf8;               /* local or the domain as written needs SMTPUTF8 */
    bool is_mixed_script;       /* a label or the local part mixes scripts: show it as it is spelt, warn */
    bool had_route;             /* "@a,@b:u@c": stripped, as RFC 5321, C demands */
};

/* `local@domain`, the whole of `text`. */
MUST_CHECK enum address_fault address_parse(const void *owner, struct span text, unsigned accept,
                                            struct address *address_out);

/* Takes `<path>` from the front of `in`: what follows MAIL FROM: and RCPT TO:. `<>` gives local and domain
 * "" (see address_is_null). Without angle brackets it is ADDRESS_BAD_SYNTAX. Consumes only on success. */
MUST_CHECK enum address_fault address_take_path(const void *owner, struct span *in, unsigned accept,
                                                struct address *address_out);
static inline bool address_is_null(const struct address *address)
{
    return !*address->local;
}

/* The key for lookup: local part NFC and case-folded, '@', domain. Two spellings of one address of ours have
 * the same key. Of a foreign address only the domain may be folded; keep address_text for sending. */
char *address_key(const void *owner, const struct address *address);
/* The key of the address without its "+detail". */
char *address_user_key(const void *owner, const struct address *address);
/* As SMTP writes it, without angle brackets: local part quoted where it must be, domain as A-labels. */
char *address_text(const void *owner, const struct address *address);
/* As people read it: domain as U-labels. */
char *address_display(const void *owner, const struct address *address);

/* A domain as the administrator or a client wrote it (either label form, any case, a final dot) to its
 * canonical form: lower-case A-labels. */
MUST_CHECK enum address_fault address_domain(const void *owner, struct span text, char **domain_out);
/* U-labels of a canonical domain; the domain itself where that is not possible. */
char *address_domain_display(const void *owner, const char *domain);
/* A letter of one script beside a letter of another (Common and Inherited aside; Japanese, Korean and Chinese
 * combinations are usual and not mixed). */
bool address_text_is_mixed_script(struct span utf8);

/* RFC 5322 address-list, obsolete forms included. */
enum address_item_kind {
    ADDRESS_MAILBOX,
    ADDRESS_GROUP_START, /* name only */
    ADDRESS_GROUP_END,   /* nothing */
};

struct address_item {
    enum address_item_kind kind;
    const char *name;   /* phrase or, lacking one, the trailing comment: unquoted, not yet decoded; or NULL */
    const char *route;  /* "@a,@b" or NULL */
    const char *local;  /* unquoted; "" where there is none */
    const char *domain; /* as written; NULL where there is no '@' */
};

struct address_list {
    struct address_item *items;
    size_t count;
    bool is_truncated; /* ADDRESS_LIST_MAX */
};

/* Reads a field value, folded or not. Never fails: what is not an address is skipped up to the next comma.
 * Linear in the length whatever the nesting of comments. */
void address_list_parse(const void *owner, struct span value, struct address_list *list_out);

/* The name decoded (RFC 2047) to UTF-8, NULL where there is none. */
char *address_item_name(const void *owner, const struct address_item *item);
/* "local@domain", the local part quoted where needed; "local" alone without a domain. */
char *address_item_text(const void *owner, const struct address_item *item);
/* The item as a deliverable address. */
MUST_CHECK enum address_fault address_of_item(const void *owner, const struct address_item *item,
                                              struct address *address_out);

/* Adds local part, quoted where RFC 5321 needs it. */
void address_add_local(struct buf *out, struct span local);

#endif
