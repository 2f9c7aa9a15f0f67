/*
 * cluster_make.h -- the files of a private cluster: where they are, and how they come to be. For this room only.
 */
#ifndef DB_CLUSTER_MAKE_H
#define DB_CLUSTER_MAKE_H

#include "db/child.h"
#include "db/cluster.h"

enum { SOCKET_PATH_MAX = 107, CLUSTER_PORT = 5432 };

struct cluster_paths {
    char *directory, *data, *run, *log, *start_log; /* run: where the socket is */
};

/* Computes them; nothing is made. */
void cluster_paths_of(const void *owner, const char *directory, struct cluster_paths *paths_out);
/* The folder of postgres and initdb, of the version that made the cluster, or the newest. */
MUST_CHECK bool cluster_binaries(const void *owner, const struct cluster_options *options,
                                 const struct cluster_paths *paths, char **binaries_out, struct err *err);
/* Folders, initdb where there is no cluster yet, and the configuration files, which are written anew each time. */
MUST_CHECK bool cluster_make(const struct cluster_options *options, const struct cluster_paths *paths,
                             const struct account *account, const char *binaries, struct err *err);

#endif
