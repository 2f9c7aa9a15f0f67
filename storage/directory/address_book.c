/*
 * address_book.c -- names that begin with the text come first, by the index of names. A text that many hold further on is found at
 * once by walking through the names in their order; a rare one by the indexes of three letters. Neither is quick for the other, so
 * the first names are walked through, fewer of them with their addresses, and those indexes asked when that was not enough.
 */
#include "directory/address_book.h"

#include "base/buf.h"
#include "directory/act.h"
#include "directory/user_row.h"

#include <talloc.h>

enum { WORD_ANYWHERE_BYTES = 3, FIXED_ARGS = 3 };

/* $1 organisation, $2 limit, $3 kinds. */
#define SHOWN                                                                                                \
    "r.kind <> 'alias' AND r.state <> 'disabled' AND NOT r.is_hidden"                                        \
    " AND ($3::text IS NULL OR r.kind = ANY (string_to_array($3, ',')))"
#define ENTRY "SELECT r.recipient_id, r.kind, r.name, p.address"
#define PRIMARY " JOIN address p ON p.recipient_id = r.recipient_id AND p.is_primary"
#define BY_NAME " ORDER BY r.sort_name, r.recipient_id LIMIT $2"

static const char FOLD[] = "SELECT chappe_fold($1)";

/* By recipient_by_name; $4 and $5: from which name on and before which. */
static const char SELECT_FIRST[] =
    ENTRY " FROM recipient r" PRIMARY " WHERE r.organisation_id = $1 AND r.sort_name >= $4"
          " AND r.sort_name < $5 AND " SHOWN BY_NAME;

/* %s: what a name must be like. By recipient_by_name, which has all that is asked about. */
static const char SELECT_WALK_NAMES[] = ENTRY
    " FROM (SELECT r.recipient_id FROM (SELECT recipient_id, sort_name FROM recipient WHERE organisation_id = $1"
    "               ORDER BY sort_name, recipient_id LIMIT 5000) r WHERE %s LIMIT 2 * $2) w"
    " JOIN recipient r USING (recipient_id)" PRIMARY " WHERE " SHOWN BY_NAME;

/* %s: what a name, and what an address must be like. By recipient_by_name; bool_or() lest all addresses are read first. */
static const char SELECT_WALK[] =
    ENTRY " FROM (SELECT * FROM recipient WHERE organisation_id = $1 ORDER BY sort_name, recipient_id"
          "        LIMIT 400) r" PRIMARY " WHERE " SHOWN
          " AND (%s OR (SELECT bool_or(%s) FROM address b WHERE b.recipient_id = r.recipient_id))" BY_NAME;

/* The same, of a contact's address elsewhere, too; by recipient_by_name_part, address_by_part and recipient_target_by_part, of which the
 * order of names must not keep it. */
static const char SELECT_BY_PART[] =
    "WITH named AS MATERIALIZED (SELECT r.recipient_id, r.sort_name FROM recipient r"
    "        WHERE r.organisation_id = $1 AND %s AND " SHOWN "),"
    " addressed AS MATERIALIZED (SELECT b.recipient_id FROM address b WHERE b.organisation_id = $1 AND %s"
    "        UNION SELECT b.recipient_id FROM (SELECT t.recipient_id, t.organisation_id, lower(t.target_address) AS address"
    "                 FROM recipient_target t WHERE t.target_address IS NOT NULL) b"
    "        JOIN recipient c ON c.recipient_id = b.recipient_id AND c.kind = 'contact'"
    "       WHERE b.organisation_id = $1 AND %s),"
    " found AS ((SELECT r.recipient_id FROM named r" BY_NAME ")"
    "    UNION (SELECT r.recipient_id FROM addressed JOIN recipient r USING (recipient_id) WHERE " SHOWN
        BY_NAME ")) " ENTRY "  FROM found JOIN recipient r USING (recipient_id)" PRIMARY BY_NAME;

