/*
 * front_ends.h -- the applications for browsers that the web role serves: webmail at /, the admin console at /admin/.
 *
 * Their files are what `front_ends` of chappe.conf names, or what stands in the data directory's folder front-ends, beside the
 * program (a build folder) or in ../share/chappe/front-ends of it (an installation); a server without them does all else. The
 * policy that goes with them allows no style and no script but their own files.
 *
 * Threads  read-only once loaded.
 */
#ifndef MAIN_FRONT_ENDS_H
#define MAIN_FRONT_ENDS_H

#include "http/server.h"
#include "main/config.h"

struct front_ends;
struct jmap;

/* The folder that they would be read from; NULL: nowhere. Under `owner`. */
char *front_ends_folder(const void *owner, const struct config *config);
/* Never NULL; an application that is not there is told of in the log and answered 404. */
struct front_ends *front_ends_load(const void *owner, const struct config *config);
/* Whether a path is theirs: "/admin", "/admin/..."; "/" and what stands in webmail's folder or is a page of it ("/mail/...")
 * where that was loaded. */
bool front_ends_have(const struct front_ends *all, const char *path);
/* Answers one that is, with all headers; the page of a list with what it asks first where somebody is logged in. */
void front_ends_answer(const struct front_ends *all, struct jmap *jmap, const struct http_request *request,
                       struct http_reply *reply);

#endif
