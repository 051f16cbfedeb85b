//! The C library's allocator: how it keeps large blocks, and when it gives back what is free.

use std::time::Duration;

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

/// The number of connections and sessions that make a burst.
const BURST_MIN: u64 = 1_000;
/// The time without a new connection after which a burst is over. The readers of the store rest by then as well.
const BURST_PAUSE: Duration = Duration::from_millis(1_500);

/// Gives free memory back to the operating system whenever many connections have come and no more follow. The memory
/// that they needed on their way is free by then, and lies between memory that stays in use.
///
/// `came` counts the connections and sessions that have come. Each arena of the allocator is locked for the time of its
/// turn, which is about a millisecond, so this is for a time when nothing else happens.
pub async fn give_back_after_bursts(came: impl Fn() -> u64) {
    give_back();
    let (mut given_back_at, mut last) = (0, 0);
    loop {
        tokio::time::sleep(BURST_PAUSE).await;
        let now = came();
        if now == last && now >= given_back_at + BURST_MIN {
            give_back();
            given_back_at = now;
        }
        last = now;
    }
}

/// Gives all free memory back to the operating system.
fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(
        unsafe_code,
        reason = "no safe wrapper is kept; the call takes a number and no pointer"
    )]
    // SAFETY: malloc_trim may be called at any time, from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
