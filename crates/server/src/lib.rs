//! The S3 front: everything that listens, from socket to store.
