//! Small steps for slow readers.
//!
//! How far a reader has come is seen only when its socket takes more. Left to itself, the kernel lets the send buffer of a
//! connection that was fast once grow to four MiB, and says that there is room again when a third of it is free. A reader
//! that has slowed down would be seen to move once in a megabyte, and be taken for one that stands still in between.

use tokio::net::TcpListener;

/// Bytes that a socket takes ahead of what the client's window has room for; there is said to be room again below half of
/// them. A write goes past them by what one segment holds, which is 64 KiB at most, so a reader is seen to move at least once
/// in 128 KiB. The pipe stays full: what is on its way and not yet acknowledged is not counted.
const UNSENT_BYTES: u32 = 128 * 1024;

/// Tells the kernel so for all connections that this listener accepts, which inherit it.
pub(crate) fn show_readers_in_small_steps(listener: &TcpListener) {
    // Where it cannot be had, only the pace of slow readers is seen less well.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let _ = socket2::SockRef::from(listener).set_tcp_notsent_lowat(UNSENT_BYTES);
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    let _ = (listener, UNSENT_BYTES);
}
