/*
 * resolve.h -- from an address to the mailboxes and addresses elsewhere behind it: one function, one answer, with its
 * reason.
 *
 * RCPT, the delivery of queued mail and the dry run of the trace all ask here, so that they cannot disagree. Aliases, groups,
 * contacts, redirects and alias domains are followed to the end; what leads back to itself is cut, and every mailbox and
 * every address elsewhere stands once in the answer. "name+detail@domain" is name@domain where nothing has that very
 * address (RFC 5233). postmaster and abuse of each of our domains, and postmaster alone, reach the installation's postmaster
 * where nobody else has the address (RFC 5321, 4.5.1; RFC 2142). user@[192.0.2.1], where that is an address of this machine,
 * is user@ the postmaster's domain.
 *
 * A mailing list and a moderated group are not looked into: their mail is one remote, RESOLVE_WHY_LIST, which the queue's motor
 * expands (resolve_members()), and so are LIST-subscribe, LIST-unsubscribe, LIST-help and addresses with a token
 * (resolve/link.h). LIST-owner and LIST-bounces are the list's owners, else the postmaster.
 *
 * A part that cannot be reached (removed or disabled since) is left out as long as another part can. Where a recipient on
 * the way takes mail from some senders only, or up to a size, its gate is in the answer: routing/policy opens it or not.
 *
 * A copy elsewhere is a `remote`. Mail that is sent on for a recipient (redirect, contact, member) leaves with the sender
 * that resolve_sender() gives (resolve/srs.h), so that SPF holds at the next server.
 *
 * Errors   false only for trouble that passes (ERR_BUSY, ERR_INTERNAL): the directory down is never "unknown", nor is the company's
 *          directory from which people of the domain come.
 * Cost     answered from the directory's memory as a rule (directory/resolve.h).
 * Threads  all functions may be called from any thread.
 */
#ifndef RESOLVE_RESOLVE_H
#define RESOLVE_RESOLVE_H

#include "base/err.h"
#include "directory/resolve.h"
#include "format/address.h"

#include <stddef.h>
#include <stdint.h>

struct directory;

enum resolve_verdict {
    RESOLVE_DELIVER,      /* targets and remotes say where */
    RESOLVE_UNKNOWN,      /* the domain is ours, the address is not there */
    RESOLVE_SOURCE_ROUTE, /* the same, and the local part tries to name another host: u%x@d, x!u@d, "u@x"@d */
    RESOLVE_FOREIGN, /* the domain is not ours: `remotes` holds the address, for senders who may send there */
    RESOLVE_LOOP,    /* it only leads to itself */
    RESOLVE_TOO_MANY, /* more than RESOLVE_TARGETS_MAX, or RESOLVE_DEPTH_MAX steps */
    RESOLVE_DISABLED, /* it exists and takes no mail for now */
    RESOLVE_VERDICTS
};

enum {
    RESOLVE_TARGETS_MAX = 10000, /* mailboxes and addresses elsewhere together */
    RESOLVE_DEPTH_MAX = 32,      /* alias of group of ... */
};

struct resolve_target {
    int64_t recipient_id, organisation_id, mailbox_id, group_id;
    const char *address; /* of the mailbox: its primary one */
    size_t gate;         /* the innermost one on the way, an index of `gates`; 0: none */
    bool is_public;      /* a public folder: who may post there is said by its rights */
};

enum resolve_why {
    RESOLVE_WHY_ALIAS,    /* a target of an alias */
    RESOLVE_WHY_REDIRECT, /* a user sends it on */
    RESOLVE_WHY_CONTACT,  /* the address of a contact */
    RESOLVE_WHY_MEMBER,   /* a group's member elsewhere */
    RESOLVE_WHY_RELAY,    /* an internal relay domain: the other system knows the address */
    RESOLVE_WHY_BACKUP,   /* we are a backup MX of the domain: only to exchangers better than ourselves */
    RESOLVE_WHY_RETURN,   /* a bounce of mail that was redirected: SRS undone; for the null sender only */
    RESOLVE_WHY_LIST, /* a list or a moderated group here, or what it understands: the motor goes on with it */
    RESOLVE_WHY_FOREIGN, /* not ours at all */
    RESOLVE_WHYS
};
/* "alias", "redirect", ...: for logs, the trace and JSON. Static. */
const char *resolve_why_name(enum resolve_why why);

struct resolve_remote {
    const char *address; /* as SMTP writes it, without brackets */
    const char *domain;  /* canonical */
    enum resolve_why why;
    int64_t recipient_id;    /* the alias, user, contact or group that leads there; 0: none */
    int64_t organisation_id; /* in whose name it is sent; 0 for RESOLVE_WHY_FOREIGN and RESOLVE_WHY_RETURN */
    const char
        *via; /* its primary address: where a rewritten sender returns to; NULL: the sender stays as it is */
    size_t gate;       /* as in a target */
    bool asks_primary; /* RESOLVE_WHY_BACKUP: only the primary knows whether there is such a recipient */
};

/* A recipient on the way that does not take everything. Gates are nested: all of a chain must be open. */
struct resolve_gate {
    int64_t recipient_id, organisation_id;
    const char *address;
    struct recipient_limits limits;
    size_t outer; /* the one before it on the way; 0: none */
};

/* How the answer came about, for people: "alias sales@example.org -> ada@example.org". */
struct resolve_step {
    const char
        *what; /* static: "mailbox", "alias", "group", "sub-address", "postmaster", "loop", "unknown", ... */
    const char *from, *to;
};

struct resolve_answer {
    enum resolve_verdict verdict;
    int64_t organisation_id, domain_id; /* of the address asked for; 0 where it is not ours */
    bool is_role;                       /* postmaster, abuse, a list's owners: reachable for everybody */
    struct resolve_target *targets;
    size_t target_count;
    struct resolve_remote *remotes;
    size_t remote_count;
    struct resolve_gate *gates; /* gates[0] is not used */
    size_t gate_count;          /* with gates[0]; 0 or 1: none */
    struct resolve_step *steps;
    size_t step_count;
};

/* "deliver", "unknown", ...: the reason in logs, metrics and JSON. Static. */
const char *resolve_verdict_name(enum resolve_verdict verdict);

/* The answer belongs to `owner`. */
MUST_CHECK bool resolve(struct directory *directory, const void *owner, const struct address *address,
                        struct resolve_answer *answer_out, struct err *err);
/* The members of one group, also of a list or a moderated one; lists among them are remotes. RESOLVE_UNKNOWN: it has none that
 * can be reached, or is gone. */
MUST_CHECK bool resolve_members(struct directory *directory, const void *owner, int64_t group_id,
                                struct resolve_answer *answer_out, struct err *err);

#endif
