/*
 * line_session.h -- connections of mail programs whose owners have logged in, told by the roles that have them.
 *
 * A role says now and then which began and which ended, and learns which of them somebody wants closed. What a role that died
 * had is forgotten when it comes back, or does not for LINE_PROCESS_GONE_S.
 */
#ifndef DIRECTORY_LINE_SESSION_H
#define DIRECTORY_LINE_SESSION_H

#include "base/net.h"
#include "directory/directory.h"

enum { LINE_PROCESS_RENEW_S = 60, LINE_PROCESS_GONE_S = 300 };

struct line_session {
    int64_t recipient_id;
    const char *session; /* its name in the role */
    unsigned protocol;   /* enum directory_protocol */
    const char *peer;
    int64_t began_us;
};

/* "mail.example.org/mailbox" begins, or begins anew: with no connections. */
MUST_CHECK bool line_process_begin(struct directory *directory, const char *process, struct err *err);
/* It has ended. */
MUST_CHECK bool line_process_end(struct directory *directory, const char *process, struct err *err);
/* It lives. *is_known_out false: it was taken for gone, and all its connections are to be told again. */
MUST_CHECK bool line_process_renew(struct directory *directory, const char *process, bool *is_known_out,
                                   struct err *err);
struct line_news {
    const struct line_session *begun; /* of accounts that are gone meanwhile nothing is kept */
    size_t begun_count;
    const char *const *over; /* names of those that ended */
    size_t over_count;
};
/* ERR_NOT_FOUND: the process is not known (any more). */
MUST_CHECK bool line_session_tell(struct directory *directory, const char *process,
                                  const struct line_news *news, struct err *err);
/* Names of its connections that are to be closed, under `owner`. By an index that is empty nearly always. */
MUST_CHECK bool line_session_wanted_closed(struct directory *directory, const void *owner,
                                           const char *process, const char ***sessions_out, size_t *count_out,
                                           struct err *err);
/* Its role closes it within seconds. ERR_NOT_FOUND: the recipient has none with this id. */
MUST_CHECK bool line_session_end(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                                 int64_t line_session_id, struct err *err);
/* Removes processes that are gone; for housekeeping. */
MUST_CHECK bool line_process_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                                  struct err *err);

#endif
