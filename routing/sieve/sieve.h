/*
 * sieve.h -- a Sieve script (RFC 5228) and a message -> what is to be done with this recipient's copy.
 *
 * sieve_compile() turns text into a program that never changes and may be kept and used by many threads; sieve_run()
 * judges one message by it and gives an outcome: a list of things to do, nothing of which has been done. What the
 * outcome says is carried out by others (routing/rules, routing/accept): folders are filed into, redirects and letters go to
 * the queue, marks are remembered when, and only when, all of that is committed.
 *
 * A run is deterministic: the same program, message, time and answers of the callbacks give the same outcome. It does no
 * I/O but through those callbacks, and is bounded in instructions, time, memory and actions. Whatever goes wrong while it
 * runs (RFC 5228, 2.10.6) leaves nothing but the implicit keep and the sentence in `error`: no mail is lost by a script.
 *
 * Ownership  a program is counted: sieve_program_keep() and _release(); an outcome belongs to `owner`. Its spans may
 *            point into the message.
 * Errors     compiling: ERR_INVALID with "line 3: ..." in the user text; ERR_LIMIT for a script that is too large or deep.
 *            Running has no errors but those in the outcome, save ERR_BUSY from a callback, which ends it: try again later.
 * Threads    all functions may be called from any thread; an outcome belongs to one.
 */
#ifndef SIEVE_SIEVE_H
#define SIEVE_SIEVE_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SIEVE_SCRIPT_MAX = 1024 * 1024,      /* bytes; the installation's own limit is lower as a rule */
    SIEVE_REDIRECTS_MAX = 5,             /* RFC 5228, 10: at most so many copies of one message */
    SIEVE_ACTIONS_MAX = 32,              /* filings, redirects and letters together */
    SIEVE_INCLUDE_DEPTH_MAX = 10,        /* RFC 6609 */
    SIEVE_INSTRUCTIONS_MAX = 500000,     /* commands, tests and compared values */
    SIEVE_TIME_MAX_MS = 2000,            /* of one run */
    SIEVE_MEMORY_MAX = 64 * 1024 * 1024, /* of one run, the message itself aside */
};

struct sieve_program;

/* What this server is built to do and may be asked in a script; the same list is the capability SIEVE of ManageSieve.
 * Space separated, static. */
const char *sieve_extensions(void);
/* "mailto": the methods of notify, for the capability NOTIFY. */
const char *sieve_notify_methods(void);

/* Warnings are sentences with line numbers, one a line; "" where there are none. */
MUST_CHECK bool sieve_compile(struct span script, struct sieve_program **program_out, struct buf *warnings,
                              struct err *err);
/* One more reference; returns the program. Any thread. */
struct sieve_program *sieve_program_keep(struct sieve_program *program);
/* Accepts and sets NULL. */
void sieve_program_release(struct sieve_program **program);

/* Memory that it takes; 0 for NULL. */
size_t sieve_program_bytes(const struct sieve_program *program);
/* True where the script writes letters (vacation, notify): the addresses in struct sieve_owner matter then. */
bool sieve_program_writes(const struct sieve_program *program);

/* One message on its way to one recipient. */
struct sieve_message {
    struct span bytes;                                        /* whole, CRLF line ends */
    const char *envelope_from;                                /* "" for <> */
    const char *envelope_to;                                  /* as it was given in RCPT */
    const char *envelope_auth;                                /* login of a submission; NULL: none */
    const char *envelope_notify, *envelope_ret, *envelope_id; /* RFC 6009; NULL where not given */
    int64_t now_us;
    /* What a scanner said: percent, 0..100, or below 0 where none looked at it (RFC 5235). */
    int spam_percent;
    int virus_value; /* 0: not looked at, 1: clean .. 5: infected */
};

/* Whose script it is. */
struct sieve_owner {
    const char *address;          /* primary one; letters come from it */
    const char *name;             /* of the person; NULL */
    const char *const *addresses; /* all that are this person's; with the primary one */
    size_t address_count;
};

