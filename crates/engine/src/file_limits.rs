//! The bounds of files, unit last. docs/reference/limits.md is made of this file and of [`limits`](crate::limits).

crate::limit::table! {
/// Bytes of one file, unless the options of the site say otherwise.
pub const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes of all files of one person, unless the options of the site say otherwise.
pub const FILE_BYTES_PER_PERSON_MAX: u64 = 10 * 1024 * 1024 * 1024;
/// Bytes of all files of one guest, unless the options of the site say otherwise.
pub const FILE_BYTES_PER_GUEST_MAX: u64 = 100 * 1024 * 1024;
/// Bytes of all files of a site, unless its options say otherwise.
pub const FILE_BYTES_PER_SITE_MAX: u64 = 100 * 1024 * 1024 * 1024;
/// Bytes of a disk that files leave free for the log.
pub const DISK_LEFT_BYTES_MIN: u64 = 512 * 1024 * 1024;
/// Characters of a file's name; of a longer one, the beginning and the ending are kept.
pub const FILE_NAME_CHARS_MAX: usize = 120;
/// Characters of a file's media type.
pub const FILE_TYPE_CHARS_MAX: usize = 100;
/// Milliseconds of sound or video that an uploader may tell of.
pub const FILE_DURATION_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1000;
/// Files in one message.
pub const FILES_PER_MESSAGE_MAX: usize = 20;

/// Files that a member may begin to upload in a minute.
pub const FILES_PER_MIN: u64 = 60;
/// Files that a member may begin to upload at once, after a pause.
pub const FILES_AT_ONCE: u64 = 300;
/// Requests for files and their pieces that a member may make in a minute.
pub const FILE_REQUESTS_PER_MIN: u64 = 6_000;
/// Requests for files and their pieces that a member may make at once, after a pause.
pub const FILE_REQUESTS_AT_ONCE: u64 = 3_000;

/// Uploads of one person that are begun and not whole.
pub const UPLOADS_BEGUN_PER_PERSON_MAX: u64 = 100;
/// Pieces of uploads that one node takes at one time.
pub const UPLOADS_RUNNING_MAX: usize = 32;
/// Pieces of uploads that one node takes from one person at one time.
pub const UPLOADS_RUNNING_PER_PERSON_MAX: usize = 4;
/// Bytes of an upload that are gathered in memory and then stored together. S3 takes no part that is smaller.
pub const UPLOAD_BLOCK_BYTES: usize = 5 * 1024 * 1024;
/// Bytes of an upload to a folder after which they are brought to the disk, and noted; a restart loses no more of it.
pub const UPLOAD_SYNC_BYTES: u64 = 40 * 1024 * 1024;
/// Milliseconds that an upload waits for its next bytes.
pub const UPLOAD_WAIT_MS_MAX: u64 = 30_000;
/// Milliseconds after its newest bytes for which an upload can be resumed.
pub const UPLOAD_AGE_MS: u64 = 24 * 60 * 60 * 1000;
/// Milliseconds after which a file that no message holds is deleted.
pub const FILE_UNSENT_AGE_MS: u64 = 24 * 60 * 60 * 1000;
/// Files that are deleted in one turn of housekeeping.
pub const FILES_COLLECTED_MAX: usize = 100;
/// Milliseconds between two looks for files that are to be deleted.
pub const FILES_COLLECT_MS: u64 = 5_000;

/// Milliseconds that a bucket may take for its next bytes.
pub const BUCKET_WAIT_MS_MAX: u64 = 20_000;

/// Files that one node sends at one time.
pub const DOWNLOADS_RUNNING_MAX: usize = 512;
/// Files that one node sends to one person at one time.
pub const DOWNLOADS_RUNNING_PER_PERSON_MAX: usize = 32;
/// Bytes of a file that are read at one time.
pub const DOWNLOAD_BLOCK_BYTES: usize = 128 * 1024;
/// Milliseconds that a download waits for a reader that takes nothing. The reader goes on with a range.
pub const DOWNLOAD_STALL_MS_MAX: u64 = 60_000;
/// Milliseconds after which a download asks again whether its reader may still read the file.
pub const DOWNLOAD_ACCESS_MS: u64 = 1_000;

/// Bytes of a picture; a larger one is kept as a file of no known type.
pub const PICTURE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Pixels of a picture; a larger one is kept as a file of no known type.
pub const PICTURE_PIXELS_MAX: u64 = 50_000_000;
/// Pictures of an animation; a longer one is kept as a file of no known type.
pub const PICTURE_FRAMES_MAX: usize = 1_000;
/// Bytes that the decoder of a picture may allocate.
pub const PICTURE_MEMORY_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Pictures that one node decodes at one time.
pub const PICTURES_RUNNING_MAX: usize = 1;
/// Pixels of the longer side of a thumbnail.
pub const THUMBNAIL_SIDE_PX: u32 = 480;
/// Bytes up to which a picture no larger than a thumbnail needs none.
pub const THUMBNAIL_NEEDED_BYTES: u64 = 64 * 1024;
}
