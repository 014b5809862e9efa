use serde_json::json;

use super::*;

fn with(name: &str, value: Value) -> Value {
    let mut event = json!({ "specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed" });
    event[name] = value;
    event
}

fn fault_of(event: &Value) -> (Option<String>, String) {
    match CloudEvent::from_json(&event.to_string()) {
        Err(error) => (error.attribute.clone(), error.to_string()),
        Ok(_) => panic!("taken: {event}"),
    }
}

#[test]
fn what_is_wrong_is_said_of_the_attribute_that_is() {
    let long = "x".repeat(5000);
    let wrong = [
        ("id", json!(""), "is empty"),
        ("id", json!(7), "must be a string"),
        ("id", json!(null), "is missing"),
        ("id", json!(long), "longer than"),
        ("id", json!("a\u{7}b"), "control character"),
        ("source", json!(""), "is empty"),
        ("source", json!("a b"), "' ' is not allowed there"),
        ("source", json!("/café"), "percent-encode"),
        ("source", json!("/a%2"), "percent-encode"),
        ("source", json!("/a%zz"), "percent-encode"),
        ("source", json!("1:a"), "not a scheme"),
        ("source", json!("/a[1]"), "is not allowed there"),
        ("source", json!("/a#b#c"), "is not allowed there"),
        ("type", json!(""), "is empty"),
        ("type", json!(null), "is missing"),
        ("subject", json!(""), "is empty"),
        ("specversion", json!("0.3"), "only 1.0"),
        ("specversion", json!(1.0), "must be a string"),
        ("specversion", json!(null), "is missing"),
        ("time", json!("yesterday"), "RFC 3339"),
        ("time", json!("2030-13-01T00:00:00Z"), "RFC 3339"),
        ("time", json!("2030-01-01T00:00:00"), "RFC 3339"),
        ("datacontenttype", json!("json"), "not a media type"),
        ("dataschema", json!("/relative"), "not an absolute URI"),
        ("tenantId", json!("x"), "of a-z and 0-9"),
        ("tenant_id", json!("x"), "of a-z and 0-9"),
        ("anextensionwithalongname", json!("x"), "of a-z and 0-9"),
        ("tenant", json!({ "a": 1 }), "must be a string"),
        ("tenant", json!([1]), "must be a string"),
        ("tenant", json!(1.5), "must be a string"),
        ("tenant", json!(3_000_000_000_i64), "32-bit"),
        ("data_base64", json!("***"), "is not Base64"),
        ("data_base64", json!(1), "must be a Base64 string"),
    ];
    for (name, value, why) in wrong {
        let (attribute, text) = fault_of(&with(name, value.clone()));
        assert_eq!(attribute.as_deref(), Some(name), "{name} {value}: {text}");
        assert!(text.contains(why) && text.contains(name), "{name} {value}: {text}");
    }
}

#[test]
fn what_the_specification_allows_is_taken() {
    let right = [
        ("source", json!("urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66")),
        ("source", json!("https://[::1]:8080/a?b=c#d")),
        ("source", json!("aws.s3")),
        ("source", json!("arn:aws:s3:::bucket")),
        ("source", json!("/a%20b;c=(d)")),
        ("time", json!("2030-01-01T00:00:00.123+02:00")),
        ("datacontenttype", json!("application/vnd.shop+json; charset=utf-8")),
        ("dataschema", json!("https://example.com/schema")),
        ("tenant", json!("")),
        ("tenant", json!(-7)),
        ("tenant", json!(true)),
        ("tenant", json!(null)),
        ("subject", json!("Überweisung 1")),
        ("data", json!(null)),
    ];
    for (name, value) in right {
        let event = with(name, value);
        if let Err(error) = CloudEvent::from_json(&event.to_string()) {
            panic!("{event}: {error}");
        }
    }
}

#[test]
fn an_event_reads_back_as_it_was_and_no_number_loses_a_digit() {
    let text = r#"{"specversion":"1.0","id":"1","source":"/shop","type":"t","tenant":7,"data":{"n":12345678901234567890.10}}"#;
    assert_eq!(CloudEvent::from_json(text).unwrap().to_json(), text);
    let text = r#"{"specversion":"1.0","id":"1","source":"/shop","type":"t","data_base64":"AAEC"}"#;
    assert_eq!(CloudEvent::from_json(text).unwrap().to_json(), text);
}