/* Questions that a script asks of its world. Each may fail with ERR_BUSY only. `arg` is the caller's. */
struct sieve_world {
    void *arg;
    /* RFC 5490, RFC 8579, RFC 9042: is there a folder of that name, special use ("\\Archive") or id? NULL: no. */
    bool (*folder_exists)(void *arg, const char *name, bool *exists_out, struct err *err);
    bool (*special_use_exists)(void *arg, const char *folder, const char *use, bool *exists_out,
                               struct err *err);
    bool (*mailbox_id_exists)(void *arg, const char *id, bool *exists_out, struct err *err);
    /* The value of an annotation ("/shared/comment"; folder "": of the server); NULL where there is none. RFC 5490. */
    bool (*metadata)(void *arg, const void *owner, const char *folder, const char *entry, char **value_out,
                     struct err *err);
    /* Is this key remembered (struct sieve_mark), and not yet expired? */
    bool (*is_marked)(void *arg, const char *kind, const uint8_t key[32], bool *is_marked_out,
                      struct err *err);
    /* RFC 6609; the program is counted for the run. ERR_NOT_FOUND: there is none; ERR_INVALID: it does not compile. */
    bool (*include)(void *arg, const char *name, bool is_global, struct sieve_program **program_out,
                    struct err *err);
    /* RFC 5183: "remote-host", "remote-ip", "host", ...; NULL where unknown. Items that follow from the message or this
     * library ("name", "version", "location", "phase") are not asked for. */
    const char *(*environment)(void *arg, const char *item);
};

/* A copy into the recipient's mailbox. The first of mailbox_id, special_use, folder that is set and exists decides; the Inbox
 * where none does. */
struct sieve_filing {
    const char *folder;       /* whole path, UTF-8, canonical (format/folder_name.h); "INBOX" for keep */
    const char *special_use;  /* "\\Junk"; NULL */
    const char *mailbox_id;   /* RFC 9042; NULL */
    bool creates;             /* :create, when it does not exist */
    bool is_fcc;              /* not the message but a letter of ours (RFC 8580): `bytes` */
    const char *const *flags; /* "\\Seen" and keywords; without "\\Recent"; NULL-ended; never NULL */
    struct span bytes;        /* what is filed: the message, or as editheader left it */
    bool is_edited;           /* bytes are not the message's own */
};

/* The message goes to another address, with the sender of its envelope. */
struct sieve_redirect {
    const char *address;
    const char *notify, *ret; /* RFC 6009: as in MAIL and RCPT; NULL: as they came */
    struct span bytes;
    bool is_edited;
};

/* A letter that we write: an automatic reply, a notification, a rejection sent as mail. */
enum sieve_letter_kind { SIEVE_VACATION, SIEVE_NOTIFY };
struct sieve_letter {
    enum sieve_letter_kind kind;
    const char *envelope_from; /* "" for <> */
    const char *const *to;     /* addresses, NULL-ended */
    size_t to_count;
    struct span bytes; /* header and body, CRLF */
};

/* To be remembered when the rest is committed: is_marked() says yes for it until it expires. */
struct sieve_mark {
    const char *kind; /* "duplicate", "vacation" */
    uint8_t key[32];
    int64_t expires_us;
};

struct sieve_outcome {
    struct sieve_filing *filings; /* the (implicit) keep among them; each folder once */
    size_t filing_count;
    struct sieve_redirect *redirects;
    size_t redirect_count;
    struct sieve_letter *letters;
    size_t letter_count;
    struct sieve_mark *marks;
    size_t mark_count;
    const char *reject; /* the text for the sender; NULL: not refused. Nothing is filed then */
    bool is_ereject;    /* it must be said in the protocol if at all possible (RFC 5429) */
    bool is_discarded;  /* nothing is filed because the script said so */
    const char *error;  /* "line 7: ...": the run failed and the message is kept in the Inbox; NULL */
    uint64_t instructions;
};

/* ERR_BUSY from the world only. `programs` run one after the other, as if the owner had written them below each
 * other in scripts of their own (the automatic reply first): one implicit keep, one list of actions. */
MUST_CHECK bool sieve_run(struct sieve_program *const *programs, size_t program_count, const void *owner,
                          const struct sieve_message *message, const struct sieve_owner *who,
                          const struct sieve_world *world, struct sieve_outcome **outcome_out,
                          struct err *err);

#endif
