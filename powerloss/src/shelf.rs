//! The FUSE file system: a shelf on which every device stands as one file, for loop devices to be set up on.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context as _;
use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyWrite, Request, WriteFlags,
};

use crate::device::{Device, Event};

/// Nothing but this process changes what the kernel was told.
const FOREVER: Duration = Duration::from_secs(86_400);

/// The mounted shelf. It is unmounted when it is dropped.
pub(crate) struct Shelf {
    directory: PathBuf,
    devices: Devices,
    next: AtomicU64,
    _session: BackgroundSession,
}

type Devices = Arc<Mutex<HashMap<u64, Device>>>;

impl Shelf {
    /// Mounts a shelf on an empty directory.
    pub(crate) fn mount(directory: &Path) -> anyhow::Result<Self> {
        let devices = Devices::default();
        let mut config = Config::default();
        config.mount_options.push(MountOption::FSName("presign-powerloss".to_owned()));
        // One thread: what happens, happens in one order.
        let session = fuser::spawn_mount(Server { devices: Arc::clone(&devices) }, directory, &config)
            .context("the FUSE file system could not be mounted")?;
        // The first inode is the directory.
        Ok(Self { directory: directory.to_owned(), devices, next: AtomicU64::new(2), _session: session })
    }

    /// Puts a device on the shelf; gives its file.
    pub(crate) fn put(&self, device: Device) -> PathBuf {
        let inode = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.devices).insert(inode, device);
        self.directory.join(inode.to_string())
    }
}

fn lock(devices: &Devices) -> MutexGuard<'_, HashMap<u64, Device>> {
    devices.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the kernel asks.
struct Server {
    devices: Devices,
}

impl Server {
    fn device(&self, inode: INodeNo) -> Option<Device> {
        lock(&self.devices).get(&inode.0).cloned()
    }

    fn attributes(&self, inode: INodeNo) -> Option<FileAttr> {
        if inode == INodeNo::ROOT {
            return Some(attributes(inode, FileType::Directory, 0o700, 0));
        }
        self.device(inode).map(|device| attributes(inode, FileType::RegularFile, 0o600, device.length()))
    }
}

fn attributes(ino: INodeNo, kind: FileType, perm: u16, size: u64) -> FileAttr {
    FileAttr {
        ino,
        size,
        blocks: size / 512,
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind,
        perm,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

fn inode_named(name: &OsStr) -> Option<INodeNo> {
    name.to_str()?.parse().ok().map(INodeNo)
}

impl Filesystem for Server {
    fn lookup(&self, _request: &Request, _parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        match inode_named(name).and_then(|inode| self.attributes(inode)) {
            Some(attributes) => reply.entry(&FOREVER, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _request: &Request, inode: INodeNo, _handle: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(inode) {
            Some(attributes) => reply.attr(&FOREVER, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    /// Lengths and owners stay as they are; whoever sets them is told so by the attributes.
    fn setattr(
        &self,
        request: &Request,
        inode: INodeNo,
        _mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        _size: Option<u64>,
        _atime: Option<fuser::TimeOrNow>,
        _mtime: Option<fuser::TimeOrNow>,
        _ctime: Option<std::time::SystemTime>,
        handle: Option<FileHandle>,
        _crtime: Option<std::time::SystemTime>,
        _chgtime: Option<std::time::SystemTime>,
        _bkuptime: Option<std::time::SystemTime>,
        _flags: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        self.getattr(request, inode, handle, reply);
    }

    /// Takes a device from the shelf, and with it what the kernel keeps of it in memory.
    fn unlink(&self, _request: &Request, _parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        if let Some(inode) = inode_named(name) {
            lock(&self.devices).remove(&inode.0);
        }
        reply.ok();
    }

    fn open(&self, _request: &Request, _inode: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn read(
        &self,
        _request: &Request,
        inode: INodeNo,
        _handle: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.device(inode) {
            Some(device) => reply.data(&device.read(offset, size as usize)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn write(
        &self,
        _request: &Request,
        inode: INodeNo,
        _handle: FileHandle,
        offset: u64,
        data: &[u8],
        _write_flags: WriteFlags,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match (self.device(inode), u32::try_from(data.len())) {
            (Some(device), Ok(written)) => {
                device.write(offset, data);
                reply.written(written);
            }
            _ => reply.error(Errno::ENOENT),
        }
    }

    /// What `close` sends. It makes nothing durable.
    fn flush(
        &self,
        _request: &Request,
        _inode: INodeNo,
        _handle: FileHandle,
        _owner: LockOwner,
        reply: ReplyEmpty,
    ) {
        reply.ok();
    }

    /// What a flush of the loop device arrives as.
    fn fsync(
        &self,
        _request: &Request,
        inode: INodeNo,
        _handle: FileHandle,
        _only_data: bool,
        reply: ReplyEmpty,
    ) {
        match self.device(inode) {
            Some(device) => {
                device.mark(Event::Flush);
                reply.ok();
            }
            None => reply.error(Errno::ENOENT),
        }
    }

    /// Without it the loop device offers no discard, which would be a third kind of change to keep in order.
    fn fallocate(
        &self,
        _request: &Request,
        _inode: INodeNo,
        _handle: FileHandle,
        _offset: u64,
        _length: u64,
        _mode: i32,
        reply: ReplyEmpty,
    ) {
        reply.error(Errno::EOPNOTSUPP);
    }
}
