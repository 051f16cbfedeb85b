//! The real calls. They are made straight to the kernel, because libc's functions of these names are ours now.

use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;

use libc::{
    AT_FDCWD, O_APPEND, SEEK_CUR, SEEK_END, SYS_fdatasync, SYS_fsync, SYS_ftruncate, SYS_openat,
    SYS_pwrite64, SYS_renameat2, SYS_unlinkat, SYS_write, mode_t, off_t, size_t, ssize_t, syscall,
};

pub unsafe fn write(fd: c_int, bytes: *const c_void, count: size_t, at: Option<off_t>) -> ssize_t {
    let done = match at {
        Some(at) => unsafe { syscall(SYS_pwrite64, fd, bytes, count, at) },
        None => unsafe { syscall(SYS_write, fd, bytes, count) },
    };
    done as ssize_t
}

/// The place of the next write without a place.
pub fn place(fd: c_int) -> off_t {
    let appends = unsafe { libc::fcntl(fd, libc::F_GETFL) } & O_APPEND != 0;
    unsafe { libc::lseek(fd, 0, if appends { SEEK_END } else { SEEK_CUR }) }
}

pub fn cut(fd: c_int, length: off_t) -> c_int {
    unsafe { syscall(SYS_ftruncate, fd, length) as c_int }
}

pub fn fsync(fd: c_int) -> c_int {
    unsafe { syscall(SYS_fsync, fd) as c_int }
}

pub fn fdatasync(fd: c_int) -> c_int {
    unsafe { syscall(SYS_fdatasync, fd) as c_int }
}

pub unsafe fn open(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    unsafe { syscall(SYS_openat, folder, path, flags, mode) as c_int }
}

/// The length of the ordinary file at a path, if there is one.
pub unsafe fn length(path: *const c_char) -> Option<off_t> {
    let mut found = MaybeUninit::<libc::stat>::uninit();
    let done = unsafe { libc::stat(path, found.as_mut_ptr()) };
    file_length(done, found)
}

/// Whether this is an ordinary file.
pub fn is_file(fd: c_int) -> bool {
    let mut found = MaybeUninit::<libc::stat>::uninit();
    let done = unsafe { libc::fstat(fd, found.as_mut_ptr()) };
    file_length(done, found).is_some()
}

fn file_length(done: c_int, found: MaybeUninit<libc::stat>) -> Option<off_t> {
    if done != 0 {
        return None;
    }
    // The call has filled it.
    let found = unsafe { found.assume_init() };
    (found.st_mode & libc::S_IFMT == libc::S_IFREG).then_some(found.st_size)
}

pub unsafe fn rename(from: *const c_char, to: *const c_char) -> c_int {
    unsafe { syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0) as c_int }
}

pub unsafe fn unlink(path: *const c_char) -> c_int {
    unsafe { syscall(SYS_unlinkat, AT_FDCWD, path, 0) as c_int }
}

/// The path of an open file, in this buffer.
pub fn path_of(fd: c_int, buffer: &mut [u8]) -> Option<&[u8]> {
    // No allocation: this is asked for each write of the process, also for those of signal handlers.
    let mut link = *b"/proc/self/fd/\0\0\0\0\0\0\0\0\0\0\0\0";
    let mut digits = [0; 10];
    let mut left = u32::try_from(fd).ok()?;
    let mut count = 0;
    while left > 0 || count == 0 {
        digits[count] = b'0' + (left % 10) as u8;
        (left, count) = (left / 10, count + 1);
    }
    for (place, digit) in link[14..].iter_mut().zip(digits[..count].iter().rev()) {
        *place = *digit;
    }
    let (to, room) = (buffer.as_mut_ptr().cast::<c_char>(), buffer.len());
    let length = unsafe { libc::readlink(link.as_ptr().cast(), to, room) };
    buffer.get(..usize::try_from(length).ok()?)
}