static const char SELECT_ONE[] = ENTRY
    ", (SELECT concat_ws(', ', nullif(e.title, ''), nullif(e.department, ''), nullif(e.company, ''), nullif(e.city, ''))"
    "     FROM recipient_person e WHERE e.recipient_id = r.recipient_id)"
    " FROM recipient r" PRIMARY " WHERE r.organisation_id = $1 AND r.recipient_id = $2 AND r.kind <> 'alias'";

struct search {
    struct directory *directory;
    const struct book_query *query;
    void *scratch;
    struct span text; /* folded */
    const char *name_is_like, *address_is_like;
    struct db_value values[DB_ARGS_MAX];
    size_t value_count;
    size_t limit;
    struct book_entry *entries;
    size_t count;
};

static char *pattern_of(const void *owner, const char *before, struct span word)
{
    struct buf out = buf_owned_by(owner);

    buf_add_text(&out, before);
    for (const char *p = word.p; p < word.end; p++) {
        if (strchr("%_\\", *p))
            buf_add_byte(&out, '\\');
        buf_add_byte(&out, *p);
    }
    buf_add_byte(&out, '%');
    return buf_text(&out);
}

/* A short word is at the beginning of the text or behind a space in it. */
static void add_word(struct search *search, struct buf *name, struct buf *address, struct span word)
{
    bool is_anywhere = span_length(word) >= WORD_ANYWHERE_BYTES;
    size_t first = search->value_count;
    const char *joint = first > FIXED_ARGS ? " AND " : "";

    search->values[search->value_count++] =
        db_text(pattern_of(search->scratch, is_anywhere ? "%" : "", word));
    if (!is_anywhere)
        search->values[search->value_count++] = db_text(pattern_of(search->scratch, "% ", word));
    buf_add_format(name, "%s(r.sort_name LIKE $%zu", joint, first + 1);
    buf_add_format(address, "%s(b.address LIKE $%zu", joint, first + 1);
    if (!is_anywhere) {
        buf_add_format(name, " OR r.sort_name LIKE $%zu", first + 2);
        buf_add_format(address, " OR b.address LIKE $%zu", first + 2);
    }
    buf_add_byte(name, ')');
    buf_add_byte(address, ')');
}

static size_t take_words(struct search *search)
{
    struct buf name = buf_owned_by(search->scratch), address = buf_owned_by(search->scratch);
    struct span text = search->text;
    size_t count = 0;

    while (count < BOOK_WORDS_MAX && !span_is_empty(text = span_trim(text))) {
        struct span word = text;
        if (!span_take_until(&text, ' ', &word))
            text.p = text.end;
        add_word(search, &name, &address, word);
        count++;
    }
    search->name_is_like = buf_text(&name);
    search->address_is_like = buf_text(&address);
    return count;
}

static bool fold(struct search *search, struct err *err)
{
    struct span looked_for = span_part(span_text(search->query->text), 0, BOOK_TEXT_MAX);
    struct db_rows *rows;
    struct db_row row;

    while (!span_is_empty(looked_for) && (looked_for.end[0] & 0xC0) == 0x80)
        looked_for.end--; /* not within a character */
    if (!look_up(search->directory, search->scratch, FOLD,
                 DB_ARGS(db_text(span_copy(search->scratch, looked_for))), &rows, err))
        return false;
    if (db_rows_at(rows, 0, &row))
        search->text = span_trim(span_text(db_copy_text(search->scratch, &row, 0)));
    return true;
}

static void read_row(const void *owner, const struct db_row *row, struct book_entry *entry_out)
{
    *entry_out = (struct book_entry){
        .recipient_id = db_get_i64(row, 0),
        .kind = recipient_kind_of(db_get_text(row, 1)),
        .name = db_copy_text(owner, row, 2),
        .address = db_copy_text(owner, row, 3),
        .about = "",
    };
}

static bool has(const struct search *search, int64_t recipient_id, size_t before)
{
    for (size_t i = 0; i < before; i++)
        if (search->entries[i].recipient_id == recipient_id)
            return true;
    return false;
}

