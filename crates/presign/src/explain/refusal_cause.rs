//! The cause behind each refusal that says its own.

use crate::caveats::CaveatViolation;
use crate::explain::cause::Cause;
use crate::explain::claimed::{SIX, THREE};
use crate::explain::redact::is_secret_parameter;
use crate::explain::request_text::RequestText;
use crate::timestamp::Timestamp;
use crate::verify::{Refusal, ScopeFault};

/// The farthest that a time zone is from UTC. A signer that takes its local time for UTC is that much ahead at
/// most; what is further ahead was dated so on purpose.
const FARTHEST_ZONE_SECONDS: i64 = 14 * 3600;

impl Cause {
    /// The cause that a refusal names by itself. A wrong signature names none: see [`diagnose`](crate::diagnose).
    ///
    /// Nothing secret of the refusal is carried over.
    pub fn of_refusal(refusal: &Refusal) -> Option<Cause> {
        let message = || RequestText::from(refusal.to_string());
        // No wildcard: a new refusal must be given its cause here.
        Some(match refusal {
            Refusal::SignatureMismatch(_) => return None,
            Refusal::Unsigned => Cause::NotSigned,
            Refusal::OnlyOneMechanism { .. } => Cause::TwoMechanisms,
            Refusal::UnsupportedAuthorization { .. }
            | Refusal::SigV2Header
            | Refusal::SigV2Denied
            | Refusal::UnsupportedAlgorithm => Cause::MechanismNotTaken { message: message() },
            Refusal::MalformedUri
            | Refusal::MalformedAuthorization { .. }
            | Refusal::MalformedDate
            | Refusal::MissingDate
            | Refusal::TooManyParameters
            | Refusal::TooManySignedHeaders
            | Refusal::MalformedExpiresV2 { .. } => Cause::Malformed { message: message() },
            Refusal::UnknownMethod { method } => Cause::UnknownMethod { method: method.clone().into() },
            // Which, only the request can tell.
            Refusal::MissingParameters | Refusal::MissingParametersV2 => {
                Cause::ParametersMissing { names: Vec::new(), is_html_escaped: false }
            }
            Refusal::Repeated { name } | Refusal::RepeatedParameter { name, .. } => {
                Cause::Repeated { name: name.clone().into() }
            }
            Refusal::Scope { fault, .. } => match fault {
                ScopeFault::Region { given, expected } => {
                    Cause::Region { signed: given.clone().into(), expected: expected.clone().into() }
                }
                ScopeFault::Malformed
                | ScopeFault::Service { .. }
                | ScopeFault::Terminal { .. }
                | ScopeFault::DateFormat { .. }
                | ScopeFault::OtherDay { .. } => Cause::Scope { message: message() },
            },
            Refusal::ExpiresNotANumber
            | Refusal::ExpiresNegative
            | Refusal::ExpiresTooLong
            | Refusal::ExpiresTooFarV2 => Cause::Life { message: message() },
            Refusal::NotYetValid { signed_at, server_time } => too_early(*signed_at, *server_time),
            Refusal::Expired { expires_at, server_time, .. } => Cause::Expired {
                at: *expires_at,
                seconds: server_time.seconds_since(*expires_at).max(0).unsigned_abs(),
            },
            Refusal::TimeTooSkewed { request_time, server_time } => {
                Cause::Clock { seconds: request_time.seconds_since(*server_time) }
            }
            Refusal::HeadersNotSigned { names } => {
                let others = names.iter().filter(|name| *name != "host");
                let others: Vec<RequestText<'_>> = others.map(|name| name.clone().into()).collect();
                if others.is_empty() {
                    Cause::HostNotSigned
                } else {
                    Cause::UnsignedHeaders { names: others }
                }
            }
            Refusal::MissingPayloadHash | Refusal::InvalidPayloadHash { .. } => Cause::PayloadHash,
            Refusal::UnknownAccessKey { access_key_id } => {
                Cause::KeyUnknown { access_key_id: RequestText::beginning_of_id(access_key_id.expose()) }
            }
            Refusal::InvalidToken => Cause::SessionTokenWrong,
            Refusal::InvalidCaveat(_) => Cause::Limit { message: message() },
            Refusal::CaveatViolated(violation) => match violation {
                CaveatViolation::NotYet { .. }
                | CaveatViolation::WrongAddress { .. }
                | CaveatViolation::WrongMethod { .. }
                | CaveatViolation::WrongContentType { .. } => Cause::Limit { message: message() },
            },
            Refusal::Form(_) => Cause::Form { message: message() },
        })
    }

