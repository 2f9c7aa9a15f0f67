/*
 * box.h -- where a session drops what its user taught, without waiting for anything.
 *
 *     lesson_box_open(owner, directory, &box, &err);
 *     lesson_box_note(box, lessons, count);              after the move is committed
 *     lesson_box_close(&box);
 *
 * A thread of the box writes them down (directory/lesson.h), many in one statement; while the directory is down they wait in
 * memory, LESSON_BOX_MAX of them at most. What comes beyond is dropped and counted: a lesson is a help for the scanners, and
 * worth no waiting.
 *
 * Threads  lesson_box_note() from any.
 */
#ifndef LEARN_BOX_H
#define LEARN_BOX_H

#include "base/err.h"
#include "directory/lesson.h"

struct directory;
struct lesson_box;

enum { LESSON_BOX_MAX = 4096 };

/* Starts the thread that writes lessons down, under `owner`. ERR_INTERNAL: no thread can be had. */
MUST_CHECK bool lesson_box_open(const void *owner, struct directory *directory, struct lesson_box **box_out,
                                struct err *err);
/* Writes down what is left, if the directory takes it now. Nobody may be dropping lessons any more. Accepts and sets NULL. */
void lesson_box_close(struct lesson_box **box);

/* mailbox_id, storage_group_id, message_id and is_spam of each. Accepts a NULL box. */
void lesson_box_note(struct lesson_box *box, const struct lesson *lessons, size_t count);

#endif
