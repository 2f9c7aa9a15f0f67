/* overdue.h -- inside this room: senders who are to be told that their message waits, or that its time is over. */
#ifndef RUN_OVERDUE_H
#define RUN_OVERDUE_H

#include "run/motor.h"

/* Takes such rows, at most once a second, and gives them to the settling thread. By the index of their dates, whatever
 * their lanes are doing. */
MUST_CHECK bool run_look_overdue(struct run *run, int64_t motor_id, struct err *err);

#endif
