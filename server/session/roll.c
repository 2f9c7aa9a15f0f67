/* roll.c -- who is logged in, beside the sessions themselves: those belong to whoever works on them now. */
#include "auth/auth.h"
#include "base/clock.h"
#include "session/engine.h"

#include <stdio.h>
#include <talloc.h>

struct roll_entry {
    struct session_login login;
    struct roll_entry *next, **previous;
};

void session_roll_enter(struct session *session)
{
    struct session_server *server = session->server;
    struct roll_entry *entry;

    if (session->protocol->bit == 0 || session->listener->unix_path)
        return;
    entry = session->login = talloc_zero(session, struct roll_entry);
    snprintf(entry->login.id, sizeof entry->login.id, "%s", session->id);
    snprintf(entry->login.peer, sizeof entry->login.peer, "%s", session->peer_text);
    entry->login.protocol = session->protocol->bit;
    entry->login.recipient_id = session->identity->recipient_id;
    entry->login.since_us = clock_now_us();
    pthread_mutex_lock(&server->roll_lock);
    entry->next = server->roll;
    entry->previous = &server->roll;
    if (entry->next)
        entry->next->previous = &entry->next;
    server->roll = entry;
    pthread_mutex_unlock(&server->roll_lock);
}

void session_roll_leave(struct session *session)
{
    struct roll_entry *entry = session->login;

    if (!entry)
        return;
    pthread_mutex_lock(&session->server->roll_lock);
    *entry->previous = entry->next;
    if (entry->next)
        entry->next->previous = entry->previous;
    pthread_mutex_unlock(&session->server->roll_lock);
    TALLOC_FREE(session->login);
}

size_t session_server_logins(struct session_server *server, const void *owner,
                             struct session_login **logins_out)
{
    /* made before the lock is taken: nobody's login waits for memory */
    unsigned room = session_server_count(server) + 1;
    struct session_login *logins = talloc_array(owner, struct session_login, room);
    size_t count = 0;

    pthread_mutex_lock(&server->roll_lock);
    for (const struct roll_entry *e = server->roll; e && count < room; e = e->next)
        logins[count++] = e->login;
    pthread_mutex_unlock(&server->roll_lock);
    *logins_out = logins;
    return count;
}
