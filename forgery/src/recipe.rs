//! What goes into a good request, drawn at random, and the request that comes of it.

use std::net::IpAddr;
use std::time::Duration;

use presign::{BucketUrl, Caveats, Mechanism, Method, Payload, PresignRequest, Timestamp, UnsignedRequest};

use crate::good::{CLIENT, Identity, NOON, PROXY, PUBLIC_ENDPOINTS, Place, Setting};
use crate::random::Random;
use crate::raw::RawRequest;

/// Everything that goes into a signed request.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The store.
    pub place: Place,
    /// How it is signed.
    pub mechanism: Mechanism,
    /// What it does.
    pub method: Method,
    /// Whether the bucket stands in the host.
    pub is_virtual_hosted: bool,
    /// The endpoint it is sent to.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// The key; none for a listing of the bucket.
    pub key: Option<String>,
    /// Signed parameters besides those of the signature.
    pub query: Vec<(String, String)>,
    /// Signed headers.
    pub headers: Vec<(String, String)>,
    /// Headers that are sent and not signed.
    pub free: Vec<(String, String)>,
    /// The limits in the URL.
    pub caveats: Caveats,
    /// The life of a URL, in seconds.
    pub life: i64,
    /// When it was signed.
    pub signed_at: i64,
    /// When it is used.
    pub now: i64,
    /// Through which peer.
    pub peer: IpAddr,
    /// The body.
    pub body: Vec<u8>,
    /// Whether a header-signed request signs its body.
    pub signs_body: bool,
}

const HOSTILE: &str = "abcxyzABC019-_.~/ %+&=?#:;,@!$'()*[]\"<>\\^`{|}";

impl Recipe {
    pub(crate) fn draw(random: &mut Random, setting: &Setting) -> Self {
        let mechanisms = [Mechanism::QueryV4, Mechanism::QueryV4, Mechanism::QueryV2, Mechanism::HeaderV4];
        let mechanism = *random.pick(&mechanisms);
        let lists = mechanism == Mechanism::HeaderV4 && random.chance(15);
        let methods = [Method::Get, Method::Get, Method::Put, Method::Put, Method::Head, Method::Delete];
        let method = if lists { Method::Get } else { *random.pick(&methods) };
        let is_virtual_hosted = random.chance(40);
        let endpoint = match (setting.place, is_virtual_hosted) {
            (Place::Public, _) => (*random.pick(&PUBLIC_ENDPOINTS)).to_owned(),
            (_, true) => setting.virtual_endpoint.clone(),
            (_, false) => setting.endpoint.clone(),
        };
        let mut recipe = Recipe {
            place: setting.place,
            mechanism,
            method,
            is_virtual_hosted,
            endpoint,
            bucket: random.pick(&setting.buckets).clone(),
            key: (!lists).then(|| draw_key(random, &setting.keys)),
            query: Vec::new(),
            headers: Vec::new(),
            free: vec![("user-agent".to_owned(), "curl/8.14.1".to_owned())],
            caveats: Caveats::default(),
            life: *random.pick(&[60, 3600, 86_400, 604_800]),
            signed_at: NOON - random.below(50) as i64,
            now: NOON,
            peer: setting.client,
            body: Vec::new(),
            signs_body: random.chance(50),
        };
        match method {
            _ if lists => recipe.list(random),
            Method::Get | Method::Head => recipe.read(random),
            Method::Put => {
                recipe.write(random);
                // Where requests are run there is an object already.
                if setting.keys.is_empty() {
                    recipe.write_once(random);
                }
            }
            _ => {}
        }
        if mechanism == Mechanism::QueryV4 {
            recipe.limit(random, setting.network);
        }
        if setting.place == Place::Public {
            recipe.pass_a_proxy(random);
        }
        recipe
    }

    fn query(&mut self, name: &str, value: impl Into<String>) {
        self.query.push((name.to_owned(), value.into()));
    }

    fn list(&mut self, random: &mut Random) {
        if random.chance(50) {
            self.query("list-type", "2");
            self.query("start-after", random.text("ab/", 0..3));
        }
        self.query("prefix", random.text("pre/ é", 0..5));
        if random.chance(30) {
            self.query("delimiter", "/");
        }
    }

    fn read(&mut self, random: &mut Random) {
        if random.chance(40) {
            let name = random.text("abc é.()'", 1..12);
            self.query("response-content-disposition", format!("attachment; filename=\"{name}\""));
        }
        if random.chance(30) {
            self.query("response-content-type", *random.pick(&["text/plain", "a/b; c=d&e", "x/y+z"]));
        }
        if random.chance(15) {
            self.query("versionId", "null");
        }
        if self.mechanism == Mechanism::QueryV4 {
            if random.chance(15) {
                self.query("x-amz-checksum-mode", "ENABLED");
            }
            if random.chance(15) {
                self.query("x-id", "GetObject");
            }
        }
        if self.mechanism != Mechanism::QueryV2 && random.chance(15) {
            self.headers.push(("range".to_owned(), format!("bytes=0-{}", random.below(9))));
        }
        if random.chance(15) {
            self.free.push(("if-none-match".to_owned(), "\"no such tag\"".to_owned()));
        }
    }

