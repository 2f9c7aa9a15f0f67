/*
 * link.h -- one connection, as the files of this room see it.
 */
#ifndef LDAP_LINK_H
#define LDAP_LINK_H

#include "ldap/pool.h"

#include <ldap.h>

/* A server's address, as its URL names it. */
struct ldap_target {
    const char *url;  /* what libldap and people see: "ldaps://dc1.example.lan:636" */
    const char *host; /* name or address; the path of a Unix socket */
    uint16_t port;
    bool is_local; /* a Unix socket */
    enum ldap_tls tls;
};

/* Reads "ldap://host:port"; `tls` counts where the scheme leaves it open. ERR_INVALID. */
MUST_CHECK bool ldap_target_parse(const void *owner, const char *url, enum ldap_tls tls,
                                  struct ldap_target *target_out, struct err *err);

struct ldap_link {
    struct ldap_pool *pool;
    struct pool_server *server; /* NULL: beside the pool (ldap_pool_try()) */
    struct ldap_link *next;     /* of those that are idle */
    LDAP *ld;
    const char *url;
    enum ldap_link_use use;
    int64_t deadline_us; /* monotonic */
    int64_t used_us;
    bool is_broken, has_timed_out;
    unsigned answer_ms;
};

/* Connects to `target` until the deadline: socket, then TLS, then the bind of the source's account where `use` wants it.
 * *step_out says where it failed. Ended by link_close(). */
MUST_CHECK bool link_open(struct ldap_pool *pool, const struct ldap_settings *settings,
                          const struct ldap_target *target, enum ldap_link_use use, int64_t deadline_us,
                          struct ldap_link **link_out, enum ldap_step *step_out, struct err *err);
/* Accepts and sets NULL. */
void link_close(struct ldap_link **link);

/* A connected socket whose reads and writes end in time. ERR_BUSY. */
MUST_CHECK bool dial(const struct ldap_target *target, int64_t deadline_us, int *socket_out, struct err *err);

/* Waits for the (next) answer to `message_id`. ERR_BUSY where none comes in time: the operation is abandoned, and the link
 * broken. */
MUST_CHECK bool link_answer(struct ldap_link *link, int message_id, int how_many, LDAPMessage **answer_out,
                            struct err *err);
/* ERR_NONE's kind where the result is good; otherwise false. `what` is the operation, for the log. Breaks the link for results that
 * tell of a broken one. Takes `answer`. */
MUST_CHECK bool link_result(struct ldap_link *link, LDAPMessage *answer, const char *what, struct err *err);
/* Fills *err from a result code; returns false. */
bool link_fault(struct ldap_link *link, int code, const char *what, const char *diagnostic, struct err *err);
/* Milliseconds until the deadline, at most the time for one answer; 0 where it has passed. */
int64_t link_rest_ms(const struct ldap_link *link);

/* PEM text as the name of a file that lives as long as *fd_out; ERR_INTERNAL. */
MUST_CHECK bool pem_file(const char *pem, char name_out[40], int *fd_out, struct err *err);

/* The TLS context of the pool's client certificate; NULL: none yet. */
void *pool_tls_context(struct ldap_pool *pool);
/* Keeps the first that is given. */
void pool_keep_tls_context(struct ldap_pool *pool, void *context);

/* Gets tickets for the principal, until krb_leave(). ERR_BUSY, with the words of Kerberos. */
struct krb_tickets;
MUST_CHECK bool krb_enter(const struct ldap_settings *settings, struct krb_tickets **tickets_out,
                          struct err *err);
/* A gss_cred_id_t of these tickets; theirs. */
void *krb_credential(const struct krb_tickets *tickets);
/* Accepts and sets NULL. */
void krb_leave(struct krb_tickets **tickets);

/* Looks at the certificate that `target` shows, without trusting it, and says what is wrong with it. */
void certificate_examine(const struct ldap_settings *settings, const struct ldap_target *target,
                         int64_t deadline_us, struct ldap_trial *trial);

#endif
