//! How the crate's own small types are written by serde, wherever they stand in a result.

use serde::{Serialize, Serializer};

use crate::method::Method;
use crate::timestamp::Timestamp;
use crate::verify::Mechanism;

/// As S3 writes it: `2013-05-24T00:00:00Z`.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Its name: `GET`.
impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// `query_v4`, `header_v4`, `query_v2`, `form_v4` or `form_v2`.
impl Serialize for Mechanism {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Mechanism::QueryV4 => "query_v4",
            Mechanism::HeaderV4 => "header_v4",
            Mechanism::QueryV2 => "query_v2",
            Mechanism::FormV4 => "form_v4",
            Mechanism::FormV2 => "form_v2",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_one_text() {
        let written = serde_json::to_string(&(Timestamp::from_unix(0), Method::Get, Mechanism::QueryV2));
        assert_eq!(written.unwrap(), r#"["1970-01-01T00:00:00Z","GET","query_v2"]"#);
    }
}
