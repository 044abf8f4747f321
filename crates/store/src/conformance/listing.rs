//! The rules of listing, against a model that is too simple to be wrong.

use std::sync::Arc;

use super::metadata::{new_bucket, put};
use crate::{Continuation, ListPage, ListRequest, Metadata};

/// Keys that share prefixes in every way that matters, with delimiters at the beginning, at the end, and doubled.
const KEYS: [&str; 29] = [
    "/",
    "//",
    "/a",
    "a",
    "a/",
    "a//",
    "a//b",
    "a/1",
    "a/2",
    "a/b/1",
    "a/b/2",
    "a/c",
    "a0",
    "ab",
    "ab/1",
    "b/1",
    "b/2",
    "b0",
    "c-d-1",
    "c-d-2",
    "c-e",
    "d",
    "d/é/1",
    "d/é/2",
    "d/ê",
    "d€x€y",
    "é",
    "é/1",
    "\u{10ffff}/\u{10ffff}",
];

/// What a listing gives, entry by entry.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    Key(String),
    Prefix(String),
}

fn model(prefix: &str, delimiter: Option<&str>, after: &str) -> Vec<Entry> {
    let mut keys = KEYS.to_vec();
    keys.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    let mut entries = Vec::new();
    for key in keys.into_iter().filter(|key| key.as_bytes() > after.as_bytes()) {
        let Some(rest) = key.strip_prefix(prefix) else { continue };
        let entry = match delimiter.and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len())) {
            Some(end) => Entry::Prefix(key[..prefix.len() + end].to_owned()),
            None => Entry::Key(key.to_owned()),
        };
        if entries.last() != Some(&entry) {
            entries.push(entry);
        }
    }
    entries
}

fn entries(page: &ListPage) -> Vec<Entry> {
    let keys = page.objects.iter().map(|object| Entry::Key(object.key.clone()));
    let mut all: Vec<_> = keys.chain(page.common_prefixes.iter().cloned().map(Entry::Prefix)).collect();
    all.sort_by(|a, b| {
        let (Entry::Key(a) | Entry::Prefix(a), Entry::Key(b) | Entry::Prefix(b)) = (a, b);
        a.as_bytes().cmp(b.as_bytes())
    });
    all
}

async fn fill(engine: &dyn Metadata) {
    // A neighbour on either side, to see that nothing comes over the border.
    for bucket in ["a", "b", "c"] {
        engine.create_bucket(new_bucket(bucket)).await.unwrap();
    }
    for key in KEYS {
        put(engine, key).await;
    }
}

/// Every prefix, delimiter and size of page.
pub async fn pages_are_what_a_simple_model_says(engine: Arc<dyn Metadata>) {
    fill(&*engine).await;
    let prefixes =
        ["", "/", "a", "a/", "a//", "a/b", "a/b/", "b", "c-", "d/é/", "d€", "é", "x", "\u{10ffff}"];
    for prefix in prefixes {
        for delimiter in [None, Some(""), Some("/"), Some("//"), Some("-"), Some("€"), Some("b/")] {
            let expected = model(prefix, delimiter.filter(|delimiter| !delimiter.is_empty()), "");
            for max_keys in [1, 2, 3, 1000] {
                let case = format!("prefix {prefix:?}, delimiter {delimiter:?}, pages of {max_keys}");
                let mut got = Vec::new();
                let mut request = ListRequest {
                    prefix: prefix.into(),
                    delimiter: delimiter.map(Into::into),
                    max_keys,
                    ..ListRequest::default()
                };
                loop {
                    let page = engine.list("b", &request).await.unwrap();
                    let count = page.objects.len() + page.common_prefixes.len();
                    assert!(count == max_keys || (count < max_keys && page.next.is_none()), "{case}");
                    got.extend(entries(&page));
                    // Pages are in order among themselves, and so is each kind within its page.
                    assert!(page.objects.is_sorted_by(|a, b| a.key < b.key), "{case}");
                    assert!(page.common_prefixes.is_sorted(), "{case}");
                    let Some(next) = page.next else { break };
                    // As a token would carry it.
                    request.continuation = Continuation::decode(&next.encode());
                }
                assert_eq!(got, expected, "{case}");
            }
        }
    }
}

/// From any place, whether a key is there or not.
pub async fn start_after_and_continuation(engine: Arc<dyn Metadata>) {
    fill(&*engine).await;
    for after in
        ["", "/", "a", "a/", "a/1", "a/b", "a/b/2", "a/zzz", "b/2", "d/é/1", "zzz", "\u{10ffff}/\u{10ffff}"]
    {
        for (prefix, delimiter) in
            [("", None), ("", Some("/")), ("a/", Some("/")), ("b", None), ("d", Some("/"))]
        {
            let request = ListRequest {
                prefix: prefix.into(),
                delimiter: delimiter.map(Into::into),
                start_after: Some(after.into()),
                max_keys: 1000,
                ..ListRequest::default()
            };
            let expected = model(prefix, delimiter, after);
            assert_eq!(entries(&engine.list("b", &request).await.unwrap()), expected, "{request:?}");
            // A continuation takes the place of start_after.
            let later = Some(Continuation::AfterKey("d".into()));
            let both = ListRequest { continuation: later, ..request };
            assert_eq!(
                entries(&engine.list("b", &both).await.unwrap()),
                model(prefix, delimiter, "d"),
                "{both:?}"
            );
        }
    }
    let request = ListRequest {
        delimiter: Some("/".into()),
        continuation: Some(Continuation::AfterPrefix("a/".into())),
        max_keys: 2,
        ..ListRequest::default()
    };
    let page = engine.list("b", &request).await.unwrap();
    assert_eq!(entries(&page), [Entry::Key("a0".into()), Entry::Key("ab".into())]);
}

/// Of an empty bucket, of a prefix that no key has, and of no keys at all.
pub async fn an_empty_page(engine: Arc<dyn Metadata>) {
    fill(&*engine).await;
    let request =
        |prefix: &str, max_keys| ListRequest { prefix: prefix.into(), max_keys, ..ListRequest::default() };
    assert_eq!(engine.list("a", &request("", 10)).await, Ok(ListPage::default()));
    assert_eq!(engine.list("b", &request("nothing", 10)).await, Ok(ListPage::default()));
    assert_eq!(engine.list("b", &request("", 0)).await, Ok(ListPage::default()));
    assert_eq!(engine.list("b", &request("", 10)).await.unwrap().objects.len(), 10);
}
