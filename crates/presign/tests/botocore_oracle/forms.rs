//! Browser forms.

use std::collections::BTreeMap;
use std::time::Duration;

use presign::{PostCondition, PostForm, PostRequest, SignError, UnverifiedForm};
use serde::Deserialize;

use crate::case::Signing;

#[derive(Deserialize)]
pub(crate) struct FormCase {
    #[serde(flatten)]
    signing: Signing,
    key: String,
    /// Seconds.
    life: u64,
    given_fields: Vec<(String, String)>,
    conditions: Vec<Condition>,
    /// What the browser adds.
    added: Vec<(String, String)>,
    /// What botocore made.
    url: String,
    fields: Vec<(String, String)>,
}

/// A condition as boto3 takes it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Condition {
    Object(BTreeMap<String, String>),
    Match(String, String, String),
    Range(String, u64, u64),
}

impl Condition {
    fn of_this_library(&self) -> PostCondition {
        let field = |name: &str| name.strip_prefix('$').unwrap().to_owned();
        match self {
            Condition::Object(pairs) => {
                let (field, value) = pairs.iter().next().unwrap();
                PostCondition::equals(field, value)
            }
            Condition::Match(operator, name, value) if operator == "eq" => {
                PostCondition::Eq { field: field(name), value: value.clone() }
            }
            Condition::Match(operator, name, prefix) => {
                assert_eq!(operator, "starts-with");
                PostCondition::starts_with(field(name), prefix)
            }
            Condition::Range(operator, min, max) => {
                assert_eq!(operator, "content-length-range");
                PostCondition::ContentLengthRange { min: *min, max: *max }
            }
        }
    }
}

pub(crate) fn sigv4(case: &FormCase) -> Result<(), String> {
    let signing = &case.signing;
    case.is_botocores(signing.signer().post_form(&signing.bucket(), &case.request(), signing.now()))
}

pub(crate) fn sigv2(case: &FormCase) -> Result<(), String> {
    let signing = &case.signing;
    case.is_botocores(signing.signer().post_form_sigv2(&signing.bucket(), &case.request(), signing.now()))
}

impl FormCase {
    fn request(&self) -> PostRequest {
        let request = PostRequest::new(&self.key).expires_in(Duration::from_secs(self.life));
        let request =
            self.given_fields.iter().fold(request, |request, (name, value)| request.field(name, value));
        self.conditions
            .iter()
            .fold(request, |request, condition| request.condition(condition.of_this_library()))
    }

    fn is_botocores(&self, made: Result<PostForm, SignError>) -> Result<(), String> {
        let made = made.map_err(|error| error.to_string())?;
        if (made.url(), made.fields()) != (self.url.as_str(), self.fields.as_slice()) {
            return Err(format!(
                "botocore {} {:?}\npresign  {} {:?}",
                self.url,
                self.fields,
                made.url(),
                made.fields()
            ));
        }
        self.verifies()
    }

    /// Sends botocore's form as a browser would, in the last second of its life.
    fn verifies(&self) -> Result<(), String> {
        let fields: Vec<_> =
            self.fields.iter().chain(&self.added).map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let takes_a_name = self.key.matches("${filename}").count() == 1 && self.key.ends_with("${filename}");
        let file_name = takes_a_name.then_some("cat.jpg");
        let key = self.signing.verification_key();
        let last = self.signing.now().plus(Duration::from_secs(self.life - 1));
        let form = UnverifiedForm::parse(&fields, file_name)
            .and_then(|form| {
                form.verify(Some(&key), last, &self.signing.policy(), self.signing.bucket_name())
            })
            .map_err(|refusal| format!("botocore's form is refused: {refusal:?}"))?;
        let expected =
            if takes_a_name { self.key.replace("${filename}", "cat.jpg") } else { self.key.clone() };
        if form.key() == expected { Ok(()) } else { Err(format!("the key reads {:?}", form.key())) }
    }
}
