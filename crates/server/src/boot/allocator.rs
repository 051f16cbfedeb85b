//! Setting of the C library's allocator: how it keeps large blocks.

/// The allocator gives blocks from this size on mappings of their own. Buffers of one turn (`limits::TURN_BYTES_MAX`)
/// are smaller.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BYTES: std::ffi::c_int = 512 * 1024;

/// Makes the allocator give each large block a mapping of its own, always.
///
/// Without this glibc puts large blocks among the small ones as soon as one large block was freed. Then each table that
/// grows with the connections leaves a hole of half its size behind: with 15,000 connections a third of their memory.
pub fn keep_large_blocks_apart() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(
        unsafe_code,
        reason = "no safe wrapper is kept; the call takes two numbers and no pointer"
    )]
    // SAFETY: mallopt may be called at any time; no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES);
    }
}
