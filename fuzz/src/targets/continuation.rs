//! Continuation tokens, and the positions in them.

use presign_s3::continuation::ContinuationToken;
use presign_store::Continuation;

/// The input is a token.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(token) = ContinuationToken::parse(text) {
        assert_eq!(token.to_string(), text, "a token has one spelling");
        if let Some(position) = Continuation::decode(token.position()) {
            assert_eq!(position.encode(), token.position());
        }
    }
    // Any text as a position comes back.
    let token = ContinuationToken::new(text);
    assert_eq!(ContinuationToken::parse(&token.to_string()), Ok(token));
}