#[test]
fn a_name_given_twice_or_two_kinds_of_data_are_refused() {
    let twice = r#"{"specversion":"1.0","id":"1","id":"2","source":"/s","type":"t"}"#;
    assert!(CloudEvent::from_json(twice).unwrap_err().fault.contains("`id` is given twice"));
    let both = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":1,"data_base64":"AA=="}"#;
    assert!(CloudEvent::from_json(both).unwrap_err().fault.contains("both given"));
    for text in ["", "[]", "7", "{", r#"{"specversion":"1.0"} x"#] {
        assert!(CloudEvent::from_json(text).unwrap_err().fault.contains("not a CloudEvent"), "{text}");
    }
}

#[test]
fn of_a_batch_the_one_at_fault_is_named() {
    let batch = json!([with("subject", json!("a")), with("id", json!(""))]);
    let error = CloudEvent::batch_from_json(&batch.to_string()).unwrap_err();
    assert_eq!(error.to_string(), "event 2 of the batch: `id` is empty");
    assert_eq!(CloudEvent::batch_from_json("[]").unwrap().len(), 0);
}

fn from_bytes(content_type: Option<&str>, body: &[u8]) -> Result<EventData, EventError> {
    let attributes = [("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("type", "t")];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
    CloudEvent::from_parts(attributes, content_type, body).map(|event| event.data)
}

#[test]
fn bytes_become_json_text_or_base64_by_what_they_are_said_to_be() {
    let json = |data: EventData| match data {
        EventData::Json(json) => json.get().to_owned(),
        other => panic!("not JSON: {other:?}"),
    };
    assert_eq!(
        json(from_bytes(Some("application/json; charset=utf-8"), b"{\"a\": 1}").unwrap()),
        "{\"a\": 1}"
    );
    assert_eq!(json(from_bytes(None, b"[1]").unwrap()), "[1]");
    assert_eq!(json(from_bytes(Some("text/plain"), b"hello \"you\"").unwrap()), r#""hello \"you\"""#);
    for (content_type, body) in
        [(Some("image/png"), &b"\x89PNG"[..]), (None, b"\xff"), (Some("text/plain"), b"\xff")]
    {
        assert!(matches!(from_bytes(content_type, body), Ok(EventData::Binary(_))), "{content_type:?}");
    }
    assert!(matches!(from_bytes(Some("image/png"), b""), Ok(EventData::None)));
    let wrong = from_bytes(Some("application/json"), b"{").unwrap_err();
    assert_eq!(wrong.attribute.as_deref(), Some("data"));
    let encoded = with("datacontenttype", json!("application/json"));
    let mut encoded = encoded.as_object().unwrap().clone();
    encoded.insert("data_base64".to_owned(), json!("eyJhIjoxfQ=="));
    let event = CloudEvent::from_json(&Value::Object(encoded).to_string()).unwrap();
    assert_eq!(json(event.data), r#"{"a":1}"#);
}

#[test]
fn in_binary_mode_the_content_type_is_the_datas_own_and_nothing_is_given_twice() {
    let part = |name: &str| (name.to_owned(), "x".to_owned());
    for parts in
        [vec![part("datacontenttype")], vec![part("data_base64")], vec![part("tenant"), part("tenant")]]
    {
        let error = CloudEvent::from_parts(parts.clone(), None, b"").unwrap_err();
        assert_eq!(error.attribute.as_deref(), Some(parts[0].0.as_str()));
    }
}

#[test]
fn many_members_and_deep_data_are_refused_at_once() {
    let many: Vec<String> = (0..40_000).map(|n| format!("\"a{n}\":1")).collect();
    let many = many.join(",");
    let text = format!(r#"{{"specversion":"1.0","id":"1","source":"/s","type":"t",{many}}}"#);
    assert!(CloudEvent::from_json(&text).unwrap_err().fault.contains("more than 128 members"));
    let parts = (0..40_000).map(|n| (format!("a{n}"), "1".to_owned()));
    assert!(CloudEvent::from_parts(parts, None, b"").unwrap_err().fault.contains("more than 128 members"));

    let nested = |depth: usize| format!("{}{}{}", "[".repeat(depth), r#""[[{\"[""#, "]".repeat(depth));
    for (depth, is_allowed) in [(127, true), (128, false), (200_000, false)] {
        let text =
            format!(r#"{{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{}}}"#, nested(depth));
        let read = CloudEvent::from_json(&text);
        assert_eq!(read.is_ok(), is_allowed, "{depth}");
        if let Err(error) = read {
            assert_eq!(error.attribute.as_deref(), Some("data"));
        }
        assert_eq!(from_bytes(None, nested(depth).as_bytes()).is_ok(), is_allowed, "{depth}");
    }
}
