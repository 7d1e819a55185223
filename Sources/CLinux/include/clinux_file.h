/* Files and block devices: transfers, ranges, locks, sizes. All return a result or -errno. */
#ifndef CLINUX_FILE_H
#define CLINUX_FILE_H

#include <stdint.h>
#include <sys/types.h>

/* Modes of fallocate, as constants that Swift sees whatever its libc overlay has. */
static const int32_t CLINUX_FALLOCATE_KEEP_SIZE = 0x01;
static const int32_t CLINUX_FALLOCATE_PUNCH_HOLE = 0x02;
static const int32_t CLINUX_FALLOCATE_ZERO_RANGE = 0x10;

/* Flags of one read or write. */
static const int32_t CLINUX_RWF_DSYNC = 0x02;
static const int32_t CLINUX_RWF_NOWAIT = 0x08;

/* Types of an open file description lock. */
static const int32_t CLINUX_LOCK_READ = 0;
static const int32_t CLINUX_LOCK_WRITE = 1;
static const int32_t CLINUX_LOCK_NONE = 2;

/* How a path must resolve (openat2). */
static const uint64_t CLINUX_RESOLVE_NO_SYMLINKS = 0x04;
static const uint64_t CLINUX_RESOLVE_BENEATH = 0x08;

struct clinux_cachestat_counts {
    uint64_t cached_pages, dirty_pages, writeback_pages, evicted_pages, recently_evicted_pages;
};

/* Reads only what needs no wait; -EAGAIN when it would wait, possibly fewer bytes than asked. */
ssize_t clinux_preadv2_nowait(int fd, void *_Nonnull buffer, size_t length, int64_t offset);
ssize_t clinux_pread(int fd, void *_Nonnull buffer, size_t length, int64_t offset);
ssize_t clinux_pwrite(int fd, const void *_Nonnull buffer, size_t length, int64_t offset);
ssize_t clinux_pwritev2(int fd, const void *_Nonnull buffer, size_t length, int64_t offset,
                        int flags);
int clinux_fsync(int fd, int data_only);
int clinux_fallocate(int fd, int mode, int64_t offset, int64_t length);
int clinux_ftruncate(int fd, int64_t length);
/* What the page cache holds of a range; -ENOSYS before Linux 6.5. */
int clinux_cachestat(int fd, uint64_t offset, uint64_t length,
                     struct clinux_cachestat_counts *_Nonnull out);

/* A file's bytes from its start as memory that can be read only. The kernel may be told to copy from
   it (-EFAULT where the file has ended); this process must not look at it itself. */
int clinux_map_file(int fd, size_t length, void *_Nullable *_Nonnull out);
void clinux_unmap(void *_Nonnull start, size_t length);
/* One byte a page of such memory: bit 0 says that reading it waits for nothing. */
int clinux_resident(void *_Nonnull start, size_t length, uint8_t *_Nonnull out);
/* Takes pages out of the process's tables; the page cache keeps them. */
void clinux_forget(void *_Nonnull start, size_t length);
/* Whether the kernel answers the question after resident pages truly, for this file and user. */
int clinux_tells_resident(int fd);

/* Sets or drops (CLINUX_LOCK_NONE) an OFD lock; -EAGAIN when somebody else's is in the way. */
int clinux_ofd_lock(int fd, int64_t start, int64_t length, int type);
/* Asks whether such a lock could be set: 0 when it could, 1 when somebody else's is in the way. */
int clinux_ofd_query(int fd, int64_t start, int64_t length, int type);

/* Next data or hole at or after `offset`; -ENXIO behind the last one. */
int64_t clinux_seek_data(int fd, int64_t offset);
int64_t clinux_seek_hole(int fd, int64_t offset);
/* Size of what lseek(SEEK_END) can measure. */
int64_t clinux_seek_end(int fd);

/* statfs: the magic number of the file system and its block size. */
int clinux_file_system(int fd, int64_t *_Nonnull type, int64_t *_Nonnull block_size);
/* fstat, reduced: kind of file (S_IFMT bits), size, allocated bytes, device and inode. */
struct clinux_file_facts {
    uint32_t kind;
    uint32_t preferred_bytes;
    int64_t size_bytes, allocated_bytes;
    uint64_t device, inode;
};
int clinux_file_facts(int fd, struct clinux_file_facts *_Nonnull out);
/* Alignment of memory and of offsets for direct transfers (statx); -ENOTSUP when not told. */
int clinux_direct_alignment(int fd, uint32_t *_Nonnull memory, uint32_t *_Nonnull offset);

int clinux_block_size_bytes(int fd, uint64_t *_Nonnull out);
int clinux_block_sector_bytes(int fd, uint32_t *_Nonnull out);
int clinux_block_discard(int fd, uint64_t offset, uint64_t length);
int clinux_block_zero(int fd, uint64_t offset, uint64_t length);

int clinux_open(const char *_Nonnull path, int flags, uint32_t mode);
/* openat2 with CLINUX_RESOLVE_ flags; -ENOSYS before Linux 5.6. */
int clinux_openat2(int directory, const char *_Nonnull path, int flags, uint32_t mode,
                   uint64_t resolve);
int clinux_close(int fd);

#endif