    fn write(&mut self, random: &mut Random) {
        self.body = random.text("body of it ", 1..40).into_bytes();
        let is_v2 = self.mechanism == Mechanism::QueryV2;
        if random.chance(50) {
            self.headers.push(("content-type".to_owned(), "image/png".to_owned()));
        } else if !is_v2 && random.chance(50) {
            self.free.push(("content-type".to_owned(), "image/gif".to_owned()));
        }
        if random.chance(40) {
            let value = random.text("abc =,;:é", 1..10);
            let value = format!("v{}v", value.split_whitespace().collect::<Vec<_>>().join(" "));
            self.headers.push(("x-amz-meta-colour".to_owned(), value));
        }
        if random.chance(20) {
            self.headers.push(("x-amz-storage-class".to_owned(), "STANDARD_IA".to_owned()));
        }
        match self.mechanism {
            Mechanism::QueryV4 => {
                if random.chance(25) {
                    self.query("x-amz-meta-shape", random.text("round &=é", 1..9).trim().to_owned() + "o");
                }
                if random.chance(15) {
                    self.query("x-amz-sdk-checksum-algorithm", "CRC32");
                    self.query("x-amz-checksum-crc32", "AAAAAA==");
                }
                if random.chance(15) {
                    self.free.push(("x-amz-content-sha256".to_owned(), "UNSIGNED-PAYLOAD".to_owned()));
                }
                if random.chance(10) {
                    self.query("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
                }
            }
            Mechanism::HeaderV4 if random.chance(25) => {
                self.headers.push(("cache-control".to_owned(), "no-cache,  no-store".to_owned()));
            }
            _ => {}
        }
        let length = ("content-length".to_owned(), self.body.len().to_string());
        if !is_v2 && random.chance(20) {
            self.headers.push(length);
        } else {
            self.free.push(length);
        }
    }

    /// A condition that the signer has signed.
    fn write_once(&mut self, random: &mut Random) {
        match self.mechanism {
            Mechanism::QueryV2 => {}
            _ if random.chance(85) => {}
            Mechanism::QueryV4 if random.chance(50) => self.query("If-None-Match", "*"),
            _ => self.headers.push(("if-none-match".to_owned(), "*".to_owned())),
        }
    }

    fn limit(&mut self, random: &mut Random, network: &str) {
        if random.chance(15) {
            self.caveats.ips = vec![network.parse().unwrap()];
        }
        if random.chance(10) {
            self.caveats.not_before = Some(Timestamp::from_unix(NOON - 10));
        }
        match self.method {
            Method::Put => {
                if random.chance(20) {
                    self.caveats.max_size = Some(1000);
                    self.caveats.min_size = random.chance(50).then_some(1);
                }
                if self.headers.iter().any(|(name, _)| name == "content-type") && random.chance(25) {
                    self.caveats.content_type = Some("image/*".to_owned());
                }
            }
            Method::Get if random.chance(20) => self.caveats.methods = vec![Method::Get, Method::Head],
            _ => {}
        }
    }

    fn pass_a_proxy(&mut self, random: &mut Random) {
        if random.chance(40) {
            return;
        }
        self.peer = PROXY;
        self.free.push(("x-forwarded-for".to_owned(), CLIENT.to_string()));
    }

    /// Where the bucket is.
    pub fn bucket_url(&self) -> Option<BucketUrl> {
        match self.is_virtual_hosted {
            true => BucketUrl::virtual_hosted(&self.endpoint, &self.bucket).ok(),
            false => BucketUrl::path_style(&self.endpoint, &self.bucket).ok(),
        }
    }

    /// The request as that signer makes it; `None` where nobody could.
    pub fn sign(&self, identity: &Identity) -> Option<RawRequest> {
        let (signer, bucket) = (identity.signer()?, self.bucket_url()?);
        let signed_at = Timestamp::from_unix(self.signed_at);
        let mut fields = vec![("Host".to_owned(), bucket.host().to_owned())];
        let url = match self.mechanism {
            Mechanism::HeaderV4 => {
                let mut request = match &self.key {
                    Some(key) => UnsignedRequest::object(self.method, &bucket, key).ok()?,
                    None => UnsignedRequest::bucket(self.method, &bucket),
                };
                for (name, value) in &self.query {
                    request = request.query(name, value);
                }
                for (name, value) in &self.headers {
                    request = request.header(name.as_str(), value.as_str());
                }
                let payload = match self.signs_body {
                    true => Payload::of(&self.body),
                    false => Payload::Unsigned,
                };
                let signed = signer.authorize(&request.payload(payload), signed_at).ok()?;
                fields.extend(self.headers.iter().cloned());
                let own = signed.headers().iter();
                fields.extend(own.map(|(name, value)| ((*name).to_owned(), value.clone())));
                signed.url().to_owned()
            }
            _ => {
                let mut request = PresignRequest::object(self.method, self.key.as_deref()?)
                    .expires_in(Duration::from_secs(self.life.unsigned_abs()))
                    .caveats(self.caveats.clone());
                for (name, value) in &self.query {
                    request = request.query(name.as_str(), value.as_str());
                }
                for (name, value) in &self.headers {
                    request = request.header(name.as_str(), value.as_str());
                }
                let url = match self.mechanism {
                    Mechanism::QueryV2 => signer.presign_sigv2(&bucket, &request, signed_at).ok()?,
                    _ => signer.presign(&bucket, &request, signed_at).ok()?,
                };
                fields.extend(url.headers().iter().cloned());
                url.into_string()
            }
        };
        fields.extend(self.free.iter().cloned());
        Some(RawRequest {
            method: self.method.as_str().into(),
            target: url.strip_prefix(bucket.origin())?.into(),
            fields: fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            now: self.now,
            peer: self.peer,
        })
    }
}

fn draw_key(random: &mut Random, keys: &[String]) -> String {
    if !keys.is_empty() {
        return random.pick(keys).clone();
    }
    match random.below(5) {
        0 => "reports/2026/q4.pdf".to_owned(),
        1 => random.text(HOSTILE, 1..24),
        2 => random.text("a./%2Fe", 1..16),
        3 => random.text("é日🎉ß/ ~", 1..10),
        _ => format!("{}/../{}//x", random.text("ab", 1..3), random.text("cd", 1..3)),
    }
}
