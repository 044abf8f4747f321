//! From the socket to the head and body of a request, and from an answer back to the socket.

mod answer_body;
mod client;
mod connection;
mod date;
mod forwarded;
mod head;
mod host_field;
mod hosts;
mod orders;
mod patience;
mod request_id;
mod service;
mod small_steps;
mod unreadable;
mod upload;
mod waiting_errors;
mod watchdog;
mod watched_stream;

pub(crate) use answer_body::AnswerBody;
pub(crate) use client::{Client, TrustedProxies};
pub(crate) use connection::serve_connection;
pub(crate) use head::Head;
pub(crate) use hosts::PublicHosts;
pub(crate) use request_id::RequestId;
pub(crate) use small_steps::show_readers_in_small_steps;
pub(crate) use upload::Upload;
pub(crate) use waiting_errors::WaitingErrors;
pub(crate) use watchdog::Watchdog;

/// What every handler answers with.
pub(crate) type Answer = hyper::Response<AnswerBody>;
