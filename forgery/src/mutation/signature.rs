//! The signature and what it is made of: by another key, for another scope, with another secret.

use presign::Mechanism;

use super::Material;
use crate::good::Identity;
use crate::random::Random;
use crate::raw::RawRequest;

/// Where the signature stands in the target, or else in the Authorization field.
enum Place {
    Target(usize, usize),
    Field(usize, usize, usize),
}

fn find(request: &RawRequest, mechanism: Mechanism, name: &str) -> Option<Place> {
    let end_of = |text: &[u8], start: usize| {
        let rest = &text[start..];
        start + rest.iter().position(|byte| matches!(byte, b'&' | b',')).unwrap_or(rest.len())
    };
    let find = |text: &[u8], name: &str| {
        text.windows(name.len()).position(|window| window == name.as_bytes()).map(|at| at + name.len())
    };
    if mechanism == Mechanism::HeaderV4 {
        let field =
            request.fields.iter().position(|(name, _)| name.eq_ignore_ascii_case(b"authorization"))?;
        let value = &request.fields[field].1;
        let start = find(value, &format!("{name}="))?;
        return Some(Place::Field(field, start, end_of(value, start)));
    }
    let prefix = if mechanism == Mechanism::QueryV2 { "&" } else { "X-Amz-" };
    let start = find(&request.target, &format!("{prefix}{name}="))
        .or_else(|| find(&request.target, &format!("?{name}=")))?;
    Some(Place::Target(start, end_of(&request.target, start)))
}

fn edit_part(
    request: &mut RawRequest,
    material: &Material<'_>,
    name: &str,
    alter: impl FnOnce(&mut Vec<u8>) -> Option<()>,
) -> Option<()> {
    let place = find(request, material.good.recipe.mechanism, name)?;
    let (text, start, end) = match place {
        Place::Target(start, end) => (&mut request.target, start, end),
        Place::Field(field, start, end) => (&mut request.fields[field].1, start, end),
    };
    let mut part = text[start..end].to_vec();
    alter(&mut part)?;
    text.splice(start..end, part);
    Some(())
}

fn edit(
    request: &mut RawRequest,
    material: &Material<'_>,
    alter: impl FnOnce(&mut Vec<u8>) -> Option<()>,
) -> Option<()> {
    edit_part(request, material, "Signature", alter)
}

/// Another digit in the place of one.
fn change(digit: &mut u8, random: &mut Random) {
    let old = *digit;
    while *digit == old {
        *digit = *random.pick(b"0123456789abcdef");
    }
}

pub(super) fn first_digit(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    edit(request, material, |text| text.first_mut().map(|digit| change(digit, random)))
}

pub(super) fn last_digit(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    edit(request, material, |text| text.last_mut().map(|digit| change(digit, random)))
}

pub(super) fn a_digit(request: &mut RawRequest, material: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, material, |text| {
        let at = random.below(text.len());
        text.get_mut(at).map(|digit| change(digit, random))
    })
}

pub(super) fn upper_case(request: &mut RawRequest, material: &Material<'_>, _: &mut Random) -> Option<()> {
    edit(request, material, |text| {
        text.make_ascii_uppercase();
        Some(())
    })
}

pub(super) fn cut(request: &mut RawRequest, material: &Material<'_>, random: &mut Random) -> Option<()> {
    edit(request, material, |text| {
        text.truncate(random.below(text.len()));
        Some(())
    })
}

pub(super) fn lengthened(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    edit(request, material, |text| {
        let at = if random.chance(50) { 0 } else { text.len() };
        text.insert(at, *random.pick(b"0afz"));
        Some(())
    })
}

pub(super) fn zeros(request: &mut RawRequest, material: &Material<'_>, _: &mut Random) -> Option<()> {
    edit(request, material, |text| {
        text.fill(b'0');
        Some(())
    })
}

pub(super) fn emptied(request: &mut RawRequest, material: &Material<'_>, _: &mut Random) -> Option<()> {
    edit(request, material, |text| {
        text.clear();
        Some(())
    })
}

/// The signature of another request of the same key.
pub(super) fn donors(request: &mut RawRequest, material: &Material<'_>, _: &mut Random) -> Option<()> {
    let donor = &material.donor;
    let place = find(&donor.request, donor.recipe.mechanism, "Signature")?;
    let theirs = match place {
        Place::Target(start, end) => donor.request.target[start..end].to_vec(),
        Place::Field(field, start, end) => donor.request.fields[field].1[start..end].to_vec(),
    };
    edit(request, material, |text| {
        *text = theirs;
        Some(())
    })
}

/// The same request by another signer.
fn sign_as(
    request: &mut RawRequest,
    material: &Material<'_>,
    change: impl FnOnce(&mut Identity),
) -> Option<()> {
    let recipe = &material.good.recipe;
    let mut identity = Identity::known_at(recipe.place);
    change(&mut identity);
    *request = recipe.sign(&identity)?;
    Some(())
}

