/* tell.h -- the trace of what goes into the queue. For this room only. */
#ifndef ACCEPT_TELL_H
#define ACCEPT_TELL_H

#include "accept/accept.h"

/* Fills the traces of `new`, whose recipients are there, under `arena`: what the message's trace has gathered, and that it waits. */
void accept_tell_queued(const void *arena, const struct accept_message *message, struct queue_new *new);

#endif
