/*
 * thread.c -- see thread.h.
 *
 * Nodes only know their parent. Children are found by sorting all nodes by (parent, date, number) once the tree is
 * settled, so nothing is ever spliced, and nothing recurses.
 */
#include "imap/thread.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <talloc.h>

enum { NOBODY = -1 };

struct node {
    const struct thread_message
        *message; /* NULL: known by reference only, or made to hold a subject together */
    int parent;
    int merged_into; /* an empty root whose children went to another one */
    int64_t sent_us; /* of an empty root: of its first child */
};

struct tree {
    const void *owner;
    struct node *nodes;
    int count, capacity;
    int *order;  /* nodes sorted by (parent, date, number); roots first, as children of NOBODY */
    int *first;  /* of each node (and, at [count], of NOBODY): where its children begin in order */
    int *number; /* how many there are */
};

static int add_node(struct tree *tree, const struct thread_message *message)
{
    if (tree->count == tree->capacity) {
        tree->capacity = tree->capacity ? tree->capacity * 2 : 64;
        tree->nodes = talloc_realloc(tree->owner, tree->nodes, struct node, (unsigned)tree->capacity);
    }
    tree->nodes[tree->count] = (struct node){ .message = message,
                                              .parent = NOBODY,
                                              .merged_into = NOBODY,
                                              .sent_us = message ? message->sent_us : INT64_MAX };
    return tree->count++;
}

/* ---- children */

static int slot_of(const struct tree *tree, int parent)
{
    return parent == NOBODY ? tree->count : parent;
}

static int compare_nodes(const void *left, const void *right, void *arg)
{
    const struct tree *tree = arg;
    int x = *(const int *)left, y = *(const int *)right;
    const struct node *a = &tree->nodes[x], *b = &tree->nodes[y];

    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
    if (a->sent_us != b->sent_us)
        return a->sent_us < b->sent_us ? -1 : 1;
    return (x > y) - (x < y);
}

static void find_ranges(struct tree *tree)
{
    for (int i = 0; i <= tree->count; i++)
        tree->first[i] = tree->number[i] = 0;
    for (int i = 0; i < tree->count; i++) {
        int slot = slot_of(tree, tree->nodes[tree->order[i]].parent);

        if (tree->number[slot]++ == 0)
            tree->first[slot] = i;
    }
}

/* An empty root is as old as its oldest child. */
static void date_empty_roots(struct tree *tree)
{
    for (int i = 0; i < tree->count; i++)
        if (!tree->nodes[i].message)
            tree->nodes[i].sent_us =
                tree->number[i] ? tree->nodes[tree->order[tree->first[i]]].sent_us : INT64_MAX;
}

/* Sorts everybody below their parent. The second turn puts the empty roots where their children say. */
static void settle(struct tree *tree)
{
    unsigned size = (unsigned)tree->count + 1;

    tree->order = talloc_realloc(tree->owner, tree->order, int, size);
    tree->first = talloc_realloc(tree->owner, tree->first, int, size);
    tree->number = talloc_realloc(tree->owner, tree->number, int, size);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < tree->count; i++)
            tree->order[i] = i;
        qsort_r(tree->order, (size_t)tree->count, sizeof *tree->order, compare_nodes, tree);
        find_ranges(tree);
        date_empty_roots(tree);
    }
}

static int child_at(const struct tree *tree, int parent, int index)
{
    return tree->order[tree->first[slot_of(tree, parent)] + index];
}

/* ---- writing */

struct level {
    int node, next; /* whose children, and which of them comes now */
};

/* Goes down a chain of only children; what branches, or ends, is returned. */
static int write_chain(const struct tree *tree, int node, struct buf *out)
{
    buf_add_byte(out, '(');
    for (;;) {
        if (tree->nodes[node].message) {
            buf_add_u64(out, tree->nodes[node].message->number);
            if (tree->number[node] > 0)
                buf_add_byte(out, ' ');
        }
        if (tree->number[node] != 1)
            return node;
        node = child_at(tree, node, 0);
    }
}

static void write_thread(const struct tree *tree, int root, struct level *stack, struct buf *out)
{
    int depth = 0;

    stack[depth++] = (struct level){ write_chain(tree, root, out), 0 };
    while (depth > 0) {
        struct level *level = &stack[depth - 1];

        if (level->next == tree->number[level->node]) {
            buf_add_byte(out, ')');
            depth--;
            continue;
        }
        int child = child_at(tree, level->node, level->next++);
        stack[depth++] = (struct level){ write_chain(tree, child, out), 0 };
    }
}