pub(super) fn another_secret(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let secret = random.text("abcdefABCDEF0123456789/+", 40..41);
    sign_as(request, material, |identity| identity.secret = secret)
}

pub(super) fn empty_secret(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let secret = *random.pick(&["", " ", "\0", "minioadmin", "AKIDEXAMPLE"]);
    sign_as(request, material, |identity| identity.secret = secret.to_owned())
}

/// An unknown key, signed with the secret that stands in for the keys that nobody has: it is no secret at all.
pub(super) fn stand_ins_secret(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let id = *random.pick(&["nobody", "AKIDUNKNOWN", "AKIDEXAMPLE", ""]);
    sign_as(request, material, |identity| {
        id.clone_into(&mut identity.access_key_id);
        "no secret has this length, or anything".clone_into(&mut identity.secret);
    })
}

pub(super) fn another_key_id(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let id =
        *random.pick(&["AKIDEXAMPLF", "akidexample", "AKIDEXAMPLE ", "root", "minioadmin", "AKIDEXAMPLE\0"]);
    sign_as(request, material, |identity| id.clone_into(&mut identity.access_key_id))
}

pub(super) fn another_region(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let region = *random.pick(&["eu-west-1", "US-EAST-1", "us-east-1 ", "", "auto", "*"]);
    sign_as(request, material, |identity| region.clone_into(&mut identity.region))
}

pub(super) fn another_service(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let service = *random.pick(&["sts", "iam", "S3", "s3express", "execute-api"]);
    sign_as(request, material, |identity| service.clone_into(&mut identity.service))
}

/// Signed rightly, and on a day that is over or has yet to come.
pub(super) fn another_day(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let mut recipe = material.good.recipe.clone();
    let life = recipe.life;
    recipe.signed_at += *random.pick(&[-life, -life - 1, -700_000, 1000, 86_400, 700_000]);
    let end = recipe.signed_at + life;
    let is_in_its_time = match recipe.mechanism {
        Mechanism::HeaderV4 => (recipe.signed_at - recipe.now).abs() <= 900,
        Mechanism::QueryV2 => recipe.now < end && end <= recipe.now + 604_800,
        _ => recipe.now < end && recipe.signed_at <= recipe.now + 900,
    };
    if is_in_its_time {
        return None;
    }
    *request = recipe.sign(&Identity::known_at(recipe.place))?;
    Some(())
}

/// The end of its life moved, and nothing signed again.
pub(super) fn another_life(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    edit_part(request, material, "Expires", |text| {
        *text = random
            .pick(&["604800", "1", "0", "-1", "604801", "1e5", "0x10", "9999999999", "+60", "060"])
            .as_bytes()
            .to_vec();
        Some(())
    })
}

pub(super) fn another_token(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let token = random.text("abcXYZ019/+=", 10..50);
    sign_as(request, material, |identity| identity.token = Some(token))
}

/// Signed rightly by the secret, and without the token that belongs to it.
pub(super) fn without_token(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let token = random.chance(50).then(String::new);
    sign_as(request, material, |identity| identity.token = token)
}

/// The hash of the body is another, in the field or in the URL.
pub(super) fn payload_hash(request: &mut RawRequest, _: &Material<'_>, random: &mut Random) -> Option<()> {
    let field =
        request.fields.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(b"x-amz-content-sha256"))?;
    match random.below(3) {
        0 => field.1 = b"UNSIGNED-PAYLOAD".into(),
        1 => field.1.make_ascii_uppercase(),
        _ => field.1 = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into(),
    }
    Some(())
}

pub(super) fn signed_list(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    edit_part(request, material, "SignedHeaders", |text| {
        match random.below(6) {
            0 => text.clear(),
            1 => text.extend_from_slice(b";x-amz-copy-source"),
            2 => text.extend_from_slice(b"%3Bx-amz-acl"),
            3 => text.make_ascii_uppercase(),
            4 => text.splice(..0, *b";").for_each(drop),
            _ => *text = b"host".into(),
        }
        Some(())
    })
}

/// Another part of the credential, and nothing signed again.
pub(super) fn credential_part(
    request: &mut RawRequest,
    material: &Material<'_>,
    random: &mut Random,
) -> Option<()> {
    let name =
        if material.good.recipe.mechanism == Mechanism::QueryV2 { "AWSAccessKeyId" } else { "Credential" };
    edit_part(request, material, name, |text| {
        let separator: &[u8] = if text.windows(3).any(|three| three == b"%2F") { b"%2F" } else { b"/" };
        let whole = String::from_utf8_lossy(text).into_owned();
        let separator = String::from_utf8_lossy(separator).into_owned();
        let mut parts: Vec<String> = whole.split(&separator).map(str::to_owned).collect();
        let at = random.below(parts.len());
        let others = ["", "AKIDEXAMPLE", "20261120", "eu-west-1", "sts", "aws5_request", "nobody", "s3"];
        (*random.pick(&others)).clone_into(&mut parts[at]);
        if random.chance(20) {
            parts.push("more".to_owned());
        }
        *text = parts.join(&separator).into_bytes();
        Some(())
    })
}
