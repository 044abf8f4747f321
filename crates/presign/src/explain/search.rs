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

/// Finds out why the signature of a request is wrong. `known_hosts` are endpoints that links may name.
pub(super) fn search(arrived: &Attempt, trial: &mut Trial<'_>, known_hosts: &[&str]) -> Found {
    for family in single_changes(arrived, trial, known_hosts) {
        if let Some((cause, attempt)) = first_signed(family, trial) {
            return Found { causes: vec![cause], signed: Some(attempt) };
        }
    }
    if let Some(found) = double_changes(arrived, trial, known_hosts) {
        return found;
    }
    if trial.mechanism != Mechanism::QueryV2
        && let Some((cause, attempt)) = first_signed(variations::hosts(arrived, &trial.region), trial)
    {
        return Found { causes: vec![cause], signed: Some(attempt) };
    }
    Found { causes: vec![unproven(arrived, trial)], signed: None }
}

fn first_signed(family: Vec<Variation>, trial: &mut Trial<'_>) -> Option<Variation> {
    family.into_iter().find(|(_, attempt)| trial.is_signed(attempt))
}

/// One thing changed, the likeliest first.
fn single_changes(arrived: &Attempt, trial: &Trial<'_>, known_hosts: &[&str]) -> Vec<Vec<Variation>> {
    let mechanism = trial.mechanism;
    let is_v4 = mechanism != Mechanism::QueryV2;
    let mut families = vec![variations::methods(arrived)];
    if is_v4 {
        families.push(variations::likely_hosts(arrived, known_hosts));
    }
    families.extend([
        variations::headers(arrived, mechanism, &trial.signed_headers),
        variations::session_tokens(arrived, trial.credentials, mechanism),
        variations::secrets(arrived, trial.credentials),
        variations::added_parameters(arrived),
        variations::encoded_paths(arrived),
        variations::encoded_parameters(arrived),
        variations::changed_lives(arrived),
    ]);
    if is_v4 {
        families.extend([
            variations::spelt_path(arrived),
            variations::spelt_query(arrived),
            variations::payload_lines(arrived),
            variations::addressing(arrived, known_hosts, &trial.region),
        ]);
    }
    families.extend([
        variations::prefixes(arrived),
        variations::segments(arrived),
        variations::dropped_parameters(arrived),
    ]);
    families
}

/// Two things changed of those that go together: a proxy that alters the Host and more, and a wrong method on top of
/// anything else.
fn double_changes(arrived: &Attempt, trial: &mut Trial<'_>, known_hosts: &[&str]) -> Option<Found> {
    let mut outer = variations::methods(arrived);
    outer.truncate(3);
    if trial.mechanism != Mechanism::QueryV2 {
        outer.splice(0..0, variations::likely_hosts(arrived, known_hosts).into_iter().take(4));
    }
    for (cause, changed) in outer {
        let is_host = matches!(cause, Cause::HostChanged { .. });
        let mut families = vec![
            variations::added_parameters(&changed).into_iter().take(4).collect(),
            variations::encoded_paths(&changed),
            variations::prefixes(&changed),
        ];
        if is_host {
            families.push(variations::methods(&changed).into_iter().take(3).collect());
        }
        for family in families {
            if let Some((also, attempt)) = first_signed(family, trial) {
                return Some(Found { causes: vec![cause, also], signed: Some(attempt) });
            }
        }
    }
    None
}

/// What is left when no change explains the signature.
fn unproven(arrived: &Attempt, trial: &Trial<'_>) -> Cause {
    let is_signature = match trial.mechanism {
        Mechanism::QueryV2 => trial.signature.len() == 28,
        _ => parse_hex(&trial.signature).is_some(),
    };
    if !is_signature {
        return Cause::MalformedSignature { length: trial.signature.chars().count() };
    }
    if let Some(name) = trial.signed_headers.iter().find(|name| arrived.header(name).is_none()) {
        return Cause::HeaderMissing { name: name.clone().into(), signed: None };
    }
    let has_token = trial.signed_headers.iter().any(|name| name == "x-amz-security-token")
        || arrived.pairs.iter().any(|pair| name_of(pair).eq_ignore_ascii_case("x-amz-security-token"));
    if trial.credentials.access_key_id().starts_with("ASIA") && !has_token {
        return Cause::SessionTokenMissing;
    }
    Cause::WrongSecret { or_headers: trial.signed_headers.iter().cloned().map(Into::into).collect() }
}
