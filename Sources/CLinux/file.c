#define _GNU_SOURCE
#include "clinux_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

_Static_assert(sizeof(long) == 8, "offsets are passed to the kernel in one register");

#define RESULT(call) ({ __typeof__(call) outcome = (call); outcome < 0 ? -errno : outcome; })

/* The calls of every request are made as they are: the C library's also look, with two atomic
   operations, whether the thread is to end, which threads here never do in a call. */
ssize_t clinux_preadv2_nowait(int fd, void *buffer, size_t length, int64_t offset)
{
    struct iovec vector = { buffer, length };
    /* The offset's upper half has a place of its own, which 64-bit machines leave empty. */
    return RESULT(syscall(SYS_preadv2, fd, &vector, 1L, offset, 0L, RWF_NOWAIT));
}

ssize_t clinux_pread(int fd, void *buffer, size_t length, int64_t offset)
{
    return RESULT(pread(fd, buffer, length, offset));
}

ssize_t clinux_pwrite(int fd, const void *buffer, size_t length, int64_t offset)
{
    return RESULT(syscall(SYS_pwrite64, fd, buffer, length, offset));
}

ssize_t clinux_pwritev2(int fd, const void *buffer, size_t length, int64_t offset, int flags)
{
    struct iovec vector = { (void *)buffer, length };
    return RESULT(pwritev2(fd, &vector, 1, offset, flags));
}

int clinux_fsync(int fd, int data_only)
{
    return RESULT(data_only ? fdatasync(fd) : fsync(fd));
}

int clinux_fallocate(int fd, int mode, int64_t offset, int64_t length)
{
    return RESULT(fallocate(fd, mode, offset, length));
}

int clinux_ftruncate(int fd, int64_t length)
{
    return RESULT(ftruncate(fd, length));
}

int clinux_cachestat(int fd, uint64_t offset, uint64_t length,
                     struct clinux_cachestat_counts *out)
{
    /* Not in the headers of Debian 12; the number is the same on all architectures. */
    struct { uint64_t offset, length; } range = { offset, length };
    return (int)RESULT(syscall(451, fd, &range, out, 0));
}

int clinux_map_file(int fd, size_t length, void **out)
{
    /* Nobody writes here, so that the pages are the file's all the same; but writing them back need
       not look whether somebody has. */
    void *start = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
    if (start == MAP_FAILED)
        return -errno;
    *out = start;
    return 0;
}

void clinux_unmap(void *start, size_t length)
{
    munmap(start, length);
}

int clinux_resident(void *start, size_t length, uint8_t *out)
{
    return RESULT(mincore(start, length, out));
}

void clinux_forget(void *start, size_t length)
{
    madvise(start, length, MADV_DONTNEED);
}

int clinux_tells_resident(int fd)
{
    /* Others are told that everything is resident (Linux 5.2 and later). */
    struct stat facts;
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR)
        return 1;
    return fstat(fd, &facts) == 0 && facts.st_uid == geteuid();
}

static struct flock lock_of(int64_t start, int64_t length, int type)
{
    static const short types[] = { F_RDLCK, F_WRLCK, F_UNLCK };
    struct flock lock = {
        .l_type = types[type], .l_whence = SEEK_SET, .l_start = start, .l_len = length,
    };
    return lock;
}

int clinux_ofd_lock(int fd, int64_t start, int64_t length, int type)
{
    if (type < CLINUX_LOCK_READ || type > CLINUX_LOCK_NONE)
        return -EINVAL;
    struct flock lock = lock_of(start, length, type);
    return RESULT(fcntl(fd, F_OFD_SETLK, &lock));
}

int clinux_ofd_query(int fd, int64_t start, int64_t length, int type)
{
    if (type < CLINUX_LOCK_READ || type > CLINUX_LOCK_WRITE)
        return -EINVAL;
    struct flock lock = lock_of(start, length, type);
    int result = RESULT(fcntl(fd, F_OFD_GETLK, &lock));
    return result < 0 ? result : lock.l_type != F_UNLCK;
}

int64_t clinux_seek_data(int fd, int64_t offset) { return RESULT(lseek(fd, offset, SEEK_DATA)); }
int64_t clinux_seek_hole(int fd, int64_t offset) { return RESULT(lseek(fd, offset, SEEK_HOLE)); }
int64_t clinux_seek_end(int fd) { return RESULT(lseek(fd, 0, SEEK_END)); }

int clinux_file_system(int fd, int64_t *type, int64_t *block_size)
{
    struct statfs facts;
    int result = RESULT(fstatfs(fd, &facts));
    if (result == 0) {
        *type = facts.f_type;
        *block_size = facts.f_bsize;
    }
    return result;
}

int clinux_file_facts(int fd, struct clinux_file_facts *out)
{
    struct stat facts;
    int result = RESULT(fstat(fd, &facts));
    if (result == 0) {
        out->kind = facts.st_mode & S_IFMT;
        out->preferred_bytes = (uint32_t)facts.st_blksize;
        out->size_bytes = facts.st_size;
        out->allocated_bytes = (int64_t)facts.st_blocks * 512;
        out->device = facts.st_dev;
        out->inode = facts.st_ino;
    }
    return result;
}

int clinux_direct_alignment(int fd, uint32_t *memory, uint32_t *offset)
{
#ifdef STATX_DIOALIGN
    struct statx facts;
    int result = RESULT(statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &facts));
    if (result < 0)
        return result;
    if ((facts.stx_mask & STATX_DIOALIGN) && facts.stx_dio_mem_align) {
        *memory = facts.stx_dio_mem_align;
        *offset = facts.stx_dio_offset_align;
        return 0;
    }
#else
    (void)fd, (void)memory, (void)offset;
#endif
    return -ENOTSUP;
}

int clinux_block_size_bytes(int fd, uint64_t *out) { return RESULT(ioctl(fd, BLKGETSIZE64, out)); }

int clinux_block_sector_bytes(int fd, uint32_t *out)
{
    int bytes = 0;
    int result = RESULT(ioctl(fd, BLKSSZGET, &bytes));
    *out = (uint32_t)bytes;
    return result;
}

int clinux_block_discard(int fd, uint64_t offset, uint64_t length)
{
    uint64_t range[2] = { offset, length };
    return RESULT(ioctl(fd, BLKDISCARD, range));
}

int clinux_block_zero(int fd, uint64_t offset, uint64_t length)
{
    uint64_t range[2] = { offset, length };
    return RESULT(ioctl(fd, BLKZEROOUT, range));
}

int clinux_open(const char *path, int flags, uint32_t mode)
{
    return RESULT(open(path, flags | O_CLOEXEC, mode));
}

int clinux_openat2(int directory, const char *path, int flags, uint32_t mode, uint64_t resolve)
{
    /* The kernel refuses a mode when nothing can be created. */
    struct open_how how = {
        .flags = (uint64_t)(uint32_t)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) ? mode : 0,
        .resolve = resolve,
    };
    return (int)RESULT(syscall(SYS_openat2, directory, path, &how, sizeof(how)));
}

int clinux_close(int fd) { return RESULT(close(fd)); }
