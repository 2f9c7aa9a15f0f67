/*
 * refusal.h -- every way in which an SMTP server says no: its reason in logs and metrics, its code, its enhanced code
 * (RFC 3463, RFC 5248) and its words, in one table. Transient or permanent is decided here and nowhere else.
 *
 * A reply is one line of ASCII and never holds bytes that the client sent.
 */
#ifndef SMTP_REFUSAL_H
#define SMTP_REFUSAL_H

#include "base/err.h"

#define SMTP_REFUSALS(X)                                                                                     \
    /* the line */                                                                                           \
    X(REFUSE_LINE_TOO_LONG, "line-too-long", 500, "5.5.2", "Line too long.")                                 \
    X(REFUSE_BAD_BYTES, "bad-bytes", 500, "5.5.2", "NUL, 8-bit, bare CR or bare LF in a command.")           \
    X(REFUSE_UNKNOWN_COMMAND, "unknown-command", 500, "5.5.1", "Command not recognised.")                    \
    X(REFUSE_NOT_IMPLEMENTED, "not-implemented", 502, "5.5.1", "Command not implemented.")                   \
    X(REFUSE_NO_ARGUMENT, "no-argument", 501, "5.5.4", "This command takes no argument.")                    \
    X(REFUSE_NEEDS_ARGUMENT, "needs-argument", 501, "5.5.4", "This command needs an argument.")              \
    X(REFUSE_SYNTAX, "syntax", 501, "5.5.2", "Syntax error in the argument.")                                \
    X(REFUSE_HELO, "bad-helo", 501, "5.5.2", "A host name or address literal is needed.")                    \
    X(REFUSE_SEQUENCE, "wrong-state", 503, "5.5.1", "Bad sequence of commands.")                             \
    X(REFUSE_PIPELINING, "improper-pipelining", 503, "5.5.1", "Improper pipelining.")                        \
    X(REFUSE_TOO_MANY_ERRORS, "too-many-errors", 421, "4.7.0", "Too many errors.")                           \
    X(REFUSE_TOO_MUCH_JUNK, "too-much-junk", 421, "4.7.0", "Too many errors: commands that lead nowhere.")   \
    /* the sender */                                                                                         \
    X(REFUSE_NEEDS_TLS, "needs-tls", 530, "5.7.0", "Must issue a STARTTLS command first.")                   \
    X(REFUSE_NEEDS_AUTH, "needs-auth", 530, "5.7.0", "Authentication required.")                             \
    X(REFUSE_SENDER_SYNTAX, "sender-syntax", 501, "5.1.7", "The sender address is not well formed.")         \
    X(REFUSE_SENDER_FOREIGN, "sender-not-owned", 553, "5.7.1", "You may not send as this address.")          \
    X(REFUSE_SENDER_FULL, "sender-full", 552, "5.2.2", "Your mailbox is too full to send.")                  \
    X(REFUSE_NEEDS_SMTPUTF8, "needs-smtputf8", 553, "5.6.7", "This address needs the parameter SMTPUTF8.")   \
    X(REFUSE_PARAMETER_UNKNOWN, "parameter-unknown", 555, "5.5.4", "A parameter is not known here.")         \
    X(REFUSE_PARAMETER_BAD, "parameter-bad", 501, "5.5.4", "A parameter is not valid.")                      \
    X(REFUSE_TOO_LARGE, "too-large", 552, "5.3.4", "The message is larger than this server accepts.")        \
    /* the recipient */                                                                                      \
    X(REFUSE_RECIPIENT_SYNTAX, "recipient-syntax", 501, "5.1.3",                                             \
      "The recipient address is not well formed.")                                                           \
    X(REFUSE_RECIPIENT_UNKNOWN, "recipient-unknown", 550, "5.1.1", "There is no such recipient here.")       \
    X(REFUSE_SOURCE_ROUTE, "source-route", 550, "5.7.1", "Routes inside an address are not followed.")       \
    X(REFUSE_RELAY, "relay-denied", 550, "5.7.1", "Relaying to this domain is not allowed.")                 \
    X(REFUSE_RECIPIENT_DENIED, "recipient-denied", 550, "5.7.1", "You may not send to this recipient.")      \
    X(REFUSE_RECIPIENT_NEEDS_LOGIN, "recipient-needs-login", 550, "5.7.133",                                 \
      "Only senders who have logged in may write to this recipient.")                                        \
    X(REFUSE_RECIPIENT_DISABLED, "recipient-disabled", 550, "5.2.1", "This recipient takes no mail.")        \
    X(REFUSE_ALIAS_LOOP, "alias-loop", 550, "5.4.6", "This address leads back to itself.")                   \
    X(REFUSE_MAILBOX_FULL, "mailbox-full", 452, "4.2.2", "The mailbox is full.")                             \
    X(REFUSE_TOO_MANY_RECIPIENTS, "too-many-recipients", 452, "4.5.3", "Too many recipients.")               \
    X(REFUSE_SENDER_RECIPIENTS, "sender-recipients", 550, "5.5.3",                                           \
      "You may not send one message to so many recipients.")                                                 \
    /* the message */                                                                                        \
    X(REFUSE_NO_RECIPIENTS, "no-recipients", 554, "5.5.1", "No valid recipients.")                           \
    X(REFUSE_BINARY_NEEDS_BDAT, "binary-needs-bdat", 503, "5.5.1", "A binary message needs BDAT.")           \
    X(REFUSE_BARE_CR_LF, "bare-cr-lf", 550, "5.5.2", "Bare CR/LF: lines must end with CR LF.")               \
    X(REFUSE_NUL, "nul", 550, "5.6.0", "The message contains NUL bytes.")                                    \
    X(REFUSE_HEADER_TOO_LARGE, "header-too-large", 552, "5.3.4", "Header too large.")                        \
    X(REFUSE_LOOP, "loop", 554, "5.4.6", "Routing loop: this message has been here before.")                 \
    X(REFUSE_FROM_FOREIGN, "from-not-owned", 550, "5.7.1",                                                   \
      "From or Sender names an address that is not yours.")                                                  \
    X(REFUSE_SENDER_FIELD, "sender-field", 550, "5.7.1",                                                     \
      "You may write on behalf of this author: Sender is then your own address.")                            \
    X(REFUSE_FROM_MISSING, "from-missing", 550, "5.7.1",                                                     \
      "The message needs one From field with an address.")                                                   \
    /* judged by routing/filter */                                                                           \
    X(REFUSE_BLOCKED, "block-list", 554, "5.7.1", "This sender is on a block list here.")                    \
    X(REFUSE_DNS_LISTED, "dns-list", 554, "5.7.1", "Your address is on a block list.")                       \
    X(REFUSE_FALSE_HELO, "helo", 550, "5.7.1", "The name in your EHLO cannot be the name of your host.")     \
    X(REFUSE_GREYLISTED, "greylisted", 451, "4.7.1", "Please try again in some minutes.")                    \
    X(REFUSE_SEVERAL_AUTHORS, "several-authors", 550, "5.6.0", "The message has more than one From field.")  \
    X(REFUSE_SPF, "spf-fail", 550, "5.7.23", "The sender's domain does not let your address send for it.")   \
    X(REFUSE_DMARC, "dmarc-fail", 550, "5.7.1", "The author's domain wants mail like this refused.")         \
    X(REFUSE_INFECTED, "infected", 554, "5.7.1", "This message is infected.")                                \
    X(REFUSE_SPAM, "spam", 554, "5.7.1", "This message looks like spam.")                                    \
    X(REFUSE_SCANNER_DEFERS, "scanner-defers", 451, "4.7.1", "Please try again later.")                      \
    X(REFUSE_SCANNER_DOWN, "scanner-down", 451, "4.7.1",                                                     \
      "The message cannot be looked at just now. Please try again.")                                         \
    X(REFUSE_DNS_DOWN, "dns-down", 451, "4.4.3", "The sender cannot be checked just now. Please try again.") \
    X(REFUSE_MILTER, "milter", 554, "5.7.1", "This message is refused.")                                     \
    X(REFUSE_RULE, "rule", 550, "5.7.1", "A rule of the organisation refuses this message.")                 \
    X(REFUSE_RATE, "rate", 450, "4.7.1", "This account has sent to too many recipients in this hour.")       \
    X(REFUSE_HELD, "held", 450, "4.7.1", "The mail of this account is held. Ask your administrator.")        \
    X(REFUSE_ETRN_NODE, "etrn-node", 459, "5.7.1", "This server keeps no mail for that domain.")             \
    X(REFUSE_ETRN_OPTION, "etrn-option", 501, "5.5.4", "Name one domain.")                                   \
    /* login and TLS */                                                                                      \
    X(REFUSE_AUTH_NEEDS_TLS, "auth-needs-tls", 538, "5.7.11", "Encryption is required before AUTH.")         \
    X(REFUSE_AUTH_MECHANISM, "auth-mechanism", 504, "5.5.4", "This mechanism is not offered here.")          \
    X(REFUSE_AUTH_TWICE, "auth-twice", 503, "5.5.1", "You are logged in already.")                           \
    X(REFUSE_AUTH_BASE64, "auth-base64", 501, "5.5.2", "This is not valid base64.")                          \
    X(REFUSE_AUTH_CANCELLED, "auth-cancelled", 501, "5.7.0", "Authentication cancelled.")                    \
    X(REFUSE_AUTH_FAILED, "auth-failed", 535, "5.7.8", "Authentication credentials invalid.")                \
    X(REFUSE_AUTH_EXPIRED, "auth-expired", 535, "5.7.8", "The password has expired.")                        \
    X(REFUSE_AUTH_SUSPENDED, "auth-suspended", 525, "5.7.13", "This account may not log in.")                \
    X(REFUSE_AUTH_TEMPORARY, "auth-temporary", 454, "4.7.0",                                                 \
      "Logging in is not possible just now. Try again.")                                                     \
    X(REFUSE_TLS_TWICE, "tls-twice", 503, "5.5.1", "TLS is on already.")                                     \
    X(REFUSE_TLS_UNAVAILABLE, "tls-unavailable", 502, "5.5.1", "TLS is not available here.")                 \
    /* trouble on our side */                                                                                \
    X(REFUSE_BUSY, "busy", 451, "4.3.2", "Temporary trouble. Please try again.")                             \
    X(REFUSE_NO_ROOM, "no-room", 452, "4.3.1", "There is no room for this message just now.")                \
    X(REFUSE_UNKNOWN_COMMIT, "unknown-commit", 451, "4.3.0", "Temporary trouble. Please try again.")         \
    X(REFUSE_INTERNAL, "internal", 451, "4.3.0", "Internal trouble. Please try again.")                      \
    X(REFUSE_LIMIT, "limit", 452, "4.5.3", "Too much at once.")                                              \
    X(REFUSE_INVALID, "invalid", 554, "5.6.0", "The message cannot be taken as it is.")

enum smtp_refusal {
#define X(id, reason, code, enhanced, text) id,
    SMTP_REFUSALS(X)
#undef X
        SMTP_REFUSAL_COUNT
};

struct smtp_refusal_row {
    const char *reason;
    unsigned code;
    const char *enhanced;
    const char *text;
};

/* Static. */
const struct smtp_refusal_row *smtp_refusal_row(enum smtp_refusal refusal);
/* How a kind of error from a room below is said. */
enum smtp_refusal smtp_refusal_of(enum err_kind kind);
/* Counts it in the metrics. */
void smtp_refusal_count(enum smtp_refusal refusal);

#endif
