//! A disk in use: what is written to it, flushed and acknowledged is recorded in the order in which it happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::Disk;
use crate::history::Operation;

/// One thing that happened. Writes and flushes come from the kernel, the marks from whoever uses the store on top.
#[derive(Clone)]
pub(crate) enum Event {
    Write {
        offset: u64,
        bytes: Arc<[u8]>,
    },
    /// Everything written before it is on the disk for good.
    Flush,
    /// An operation on the store was begun.
    Begun(Arc<Operation>),
    /// The store said that the operation with this number is done.
    Acknowledged(u64),
}

/// A disk as it was at first, and what happened since.
pub(crate) struct Recording {
    pub(crate) initial: Disk,
    pub(crate) events: Vec<Event>,
}

/// A disk that is in use. Cloning it makes another handle on the same one.
#[derive(Clone, Default)]
pub(crate) struct Device {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    disk: Disk,
    recording: Option<Recording>,
}

impl Device {
    pub(crate) fn new(disk: Disk) -> Self {
        Self { state: Arc::new(Mutex::new(State { disk, recording: None })) }
    }

    pub(crate) fn length(&self) -> u64 {
        self.state().disk.length()
    }

    /// What it holds now.
    pub(crate) fn disk(&self) -> Disk {
        self.state().disk.clone()
    }

    /// Records from now on.
    pub(crate) fn record(&self) {
        let mut state = self.state();
        state.recording = Some(Recording { initial: state.disk.clone(), events: Vec::new() });
    }

    /// Ends the recording.
    pub(crate) fn recorded(&self) -> Option<Recording> {
        self.state().recording.take()
    }

    pub(crate) fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        self.state().disk.read(offset, length)
    }

    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) {
        let mut state = self.state();
        state.disk.write(offset, bytes);
        if let Some(recording) = &mut state.recording {
            recording.events.push(Event::Write { offset, bytes: bytes.into() });
        }
    }

    /// Adds a flush or a mark to what is recorded.
    pub(crate) fn mark(&self, event: Event) {
        if let Some(recording) = &mut self.state().recording {
            recording.events.push(event);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
