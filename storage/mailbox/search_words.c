/*
 * search_words.c -- ranked search by words. Words come from the folded text that search_text holds, so nothing is read or
 * decoded twice; both languages are stemmed side by side, because nobody says in which a message is written.
 */
#include "mailbox/search.h"

#include "db/statement.h"
#include "db/transaction.h"
#include "format/fold.h"
#include "mailbox/search_term.h"

#include <talloc.h>

enum { WORDS_BODY_BYTES = 100 * 1000, WORDS_HEAD_BYTES = 8 * 1000 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* The French stemmer knows the endings of participles by their accent, which folding took away: "preparees" and
 * "preparee" are made "prepare" before stemming, in texts and in queries alike. */
static struct span without_participles(void *arena, struct span folded)
{
    char *text = talloc_memdup(arena, folded.p ? folded.p : "", span_length(folded) + !folded.p);
    size_t length = 0;

    for (size_t i = 0; i < span_length(folded); i++) {
        bool is_end = i + 1 == span_length(folded) || !is_letter(folded.p[i + 1]);
        text[length++] = folded.p[i];
        if (!is_end || length < 5)
            continue;
        if (memcmp(text + length - 3, "ees", 3) == 0 && is_letter(text[length - 4]))
            length -= 2;
        else if (memcmp(text + length - 2, "ee", 2) == 0 && is_letter(text[length - 3]))
            length -= 1;
    }
    return span_of(text, length);
}

static const char SEARCH_WORDS[] =
    "SELECT w.item_id, ts_rank(w.words, q.query)::float8"
    "  FROM search_word w,"
    "       (SELECT websearch_to_tsquery('english', $2) || websearch_to_tsquery('french', $2) AS query) AS q"
    " WHERE w.mailbox_id = $1 AND w.words @@ q.query"
    " ORDER BY 2 DESC, 1 DESC LIMIT $3";

bool mailbox_search_words(struct group *group, const void *owner, int64_t mailbox_id, struct span query,
                          size_t limit, struct search_hit **hits_out, size_t *count_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct span folded = span_text(fold_text(arena, query));
    struct db *db;
    struct db_rows *rows;
    struct db_row row;

    bool done = group_acquire(group, DB_SEARCH, &db, err);
    if (done) {
        done = db_query(db, arena, SEARCH_WORDS,
                        DB_ARGS(db_i64(mailbox_id), db_span_text(without_participles(arena, folded)),
                                db_i64((int64_t)limit)),
                        &rows, err);
        db_release(&db);
    }
    if (done) {
        *count_out = db_rows_count(rows);
        *hits_out = talloc_array(owner, struct search_hit, (unsigned)*count_out + 1);
        for (size_t i = 0; db_rows_at(rows, i, &row); i++)
            (*hits_out)[i] = (struct search_hit){ db_get_i64(&row, 0), db_get_f64(&row, 1) };
    }
    talloc_free(arena);
    return done;
}

/* One row of search_text on its way into search_word. */
struct words_work {
    void *arena;
    int64_t folder_id, mailbox_id;
    uint32_t words_uid, last_uid;
    int64_t *uids;
    struct span *heads, *bodies, *lexemes;
    size_t count;
};

/* Not in the middle of a character. */
static struct span cut(struct span text, size_t length)
{
    if (span_length(text) <= length)
        return text;
    while (length > 0 && ((unsigned char)text.p[length] & 0xC0) == 0x80)
        length--;
    return span_of(text.p, length);
}

/* Subject and people: what weighs more than the body. */
static struct span head_of(void *arena, struct span header)
{
    static const char *const names[] = { "subject:", "from:", "to:", "cc:" };
    struct buf head = BUF_INIT(arena);
    struct span line;