/* Those that are not there yet. */
static void keep(struct search *search, const struct db_rows *rows, size_t before)
{
    struct db_row row;

    search->count = before;
    for (size_t i = 0; search->count < search->limit && db_rows_at(rows, i, &row); i++)
        if (!has(search, db_get_i64(&row, 0), before))
            read_row(search->entries, &row, &search->entries[search->count++]);
}

static bool find_first(struct search *search, struct err *err)
{
    const char *first = span_copy(search->scratch, search->text);
    const char *behind = talloc_asprintf(search->scratch, "%s\xF4\x8F\xBF\xBF", first);
    struct db_rows *rows;

    if (!look_up(
            search->directory, search->scratch, SELECT_FIRST,
            DB_ARGS(search->values[0], search->values[1], search->values[2], db_text(first), db_text(behind)),
            &rows, err))
        return false;
    keep(search, rows, 0);
    return true;
}

/* The first %s stands for what a name, the others for what an address is like. */
static const char *filled(const struct search *search, const char *form)
{
    struct buf sql = buf_owned_by(search->scratch);
    const char *condition = search->name_is_like, *hole;

    for (; (hole = strstr(form, "%s")) != NULL; form = hole + 2) {
        buf_add(&sql, form, (size_t)(hole - form));
        buf_add_text(&sql, condition);
        condition = search->address_is_like;
    }
    buf_add_text(&sql, form);
    return buf_text(&sql);
}

/* Further on in names, and in addresses. */
static bool find_more(struct search *search, struct db *db, struct err *err)
{
    const char *const forms[] = { SELECT_WALK_NAMES, SELECT_WALK, SELECT_BY_PART };
    size_t before = search->count;

    for (size_t i = 0; search->count < search->limit && i < COUNT_OF(forms); i++) {
        struct db_rows *rows;

        if (!db_query_built(db, search->scratch, filled(search, forms[i]),
                            (struct db_args){ search->value_count, search->values }, &rows, err))
            return false;
        keep(search, rows, before);
    }
    return true;
}

static bool find(struct search *search, struct err *err)
{
    struct db *db;

    search->values[0] = db_i64(search->query->organisation_id);
    search->values[1] = db_i64((int64_t)search->limit);
    search->values[2] = db_text(search->query->kinds);
    search->value_count = FIXED_ARGS;
    if ((search->query->text && !fold(search, err)) || !find_first(search, err))
        return false;
    if (take_words(search) == 0 || search->count >= search->limit)
        return true;
    if (!db_acquire(search->directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, 5000, &db, err))
        return false;
    bool ok = find_more(search, db, err);
    db_release(&db);
    return ok;
}

bool book_search(struct directory *directory, const void *owner, const struct book_query *query,
                 struct book_entry **entries_out, size_t *count_out, struct err *err)
{
    struct search search = { .directory = directory,
                             .query = query,
                             .scratch = talloc_new(NULL),
                             .text = span_text(""),
                             .limit = query->limit < BOOK_PAGE_MAX ? query->limit : BOOK_PAGE_MAX };

    *err = ERR_INIT;
    search.entries = talloc_array(owner, struct book_entry, (unsigned)search.limit + 1);
    bool ok = find(&search, err);
    *entries_out = search.entries;
    *count_out = search.count;
    talloc_free(search.scratch);
    return ok;
}

bool book_get(struct directory *directory, const void *owner, int64_t organisation_id, int64_t recipient_id,
              struct book_entry *entry_out, struct err *err)
{
    struct db_row row;

    if (!look_up_one(directory, owner, SELECT_ONE, DB_ARGS(db_i64(organisation_id), db_i64(recipient_id)),
                     &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "recipient") : false;
    read_row(owner, &row, entry_out);
    if (!db_is_null(&row, 4))
        entry_out->about = db_copy_text(owner, &row, 4);
    return true;
}
