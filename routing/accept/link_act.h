/*
 * link_act.h -- what a token lets somebody do: decide as a moderator, show that an address is theirs, admit, leave a list. By a
 * page of the web role or by a mail to the token's address; the act is the same, and done once.
 *
 * Errors   ERR_NOT_FOUND: nothing is to be done any more (decided, left, withdrawn): pages and answers say no more than that.
 * Threads  any.
 */
#ifndef ACCEPT_LINK_ACT_H
#define ACCEPT_LINK_ACT_H

#include "accept/accept.h"
#include "directory/list.h"
#include "format/link_token.h"

struct link_act_context {
    struct accept *accept;
    const char *host_name;
    const char *base_url; /* "https://mail.example.org:8443": links begin so */
};

/* `peer`: for the audit; NULL. `reason`: of a rejection; NULL. Not LINK_RELEASE, which needs the storage groups. */
MUST_CHECK bool link_act(const struct link_act_context *context, const struct link_token *token,
                         const char *peer, const char *reason, struct err *err);

/* "https://.../l/TOKEN", under `owner`. */
char *link_url(const void *owner, const char *base_url, const char *token);

/* Somebody asks by mail to join or leave. `is_sure`: logged in; else the address gets a mail to confirm. Answers by letters. */
MUST_CHECK bool link_join(const struct link_act_context *context, const struct list_settings *list,
                          const char *address, bool is_sure, struct err *err);
/* As link_join(), for leaving. */
MUST_CHECK bool link_leave(const struct link_act_context *context, const struct list_settings *list,
                           const char *address, bool is_sure, struct err *err);
/* What the list's addresses are for. */
MUST_CHECK bool link_help(const struct link_act_context *context, const struct list_settings *list,
                          const char *address, struct err *err);

#endif
