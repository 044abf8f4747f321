//! From the socket to the head and body of a request, and from an answer back to the socket.

mod answer_body;
mod client;
mod connection;
mod head;
mod hosts;
mod idle_stream;
mod request_id;
mod service;
mod upload;

pub(crate) use answer_body::AnswerBody;
pub(crate) use client::{Client, TrustedProxies};
pub(crate) use connection::serve_connection;
pub(crate) use head::Head;
pub(crate) use hosts::PublicHosts;
pub(crate) use request_id::RequestId;
pub(crate) use upload::Upload;

/// What every handler answers with.
pub(crate) type Answer = hyper::Response<AnswerBody>;
