//! Buckets in ordinary tests.

use tasker_handler::prelude::*;

#[test]
fn values_are_json_and_many_go_in_one_call() {
    let bucket = key_value::open("values").unwrap();
    assert_eq!(bucket.get::<Vec<u8>>("a").unwrap(), None);
    bucket.set("a", &json!([1, 2])).unwrap();
    bucket.set_many(&[("b", "two"), ("c", "three")]).unwrap();
    assert_eq!(bucket.get::<Vec<u8>>("a").unwrap(), Some(vec![1, 2]));
    assert_eq!(bucket.get_bytes("b").unwrap().unwrap(), b"\"two\"");
    let found: Vec<Option<String>> = bucket.get_many(&["c", "d", "b"]).unwrap();
    assert_eq!(found, [Some("three".to_owned()), None, Some("two".to_owned())]);
    bucket.delete(&["a", "c", "d"]).unwrap();
    assert_eq!(bucket.keys().unwrap(), ["b"]);
    assert!(bucket.exists("b").unwrap() && !bucket.exists("a").unwrap());
    assert!(key_value::open("others").unwrap().keys().unwrap().is_empty());
}

#[test]
fn a_value_that_does_not_fit_is_named() {
    let bucket = key_value::open("values").unwrap();
    bucket.set("a", &"text").unwrap();
    let failure = bucket.get::<u32>("a").unwrap_err();
    assert_eq!((failure.error_type(), failure.is_retryable()), ("InvalidValue", false));
    assert!(failure.message().contains("`a` in the bucket `values`"), "{}", failure.message());
    let failure = bucket.set("large", &"x".repeat(400_000)).unwrap_err();
    assert_eq!((failure.error_type(), failure.is_retryable()), ("InvalidValue", false));
    assert!(!bucket.exists("large").unwrap());
}

#[test]
fn numbers_are_counted_up_within_64_bits() {
    let bucket = key_value::open("counts").unwrap();
    assert_eq!(bucket.increment("n", 5).unwrap(), 5);
    assert_eq!(bucket.get::<i64>("n").unwrap(), Some(5));
    assert_eq!(bucket.increment("n", i64::MAX).unwrap_err().error_type(), "KeyValueFailed");
    bucket.set("t", &"text").unwrap();
    assert_eq!(bucket.increment("t", 1).unwrap_err().error_type(), "KeyValueFailed");
}

#[test]
fn an_update_starts_from_what_is_there_and_may_fail() {
    let bucket = key_value::open("updates").unwrap();
    let add = |known: Option<u32>| Ok(known.unwrap_or(40) + 1);
    assert_eq!(bucket.update("n", add).unwrap(), 41);
    assert_eq!(bucket.update("n", add).unwrap(), 42);
    let refused = bucket.update::<u32>("n", |_| Err(Failure::permanent("SoldOut", "none left")));
    assert_eq!(refused.unwrap_err().error_type(), "SoldOut");
    assert_eq!(bucket.get::<u32>("n").unwrap(), Some(42));
}
