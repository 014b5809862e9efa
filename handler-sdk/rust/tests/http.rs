//! Responses: which statuses are retryable, and how long to wait.

use std::time::{Duration, SystemTime};

use serde_json::json;
use tasker_handler::{prelude::*, testing};

/// The failure for a response with this status and header.
fn failure_of(status: u16, retry_after: Option<&'static str>) -> Option<Failure> {
    testing::respond_with(move |_| {
        let mut response = http::Response::new(status, "why");
        response.headers.extend(retry_after.map(|value| ("retry-after".to_owned(), value.to_owned())));
        Ok(response)
    });
    http::get("https://api.example.com/x").send().expect("an answer").error_for_status().err()
}

fn is_an_answer(status: u16) {
    assert_eq!(failure_of(status, Some("7")), None);
}

fn is_retryable(status: u16) {
    let failure = failure_of(status, None).expect("a failure");
    assert_eq!((failure.error_type(), failure.is_retryable()), (format!("Http{status}").as_str(), true));
    assert_eq!(failure.wait(), None);
    let failure = failure_of(status, Some("7")).expect("a failure");
    assert_eq!(failure.wait(), Some(Duration::from_secs(7)));
}

fn is_permanent(status: u16) {
    for retry_after in [None, Some("7")] {
        let failure = failure_of(status, retry_after).expect("a failure");
        assert_eq!((failure.error_type(), failure.is_retryable()), (format!("Http{status}").as_str(), false));
        assert_eq!(failure.wait(), None);
    }
}

macro_rules! statuses {
    ($($name:ident: $check:ident($status:literal);)*) => {
        $(#[test] fn $name() { $check($status); })*
    };
}

statuses! {
    status_200_ok_is_an_answer: is_an_answer(200);
    status_204_no_content_is_an_answer: is_an_answer(204);
    status_301_moved_permanently_is_an_answer: is_an_answer(301);
    status_304_not_modified_is_an_answer: is_an_answer(304);
    status_399_is_an_answer: is_an_answer(399);

    status_408_request_timeout_is_retryable: is_retryable(408);
    status_409_conflict_is_retryable: is_retryable(409);
    status_425_too_early_is_retryable: is_retryable(425);
    status_429_too_many_requests_is_retryable: is_retryable(429);
    status_500_internal_server_error_is_retryable: is_retryable(500);
    status_502_bad_gateway_is_retryable: is_retryable(502);
    status_503_service_unavailable_is_retryable: is_retryable(503);
    status_504_gateway_timeout_is_retryable: is_retryable(504);

    status_400_bad_request_is_permanent: is_permanent(400);
    status_401_unauthorized_is_permanent: is_permanent(401);
    status_402_payment_required_is_permanent: is_permanent(402);
    status_403_forbidden_is_permanent: is_permanent(403);
    status_404_not_found_is_permanent: is_permanent(404);
    status_405_method_not_allowed_is_permanent: is_permanent(405);
    status_406_not_acceptable_is_permanent: is_permanent(406);
    status_407_proxy_authentication_required_is_permanent: is_permanent(407);
    status_410_gone_is_permanent: is_permanent(410);
    status_411_length_required_is_permanent: is_permanent(411);
    status_412_precondition_failed_is_permanent: is_permanent(412);
    status_413_content_too_large_is_permanent: is_permanent(413);
    status_414_uri_too_long_is_permanent: is_permanent(414);
    status_415_unsupported_media_type_is_permanent: is_permanent(415);
    status_416_range_not_satisfiable_is_permanent: is_permanent(416);
    status_417_expectation_failed_is_permanent: is_permanent(417);
    status_421_misdirected_request_is_permanent: is_permanent(421);
    status_422_unprocessable_content_is_permanent: is_permanent(422);
    status_423_locked_is_permanent: is_permanent(423);
    status_424_failed_dependency_is_permanent: is_permanent(424);
    status_426_upgrade_required_is_permanent: is_permanent(426);
    status_428_precondition_required_is_permanent: is_permanent(428);
    status_431_request_header_fields_too_large_is_permanent: is_permanent(431);
    status_451_unavailable_for_legal_reasons_is_permanent: is_permanent(451);
    status_501_not_implemented_is_permanent: is_permanent(501);
    status_505_http_version_not_supported_is_permanent: is_permanent(505);
    status_506_variant_also_negotiates_is_permanent: is_permanent(506);
    status_507_insufficient_storage_is_permanent: is_permanent(507);
    status_508_loop_detected_is_permanent: is_permanent(508);
    status_511_network_authentication_required_is_permanent: is_permanent(511);
    status_599_is_permanent: is_permanent(599);
}

#[test]
fn a_failure_names_the_address_and_keeps_the_body() {
    let failure = failure_of(404, None).expect("a failure");
    assert_eq!(failure.message(), "https://api.example.com/x returned 404");
    assert_eq!(failure.details(), Some(&json!({ "body": "why" })));
}

#[test]
fn retry_after_is_read_in_seconds() {
    let wait = |header| failure_of(503, Some(header)).expect("a failure").wait();
    assert_eq!(wait("0"), Some(Duration::ZERO));
    assert_eq!(wait(" 30 "), Some(Duration::from_secs(30)));
    assert_eq!(wait("-1"), None);
    assert_eq!(wait("1.5"), None);
    assert_eq!(wait("soon"), None);
}

#[test]
fn retry_after_is_read_as_a_date_that_has_not_passed() {
    let wait = |status, header| failure_of(status, Some(header)).expect("a failure").wait();
    let until = SystemTime::now() + wait(429, "Wed, 01 Jan 2200 00:00:00 GMT").expect("a wait");
    let until = until.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    assert!((7_258_118_370..7_258_118_430).contains(&until), "{until}");
    assert_eq!(wait(503, "Sun, 06 Nov 1994 08:49:37 GMT"), None);
    assert_eq!(wait(404, "Wed, 01 Jan 2200 00:00:00 GMT"), None);
}

#[test]
fn outside_a_component_nothing_is_sent_unless_the_test_answers() {
    let failure = std::thread::spawn(|| http::get("https://example.com").send().unwrap_err()).join().unwrap();
    assert_eq!(failure.error_type(), "HttpUnavailable");
}
