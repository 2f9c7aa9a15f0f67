/* ids.c -- row ids from blocks: one question to a sequence gives 256 numbers. */
#include "group/identity.h"

#include "db/statement.h"

#include <assert.h>
#include <talloc.h>

enum { BLOCK = 256 }; /* INCREMENT BY of both sequences */

/* The message in the log makes this COMMIT wait for the disk, and so for the sequence as it is now: nextval() alone does
 * not where another session has just written the sequence ahead, and after a crash the block could be given out again. */
#define NEXT_BLOCKS(sequence)                                                                                \
    "SELECT nextval('" sequence "'), pg_logical_emit_message(true, 'chappe', '') FROM generate_series(1, $1)"
static const char NEXT_MESSAGE_BLOCKS[] = NEXT_BLOCKS("message_id_seq");
static const char NEXT_ITEM_BLOCKS[] = NEXT_BLOCKS("item_id_seq");
static const char *const next_blocks[GROUP_SEQUENCES] = {
    [GROUP_MESSAGE_IDS] = NEXT_MESSAGE_BLOCKS,
    [GROUP_ITEM_IDS] = NEXT_ITEM_BLOCKS,
};

static size_t take_from_block(struct group *group, enum group_sequence sequence, size_t count,
                              int64_t *ids_out)
{
    size_t taken = 0;

    pthread_mutex_lock(&group->mutex);
    struct id_block *block = &group->blocks[sequence];
    while (taken < count && block->next < block->end)
        ids_out[taken++] = block->next++;
    pthread_mutex_unlock(&group->mutex);
    return taken;
}

/* What is left of the last block is for the next to come; a rest that another thread put there meanwhile is given up,
 * gaps do not matter. */
static void keep_rest(struct group *group, enum group_sequence sequence, int64_t next, int64_t end)
{
    pthread_mutex_lock(&group->mutex);
    group->blocks[sequence] = (struct id_block){ next, end };
    pthread_mutex_unlock(&group->mutex);
}

bool group_take_ids(struct group *group, struct db *db, enum group_sequence sequence, size_t count,
                    int64_t *ids_out, struct err *err)
{
    size_t taken = take_from_block(group, sequence, count, ids_out);

    if (taken == count)
        return true;
    void *arena = talloc_new(NULL);
    size_t missing = count - taken, blocks = (missing + BLOCK - 1) / BLOCK;
    struct db_rows *rows;
    struct db_row row;
    if (!db_query(db, arena, next_blocks[sequence], DB_ARGS(db_i32((int32_t)blocks)), &rows, err)) {
        talloc_free(arena);
        return false;
    }
    int64_t next = 0, end = 0;
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        next = db_get_i64(&row, 0);
        end = next + BLOCK;
        while (taken < count && next < end)
            ids_out[taken++] = next++;
    }
    assert(taken == count);
    keep_rest(group, sequence, next, end);
    talloc_free(arena);
    return true;
}
