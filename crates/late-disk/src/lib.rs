//! A disk that answers late and out of order, unknown to the process that uses it: a library for `LD_PRELOAD`.
//!
//! It stands between the process and libc for the files of one folder. Each change of a file is first written down as a
//! [`Record`] and then made. A sync sleeps for a random time and is written down as done before it is answered, so syncs
//! of several threads end in another order than they began. After the process was killed, the list of records tells
//! what a disk would hold if the power had gone at that moment: [`encke_rig::disk`]. A disk that lies answers each sync
//! at once and keeps nothing.
//!
//! It sees calls of libc's functions only. A program that syncs by system calls of its own (io_uring, or `rustix` with
//! its default backend) syncs nothing here, and the crash test reports its acknowledged writes as lost.
//! `File::sync_data` and SQLite are seen. Files whose names end with `-shm` are left out: SQLite maps them into memory
//! and makes them anew when no process has them. The crash test compares the files with the list after each kill, so a
//! change that bypasses this library is noticed.
//!
//! Where to begin: [`late::Late`] has the state, and each function below is one of libc's. All of this is set by the
//! environment: `LATE_DISK_FOLDER` (an absolute path without links), `LATE_DISK_LIST` (the file to write the list to,
//! outside of the folder), `LATE_DISK_SEED`, and `LATE_DISK_LIES=1`. Without a folder everything is as without this
//! library.
//!
//! Never in here: a lock, an allocation or a panic in a call about anything but the folder. Signal handlers write, too.
#![allow(unsafe_code)]

mod late;
mod real;

use std::ffi::{CStr, c_char, c_int, c_void};

use encke_rig::disk::Record;
use late::{Late, Target, late};
use libc::{AT_FDCWD, O_CREAT, O_TRUNC, mode_t, off_t, size_t, ssize_t};

/// The bytes of a write.
///
/// # Safety
/// The caller of a write has to give this many readable bytes.
unsafe fn given(bytes: *const c_void, count: size_t) -> Vec<u8> {
    unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), count) }.to_vec()
}

/// The name of a file of the folder at this path.
///
/// # Safety
/// The path has to end with a zero, as libc asks for.
unsafe fn named(late: &Late, path: *const c_char) -> Option<String> {
    late.name_at(unsafe { CStr::from_ptr(path) }.to_bytes())
}

/// A write at a place of the file, or at the place that the descriptor has reached.
unsafe fn write_at(fd: c_int, bytes: *const c_void, count: size_t, at: Option<off_t>) -> ssize_t {
    if let Some(late) = late()
        && let Some(Target::File(name)) = late.target(fd)
        && count > 0
    {
        let turn = late.turn();
        let place = at.unwrap_or_else(|| real::place(fd));
        turn.note(&Record::Write { name, at: place as u64, bytes: unsafe { given(bytes, count) } });
        return unsafe { real::write(fd, bytes, count, at) };
    }
    unsafe { real::write(fd, bytes, count, at) }
}

/// write(2).
///
/// # Safety
/// That of libc.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, bytes: *const c_void, count: size_t) -> ssize_t {
    unsafe { write_at(fd, bytes, count, None) }
}

/// pwrite(2).
///
/// # Safety
/// That of libc.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(
    fd: c_int,
    bytes: *const c_void,
    count: size_t,
    at: off_t,
) -> ssize_t {
    unsafe { write_at(fd, bytes, count, Some(at)) }
}

/// pwrite(2), by its other name.
///
/// # Safety
/// That of libc.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(
    fd: c_int,
    bytes: *const c_void,
    count: size_t,
    at: off_t,
) -> ssize_t {
    unsafe { write_at(fd, bytes, count, Some(at)) }
}

/// ftruncate(2).
#[unsafe(no_mangle)]
pub extern "C" fn ftruncate(fd: c_int, length: off_t) -> c_int {
    if let Some(late) = late()
        && let Some(Target::File(name)) = late.target(fd)
    {
        let turn = late.turn();
        turn.note(&Record::Cut { name, length: length as u64 });
        return real::cut(fd, length);
    }
    real::cut(fd, length)
}

/// ftruncate(2), by its other name.
#[unsafe(no_mangle)]
pub extern "C" fn ftruncate64(fd: c_int, length: off_t) -> c_int {
    ftruncate(fd, length)
}

/// fsync(2). The real one is not called: the files only have to outlive the process, as they do.
#[unsafe(no_mangle)]
pub extern "C" fn fsync(fd: c_int) -> c_int {
    match late().and_then(|late| Some((late, late.target(fd)?))) {
        Some((late, target)) => late.sync(target),
        None => real::fsync(fd),
    }
}

/// fdatasync(2). It keeps the length of a file too, as far as the content that it keeps needs it.
#[unsafe(no_mangle)]
pub extern "C" fn fdatasync(fd: c_int) -> c_int {
    match late().and_then(|late| Some((late, late.target(fd)?))) {
        Some((late, target)) => late.sync(target),
        None => real::fdatasync(fd),
    }
}

unsafe fn open_at(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    if flags & (O_CREAT | O_TRUNC) != 0
        && let Some(late) = late()
        && let Some(name) = unsafe { named(late, path) }
    {
        let turn = late.turn();
        match unsafe { real::length(path) } {
            None if flags & O_CREAT != 0 => turn.note(&Record::Create { name }),
            Some(1..) if flags & O_TRUNC != 0 => turn.note(&Record::Cut { name, length: 0 }),
            _ => {}
        }
        return unsafe { real::open(folder, path, flags, mode) };
    }
    unsafe { real::open(folder, path, flags, mode) }
}

/// open(2). The last argument is there only if the flags ask for it; otherwise nobody looks at it.
///
/// # Safety
/// That of libc.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    unsafe { open_at(AT_FDCWD, path, flags, mode) }
}

/// open(2), by its other name.
///
/// # Safety
/// That of libc.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    unsafe { open_at(AT_FDCWD, path, flags, mode) }
}

/// openat(2).
///
/// # Safety
/// That of libc.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    unsafe { open_at(folder, path, flags, mode) }
}

/// openat(2), by its other name.
///
/// # Safety
/// That of libc.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat64(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    unsafe { open_at(folder, path, flags, mode) }
}

/// rename(2).
///
/// # Safety
/// That of libc.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    if let Some(late) = late()
        && let (Some(old), Some(new)) = unsafe { (named(late, from), named(late, to)) }
    {
        let turn = late.turn();
        if unsafe { real::length(from) }.is_some() {
            turn.note(&Record::Rename { from: old, to: new });
        }
        return unsafe { real::rename(from, to) };
    }
    unsafe { real::rename(from, to) }
}

/// unlink(2).
///
/// # Safety
/// That of libc.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    if let Some(late) = late()
        && let Some(name) = unsafe { named(late, path) }
    {
        let turn = late.turn();
        if unsafe { real::length(path) }.is_some() {
            turn.note(&Record::Remove { name });
        }
        return unsafe { real::unlink(path) };
    }
    unsafe { real::unlink(path) }
}