    /// The same, made more exact by what is known of the request: the names of its parameters, and who has a session
    /// token.
    pub(super) fn of_refused(
        refusal: &Refusal,
        parameters: &[&str],
        token_sent: bool,
        key_has_token: bool,
    ) -> Option<Cause> {
        Some(match Cause::of_refusal(refusal)? {
            Cause::ParametersMissing { .. } => {
                let wanted = if *refusal == Refusal::MissingParameters { &SIX[..] } else { &THREE[..] };
                let names =
                    wanted.iter().copied().filter(|name| !parameters.contains(name)).collect::<Vec<_>>();
                let is_html_escaped = parameters.iter().any(|name| name.starts_with("amp;"));
                Cause::ParametersMissing { names, is_html_escaped }
            }
            // `&amp;` before the signature of another kind looks like no signature at all.
            Cause::NotSigned if parameters.iter().any(|name| is_escaped_secret(name)) => {
                Cause::ParametersMissing { names: Vec::new(), is_html_escaped: true }
            }
            Cause::SessionTokenWrong => match (token_sent, key_has_token) {
                (false, _) => Cause::SessionTokenMissing,
                (true, false) => Cause::SessionTokenUnexpected,
                (true, true) => Cause::SessionTokenWrong,
            },
            cause => cause,
        })
    }
}

fn is_escaped_secret(name: &str) -> bool {
    name.starts_with("amp;") && is_secret_parameter(name)
}

fn too_early(signed_at: Timestamp, now: Timestamp) -> Cause {
    let ahead = signed_at.seconds_since(now);
    if ahead <= FARTHEST_ZONE_SECONDS {
        Cause::Clock { seconds: ahead }
    } else {
        Cause::NotYetValid { from: signed_at, seconds: ahead.unsigned_abs() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Mechanism;

    #[test]
    fn a_missing_parameter_is_named_if_only_by_its_kind() {
        for refusal in [Refusal::MissingParameters, Refusal::MissingParametersV2] {
            let cause = Cause::of_refusal(&refusal).unwrap().to_string();
            assert!(cause.starts_with("a parameter of the signature is missing"), "{cause}");
        }
        let told = Cause::of_refused(&Refusal::MissingParametersV2, &["Expires", "Signature"], false, false);
        assert!(told.unwrap().to_string().starts_with("AWSAccessKeyId is missing"));
    }

    #[test]
    fn a_clock_is_told_from_a_date_ahead() {
        let at = |seconds| {
            let refusal = Refusal::NotYetValid {
                signed_at: Timestamp::from_unix(seconds),
                server_time: Timestamp::from_unix(0),
            };
            Cause::of_refusal(&refusal).unwrap()
        };
        assert_eq!(at(7200), Cause::Clock { seconds: 7200 });
        assert_eq!(at(86_400), Cause::NotYetValid { from: Timestamp::from_unix(86_400), seconds: 86_400 });
    }

    #[test]
    fn secrets_of_a_refusal_stay_behind() {
        for refusal in [
            Refusal::OnlyOneMechanism { argument: "Authorization", value: "hidden".into() },
            Refusal::UnsupportedAuthorization { value: "Basic hidden".into() },
        ] {
            let cause = Cause::of_refusal(&refusal).unwrap();
            assert!(!format!("{cause:?} {cause}").contains("hidden"));
        }
    }

    #[test]
    fn the_region_is_told_apart_from_the_rest_of_the_scope() {
        let cause =
            |fault| Cause::of_refusal(&Refusal::Scope { mechanism: Mechanism::QueryV4, fault }).unwrap();
        let (given, expected) = ("a".to_owned(), "b".to_owned());
        let region = ScopeFault::Region { given: given.clone(), expected: expected.clone() };
        assert_eq!(cause(region), Cause::Region { signed: given.into(), expected: expected.into() });
        assert!(matches!(cause(ScopeFault::Malformed), Cause::Scope { .. }));
    }
}