static void write_tree(struct tree *tree, struct buf *out)
{
    struct level *stack = talloc_array(tree->owner, struct level, (unsigned)tree->count + 1);
    int roots = tree->number[tree->count];

    for (int i = 0; i < roots; i++) {
        int root = child_at(tree, NOBODY, i);
        if (tree->nodes[root].message || tree->number[root] > 0)
            write_thread(tree, root, stack, out);
    }
}

/* ---- ORDEREDSUBJECT */

/* The oldest message of a subject is the parent of all others (RFC 5256, 3). */
void thread_by_subject(const void *owner, const struct thread_message *messages, size_t count,
                       struct buf *out)
{
    struct tree tree = { .owner = owner };
    GHashTable *oldest = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < count; i++) {
        int node = add_node(&tree, &messages[i]);
        gpointer found = g_hash_table_lookup(oldest, messages[i].base_subject);

        if (!found || tree.nodes[GPOINTER_TO_INT(found) - 1].sent_us > messages[i].sent_us)
            g_hash_table_insert(oldest, (gpointer)(uintptr_t)messages[i].base_subject,
                                GINT_TO_POINTER(node + 1));
    }
    for (int i = 0; i < tree.count; i++) {
        int first = GPOINTER_TO_INT(g_hash_table_lookup(oldest, tree.nodes[i].message->base_subject)) - 1;
        if (first != i)
            tree.nodes[i].parent = first;
    }
    g_hash_table_destroy(oldest);
    settle(&tree);
    write_tree(&tree, out);
}

/* ---- REFERENCES */

/* True where `node` may hang below `parent`: no circle, no chain too deep. */
static bool may_hang(const struct tree *tree, int node, int parent)
{
    int depth = 0;

    for (int above = parent; above != NOBODY; above = tree->nodes[above].parent)
        if (above == node || ++depth >= THREAD_DEPTH_MAX)
            return false;
    return true;
}

static int node_of_id(struct tree *tree, GHashTable *ids, const char *id)
{
    int found = GPOINTER_TO_INT(g_hash_table_lookup(ids, id));

    if (found == 0) {
        found = add_node(tree, NULL) + 1;
        g_hash_table_insert(ids, (gpointer)(uintptr_t)id, GINT_TO_POINTER(found));
    }
    return found - 1;
}

/* A message without an id, or with one that another has already, stands for itself. */
static int node_of_message(struct tree *tree, GHashTable *ids, const struct thread_message *message)
{
    int node;

    if (!message->message_id[0])
        return add_node(tree, message);
    node = node_of_id(tree, ids, message->message_id);
    assert(node < tree->count && tree->nodes);
    if (tree->nodes[node].message)
        return add_node(tree, message);
    tree->nodes[node].message = message;
    tree->nodes[node].sent_us = message->sent_us;
    return node;
}

/* Step 1: the references are a line of ancestors; the last is the parent, whatever was believed before. */
static void link_message(struct tree *tree, GHashTable *ids, const struct thread_message *message)
{
    int parent = NOBODY, node;

    for (size_t i = 0; i < message->reference_count; i++) {
        int next = node_of_id(tree, ids, message->references[i]);

        assert(next < tree->count && tree->nodes);
        if (parent != NOBODY && tree->nodes[next].parent == NOBODY && may_hang(tree, next, parent))
            tree->nodes[next].parent = parent;
        parent = next;
    }
    node = node_of_message(tree, ids, message);
    tree->nodes[node].parent = NOBODY;
    if (parent != NOBODY && may_hang(tree, node, parent))
        tree->nodes[node].parent = parent;
}

/* Step 3: those who are only known by name disappear; their children go up to the next real one, or stay below the
 * topmost empty one. */
static void lift_over_empty(struct tree *tree)
{
    int *lifted = talloc_array(tree->owner, int, (unsigned)tree->count + 1);

    for (int i = 0; i < tree->count; i++) {
        int above = tree->nodes[i].parent;

        while (above != NOBODY && !tree->nodes[above].message && tree->nodes[above].parent != NOBODY)
            above = tree->nodes[above].parent;
        lifted[i] = above;
    }
    for (int i = 0; i < tree->count; i++)
        tree->nodes[i].parent = tree->nodes[i].message ? lifted[i] : NOBODY;
}

