/*
 * run.h -- one run of the programs over one message: what is known, what was decided, and the budgets. For this room only.
 *
 * Functions that return bool return false when the run has failed: by run_fail(), a budget, or trouble of the world. The
 * reason is in the run; callers just go back.
 */
#ifndef SIEVE_RUN_H
#define SIEVE_RUN_H

#include "format/mime.h"
#include "sieve/fields.h"
#include "sieve/program.h"
#include "sieve/value.h"

struct list { /* strings that are compared */
    struct span *items;
    size_t count;
};

struct loop { /* a foreverypart */
    uint32_t part;
    struct span name;
    struct loop *outer;
};

enum { LETTERS_MAX = 8, FLAGS_MAX = 64, FLAG_BYTES_MAX = 100 };

struct run {
    const struct sieve_message *message;
    const struct sieve_owner *who;
    const struct sieve_world *world;
    const void *owner; /* of the outcome */
    void *arena;       /* until the run ends */
    void *scratch;     /* of the command that runs; emptied after it */

    uint64_t instructions;
    int64_t deadline_us; /* monotonic */
    size_t memory;       /* bytes of variables and edited headers */

    struct scope *scope;     /* of the script that runs */
    struct variables global; /* RFC 6609 */
    const char *script;      /* name of the included script that runs; NULL: the main one */
    unsigned include_depth;
    const char **included; /* names, for :once */
    size_t included_count;

    struct fields *fields; /* the header, as it is by now */
    size_t original_header_length;
    struct span
        edited; /* the message with the changes up to now; p NULL: none made, or not put together yet */
    struct mime_index *parts; /* NULL: not looked at yet */
    struct loop *loop;
    struct span break_name; /* of the loop that a break leaves; p NULL: the innermost */

    struct variable flags;            /* the internal variable of imap4flags */
    bool keeps;                       /* the implicit keep */
    bool is_explicit;                 /* some action was executed that excludes a rejection */
    struct sieve_program *replied_by; /* whose vacation was executed */
    struct sieve_program *program;    /* the one of the list that runs */
    struct sieve_outcome *out;

    char error[240];
    bool has_failed, is_busy;
    struct err busy;
};

/* A runtime error (RFC 5228, 2.10.6). Returns false. */
bool run_fail(struct run *run, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
static inline enum flow run_fail_flow(bool is_good)
{
    return is_good ? FLOW_NEXT : FLOW_FAILED;
}
/* Counts `count` instructions; false when there were too many, or the time is over. */
MUST_CHECK bool run_spend(struct run *run, unsigned line, uint64_t count);
/* Counts memory that stays until the end of the run. */
MUST_CHECK bool run_claim(struct run *run, unsigned line, size_t bytes);
/* What a callback of the world said. Returns false. */
bool run_trouble(struct run *run, unsigned line, const struct err *err);

/* The commands of an if, or of the script, until one ends the block: FLOW_NEXT where all were run. */
enum flow run_block(struct run *run, const struct op *op);
/* One test, with what is inside it. False: the run has failed, and *is_true is false. */
MUST_CHECK bool run_test(struct run *run, const struct op *op, bool *is_true);

/* The string of an operand, expanded. */
struct span run_string(struct run *run, const struct op *op, const struct operand *operand);
/* All of them. */
struct list run_strings(struct run *run, const struct op *op, const struct operand *operand);
/* The tag's string; p NULL where the tag is not given. */
struct span run_tag(struct run *run, const struct op *op, enum tag tag);

/* One more, at the end; the items are under `owner`, what they point at is not copied. */
void list_add(void *owner, struct list *list, struct span item);

/* compare.c: does any of the values match any of the keys? Sets the match variables where it does (not with
 * `keeps_variables`). */
enum captures { SETS_VARIABLES, KEEPS_VARIABLES };
MUST_CHECK bool compare_any(struct run *run, const struct op *op, const struct list *values,
                            const struct list *keys, enum captures captures, bool *is_true);

/* The parts of the message as it came. */
const struct mime_index *run_parts(struct run *run);
/* The message as it is now: its own bytes, or those with an edited header. */
struct span run_bytes(struct run *run, bool *is_edited_out);

/* A copy under the owner of the outcome. */
const char *out_text(struct run *run, struct span text);

/* actions.c: everything that goes into the outcome. */
MUST_CHECK bool out_filing(struct run *run, const struct op *op, const struct sieve_filing *filing);
/* One copy an address, however often it is said; SIEVE_REDIRECTS_MAX addresses. False: the run has failed, as with
 * all of these. */
MUST_CHECK bool out_redirect(struct run *run, const struct op *op, const struct sieve_redirect *redirect);
/* A letter that the script writes (vacation, notify); LETTERS_MAX of them. */
MUST_CHECK bool out_letter(struct run *run, const struct op *op, const struct sieve_letter *letter);
/* To be remembered until `expires_us` (microseconds since 1970) under that kind and key; saying it twice is once. */
MUST_CHECK bool out_mark(struct run *run, const struct op *op, const char *kind, const uint8_t key[32],
                         int64_t expires_us);
/* The keep that is there when no action took it away. */
MUST_CHECK bool out_implicit_keep(struct run *run);
/* Where a filing goes, from :create, :specialuse, :mailboxid; false for a folder name that is none. */
MUST_CHECK bool out_place(struct run *run, const struct op *op, struct span folder,
                          struct sieve_filing *filing);
/* :flags of the command, or the internal variable; under the owner of the outcome. */
const char *const *out_flags(struct run *run, const struct op *op);
/* A copy of a letter in a folder, where :fcc asks for it (RFC 8580). */
MUST_CHECK bool out_fcc(struct run *run, const struct op *op, struct span letter);

#endif
