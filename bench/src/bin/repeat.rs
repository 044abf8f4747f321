//! One thing again and again, for a profiler that counts: `repeat sign 1000`, `repeat verify 1000`, `repeat get 1000`.
//! `cargo xtask instructions` runs it.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use presign::{PresignRequest, Request, Signer, Unverified, VerificationKey, VerifyPolicy};
use presign_bench::hostile::Kind;
use presign_bench::repeat::{ask_for, serve};
use presign_bench::{KEY, LIFE_SECONDS, REGION, bucket, credentials, now};

/// Do one thing again and again.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Presign one URL.
    Sign {
        /// How often.
        times: u32,
    },
    /// Verify one presigned request.
    Verify {
        /// How often.
        times: u32,
    },
    /// Serve presigned GETs of 1 KiB, which another process asks for.
    Get {
        /// How often.
        times: u32,
    },
    /// Serve requests that anybody can send, each as dear as a head can make it.
    Hostile {
        /// Which.
        kind: Kind,
        /// How often.
        times: u32,
    },
    /// That other process.
    #[command(hide = true)]
    Ask {
        /// The server.
        address: SocketAddr,
        /// Its process.
        server: u32,
        /// How often.
        times: u32,
        /// What else than the GETs.
        hostile: Option<Kind>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().what {
        What::Sign { times } => sign(times),
        What::Verify { times } => verify(times),
        What::Get { times } => serve(None, times),
        What::Hostile { kind, times } => serve(Some(kind), times),
        What::Ask { address, server, times, hostile } => ask_for(address, server, times, hostile),
    }
}

fn request() -> PresignRequest<'static> {
    PresignRequest::get(black_box(KEY)).expires_in(Duration::from_secs(LIFE_SECONDS))
}

fn sign(times: u32) -> anyhow::Result<()> {
    let signer = Signer::new(credentials(), REGION)?;
    let bucket = bucket().context("the bucket's URL")?;
    for _ in 0..times {
        drop(black_box(signer.presign(&bucket, &request(), black_box(now()))?));
    }
    Ok(())
}

fn verify(times: u32) -> anyhow::Result<()> {
    let bucket = bucket().context("the bucket's URL")?;
    let url = Signer::new(credentials(), REGION)?.presign(&bucket, &request(), now())?;
    let target = url.as_str().strip_prefix(bucket.origin()).context("the URL's target")?;
    let headers = [("host", bucket.host()), ("user-agent", "curl/8.14.1"), ("accept", "*/*")];
    let key = VerificationKey::new(credentials());
    let policy = VerifyPolicy::new(REGION);
    for _ in 0..times {
        let unverified = Unverified::parse(Request::new("GET", black_box(target), &headers));
        let verified = unverified.and_then(|unverified| unverified.verify(Some(&key), now(), &policy));
        black_box(verified.ok().context("the request was refused")?.expires_at());
    }
    Ok(())
}
