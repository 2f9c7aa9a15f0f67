/*
 * peer.h -- a server of our own installation at the other end, and what it hands on with a message.
 *
 * It introduces itself with XCHAPPE (format/introduction.h); from then on EHLO tells it more than others, and its MAIL and RCPT may
 * say what the first server of ours found out: who had logged in, that the message was judged, for which mailbox a copy is.
 * Such a copy is not expanded, admitted or judged again; it only finds its mailbox where that is now. From everybody else
 * those parameters are unknown, and X-Chappe fields are taken out of the header.
 */
#ifndef SMTP_PEER_H
#define SMTP_PEER_H

#include "format/introduction.h"
#include "smtp/command.h"
#include "smtp/params.h"

struct address;

struct smtp_peer {
    struct introduction introduction;
    uint8_t key[INTRODUCTION_KEY_BYTES];
    int64_t server_id;
    bool is_known;  /* there is such a server; else it is led on, and told apart by nothing */
    bool is_proved; /* it is the one it says */
};

/* Is the other side a server of ours? */
static inline bool smtp_is_peer(const struct smtp_session *s)
{
    return s->peer && s->peer->is_proved;
}

/* The transaction is in the name of whom the peer says. */
void smtp_take_handed(struct smtp_session *s, const struct smtp_mail_params *params);

/* A RCPT that was decided already: answers it. */
enum session_next smtp_rcpt_handed(struct smtp_session *s, const struct address *address,
                                   const struct smtp_rcpt_params *params);

#endif
