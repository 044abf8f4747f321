//! The `Date` of answers.

use crate::support::TestServer;

#[test]
fn the_date_follows_a_clock_that_is_set_forward_and_back() {
    let server = TestServer::start();
    let date = |seconds: i64| {
        server.pass(seconds);
        // Of an answer, a refusal, and a refusal of what is no request.
        let answers = [server.put("k", "x"), server.get("missing")].map(|answer| {
            let dates: Vec<&str> = answer
                .headers
                .iter()
                .filter(|(name, _)| name == "date")
                .map(|(_, value)| value.as_str())
                .collect();
            assert_eq!(dates.len(), 1, "{dates:?}");
            dates[0].to_owned()
        });
        let unreadable = String::from_utf8(server.raw(b"no request\r\n\r\n")).unwrap();
        let last = unreadable.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap().to_owned();
        assert_eq!([&answers[0], &answers[1]], [&last, &last]);
        last
    };
    assert_eq!(date(0), "Sat, 21 Nov 2026 12:00:00 GMT");
    assert_eq!(date(600), "Sat, 21 Nov 2026 12:10:00 GMT");
    assert_eq!(date(-600), "Sat, 21 Nov 2026 12:00:00 GMT");
}
