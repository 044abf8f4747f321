//! Objects kept durably: the metadata and blob ports, their engines, and the write order that joins them.
