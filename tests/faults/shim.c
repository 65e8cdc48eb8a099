/*
 * A shim between a program and its C library, loaded with LD_PRELOAD: it counts the calls that change files
 * below one folder, and lets chosen ones fail, fall short or kill the process. So tests reach each write, sync
 * and rename of the built binary one by one, those of the SQLite inside it included.
 *
 * It is steered by variables of the environment:
 *
 *   FAULT_ROOT    the folder; without it nothing happens
 *   FAULT_PLAN    what goes wrong, as "CLASS:FIRST:HOW"; with "CLASS:FIRST:HOW>CLASS:FIRST:HOW" the second counts
 *                 from where the first has hit:
 *                 CLASS  write fsync rename open unlink mkdir, or change: all of them that change something
 *                 FIRST  the number of the first call that is hit, from 1 on; with a "+" every later one, too
 *                 HOW    EIO and other errors; short: half of what was to be written is; kill: the process is
 *                        killed instead of the call; torn: half is written, then the process is killed
 *   FAULT_DISK    the size in bytes of the disk that the folder lies on; files there may grow until it is full
 *   FAULT_COUNTS  a file of numbers of 8 bytes that is kept up to date: the calls of each class, how many calls
 *                 were hit, and the most bytes that FAULT_DISK held at once
 *   FAULT_LOG     a file into which every change is written as it happens, for tests of power loss
 *
 * Nothing is ever synced for real: a killed process loses nothing that the kernel has, and a loss of power is
 * played from the log.
 *
 * The functions of the C library are thin covers of system calls, so the shim makes these itself instead of
 * looking for the covered functions. Everything happens under one lock, so that the log has the order of events.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ftw.h>
#include <unistd.h>

_Static_assert(sizeof(long) == 8, "offsets are passed to system calls in one register");

/* The order is that of the numbers in FAULT_COUNTS. */
enum class { WRITE, FSYNC, RENAME, OPEN, UNLINK, MKDIR, CHANGE, CLASSES };
enum { HITS = CLASSES, PEAK, COUNTS };
static const char *const class_names[CLASSES] = { "write", "fsync", "rename", "open", "unlink", "mkdir", "change" };

enum how { FAIL, SHORT, KILL, TORN };

struct rule {
    enum class class;
    uint64_t first;
    bool on;   /* every later call, too */
    enum how how;
    int error; /* of FAIL */
    bool armed;
    uint64_t before; /* the calls that had come when it was armed */
};

/* What happens to one call. */
struct fate {
    int error; /* 0 lets it through */
    bool half; /* only half of it */
    bool last; /* the process is killed behind it */
};

