/*
 * program.h -- the inside of a compiled script: every command and test a row of a table, with its arguments checked. For
 * this room only.
 */
#ifndef SIEVE_PROGRAM_H
#define SIEVE_PROGRAM_H

#include "format/sieve_syntax.h"
#include "sieve/extension.h"
#include "sieve/sieve.h"

#include <stdatomic.h>

struct run;
struct op;
struct compiler;

/* ---- arguments */

enum tag {
    TAG_ADDRESSES,
    TAG_ALL,
    TAG_ANYCHILD,
    TAG_COMPARATOR,
    TAG_CONTAINS,
    TAG_CONTENT,
    TAG_CONTENTTYPE,
    TAG_COPY,
    TAG_COUNT,
    TAG_CREATE,
    TAG_DAYS,
    TAG_DETAIL,
    TAG_DOMAIN,
    TAG_ENCODEURL,
    TAG_FCC,
    TAG_FIRST,
    TAG_FLAGS,
    TAG_FROM,
    TAG_GLOBAL,
    TAG_HANDLE,
    TAG_HEADER,
    TAG_IMPORTANCE,
    TAG_INDEX,
    TAG_IS,
    TAG_LAST,
    TAG_LENGTH,
    TAG_LOCALPART,
    TAG_LOWER,
    TAG_LOWERFIRST,
    TAG_MAILBOXID,
    TAG_MATCHES,
    TAG_MESSAGE,
    TAG_MIME,
    TAG_NAME,
    TAG_NOTIFY,
    TAG_ONCE,
    TAG_OPTIONAL,
    TAG_OPTIONS,
    TAG_ORIGINALZONE,
    TAG_OVER,
    TAG_PARAM,
    TAG_PERCENT,
    TAG_PERSONAL,
    TAG_QUOTEREGEX,
    TAG_QUOTEWILDCARD,
    TAG_RAW,
    TAG_REGEX,
    TAG_RET,
    TAG_SECONDS,
    TAG_SPECIALUSE,
    TAG_SUBJECT,
    TAG_SUBTYPE,
    TAG_TEXT,
    TAG_TYPE,
    TAG_UNDER,
    TAG_UNIQUEID,
    TAG_UPPER,
    TAG_UPPERFIRST,
    TAG_USER,
    TAG_VALUE,
    TAG_ZONE,
    TAGS
};
#define TAG(tag) (UINT64_C(1) << (TAG_##tag))

enum value_kind { VALUE_NONE, VALUE_NUMBER, VALUE_STRING, VALUE_STRINGS };

struct operand {
    unsigned line;
    uint64_t number;
    struct span *strings;
    size_t count;
};

struct tagged {
    enum tag tag;
    struct operand value;
};

/* ---- how strings are compared */

enum comparator { COMPARE_ASCII_CASEMAP, COMPARE_OCTET, COMPARE_ASCII_NUMERIC, COMPARE_UNICODE_CASEMAP };
enum match { MATCH_IS, MATCH_CONTAINS, MATCH_MATCHES, MATCH_REGEX, MATCH_COUNT, MATCH_VALUE };
enum relation { RELATION_GT, RELATION_GE, RELATION_LT, RELATION_LE, RELATION_EQ, RELATION_NE };
enum address_part { PART_ALL, PART_LOCAL, PART_DOMAIN, PART_USER, PART_DETAIL };

struct comparison {
    enum match match;
    enum comparator comparator;
    enum relation relation; /* of :count and :value */
};

/* ---- commands and tests */

enum flow { FLOW_NEXT, FLOW_STOP, FLOW_RETURN, FLOW_BREAK, FLOW_FAILED };

enum tests_wanted { NO_TESTS, ONE_TEST, TEST_LIST };

typedef enum flow command_function(struct run *run, const struct op *op);
/* False: the run has failed (run.h). */
typedef bool test_function(struct run *run, const struct op *op, bool *is_true);
typedef bool check_function(struct compiler *compiler, struct op *op);

