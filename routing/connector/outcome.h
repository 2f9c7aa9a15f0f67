/*
 * outcome.h -- what became of an attempt, before it is written into recipients.
 *
 * Kept by value: it travels up from the socket to the recipients and is overwritten by the next attempt.
 */
#ifndef CONNECTOR_OUTCOME_H
#define CONNECTOR_OUTCOME_H

#include "connector/outbound.h"

enum { OUTCOME_TEXT_BYTES = 513, OUTCOME_ENHANCED_BYTES = 12 };

struct outcome {
    enum outbound_verdict verdict;
    enum outbound_fault fault; /* set behind outcome_set() */
    unsigned code;             /* 0: nobody said it, we found it out */
    char enhanced[OUTCOME_ENHANCED_BYTES];
    char text[OUTCOME_TEXT_BYTES];
};

/* Found out by ourselves. Returns false, so that a failure is one line. `enhanced` has its class from the verdict: "x.4.1". */
bool outcome_set(struct outcome *outcome, enum outbound_verdict verdict, const char *enhanced,
                 const char *format, ...) PRINTF_LIKE(4, 5);

/* What a recipient is told: the outcome, who said so, and how the connection was protected. Strings under `owner`. */
void outcome_give(const struct outcome *outcome, const void *owner, const char *host, const char *tls,
                  struct outbound_recipient *recipient);

/* One line of printable UTF-8 in `out`: controls become spaces, bytes that are no UTF-8 question marks; cut between
 * characters. */
void outcome_clean(struct span text, char *out, size_t size);

#endif
