//! What can be done to a request. One file for each part of it; the table below names them all.

mod fields;
mod hosts;
mod line;
mod path;
mod query;
mod signature;

use crate::good::Good;
use crate::random::Random;
use crate::raw::RawRequest;

/// What an alteration may make use of.
pub struct Material<'g> {
    /// The request that is altered.
    pub good: &'g Good,
    /// Another good request of the same key and mechanism, for parts of it.
    pub donor: &'g Good,
}

/// Alters a request; `None` where there is nothing to alter in this way.
type Alter = fn(&mut RawRequest, &Material<'_>, &mut Random) -> Option<()>;

/// One way of altering a request.
pub struct Mutation {
    /// Its name, for reports.
    pub name: &'static str,
    alter: Alter,
}

impl Mutation {
    /// Alters the request. `false`: there was nothing to alter, or it is as it was.
    pub fn apply(&self, request: &mut RawRequest, material: &Material<'_>, random: &mut Random) -> bool {
        let before = request.clone();
        (self.alter)(request, material, random).is_some() && *request != before
    }
}

macro_rules! mutations {
    ($($file:ident: $($name:ident)*;)*) => {
        /// Every way there is.
        pub const MUTATIONS: &[Mutation] = &[
            $($(Mutation { name: concat!(stringify!($file), "::", stringify!($name)), alter: $file::$name },)*)*
        ];
    };
}

mutations! {
    line: another_method lower_case_method longer_method later earlier another_peer absolute_form absolute_elsewhere
        asterisk fragment second_request_line;
    path: bit character_dropped character_added escaped_more escaped_in_lower_case escaped_slash escaped_twice unescaped
        dot_segment parent_segment double_slash closing_slash backslash overlong null_byte other_case another_key
        another_bucket leading_slashes cut question_mark;
    query: dropped doubled swapped shuffled escaped_more escaped_in_lower_case escaped_twice unescaped plus_for_space bit
        emptied cut lengthened renamed_case exchanged_values donors_value added_sub_resource added_parameter
        added_amz_parameter added_auth_parameter added_limit empty_pair without_equals semicolon to_field
        doubled_in_other_case prefixed_query all_dropped;
    fields: dropped doubled renamed_case bit cut lengthened spaces_around spaces_within folded donors_value to_query
        unsigned_amz unsigned_amz_repeated free_header unheard_header method_override original_url underscores
        streaming authorization latin_1 control_character shuffled trailing_token;
    hosts: another_host host_case host_port second_host host_bucket no_host forwarded_host forwarded_for forwarded
        behind_a_proxy silent_proxy;
    signature: first_digit last_digit a_digit upper_case cut lengthened zeros emptied donors another_secret empty_secret
        stand_ins_secret another_key_id another_region another_service another_day another_life another_token
        without_token payload_hash signed_list credential_part;
}

/// Flips a bit of a byte so that what comes out can be written in a head.
fn flip(bytes: &mut [u8], random: &mut Random) -> Option<()> {
    if bytes.is_empty() {
        return None;
    }
    let at = random.below(bytes.len());
    let flipped = bytes[at] ^ (1 << random.below(7));
    if flipped.is_ascii_graphic() {
        bytes[at] = flipped;
        return Some(());
    }
    None
}

/// A byte as an escape.
fn escape(byte: u8, is_lower: bool) -> Vec<u8> {
    match is_lower {
        true => format!("%{byte:02x}").into_bytes(),
        false => format!("%{byte:02X}").into_bytes(),
    }
}

/// Escapes one byte that stands there plainly and is not one of `kept`.
fn escape_one(text: &mut Vec<u8>, kept: &[u8], random: &mut Random) -> Option<()> {
    let mut places = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'%' {
            at += 3;
            continue;
        }
        if !kept.contains(&text[at]) {
            places.push(at);
        }
        at += 1;
    }
    let at = *places.get(random.below(places.len()))?;
    let escaped = escape(text[at], random.chance(50));
    text.splice(at..=at, escaped);
    Some(())
}

/// The places of the escapes in a text.
fn escapes(text: &[u8]) -> Vec<usize> {
    (0..text.len()).filter(|at| text[*at] == b'%' && text.len() >= at + 3).collect()
}

/// Writes the digits of one escape in lower case.
fn lower_one(text: &mut [u8], random: &mut Random) -> Option<()> {
    let places = escapes(text);
    let at = *places.get(random.below(places.len()))?;
    text[at + 1..at + 3].make_ascii_lowercase();
    Some(())
}

/// Escapes the percent sign of one escape.
fn escape_twice(text: &mut Vec<u8>, random: &mut Random) -> Option<()> {
    let places = escapes(text);
    let at = *places.get(random.below(places.len()))?;
    text.splice(at..=at, *b"%25");
    Some(())
}

/// Undoes one escape, whatever comes out.
fn unescape_one(text: &mut Vec<u8>, random: &mut Random) -> Option<()> {
    let places = escapes(text);
    let at = *places.get(random.below(places.len()))?;
    let byte = u8::from_str_radix(std::str::from_utf8(&text[at + 1..at + 3]).ok()?, 16).ok()?;
    text.splice(at..at + 3, [byte]);
    Some(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::door::Doors;
    use crate::good::Place;

    /// A mutation that never finds anything to alter would prove nothing.
    #[test]
    fn every_mutation_alters_something() {
        let doors = Doors::open().unwrap();
        let mut random = Random::new(5);
        let mut idle: HashSet<&str> = MUTATIONS.iter().map(|mutation| mutation.name).collect();
        assert_eq!(idle.len(), MUTATIONS.len());
        for round in 0..4000 {
            let place = [Place::Library, Place::Plain, Place::Public][round % 3];
            let setting = doors.setting(place);
            let (good, donor) = (Good::draw(&mut random, &setting), Good::draw(&mut random, &setting));
            for mutation in
                MUTATIONS.iter().filter(|mutation| idle.contains(mutation.name)).collect::<Vec<_>>()
            {
                let material = Material { good: &good, donor: &donor };
                if mutation.apply(&mut good.request.clone(), &material, &mut random) {
                    idle.remove(mutation.name);
                }
            }
            if idle.is_empty() {
                return;
            }
        }
        panic!("never altered anything: {idle:?}");
    }
}
