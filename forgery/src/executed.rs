//! What the store would run, in small pieces that can be compared one by one.

use presign::{Mechanism, Method};
use presign_s3::operation::ObjectRead;
use presign_s3::{BucketName, ObjectKey, Operation};
use presign_server::Examination;

use crate::recipe::Recipe;

/// One thing that is said of what is run: the header or parameter that says it, and what it says.
type Fact = (&'static str, String);

/// Everything that would be run.
pub(crate) fn facts(examination: &Examination) -> Vec<Fact> {
    let operation = &examination.operation;
    let mut facts = vec![
        ("bucket", format!("{:?}", operation.bucket().map(BucketName::as_str))),
        ("key", format!("{:?}", operation.key().map(ObjectKey::as_str))),
        ("body", format!("{:?}", examination.body_sha256)),
        ("size", format!("{:?} to {:?}", examination.min_body_bytes, examination.max_body_bytes)),
    ];
    match operation {
        Operation::GetObject(input) => facts.extend(reading("GetObject", &input.read)),
        Operation::HeadObject(input) => facts.extend(reading("HeadObject", &input.read)),
        Operation::PutObject(input) => {
            let headers = &input.headers;
            let squashed = |(name, value): &(String, String)| {
                let words: Vec<&str> = value.split_whitespace().collect();
                format!("{name}={};", words.join(" "))
            };
            let metadata: String = input.user_metadata.entries().iter().map(squashed).collect();
            facts.extend([
                ("operation", "PutObject".to_owned()),
                ("content-length", format!("{:?}", input.content_length)),
                ("content-md5", format!("{:?}", input.content_md5)),
                ("x-amz-checksum", format!("{:?} {:?}", input.checksum, input.trailing_checksum)),
                ("content-type", format!("{:?}", headers.content_type)),
                ("cache-control", squash(headers.cache_control.as_deref())),
                ("content-disposition", squash(headers.content_disposition.as_deref())),
                ("content-encoding", squash(headers.content_encoding.as_deref())),
                ("content-language", squash(headers.content_language.as_deref())),
                ("expires", squash(headers.expires.as_deref())),
                ("x-amz-meta", metadata),
                ("x-amz-storage-class", format!("{:?}", input.storage_class)),
                ("if-none-match", format!("{:?}", input.condition)),
            ]);
        }
        Operation::DeleteObject(input) => {
            facts.push(("operation", "DeleteObject".to_owned()));
            facts.push(("if-match", format!("{:?}", input.condition)));
        }
        other => facts.push(("operation", format!("{other:?}"))),
    }
    facts
}

fn reading(name: &str, read: &ObjectRead) -> Vec<Fact> {
    let conditions = &read.conditions;
    let mut overrides: Vec<_> = read.response_headers.iter().collect();
    overrides.sort();
    vec![
        ("operation", name.to_owned()),
        ("range", format!("{:?}", read.range)),
        ("if-range", format!("{:?}", read.if_range)),
        ("if-match", format!("{:?}", conditions.if_match)),
        ("if-none-match", format!("{:?}", conditions.if_none_match)),
        ("if-modified-since", format!("{:?}", conditions.if_modified_since)),
        ("if-unmodified-since", format!("{:?}", conditions.if_unmodified_since)),
        ("response", format!("{overrides:?}")),
        ("x-amz-checksum-mode", read.with_checksums.to_string()),
    ]
}

/// SigV4 signs a run of spaces as one space.
fn squash(value: Option<&str>) -> String {
    let words: Vec<&str> = value.unwrap_or("none").split_whitespace().collect();
    words.join(" ")
}

/// Headers that S3 leaves to whoever holds a URL, unless its signer has signed them.
pub(crate) const FREE: [&str; 14] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
];

/// Whether the holder of that request may say this header.
pub(crate) fn is_free(recipe: &Recipe, name: &str) -> bool {
    let is_signed = |name: &str| {
        recipe.headers.iter().chain(&recipe.query).any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let by_sigv2 = recipe.mechanism == Mechanism::QueryV2 && matches!(name, "content-type" | "content-md5");
    let is_condition_on_a_write = name.starts_with("if-")
        && recipe.mechanism != Mechanism::HeaderV4
        && !matches!(recipe.method, Method::Get | Method::Head);
    FREE.contains(&name) && !is_signed(name) && !by_sigv2 && !is_condition_on_a_write
}

/// The first thing that differs between what was meant and what would be run, where the holder has no say in it. The
/// method may be another where a limit in the URL allows several.
pub(crate) fn difference(
    recipe: &Recipe,
    method: &[u8],
    meant: &Examination,
    found: &Examination,
) -> Option<String> {
    let (meant, found) = (facts(meant), facts(found));
    let is_other_method = method != recipe.method.as_str().as_bytes();
    for (meant, found) in meant.iter().zip(&found) {
        if meant == found || is_free(recipe, meant.0) {
            continue;
        }
        let expected = (is_other_method && meant.0 == "operation").then_some(match method {
            b"GET" => "GetObject",
            b"HEAD" => "HeadObject",
            _ => "an operation that no limit allows",
        });
        if expected.is_some_and(|expected| found.1 == expected) {
            continue;
        }
        return Some(format!("{}: {} instead of {}", meant.0, found.1, meant.1));
    }
    (meant.len() != found.len()).then(|| "another kind of operation".to_owned())
}

/// What is wrong with what a good request would be run as, going by its recipe.
pub(crate) fn is_as_intended(recipe: &Recipe, found: &Examination) -> Result<(), String> {
    let operation = &found.operation;
    let expect = |what: &str, is_so: bool| if is_so { Ok(()) } else { Err(format!("{what}: {operation:?}")) };
    expect("bucket", operation.bucket().map(BucketName::as_str) == Some(recipe.bucket.as_str()))?;
    expect("key", operation.key().map(ObjectKey::as_str) == recipe.key.as_deref())?;
    let asked = |name: &str| {
        let mut all = recipe.query.iter().chain(&recipe.headers).chain(&recipe.free);
        all.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    let latin_1 = |text: &str| text.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<u8>>();
    match operation {
        Operation::GetObject(input) => {
            let sent = input.read.response_headers.get("content-disposition").map(<[u8]>::to_vec);
            expect("disposition", sent == asked("response-content-disposition").map(latin_1))?;
            expect("range", input.read.range.is_some() == asked("range").is_some())?;
            expect("method", recipe.method == presign::Method::Get)
        }
        Operation::HeadObject(_) => expect("method", recipe.method == presign::Method::Head),
        Operation::DeleteObject(_) => expect("method", recipe.method == presign::Method::Delete),
        Operation::PutObject(input) => {
            expect("type", input.headers.content_type.as_deref() == asked("content-type"))?;
            for (name, header) in [("colour", "x-amz-meta-colour"), ("shape", "x-amz-meta-shape")] {
                let kept = input.user_metadata.entries().iter().find(|(known, _)| known == name);
                expect(header, kept.map(|(_, value)| value.as_str()) == asked(header))?;
            }
            expect("class", input.storage_class.as_deref() == asked("x-amz-storage-class"))?;
            expect("size", found.max_body_bytes == recipe.caveats.max_size)?;
            let signs_body = recipe.mechanism == Mechanism::HeaderV4 && recipe.signs_body;
            expect("body", found.body_sha256.is_some() == signs_body)?;
            expect("method", recipe.method == presign::Method::Put)
        }
        Operation::ListObjects(_) | Operation::ListObjectsV2(_) => expect("list", recipe.key.is_none()),
        _ => expect("operation", false),
    }
}
