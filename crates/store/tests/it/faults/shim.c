/* A disk that fails on demand: loaded with LD_PRELOAD, it looks for flag files in the folder $FAULTS at each write and sync
 * of a store's files (never of anything else).
 *   full-wal, full-shm, full-db   writes to the write-ahead log, its index, the database fail with ENOSPC
 *   sync-wal, sync-db             syncs of it fail with EIO
 *   wait-db                       syncs of it wait until the flag is gone, WAITS_MAX at most; `waits` is there meanwhile
 * With $FAULTS_IN only files fail whose path contains it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(const char *what, int fd) {
    const char *folder = getenv("FAULTS");
    char link[64], path[4096], flag[4200];
    struct stat found;
    if (!folder) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (!strstr(path, "/space.db")) return 0;
    const char *in = getenv("FAULTS_IN");
    if (in && !strstr(path, in)) return 0;
    snprintf(flag, sizeof flag, "%s/%s-%s", folder, what,
             strstr(path, "-wal") ? "wal" : strstr(path, "-shm") ? "shm" : "db");
    return stat(flag, &found) == 0;
}

/* Milliseconds that a sync waits at most. */
#define WAITS_MAX 20000

static void wait_while_told(int fd) {
    char waits[4200];
    if (!fails("wait", fd)) return;
    snprintf(waits, sizeof waits, "%s/waits", getenv("FAULTS"));
    close(open(waits, O_CREAT | O_WRONLY, 0600));
    for (int ms = 0; ms < WAITS_MAX && fails("wait", fd); ms++) usleep(1000);
    unlink(waits);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (fails("full", fd)) { errno = ENOSPC; return -1; }
    return syscall(SYS_write, fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) {
    if (fails("full", fd)) { errno = ENOSPC; return -1; }
    return syscall(SYS_pwrite64, fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    return pwrite64(fd, bytes, count, at);
}

int fdatasync(int fd) {
    wait_while_told(fd);
    if (fails("sync", fd)) { errno = EIO; return -1; }
    return syscall(SYS_fdatasync, fd);
}

int fsync(int fd) {
    wait_while_told(fd);
    if (fails("sync", fd)) { errno = EIO; return -1; }
    return syscall(SYS_fsync, fd);
}