enum { POSITIONS_MAX = 3 };

/* One row: what a command or test takes, and what it does. */
struct syntax {
    const char *name;
    uint64_t needs; /* any one of these extensions; 0: base */
    uint64_t tags;
    /* n number, s string, S strings; '?' before one that may be left out. */
    const char *positions;
    enum tests_wanted tests;
    bool has_block;
    check_function *check; /* NULL: nothing beyond the table */
    command_function *command;
    test_function *test;
};
extern const struct syntax sieve_commands[], sieve_tests[]; /* ended by a row without a name */

struct op {
    const struct syntax
        *syntax; /* NULL: what the compiler could not know; `unknown` says so when it is run */
    const char *unknown;
    unsigned line;
    struct tagged *tags;
    size_t tag_count;
    struct operand positions[POSITIONS_MAX];
    bool has_position[POSITIONS_MAX];
    struct comparison comparison;
    enum address_part part;
    bool expands; /* "variables" is required: ${...} is looked at */
    struct op *tests;
    size_t test_count;
    struct op *block;
    size_t block_count;
    struct op *otherwise; /* of if and elsif: the next elsif or else */
    bool is_chained;      /* an elsif or else: run by the if before it only */
};

struct sieve_program {
    atomic_uint references;
    uint64_t required;
    bool may_lack; /* ihave is used: what is unknown is an error only when it is run */
    struct op root;
};

/* The argument of a tag; NULL where it is not given. */
const struct operand *op_tag(const struct op *op, enum tag tag);
static inline bool op_has(const struct op *op, enum tag tag)
{
    return op_tag(op, tag) != NULL;
}

/* ---- while compiling */

struct compiler {
    struct sieve_program *program;
    uint64_t required;
    bool may_lack;
    bool is_past_require; /* a command that is not require was seen */
    unsigned loop_depth;  /* foreverypart */
    struct buf *warnings;
    struct err *err;
};

/* "line N: ..." as ERR_INVALID; returns false. */
bool compile_error(struct compiler *compiler, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
/* A line "line N: ..." for whoever asked for warnings; the script is good all the same. */
void compile_warning(struct compiler *compiler, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
static inline bool compile_has(const struct compiler *compiler, enum extension extension)
{
    return (compiler->required & EXTENSION(extension)) != 0;
}
/* True where the string is the same whatever variables hold. */
bool operand_is_constant(const struct op *op, struct span text);

/* tags.c: the tag of that name, its kind of argument, the extensions of which one is needed, and the group of which only one
 * may be given (0: none). */
struct tag_row {
    const char *name;
    enum value_kind value;
    uint64_t needs;
    unsigned group;
};
extern const struct tag_row tag_rows[TAGS];

/* Checks of tables, each beside what it belongs to. */
check_function check_match, check_set, check_foreverypart, check_break, check_include, check_global,
    check_flags, check_fileinto, check_mime, check_vacation, check_date, check_currentdate, check_editheader,
    check_body, check_notify, check_envelope, check_duplicate, check_redirect, check_spamtest, check_ihave,
    check_size;

command_function do_addflag, do_addheader, do_break, do_deleteheader, do_discard, do_ereject, do_error,
    do_extracttext, do_fileinto, do_foreverypart, do_global, do_if, do_include, do_keep, do_nothing,
    do_notify, do_redirect, do_reject, do_removeflag, do_return, do_set, do_setflag, do_stop, do_vacation;

test_function test_address, test_allof, test_anyof, test_body, test_currentdate, test_date, test_duplicate,
    test_envelope, test_environment, test_exists, test_false, test_hasflag, test_header, test_ihave,
    test_mailboxexists, test_mailboxidexists, test_metadata, test_metadataexists, test_not,
    test_notify_method_capability, test_servermetadata, test_servermetadataexists, test_size, test_spamtest,
    test_specialuse_exists, test_string, test_true, test_valid_notify_method, test_virustest;

#endif
