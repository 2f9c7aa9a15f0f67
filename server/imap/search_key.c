/*
 * search_key.c -- see search_key.h. One row a key: its name, what it becomes, and what argument follows.
 */
#include "imap/search_key.h"

#include "imap/date.h"

#include <talloc.h>

enum argument {
    NOTHING,
    FLAG_IS, /* no argument; the flag stands in the table */
    FLAG_ISNT,
    KEYWORD_IS, /* an atom */
    KEYWORD_ISNT,
    TEXT,
    FIELD_AND_TEXT,
    DATE,
    OCTETS,
    SECONDS,
    SET,
    OBJECT_ID,
    MODSEQ
};

static const struct search_word {
    const char *name;
    enum imap_search_kind kind;
    enum argument argument;
    const char *flag;
} words[] = {
    { "ALL", KEY_ALL, NOTHING, NULL },
    { "ANSWERED", KEY_FLAG, FLAG_IS, "\\Answered" },
    { "BCC", KEY_BCC, TEXT, NULL },
    { "BEFORE", KEY_BEFORE, DATE, NULL },
    { "BODY", KEY_BODY, TEXT, NULL },
    { "CC", KEY_CC, TEXT, NULL },
    { "DELETED", KEY_FLAG, FLAG_IS, "\\Deleted" },
    { "DRAFT", KEY_FLAG, FLAG_IS, "\\Draft" },
    { "EMAILID", KEY_EMAILID, OBJECT_ID, NULL },
    { "FLAGGED", KEY_FLAG, FLAG_IS, "\\Flagged" },
    { "FROM", KEY_FROM, TEXT, NULL },
    { "HEADER", KEY_HEADER, FIELD_AND_TEXT, NULL },
    { "KEYWORD", KEY_FLAG, KEYWORD_IS, NULL },
    { "LARGER", KEY_LARGER, OCTETS, NULL },
    { "MODSEQ", KEY_MODSEQ, MODSEQ, NULL },
    { "NEW", KEY_NEW, NOTHING, NULL },
    { "OLD", KEY_OLD, NOTHING, NULL },
    { "OLDER", KEY_OLDER, SECONDS, NULL },
    { "ON", KEY_ON, DATE, NULL },
    { "RECENT", KEY_RECENT, NOTHING, NULL },
    { "SAVEDATESUPPORTED", KEY_SAVEDATESUPPORTED, NOTHING, NULL },
    { "SAVEDBEFORE", KEY_SAVEDBEFORE, DATE, NULL },
    { "SAVEDON", KEY_SAVEDON, DATE, NULL },
    { "SAVEDSINCE", KEY_SAVEDSINCE, DATE, NULL },
    { "SEEN", KEY_FLAG, FLAG_IS, "\\Seen" },
    { "SENTBEFORE", KEY_SENTBEFORE, DATE, NULL },
    { "SENTON", KEY_SENTON, DATE, NULL },
    { "SENTSINCE", KEY_SENTSINCE, DATE, NULL },
    { "SINCE", KEY_SINCE, DATE, NULL },
    { "SMALLER", KEY_SMALLER, OCTETS, NULL },
    { "SUBJECT", KEY_SUBJECT, TEXT, NULL },
    { "TEXT", KEY_TEXT, TEXT, NULL },
    { "THREADID", KEY_THREADID, OBJECT_ID, NULL },
    { "TO", KEY_TO, TEXT, NULL },
    { "UID", KEY_UID, SET, NULL },
    { "UNANSWERED", KEY_FLAG, FLAG_ISNT, "\\Answered" },
    { "UNDELETED", KEY_FLAG, FLAG_ISNT, "\\Deleted" },
    { "UNDRAFT", KEY_FLAG, FLAG_ISNT, "\\Draft" },
    { "UNFLAGGED", KEY_FLAG, FLAG_ISNT, "\\Flagged" },
    { "UNKEYWORD", KEY_FLAG, KEYWORD_ISNT, NULL },
    { "UNSEEN", KEY_FLAG, FLAG_ISNT, "\\Seen" },
    { "YOUNGER", KEY_YOUNGER, SECONDS, NULL },
};

struct reader {
    struct imap_in *in;
    struct imap_search_program *program;
    const char **wrong;
};

static bool take_key(struct reader *reader, unsigned depth, struct imap_search_key **key_out);

static bool wrong(struct reader *reader, const char *text)
{
    *reader->wrong = text;
    return false;
}

static struct imap_search_key *new_key(struct reader *reader, enum imap_search_kind kind)
{
    struct imap_search_key *key = talloc_zero(reader->in->arena, struct imap_search_key);

    key->kind = kind;
    reader->program->keys++;
    return key;
}

/* [ entry-name SP entry-type SP ] mod-sequence-valzer (RFC 7162, 3.1.5). */
static bool take_modseq(struct imap_in *in, int64_t *number_out)
{
    struct span entry, type;
    uint64_t value;

    if (imap_peek(in, '"')) {
        if (!imap_take_string(in, &entry) || !imap_take_space(in) || !imap_take_atom(in, &type) ||
            !imap_take_space(in))
            return false;
        if (!span_equals_nocase(type, "all") && !span_equals_nocase(type, "priv") &&
            !span_equals_nocase(type, "shared"))
            return false;
    }
    if (!imap_take_modseq_or_zero(in, &value))
        return false;
    *number_out = (int64_t)value;
    return true;
}

static bool take_number(struct imap_in *in, uint64_t least, int64_t *number_out)
{
    uint64_t value;

    if (!imap_take_number64(in, &value) || value < least)
        return false;
    *number_out = (int64_t)value;
    return true;
}

