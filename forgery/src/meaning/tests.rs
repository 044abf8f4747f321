//! The judge is judged: it tells the same from another without any store.

use presign::Mechanism;

use super::*;
use crate::good::{LIBRARY_HOST, Place, Setting};
use crate::random::Random;

fn good(mechanism: Mechanism) -> Good {
    let endpoint = format!("https://{LIBRARY_HOST}");
    let setting = Setting {
        place: Place::Library,
        virtual_endpoint: endpoint.clone(),
        endpoint,
        buckets: vec!["bucket".to_owned()],
        keys: vec!["a b/c".to_owned()],
        client: crate::good::CLIENT,
        network: crate::good::CLIENTS,
    };
    let mut random = Random::new(1);
    let wanted = |good: &Good| {
        let recipe = &good.recipe;
        recipe.mechanism == mechanism
            && recipe.key.is_some()
            && !recipe.is_virtual_hosted
            && recipe.caveats.is_empty()
    };
    std::iter::repeat_with(|| Good::draw(&mut random, &setting)).find(wanted).unwrap()
}

fn altered(good: &Good, alter: impl FnOnce(&mut RawRequest)) -> Verdict {
    let mut request = good.request.clone();
    alter(&mut request);
    verdict(good, &request)
}

fn target(good: &Good, alter: impl FnOnce(String) -> String) -> Verdict {
    altered(good, |request| {
        request.target = alter(String::from_utf8(request.target.clone()).unwrap()).into_bytes();
    })
}

fn without_host(request: &mut RawRequest) {
    request.fields.retain(|(name, _)| !name.eq_ignore_ascii_case(b"host"));
}

const ALL: [Mechanism; 3] = [Mechanism::QueryV4, Mechanism::HeaderV4, Mechanism::QueryV2];

#[test]
fn other_words_are_the_same() {
    for good in ALL.map(good) {
        assert_eq!(altered(&good, |_| {}), Verdict::Same);
        assert_eq!(altered(&good, |request| request.fields.reverse()), Verdict::Same);
        assert_eq!(altered(&good, |request| request.push("Accept", "*/*")), Verdict::Same);
        assert_eq!(target(&good, |target| target.replacen("bucket", "%62ucket", 1)), Verdict::Same);
        assert_eq!(target(&good, |target| format!("http://{LIBRARY_HOST}{target}")), Verdict::Either);
        assert_eq!(target(&good, |target| format!("{target}#top")), Verdict::Either);
    }
}

#[test]
fn other_meanings_are_not() {
    let is_other = |verdict| matches!(verdict, Verdict::Different(_));
    for good in ALL.map(good) {
        assert!(is_other(altered(&good, |request| request.method = b"POST".into())));
        assert!(is_other(altered(&good, |request| request.push("x-amz-copy-source", "/bucket/secret"))));
        assert!(is_other(altered(&good, |request| request.push("host", "elsewhere"))));
        assert!(is_other(altered(&good, without_host)));
        assert!(is_other(altered(&good, |request| request.now += 700_000)));
        assert!(is_other(target(&good, |target| target.replacen("/c", "/d", 1))));
        assert!(is_other(target(&good, |target| target.replacen("/c", "//c", 1))));
        assert!(is_other(target(&good, |target| target.replacen("a%20b", "a+b", 1))));
        assert!(is_other(target(&good, |target| format!("http://elsewhere{target}"))));
        let separator = if good.recipe.mechanism == Mechanism::HeaderV4 { '?' } else { '&' };
        assert!(is_other(target(&good, |target| format!("{target}{separator}versionId=1"))));
        if good.recipe.mechanism != Mechanism::HeaderV4 {
            assert!(is_other(target(&good, |target| target.replace("Signature=", "Signature=a"))));
            assert!(is_other(target(&good, |target| target.replace("Expires=", "Expires=1"))));
        }
    }
}

#[test]
fn no_proxy_stands_in_for_a_host() {
    for mut good in ALL.map(good) {
        good.recipe.place = Place::Public;
        let verdict = altered(&good, |request| {
            without_host(request);
            request.push("X-Forwarded-Host", LIBRARY_HOST);
        });
        assert_eq!(verdict, Verdict::Different("no host"));
    }
}

#[test]
fn sigv2_signs_neither_host_nor_strange_parameters() {
    let good = good(Mechanism::QueryV2);
    assert_eq!(target(&good, |target| format!("{target}&x-id=1")), Verdict::Either);
    let in_host = altered(&good, |request| {
        let target = String::from_utf8(request.target.clone()).unwrap();
        request.target = target.replacen("/bucket", "", 1).into_bytes();
        request.fields.retain(|(name, _)| name != b"Host");
        request.push("Host", format!("bucket.{LIBRARY_HOST}"));
    });
    assert_eq!(in_host, Verdict::Either);
}

/// For a network that the client is in.
fn limited() -> Good {
    let mut good = good(Mechanism::QueryV4);
    good.recipe.place = Place::Public;
    good.recipe.caveats.ips = vec![crate::good::CLIENTS.parse().unwrap()];
    good
}

/// A trusted proxy whose `Forwarded` names the client is as good as one whose `X-Forwarded-For` does: a run of a million found
/// a URL honoured that this judge wanted refused.
#[test]
fn a_trusted_proxy_may_name_the_client_in_either_header() {
    let (good, host) = (limited(), format!("https://{LIBRARY_HOST}"));
    assert!(host.ends_with(&good.signed_host()));
    let through = |fields: &[(&str, &str)]| {
        altered(&good, |request| {
            request.peer = crate::good::PROXY;
            fields.iter().for_each(|(name, value)| request.push(*name, *value));
        })
    };
    for fields in [
        &[("Forwarded", "for=192.0.2.7")][..],
        &[("X-Forwarded-For", "192.0.2.7")],
        &[("Forwarded", "for=192.0.2.7;host=x"), ("x-forwarded-for", "192.0.2.7")],
        &[("Forwarded", "for=198.51.100.1, for=192.0.2.7"), ("Forwarded", "for=10.0.0.9")],
    ] {
        assert_eq!(through(fields), Verdict::Either, "{fields:?}");
    }
    for fields in [
        &[][..],
        &[("Forwarded", "for=198.51.100.1")],
        &[("Forwarded", "for=192.0.2.7, for=198.51.100.1")],
        &[("Forwarded", "host=\"x;for=192.0.2.7\";for=198.51.100.1")],
        &[("Forwarded", "host=x;for=192.0.2.7;for=198.51.100.1")],
        &[("Forwarded", "for=192.0.2.7"), ("X-Forwarded-For", "198.51.100.1")],
        &[("Forwarded", "for=10.0.0.9")],
        &[("Forwarded", "for=192.0.2.7"), ("X-Forwarded-For", "")],
        &[("X-Forwarded-For", "192.0.2.7,")],
    ] {
        assert_eq!(through(fields), Verdict::Different("from another address"), "{fields:?}");
    }
}

#[test]
fn a_condition_on_a_write_is_the_signers() {
    for mechanism in [Mechanism::QueryV4, Mechanism::QueryV2] {
        let mut good = good(mechanism);
        let add = |good: &Good| altered(good, |request| request.push("If-Match", "\"a\""));
        (good.recipe.method, good.request.method) = (presign::Method::Put, b"PUT".to_vec());
        assert_eq!(add(&good), Verdict::Different("a condition on a write that nobody signed"));
        (good.recipe.method, good.request.method) = (presign::Method::Get, b"GET".to_vec());
        assert_eq!(add(&good), Verdict::Either);
    }
}
