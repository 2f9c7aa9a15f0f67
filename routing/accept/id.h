/* id.h -- ids of messages on their way: in Received, in replies, in the queue and in every log line. */
#ifndef ACCEPT_ID_H
#define ACCEPT_ID_H

/* Under `owner`. They sort by time; the counter in them tells those of one microsecond apart. Any thread. */
char *accept_id(const void *owner);

#endif