static bool take_argument(struct reader *reader, const struct search_word *word, struct imap_search_key *key)
{
    struct imap_in *in = reader->in;

    if (word->argument == NOTHING)
        return true;
    if (word->flag) {
        key->text = span_text(word->flag);
        key->is_negated = word->argument == FLAG_ISNT;
        return true;
    }
    if (!imap_take_space(in))
        return false;
    switch (word->argument) {
    case KEYWORD_IS:
    case KEYWORD_ISNT:
        key->is_negated = word->argument == KEYWORD_ISNT;
        return imap_take_flag(in, &key->text);
    case TEXT:
        return imap_take_astring(in, &key->text);
    case FIELD_AND_TEXT:
        return imap_take_astring(in, &key->field) && imap_take_space(in) && imap_take_astring(in, &key->text);
    case DATE:
        return imap_take_date(in, &key->number);
    case OCTETS:
        return take_number(in, 0, &key->number);
    case SECONDS:
        return take_number(in, 1, &key->number);
    case SET:
        return imap_take_set(in, &key->set);
    case OBJECT_ID:
        return imap_take_astring(in, &key->text);
    case MODSEQ:
        reader->program->names_modseq = true;
        return take_modseq(in, &key->number);
    case NOTHING:
    case FLAG_IS:
    case FLAG_ISNT:
        break;
    }
    return false;
}

/* search-key *(SP search-key), up to a ")" or the end. */
static bool take_keys(struct reader *reader, unsigned depth, struct imap_search_key **and_out)
{
    struct imap_search_key *and = new_key(reader, KEY_AND);
    struct imap_search_key **next = &and->first;

    do {
        if (!take_key(reader, depth, next))
            return false;
        next = &(*next)->next;
    } while (imap_take_space(reader->in));
    *and_out = and;
    return true;
}

static bool take_nested(struct reader *reader, unsigned depth, enum imap_search_kind kind, unsigned children,
                        struct imap_search_key **key_out)
{
    struct imap_search_key *key = new_key(reader, kind);
    struct imap_search_key **next = &key->first;

    for (unsigned i = 0; i < children; i++) {
        if (!imap_take_space(reader->in))
            return wrong(reader, "A search key is missing after NOT or OR.");
        if (!take_key(reader, depth + 1, next))
            return false;
        next = &(*next)->next;
    }
    *key_out = key;
    return true;
}

static bool take_word(struct reader *reader, struct imap_search_key **key_out)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (imap_take_keyword(reader->in, words[i].name)) {
            *key_out = new_key(reader, words[i].kind);
            return take_argument(reader, &words[i], *key_out) ||
                   wrong(reader, "The argument of a search key is missing or wrong.");
        }
    return wrong(reader, "I do not know one of the search keys.");
}

static bool take_key(struct reader *reader, unsigned depth, struct imap_search_key **key_out)
{
    struct imap_in *in = reader->in;

    if (depth >= IMAP_MAX_DEPTH)
        return wrong(reader, "The search keys are nested too deep.");
    if (reader->program->keys >= SEARCH_KEYS_MAX)
        return wrong(reader, "There are too many search keys.");
    if (imap_take_byte(in, '('))
        return take_keys(reader, depth + 1, key_out) &&
               (imap_take_byte(in, ')') || wrong(reader, "A parenthesis in the search keys is not closed."));
    if (imap_take_keyword(in, "NOT"))
        return take_nested(reader, depth, KEY_NOT, 1, key_out);
    if (imap_take_keyword(in, "OR"))
        return take_nested(reader, depth, KEY_OR, 2, key_out);
    if (!imap_at_end(in) &&
        ((*in->rest.p >= '0' && *in->rest.p <= '9') || *in->rest.p == '*' || *in->rest.p == '$')) {
        *key_out = new_key(reader, KEY_SEQUENCE);
        return imap_take_set(in, &(*key_out)->set) || wrong(reader, "The message set is wrong.");
    }
    return take_word(reader, key_out);
}

static enum imap_search_parse take_all(struct imap_in *in, struct imap_search_program *program,
                                       const char **wrong_out)
{
    struct reader reader = { in, program, wrong_out };

    if (!take_keys(&reader, 0, &program->root))
        return SEARCH_WRONG;
    if (imap_at_end(in))
        return SEARCH_PARSED;
    *wrong_out = "There is something left after the search keys.";
    return SEARCH_WRONG;
}

static bool is_known_charset(struct span charset)
{
    return span_equals_nocase(charset, "UTF-8") || span_equals_nocase(charset, "US-ASCII");
}

enum imap_search_parse imap_take_search_charset_and_keys(struct imap_in *in,
                                                         struct imap_search_program *program_out,
                                                         const char **wrong_out)
{
    struct span charset;

    *program_out = (struct imap_search_program){ 0 };
    *wrong_out = "A charset and search keys are missing.";
    if (!imap_take_astring(in, &charset) || !imap_take_space(in))
        return SEARCH_WRONG;
    if (!is_known_charset(charset))
        return SEARCH_BADCHARSET;
    return take_all(in, program_out, wrong_out);
}

enum imap_search_parse imap_take_search_program(struct imap_in *in, struct imap_search_program *program_out,
                                                const char **wrong_out)
{
    *program_out = (struct imap_search_program){ 0 };
    if (imap_take_keyword(in, "CHARSET")) {
        *wrong_out = "A charset is missing.";
        return imap_take_space(in) ? imap_take_search_charset_and_keys(in, program_out, wrong_out)
                                   : SEARCH_WRONG;
    }
    return take_all(in, program_out, wrong_out);
}