/* An empty root with one child is that child. */
static void drop_needless_roots(struct tree *tree)
{
    settle(tree);
    for (int i = 0; i < tree->count; i++) {
        int parent = tree->nodes[i].parent;
        if (parent != NOBODY && !tree->nodes[parent].message && tree->number[parent] == 1)
            tree->nodes[i].parent = NOBODY;
    }
    settle(tree);
}

/* The message that stands for a root: itself, or its oldest child; NULL for an empty one without children. */
static const struct thread_message *face_of(const struct tree *tree, int root)
{
    if (tree->nodes[root].message || tree->number[root] == 0)
        return tree->nodes[root].message;
    return tree->nodes[child_at(tree, root, 0)].message;
}

/* Step 5 A and B: for each subject the root that takes in the others. */
static GHashTable *roots_by_subject(const struct tree *tree)
{
    GHashTable *subjects = g_hash_table_new(g_str_hash, g_str_equal);

    for (int i = 0; i < tree->number[tree->count]; i++) {
        int root = child_at(tree, NOBODY, i), found;
        const struct thread_message *face = face_of(tree, root);

        if (!face || !face->base_subject[0])
            continue;
        found = GPOINTER_TO_INT(g_hash_table_lookup(subjects, face->base_subject)) - 1;
        if (found >= 0 &&
            !(tree->nodes[found].message &&
              (!tree->nodes[root].message || (face_of(tree, found)->is_reply && !face->is_reply))))
            continue;
        g_hash_table_insert(subjects, (gpointer)(uintptr_t)face->base_subject, GINT_TO_POINTER(root + 1));
    }
    return subjects;
}

/* Step 5 C: `root` and `keeper` are about the same. Returns who keeps the subject from now on. */
static int join(struct tree *tree, int root, int keeper, bool root_is_reply, bool keeper_is_reply)
{
    bool root_is_empty = !tree->nodes[root].message, keeper_is_empty = !tree->nodes[keeper].message;
    int both;

    if (root_is_empty && keeper_is_empty) {
        tree->nodes[root].merged_into = keeper;
        return keeper;
    }
    if (keeper_is_empty || (root_is_reply && !keeper_is_reply && !root_is_empty)) {
        tree->nodes[root].parent = keeper;
        return keeper;
    }
    both = add_node(tree, NULL);
    tree->nodes[keeper].parent = both;
    tree->nodes[root].parent = both;
    return both;
}

static void join_by_subject(struct tree *tree)
{
    GHashTable *subjects = roots_by_subject(tree);
    int roots = tree->number[tree->count], nodes = tree->count;
    int *root_of = talloc_array(tree->owner, int, (unsigned)roots + 1);
    const struct thread_message **faces =
        talloc_zero_array(tree->owner, const struct thread_message *, (unsigned)nodes + 1);

    for (int i = 0; i < roots; i++) {
        root_of[i] = child_at(tree, NOBODY, i);
        faces[root_of[i]] = face_of(tree, root_of[i]);
    }
    for (int i = 0; i < roots; i++) {
        const struct thread_message *face = faces[root_of[i]];
        int keeper;

        if (!face || !face->base_subject[0])
            continue;
        keeper = GPOINTER_TO_INT(g_hash_table_lookup(subjects, face->base_subject)) - 1;
        if (keeper == root_of[i] || keeper < 0)
            continue;
        keeper = join(tree, root_of[i], keeper, face->is_reply,
                      keeper < nodes && faces[keeper] && faces[keeper]->is_reply);
        g_hash_table_insert(subjects, (gpointer)(uintptr_t)face->base_subject, GINT_TO_POINTER(keeper + 1));
    }
    for (int i = 0; i < tree->count; i++)
        if (tree->nodes[i].parent != NOBODY && tree->nodes[tree->nodes[i].parent].merged_into != NOBODY)
            tree->nodes[i].parent = tree->nodes[tree->nodes[i].parent].merged_into;
    g_hash_table_destroy(subjects);
}

void thread_by_references(const void *owner, const struct thread_message *messages, size_t count,
                          struct buf *out)
{
    struct tree tree = { .owner = owner };
    GHashTable *ids = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < count; i++)
        link_message(&tree, ids, &messages[i]);
    g_hash_table_destroy(ids);
    lift_over_empty(&tree);
    drop_needless_roots(&tree);
    join_by_subject(&tree);
    settle(&tree);
    write_tree(&tree, out);
}
