//! A load generator: rendered requests over kept-alive HTTP/1.1 connections, one thread, every answer checked.
//!
//! It measures nothing of the server; what it must not do is stand in its way. So requests are rendered before a window
//! begins, and one `epoll` loop drives all connections, each with one request on its way.

mod answer;
mod connection;
mod exchange;
mod fetch;
mod generator;

pub use exchange::{Body, Exchange, Expected};
pub use fetch::fetch;
pub use generator::{AWAKE, Load, Tally, drive};