    while (span_take_line(&header, &line))
        for (size_t i = 0; i < COUNT_OF(names); i++)
            if (span_starts_nocase(line, names[i])) {
                buf_add_span(&head, span_part(line, strlen(names[i]), WORDS_HEAD_BYTES));
                buf_add_byte(&head, '\n');
            }
    return head.length ? cut(buf_span(&head), WORDS_HEAD_BYTES) : span_of("", 0);
}

static bool collect(struct words_work *work, struct span data)
{
    struct search_text text;

    if (!search_text_unpack(work->arena, data, &text))
        return false;
    work->uids = talloc_array(work->arena, int64_t, (unsigned)text.count + 1);
    work->heads = talloc_array(work->arena, struct span, (unsigned)text.count + 1);
    work->bodies = talloc_array(work->arena, struct span, (unsigned)text.count + 1);
    work->lexemes = talloc_array(work->arena, struct span, (unsigned)text.count + 1);
    for (size_t i = 0; i < text.count; i++) {
        struct search_document document = search_text_document(&text, i);
        if (document.uid <= work->words_uid)
            continue;
        work->uids[work->count] = document.uid;
        work->lexemes[work->count] = search_term_vector(work->arena, work->mailbox_id, &document);
        work->heads[work->count] = without_participles(work->arena, head_of(work->arena, document.header));
        work->bodies[work->count++] = without_participles(work->arena, cut(document.body, WORDS_BODY_BYTES));
    }
    return true;
}

static const char INSERT_WORDS[] =
    "INSERT INTO search_word (item_id, mailbox_id, words)"
    " SELECT m.item_id, f.mailbox_id,"
    "        setweight(to_tsvector('english', t.head) || to_tsvector('french', t.head), 'A')"
    "          || to_tsvector('english', t.body) || to_tsvector('french', t.body)"
    "   FROM unnest($2::bigint[], $3::text[], $4::text[]) AS t (uid, head, body)"
    "   JOIN membership m ON m.folder_id = $1 AND m.uid = t.uid JOIN folder f ON f.folder_id = $1"
    " ON CONFLICT (item_id) DO NOTHING";
static const char INSERT_LEXEMES[] =
    "INSERT INTO search_lexeme (item_id, words)"
    " SELECT m.item_id, t.words::tsvector FROM unnest($2::bigint[], $3::text[]) AS t (uid, words)"
    "   JOIN membership m ON m.folder_id = $1 AND m.uid = t.uid"
    " ON CONFLICT (item_id) DO NOTHING";
/* Under the state row, so that a dropped index is not half filled again. */
static const char ADVANCE_WORDS[] =
    "UPDATE search_state SET words_uid = $2 WHERE folder_id = $1 AND words_uid = $3 AND indexed_uid >= $2";

static bool save_words(struct db *db, void *arg, struct err *err)
{
    struct words_work *work = arg;
    uint64_t advanced;

    if (!db_commit_lazily(db, err) ||
        !db_exec(db, ADVANCE_WORDS,
                 DB_ARGS(db_i64(work->folder_id), db_u32(work->last_uid), db_u32(work->words_uid)), &advanced,
                 err))
        return false;
    struct db_value folder = db_i64(work->folder_id), uids = db_i64_array(work->uids, work->count);
    return advanced == 0 ||
           (db_exec(db, INSERT_WORDS,
                    DB_ARGS(folder, uids, db_text_array(work->heads, work->count),
                            db_text_array(work->bodies, work->count)),
                    NULL, err) &&
            db_exec(db, INSERT_LEXEMES, DB_ARGS(folder, uids, db_text_array(work->lexemes, work->count)),
                    NULL, err));
}

static const char FIND_ROWS[] =
    "SELECT s.folder_id, s.words_uid, t.last_uid, t.data, f.mailbox_id"
    "  FROM search_state s JOIN folder f USING (folder_id) CROSS JOIN LATERAL"
    "       (SELECT last_uid, data FROM search_text WHERE folder_id = s.folder_id AND last_uid > s.words_uid"
    "         ORDER BY first_uid LIMIT 1) AS t"
    " WHERE s.words_uid < s.indexed_uid LIMIT 16";

static bool index_row(struct db *db, void *arena, const struct db_row *row, size_t *done_out, struct err *err)
{
    struct words_work work = { .arena = arena,
                               .folder_id = db_get_i64(row, 0),
                               .words_uid = db_get_u32(row, 1),
                               .last_uid = db_get_u32(row, 2),
                               .mailbox_id = db_get_i64(row, 4) };

    if (!collect(&work, db_get_bytes(row, 3))) {
        err_log(err, "search_text of folder %lld is damaged", (long long)work.folder_id);
        return err_set(err, ERR_INTERNAL, "The search index is damaged.");
    }
    *done_out += work.count;
    return with_transaction(db, save_words, &work, err);
}

/* One row of each of some folders. */
static bool index_rows(struct db *db, size_t limit, size_t *done_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct db_rows *rows;
    struct db_row row;

    bool done = db_query(db, arena, FIND_ROWS, DB_NO_ARGS, &rows, err);
    for (size_t i = 0; done && *done_out < limit && db_rows_at(rows, i, &row); i++)
        done = index_row(db, arena, &row, done_out, err);
    talloc_free(arena);
    return done;
}

bool mailbox_words_step(struct group *group, size_t limit, size_t *done_out, struct err *err)
{
    size_t before;
    struct db *db;

    *done_out = 0;
    if (!group_acquire(group, DB_BACKGROUND, &db, err))
        return false;
    bool done;
    do {
        before = *done_out;
        done = index_rows(db, limit, done_out, err);
    } while (done && *done_out > before && *done_out < limit);
    db_release(&db);
    return done;
}