static const struct { const char *name; int number; } errors[] = {
    { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EMFILE", EMFILE }, { "EACCES", EACCES }, { "EROFS", EROFS },
    { "EDQUOT", EDQUOT }, { "EXDEV", EXDEV }, { "EPERM", EPERM }, { "EINTR", EINTR },
};

#define RULES 8
/* A hung program is ended by a signal that the test can tell from others. */
#define SECONDS 30

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static struct rule rules[RULES];
static int rule_count;
static uint64_t own_counts[COUNTS];
static uint64_t *counts = own_counts;
static int log_file = -1;
static int64_t disk = -1; /* its size in bytes; negative where it has no end */
static int64_t used;

/* ------------------------------------------------------------------ setting up */

static void give_up(const char *what)
{
    fprintf(stderr, "shim: cannot understand %s\n", what);
    _exit(99);
}

static void read_rule(const char *text)
{
    char class[16], plus[2] = "", how[16];
    unsigned long long first;
    if (rule_count == RULES
        || (sscanf(text, "%15[a-z]:%llu:%15[A-Za-z]", class, &first, how) != 3
            && sscanf(text, "%15[a-z]:%llu%1[+]:%15[A-Za-z]", class, &first, plus, how) != 4))
        give_up(text);
    struct rule *rule = &rules[rule_count++];
    *rule = (struct rule){ .class = CLASSES, .first = first, .on = plus[0] != 0, .armed = rule == rules };
    for (int at = 0; at < CLASSES; at++)
        if (strcmp(class, class_names[at]) == 0)
            rule->class = at;
    for (size_t at = 0; at < sizeof errors / sizeof *errors; at++)
        if (strcmp(how, errors[at].name) == 0)
            rule->error = errors[at].number;
    if (strcmp(how, "short") == 0)
        rule->how = SHORT;
    else if (strcmp(how, "kill") == 0)
        rule->how = KILL;
    else if (strcmp(how, "torn") == 0)
        rule->how = TORN;
    else if (rule->error == 0)
        give_up(text);
    if (rule->class == CLASSES)
        give_up(text);
}

static int add_size(const char *path, const struct stat *data, int kind, struct FTW *place)
{
    (void)path, (void)place;
    if (kind == FTW_F)
        used += data->st_size;
    return 0;
}

static int open_tool(const char *name, int flags)
{
    const char *path = getenv(name);
    if (!path)
        return -1;
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        give_up(path);
    return file;
}

__attribute__((constructor)) static void set_up(void)
{
    const char *folder = getenv("FAULT_ROOT"), *plan = getenv("FAULT_PLAN"), *size = getenv("FAULT_DISK");
    if (!folder)
        return;
    if (!realpath(folder, root))
        give_up(folder);
    alarm(SECONDS);
    char *copy = strdup(plan ? plan : ""), *rest = copy;
    for (char *text; (text = strsep(&rest, ">")) != NULL;)
        if (*text)
            read_rule(text);
    free(copy);
    int file = open_tool("FAULT_COUNTS", O_RDWR | O_TRUNC);
    if (file >= 0) {
        void *shared = MAP_FAILED;
        if (syscall(SYS_ftruncate, file, sizeof own_counts) == 0)
            shared = mmap(NULL, sizeof own_counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (shared == MAP_FAILED)
            give_up("FAULT_COUNTS");
        counts = shared;
    }
    log_file = open_tool("FAULT_LOG", O_WRONLY | O_APPEND);
    if (size) {
        disk = strtoll(size, NULL, 10);
        nftw(root, add_size, 16, FTW_PHYS);
    }
}

/* ------------------------------------------------------------------ whose business a call is */

static bool is_below(const char *path)
{
    size_t length = strlen(root);
    return length > 0 && strncmp(path, root, length) == 0 && (path[length] == 0 || path[length] == '/');
}

/* The path of an open file; empty if there is none. */
static void path_of(int file, char path[PATH_MAX])
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
}

static bool is_ours(int file)
{
    char path[PATH_MAX];
    if (!root[0])
        return false;
    path_of(file, path);
    return is_below(path);
}

/* The absolute path of a name that may be relative to a folder. Returns whether it is below the root. */
static bool locate(int folder, const char *name, char path[PATH_MAX])
{
    path[0] = 0;
    if (!root[0] || !name)
        return false;
    if (name[0] != '/') {
        if (folder == AT_FDCWD) {
            if (!getcwd(path, PATH_MAX))
                return false;
        } else {
            path_of(folder, path);
        }
        strncat(path, "/", PATH_MAX - strlen(path) - 1);
    }
    strncat(path, name, PATH_MAX - strlen(path) - 1);
    return is_below(path);
}

/* ------------------------------------------------------------------ what happens to it */

_Noreturn static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Counts a call and decides on it. With the lock held. */
static struct fate strike(enum class class, bool changes)
{
    struct fate fate = { 0 };
    counts[class]++;
    counts[CHANGE] += changes;
    for (struct rule *rule = rules; rule < rules + rule_count && rule->armed; rule++) {
        if (rule->class != class && !(rule->class == CHANGE && changes))
            continue;
        uint64_t number = counts[rule->class] - rule->before;
        if (number != rule->first && !(rule->on && number > rule->first))
            continue;
        counts[HITS]++;
        struct rule *next = rule + 1;
        if (next < rules + rule_count && !next->armed) {
            next->armed = true;
            next->before = counts[next->class];
        }
        switch (rule->how) {
        case FAIL: fate.error = rule->error; break;
        case KILL: die();
        case TORN: fate.last = true; /* fallthrough */
        case SHORT: fate.half = true; break;
        }
    }
    return fate;
}

/* Takes as many bytes of the disk as a file needs that is to end at `end`, and returns where it may end. */
static int64_t grow(int file, int64_t end, bool may_shrink)
{
    struct stat data;
    if (disk < 0 || fstat(file, &data) != 0)
        return end;
    int64_t more = end - data.st_size;
    if (more < 0 && !may_shrink)
        return end;
    if (more > 0 && used + more > disk) {
        counts[HITS]++;
        more = used < disk ? disk - used : 0;
        end = data.st_size + more;
    }
    used += more;
    if (used > (int64_t)counts[PEAK])
        counts[PEAK] = (uint64_t)used;
    return end;
}

/* ------------------------------------------------------------------ the log of changes */

/* One entry; `length` bytes follow. Files are known by inode, as names come and go. */
struct entry {
    uint64_t what; /* a letter */
    uint64_t inode;
    uint64_t at;
    uint64_t length;
};

static void put(const void *data, size_t length)
{
    for (const char *at = data; length > 0;) {
        ssize_t done = syscall(SYS_write, log_file, at, length);
        if (done <= 0)
            give_up("a full FAULT_LOG");
        at += done;
        length -= (size_t)done;
    }
}

static void note(char what, uint64_t inode, uint64_t at, const void *data, size_t length)
{
    if (log_file < 0)
        return;
    struct entry entry = { (uint64_t)what, inode, at, length };
    put(&entry, sizeof entry);
    put(data, length);
}

static uint64_t inode_of(int file)
{
    struct stat data;
    return fstat(file, &data) == 0 ? data.st_ino : 0;
}

/* A change of names: both with their closing NUL. */
static void note_names(char what, const char *from, const char *to)
{
    char both[2 * PATH_MAX];
    size_t first = strlen(from) + 1, second = to ? strlen(to) + 1 : 0;
    memcpy(both, from, first);
    if (to)
        memcpy(both + first, to, second);
    note(what, 0, 0, both, first + second);
}

/* ------------------------------------------------------------------ writing */

/* At `at`, or where the file stands if that is negative. */
static ssize_t raw_write(int file, const void *data, size_t length, off_t at)
{
    return at < 0 ? syscall(SYS_write, file, data, length) : syscall(SYS_pwrite64, file, data, length, at);
}

static off_t position(int file)
{
    struct stat data;
    bool appends = (fcntl(file, F_GETFL) & O_APPEND) != 0;
    return appends && fstat(file, &data) == 0 ? data.st_size : lseek(file, 0, SEEK_CUR);
}

static ssize_t write_at(int file, const void *data, size_t length, off_t at)
{
    if (!is_ours(file))
        return raw_write(file, data, length, at);
    pthread_mutex_lock(&lock);
    struct fate fate = strike(WRITE, true);
    ssize_t done = -1;
    int error = fate.error;
    if (error == 0) {
        int64_t start = at < 0 ? position(file) : at;
        if (fate.half && length > 1)
            length /= 2;
        int64_t fits = grow(file, start + (int64_t)length, false) - start;
        if (length > 0 && fits <= 0) {
            error = ENOSPC;
        } else {
            if (fits < (int64_t)length)
                length = (size_t)fits;
            done = raw_write(file, data, length, at);
            error = errno;
            if (done > 0)
                note('W', inode_of(file), (uint64_t)start, data, (size_t)done);
        }
    }
    if (fate.last)
        die();
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t write(int file, const void *data, size_t length) { return write_at(file, data, length, -1); }
ssize_t pwrite(int file, const void *data, size_t length, off_t at) { return write_at(file, data, length, at); }
ssize_t pwrite64(int file, const void *data, size_t length, off64_t at) { return write_at(file, data, length, at); }

/* A vectored write may stop behind any byte, so also behind its first piece that is not empty. */
static ssize_t write_first(int file, const struct iovec *pieces, int count, off_t at)
{
    if (!is_ours(file))
        return at < 0 ? syscall(SYS_writev, file, pieces, count)
                      : syscall(SYS_pwritev, file, pieces, count, at, 0);
    while (count > 1 && pieces->iov_len == 0)
        pieces++, count--;
    return count > 0 ? write_at(file, pieces->iov_base, pieces->iov_len, at) : 0;
}

ssize_t writev(int file, const struct iovec *pieces, int count) { return write_first(file, pieces, count, -1); }
ssize_t pwritev(int file, const struct iovec *pieces, int count, off_t at)
{
    return write_first(file, pieces, count, at);
}
ssize_t pwritev64(int file, const struct iovec *pieces, int count, off64_t at)
{
    return write_first(file, pieces, count, at);
}

/* Sets the length, or with `only_grow` makes it at least that. Returns 0 or an error's number. */
static int resize(int file, off_t length, bool only_grow)
{
    pthread_mutex_lock(&lock);
    struct fate fate = strike(WRITE, true);
    struct stat data;
    int error = fate.error;
    if (error == 0 && only_grow && fstat(file, &data) == 0 && data.st_size > length)
        length = data.st_size;
    if (error == 0 && grow(file, length, true) < length)
        error = ENOSPC;
    if (error == 0 && syscall(SYS_ftruncate, file, length) != 0)
        error = errno;
    if (error == 0)
        note('T', inode_of(file), (uint64_t)length, NULL, 0);
    if (fate.last)
        die();
    pthread_mutex_unlock(&lock);
    return error;
}

static int answer(int error)
{
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

int ftruncate(int file, off_t length)
{
    return is_ours(file) ? answer(resize(file, length, false)) : (int)syscall(SYS_ftruncate, file, length);
}
int ftruncate64(int file, off64_t length) { return ftruncate(file, length); }

int posix_fallocate(int file, off_t at, off_t length)
{
    if (is_ours(file))
        return resize(file, at + length, true);
    return syscall(SYS_fallocate, file, 0, at, length) == 0 ? 0 : errno;
}
int posix_fallocate64(int file, off64_t at, off64_t length) { return posix_fallocate(file, at, length); }

int fallocate(int file, int mode, off_t at, off_t length)
{
    if (!is_ours(file))
        return (int)syscall(SYS_fallocate, file, mode, at, length);
    return answer(mode == 0 ? resize(file, at + length, true) : EOPNOTSUPP);
}
int fallocate64(int file, int mode, off64_t at, off64_t length) { return fallocate(file, mode, at, length); }

/* Copies inside the kernel may fail like writes. Otherwise they are said to be impossible here, as they are on
 * many file systems: the program falls back to reading and writing, which the log sees. */
static int refuse_copy(int error)
{
    pthread_mutex_lock(&lock);
    struct fate fate = strike(WRITE, true);
    pthread_mutex_unlock(&lock);
    return answer(fate.error != 0 ? fate.error : error);
}

ssize_t copy_file_range(int from, off64_t *start, int to, off64_t *at, size_t length, unsigned flags)
{
    if (is_ours(to))
        return refuse_copy(EOPNOTSUPP);
    return syscall(SYS_copy_file_range, from, start, to, at, length, flags);
}
ssize_t sendfile(int to, int from, off_t *start, size_t length)
{
    return is_ours(to) ? refuse_copy(EINVAL) : syscall(SYS_sendfile, to, from, start, length);
}
ssize_t sendfile64(int to, int from, off64_t *start, size_t length) { return sendfile(to, from, start, length); }

int ioctl(int file, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if ((request == FICLONE || request == FICLONERANGE) && is_ours(file))
        return refuse_copy(EOPNOTSUPP);
    return (int)syscall(SYS_ioctl, file, request, argument);
}

/* ------------------------------------------------------------------ syncing */

static int sync_one(int file, bool durable)
{
    pthread_mutex_lock(&lock);
    struct fate fate = strike(FSYNC, false);
    struct stat data;
    if (fate.error == 0 && durable && fstat(file, &data) == 0) {
        char path[PATH_MAX];
        path_of(file, path);
        if (S_ISDIR(data.st_mode))
            note_names('D', path, NULL);
        else
            note('S', data.st_ino, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return answer(fate.error);
}

int fsync(int file) { return is_ours(file) ? sync_one(file, true) : (int)syscall(SYS_fsync, file); }
int fdatasync(int file) { return is_ours(file) ? sync_one(file, true) : (int)syscall(SYS_fdatasync, file); }

/* It starts the writing and promises nothing. */
int sync_file_range(int file, off64_t at, off64_t length, unsigned flags)
{
    return is_ours(file) ? sync_one(file, false) : (int)syscall(SYS_sync_file_range, file, at, length, flags);
}

/* ------------------------------------------------------------------ names */

int openat(int folder, const char *name, int flags, ...)
{
    char path[PATH_MAX];
    va_list rest;
    va_start(rest, flags);
    unsigned mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, unsigned) : 0;
    va_end(rest);
    if (!locate(folder, name, path))
        return (int)syscall(SYS_openat, folder, name, flags, mode);
    pthread_mutex_lock(&lock);
    struct fate fate = strike(OPEN, (flags & (O_CREAT | O_TRUNC)) != 0);
    int file = -1, error = fate.error;
    if (error == 0) {
        struct stat before;
        bool existed = stat(path, &before) == 0;
        file = (int)syscall(SYS_openat, folder, name, flags, mode);
        error = errno;
        if (file >= 0 && !existed)
            note('C', inode_of(file), 0, path, strlen(path) + 1);
        if (file >= 0 && existed && flags & O_TRUNC) {
            used -= before.st_size;
            note('T', before.st_ino, 0, NULL, 0);
        }
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return file;
}

#define MODE(flags)                                                                                                    \
    va_list rest;                                                                                                      \
    va_start(rest, flags);                                                                                             \
    unsigned mode = (flags) & (O_CREAT | __O_TMPFILE) ? va_arg(rest, unsigned) : 0;                                    \
    va_end(rest)

int openat64(int folder, const char *name, int flags, ...)
{
    MODE(flags);
    return openat(folder, name, flags | O_LARGEFILE, mode);
}
int open(const char *name, int flags, ...)
{
    MODE(flags);
    return openat(AT_FDCWD, name, flags, mode);
}
int open64(const char *name, int flags, ...)
{
    MODE(flags);
    return openat(AT_FDCWD, name, flags | O_LARGEFILE, mode);
}
int creat(const char *name, mode_t mode) { return open(name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return creat(name, mode); }

/* Names that are not below the root get into it, or leave it, by a call that is counted all the same. */
static bool locate_either(int one, const char *from, char source[PATH_MAX], int two, const char *to,
                          char target[PATH_MAX])
{
    bool first = locate(one, from, source), second = locate(two, to, target);
    return first || second;
}

int renameat2(int one, const char *from, int two, const char *to, unsigned flags)
{
    char source[PATH_MAX], target[PATH_MAX];
    if (!locate_either(one, from, source, two, to, target))
        return (int)syscall(SYS_renameat2, one, from, two, to, flags);
    pthread_mutex_lock(&lock);
    struct fate fate = strike(RENAME, true);
    int error = fate.error;
    if (error == 0 && syscall(SYS_renameat2, one, from, two, to, flags) != 0)
        error = errno;
    if (error == 0)
        note_names('R', source, target);
    pthread_mutex_unlock(&lock);
    return answer(error);
}
int renameat(int one, const char *from, int two, const char *to) { return renameat2(one, from, two, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int one, const char *from, int two, const char *to, int flags)
{
    char source[PATH_MAX], target[PATH_MAX];
    if (!locate_either(one, from, source, two, to, target))
        return (int)syscall(SYS_linkat, one, from, two, to, flags);
    pthread_mutex_lock(&lock);
    struct fate fate = strike(RENAME, true);
    int error = fate.error;
    if (error == 0 && syscall(SYS_linkat, one, from, two, to, flags) != 0)
        error = errno;
    if (error == 0)
        note_names('L', source, target);
    pthread_mutex_unlock(&lock);
    return answer(error);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int folder, const char *name, int flags)
{
    char path[PATH_MAX];
    if (!locate(folder, name, path))
        return (int)syscall(SYS_unlinkat, folder, name, flags);
    pthread_mutex_lock(&lock);
    struct fate fate = strike(UNLINK, true);
    struct stat before;
    bool last = lstat(path, &before) == 0 && S_ISREG(before.st_mode) && before.st_nlink == 1;
    int error = fate.error;
    if (error == 0 && syscall(SYS_unlinkat, folder, name, flags) != 0)
        error = errno;
    if (error == 0) {
        used -= last ? before.st_size : 0;
        note_names('U', path, NULL);
    }
    pthread_mutex_unlock(&lock);
    return answer(error);
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int mkdirat(int folder, const char *name, mode_t mode)
{
    char path[PATH_MAX];
    if (!locate(folder, name, path))
        return (int)syscall(SYS_mkdirat, folder, name, mode);
    pthread_mutex_lock(&lock);
    struct fate fate = strike(MKDIR, true);
    int error = fate.error;
    if (error == 0 && syscall(SYS_mkdirat, folder, name, mode) != 0)
        error = errno;
    if (error == 0)
        note_names('M', path, NULL);
    pthread_mutex_unlock(&lock);
    return answer(error);
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }
