//! The search for the request that was signed.

use crate::explain::attempt::{Attempt, name_of};
use crate::explain::cause::Cause;
use crate::explain::trial::Trial;
use crate::explain::variations::{self, Variation};
use crate::signing_key::parse_hex;
use crate::verify::Mechanism;

/// What was found: the causes, the outermost first, and the request as it was signed.
pub(super) struct Found {
    pub(super) causes: Vec<Cause>,
    /// `None` when the causes were not proven.
    pub(super) signed: Option<Attempt>,
}

/// A way to alter a request: makes the attempts of one family.
type Family<'f> = Box<dyn Fn(&Trial<'_>) -> Vec<Variation> + 'f>;

/// Finds out why the signature of a request is wrong. `known_hosts` are endpoints that links may name.
pub(super) fn search(arrived: &Attempt, trial: &mut Trial<'_>, known_hosts: &[&str]) -> Found {
    if let Some(cause) = malformed(trial) {
        return Found { causes: vec![cause], signed: None };
    }
    for family in single_changes(arrived, trial, known_hosts) {
        let family = trial.make(family);
        if let Some((cause, attempt)) = first_signed(family, trial) {
            return Found { causes: vec![cause], signed: Some(attempt) };
        }
    }
    if let Some(found) = double_changes(arrived, trial, known_hosts) {
        return found;
    }
    if trial.mechanism != Mechanism::QueryV2 {
        let hosts = trial.make(|trial| variations::hosts(arrived, &trial.region));
        if let Some((cause, attempt)) = first_signed(hosts, trial) {
            return Found { causes: vec![cause], signed: Some(attempt) };
        }
    }
    Found { causes: vec![unproven(arrived, trial)], signed: None }
}

fn first_signed(family: Vec<Variation>, trial: &mut Trial<'_>) -> Option<Variation> {
    family.into_iter().find(|(_, attempt)| trial.is_signed(attempt))
}

/// One thing changed, the likeliest first. Each family is made when its turn comes.
fn single_changes<'f>(
    arrived: &'f Attempt,
    trial: &Trial<'_>,
    known_hosts: &'f [&'f str],
) -> Vec<Family<'f>> {
    let mechanism = trial.mechanism;
    let is_v4 = mechanism != Mechanism::QueryV2;
    let mut families: Vec<Family<'f>> = vec![Box::new(|_| variations::methods(arrived))];
    if is_v4 {
        families.push(Box::new(|_| variations::likely_hosts(arrived, known_hosts)));
    }
    families.push(Box::new(move |_| variations::unsigned_headers(arrived, mechanism)));
    for name in variations::listed_headers(mechanism, &trial.signed_headers) {
        families.push(Box::new(move |_| variations::other_values(arrived, &name)));
    }
    families.push(Box::new(|trial| variations::session_tokens(arrived, trial.credentials, trial.mechanism)));
    families.push(Box::new(|trial| variations::secrets(arrived, trial.credentials)));
    families.push(Box::new(|_| variations::added_parameters(arrived)));
    families.push(Box::new(|_| variations::encoded_paths(arrived)));
    families.push(Box::new(|_| variations::encoded_parameters(arrived)));
    families.push(Box::new(|_| variations::changed_lives(arrived)));
    if is_v4 {
        families.push(Box::new(|_| variations::spelt_path(arrived)));
        families.push(Box::new(|_| variations::spelt_query(arrived)));
        families.push(Box::new(|_| variations::payload_lines(arrived)));
        families.push(Box::new(|trial| variations::addressing(arrived, known_hosts, &trial.region)));
    }
    families.push(Box::new(|_| variations::prefixes(arrived)));
    families.push(Box::new(|_| variations::segments(arrived)));
    families.push(Box::new(|_| variations::dropped_parameters(arrived)));
    families
}

/// Two things changed of those that go together: a proxy that alters the Host and more, and a wrong method on top of
/// anything else.
fn double_changes(arrived: &Attempt, trial: &mut Trial<'_>, known_hosts: &[&str]) -> Option<Found> {
    let outer = trial.make(|trial| {
        let mut outer = variations::methods(arrived);
        outer.truncate(3);
        if trial.mechanism != Mechanism::QueryV2 {
            outer.splice(0..0, variations::likely_hosts(arrived, known_hosts).into_iter().take(4));
        }
        outer
    });
    for (cause, changed) in outer {
        let is_host = matches!(cause, Cause::HostChanged { .. });
        let changed = &changed;
        let mut families: Vec<Family<'_>> = vec![
            Box::new(|_| variations::added_parameters(changed).into_iter().take(4).collect()),
            Box::new(|_| variations::encoded_paths(changed)),
            Box::new(|_| variations::prefixes(changed)),
        ];
        if is_host {
            families.push(Box::new(|_| variations::methods(changed).into_iter().take(3).collect()));
        }
        for family in families {
            let family = trial.make(family);
            if let Some((also, attempt)) = first_signed(family, trial) {
                return Some(Found { causes: vec![cause, also], signed: Some(attempt) });
            }
        }
    }
    None
}

/// A signature that cannot be one, which nothing would prove.
fn malformed(trial: &Trial<'_>) -> Option<Cause> {
    let is_signature = match trial.mechanism {
        Mechanism::QueryV2 => trial.signature.len() == 28,
        _ => parse_hex(&trial.signature).is_some(),
    };
    (!is_signature).then(|| Cause::MalformedSignature { length: trial.signature.chars().count() })
}

/// What is left when no change explains the signature.
fn unproven(arrived: &Attempt, trial: &Trial<'_>) -> Cause {
    if let Some(name) = trial.signed_headers.iter().find(|name| arrived.header(name).is_none()) {
        return Cause::HeaderMissing { name: name.clone().into(), signed: None };
    }
    let has_token = trial.signed_headers.iter().any(|name| name == "x-amz-security-token")
        || arrived.pairs.iter().any(|pair| name_of(pair).eq_ignore_ascii_case("x-amz-security-token"));
    if trial.credentials.access_key_id().starts_with("ASIA") && !has_token {
        return Cause::SessionTokenMissing;
    }
    match trial.given_up_after() {
        Some(attempts) => Cause::SearchGivenUp { attempts },
        None => {
            Cause::WrongSecret { or_headers: trial.signed_headers.iter().cloned().map(Into::into).collect() }
        }
    }
}
