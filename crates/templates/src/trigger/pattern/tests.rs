use serde_json::json;

use super::*;

fn event() -> Value {
    json!({
        "specversion": "1.0", "id": "7", "source": "/shop/eu", "type": "order.placed", "subject": "DE-1001", "tenant": 7,
        "data": {
            "status": "New", "total": 250, "price": 9.5, "ip": "10.1.2.3", "ip6": "2001:db8::1", "empty": "", "none": null,
            "paid": true, "tags": ["gift", "express"], "nothing": [], "numbers": [1, 20],
            "customer": { "name": "Ada", "address": { "country": "DE" } },
            "lines": [{ "sku": "tea-1", "n": 2 }, { "sku": "cup-1", "n": 5 }],
            "path": "eu/2030/a*b\\c.csv",
        }
    })
}

/// Patterns and whether they match the event.
fn table() -> Vec<(Value, bool)> {
    let data = |inner: Value| json!({ "data": inner });
    let field = |name: &str, condition: Value| json!({ "data": { name: condition } });
    vec![
        (json!({ "type": ["order.placed"] }), true),
        (json!({ "type": ["order.cancelled", "order.placed"] }), true),
        (json!({ "type": ["order.cancelled"] }), false),
        (json!({ "type": ["Order.placed"] }), false),
        (json!({ "detail-type": ["order.placed"], "detail": { "paid": [true] } }), true),
        (json!({ "detail-type": ["order.placed"], "detail": { "paid": [false] } }), false),
        (json!({ "source": [{ "prefix": "/shop/" }], "tenant": [7] }), true),
        (json!({ "source": [{ "prefix": "/shop/" }], "tenant": [8] }), false),
        (json!({ "tenant": ["7"] }), false),
        (json!({ "specversion": ["1.0"] }), true),
        (json!({ "other": [{ "exists": false }] }), true),
        (json!({ "tenant": [{ "exists": true }] }), true),
        // Literals match by type.
        (field("total", json!([250])), true),
        (field("total", json!([2.5e2])), true),
        (field("total", json!(["250"])), false),
        (field("paid", json!(["true"])), false),
        (field("empty", json!([""])), true),
        (field("empty", json!([null])), false),
        (field("none", json!([null])), true),
        (field("none", json!([""])), false),
        (field("missing", json!([null])), false),
        (field("status", json!([""])), false),
        // Strings.
        (field("status", json!([{ "prefix": "Ne" }])), true),
        (field("status", json!([{ "prefix": "ne" }])), false),
        (field("status", json!([{ "prefix": { "equals-ignore-case": "nE" } }])), true),
        (field("status", json!([{ "suffix": "ew" }])), true),
        (field("status", json!([{ "suffix": "EW" }])), false),
        (field("status", json!([{ "suffix": { "equals-ignore-case": "EW" } }])), true),
        (field("status", json!([{ "equals-ignore-case": "NEW" }])), true),
        (field("status", json!([{ "equals-ignore-case": "NEWS" }])), false),
        (field("status", json!([{ "equals-ignore-case": "NE" }])), false),
        (field("total", json!([{ "prefix": "2" }])), false),
        (field("missing", json!([{ "prefix": "" }])), false),
        // Anything but.
        (field("status", json!([{ "anything-but": "Old" }])), true),
        (field("status", json!([{ "anything-but": ["Old", "New"] }])), false),
        (field("total", json!([{ "anything-but": [100, 200] }])), true),
        (field("total", json!([{ "anything-but": 250 }])), false),
        (field("total", json!([{ "anything-but": "250" }])), true),
        (field("missing", json!([{ "anything-but": "x" }])), false),
        (field("status", json!([{ "anything-but": { "prefix": "N" } }])), false),
        (field("status", json!([{ "anything-but": { "prefix": ["A", "B"] } }])), true),
        (field("status", json!([{ "anything-but": { "suffix": "ew" } }])), false),
        (field("status", json!([{ "anything-but": { "suffix": ["x", "y"] } }])), true),
        (field("status", json!([{ "anything-but": { "equals-ignore-case": ["NEW", "OLD"] } }])), false),
        (field("status", json!([{ "anything-but": { "wildcard": "N*w" } }])), false),
        (field("status", json!([{ "anything-but": { "wildcard": ["A*", "*z"] } }])), true),
        // Numbers.
        (field("total", json!([{ "numeric": ["=", 250] }])), true),
        (field("total", json!([{ "numeric": [">", 250] }])), false),
        (field("total", json!([{ "numeric": [">=", 250, "<", 300] }])), true),
        (field("total", json!([{ "numeric": [">", 0, "<=", 249.99] }])), false),
        (field("price", json!([{ "numeric": ["<", 9.51] }])), true),
        (field("status", json!([{ "numeric": [">", 0] }])), false),
        // Existence applies to leaf values, not to objects around them.
        (field("status", json!([{ "exists": true }])), true),
        (field("status", json!([{ "exists": false }])), false),
        (field("none", json!([{ "exists": true }])), true),
        (field("missing", json!([{ "exists": false }])), true),
        (field("customer", json!([{ "exists": true }])), false),
        (field("nothing", json!([{ "exists": true }])), false),
        (data(json!({ "missing": { "deeper": [{ "exists": false }] } })), true),
        (data(json!({ "missing": { "deeper": [{ "exists": true }] } })), false),
        (field("missing", json!(["x", { "exists": false }])), true),
        // Addresses.
        (field("ip", json!([{ "cidr": "10.0.0.0/8" }])), true),
        (field("ip", json!([{ "cidr": "10.2.0.0/16" }])), false),
        (field("ip", json!([{ "cidr": "10.1.2.3/32" }])), true),
        (field("ip6", json!([{ "cidr": "2001:db8::/32" }])), true),
        (field("status", json!([{ "cidr": "10.0.0.0/8" }])), false),
        // Wildcards.
        (field("path", json!([{ "wildcard": "eu/*.csv" }])), true),
        (field("path", json!([{ "wildcard": "*/2030/*" }])), true),
        (field("path", json!([{ "wildcard": "eu/*/2031/*" }])), false),
        (field("path", json!([{ "wildcard": "*a\\*b\\\\c*" }])), true),
        (field("path", json!([{ "wildcard": "*a\\*c*" }])), false),
        (field("path", json!([{ "wildcard": "eu" }])), false),
        (field("status", json!([{ "wildcard": "N*ew" }])), true),
        (field("status", json!([{ "wildcard": "Ne*ew" }])), false),
        (field("empty", json!([{ "wildcard": "*" }])), true),
        // Lists: any element may match.
        (field("tags", json!(["express"])), true),
        (field("tags", json!(["plain"])), false),
        (field("tags", json!([{ "anything-but": "gift" }])), true),
        (field("tags", json!([{ "anything-but": ["gift", "express"] }])), false),
        (field("numbers", json!([{ "numeric": [">", 10, "<", 30] }])), true),
        (field("numbers", json!([{ "numeric": [">", 1, "<", 20] }])), false),
        // Objects and lists of objects: one object must satisfy all conditions.
        (data(json!({ "customer": { "address": { "country": ["DE", "AT"] } } })), true),
        (data(json!({ "customer": { "address": { "country": ["FR"] } } })), false),
        (data(json!({ "customer": { "country": ["DE"] } })), false),
        (data(json!({ "lines": { "sku": [{ "prefix": "cup" }], "n": [5] } })), true),
        (data(json!({ "lines": { "sku": [{ "prefix": "cup" }], "n": [2] } })), false),
        (data(json!({ "status": { "deeper": ["New"] } })), false),
        // Alternatives.
        (json!({ "$or": [{ "type": ["x"] }, { "source": [{ "suffix": "eu" }] }] }), true),
        (json!({ "$or": [{ "type": ["x"] }, { "source": ["y"] }] }), false),
        (
            json!({ "type": ["order.placed"], "$or": [{ "type": ["x"] }, { "detail": { "paid": [true] } }] }),
            true,
        ),
        (json!({ "type": ["x"], "$or": [{ "source": ["/shop/eu"] }, { "subject": ["DE-1001"] }] }), false),
        (data(json!({ "$or": [{ "total": [{ "numeric": [">", 500] }] }, { "status": ["New"] }] })), true),
        (data(json!({ "status": ["New"], "$or": [{ "total": [1] }, { "total": [2] }] })), false),
    ]
}

#[test]
fn patterns_match_what_they_should_and_nothing_else() {
    let event = event();
    for (pattern, expected) in table() {
        let compiled = Pattern::compile(&pattern).unwrap_or_else(|faults| panic!("{pattern}: {faults:?}"));
        assert_eq!(compiled.matches(&event), expected, "{pattern}");
        // The explanation agrees with the match.
        let findings = compiled.explain(&event);
        assert_eq!(findings.iter().all(|finding| finding.holds), expected, "{pattern}: {findings:?}");
    }
}

#[test]
fn an_event_without_data_matches_no_condition_on_data() {
    let event = json!({ "id": "1", "source": "/s", "type": "t" });
    for (pattern, expected) in [
        (json!({ "data": { "a": [1] } }), false),
        (json!({ "data": [{ "exists": false }] }), true),
        (json!({ "data": { "a": [{ "exists": false }] } }), true),
        (json!({ "data": { "a": [{ "anything-but": 1 }] } }), false),
    ] {
        assert_eq!(Pattern::compile(&pattern).unwrap().matches(&event), expected, "{pattern}");
    }
    let text = json!({ "id": "1", "data": "hello" });
    assert!(Pattern::compile(&json!({ "data": [{ "prefix": "he" }] })).unwrap().matches(&text));
}

#[test]
fn what_means_nothing_is_refused_where_it_stands() {
    let wrong = [
        (json!({}), "", "the pattern is empty"),
        (json!([1]), "", "a pattern is an object"),
        (json!({ "type": "order.placed" }), "/type", "expected a list"),
        (json!({ "type": [] }), "/type", "the list is empty"),
        (json!({ "type": { "prefix": "a" } }), "/type", "write a list, such as [{ prefix"),
        (json!({ "Detail": { "a": [1] } }), "/Detail", "is not an attribute"),
        (json!({ "detail-Type": ["a"] }), "/detail-Type", "is not an attribute"),
        (json!({ "type": ["a"], "detail-type": ["a"] }), "/type", "under another name"),
        (json!({ "data": {} }), "/data", "the object is empty"),
        (json!({ "data": { "a": 1 } }), "/data/a", "expected a list"),
        (json!({ "data": { "a": [[1]] } }), "/data/a/0", "a list in a list"),
        (json!({ "data": { "a": [1, { "prefixx": "b" }] } }), "/data/a/1/prefixx", "did you mean `prefix`?"),
        (json!({ "data": { "a": [{}] } }), "/data/a/0", "exactly one operator"),
        (json!({ "data": { "a": [{ "prefix": "a", "suffix": "b" }] } }), "/data/a/0", "exactly one operator"),
        (json!({ "data": { "a": [{ "prefix": 1 }] } }), "/data/a/0/prefix", "must be a string, not 1"),
        (
            json!({ "data": { "a": [{ "prefix": { "wildcard": "a" } }] } }),
            "/data/a/0/prefix",
            "equals-ignore-case",
        ),
        (json!({ "data": { "a": [{ "wildcard": "a**b" }] } }), "/data/a/0/wildcard", "two stars"),
        (json!({ "data": { "a": [{ "wildcard": "a\\b" }] } }), "/data/a/0/wildcard", "backslash"),
        (json!({ "data": { "a": [{ "numeric": [">"] }] } }), "/data/a/0/numeric", "must be a list such as"),
        (
            json!({ "data": { "a": [{ "numeric": ["!=", 1] }] } }),
            "/data/a/0/numeric",
            "must be a list such as",
        ),
        (
            json!({ "data": { "a": [{ "numeric": [">", "1"] }] } }),
            "/data/a/0/numeric",
            "must be a list such as",
        ),
        (
            json!({ "data": { "a": [{ "numeric": ["<", 5, ">", 1] }] } }),
            "/data/a/0/numeric",
            "start with its lower limit",
        ),
        (json!({ "data": { "a": [{ "numeric": [">", 5, "<", 1] }] } }), "/data/a/0/numeric", "no number"),
        (json!({ "data": { "a": [{ "exists": "yes" }] } }), "/data/a/0/exists", "true or false"),
        (json!({ "data": { "a": [{ "cidr": "10.0.0.0/40" }] } }), "/data/a/0/cidr", "address range"),
        (json!({ "data": { "a": [{ "cidr": "10.0.0.1" }] } }), "/data/a/0/cidr", "address range"),
        (json!({ "data": { "a": [{ "anything-but": [] }] } }), "/data/a/0/anything-but", "list of strings"),
        (
            json!({ "data": { "a": [{ "anything-but": ["a", 1] }] } }),
            "/data/a/0/anything-but",
            "list of strings",
        ),
        (
            json!({ "data": { "a": [{ "anything-but": { "numeric": [">", 1] } }] } }),
            "/data/a/0/anything-but",
            "takes strings",
        ),
        (
            json!({ "data": { "a": [{ "anything-but": { "prefix": ["a", 1] } }] } }),
            "/data/a/0/anything-but/prefix/1",
            "must be a string",
        ),
        (json!({ "$or": [{ "type": ["a"] }] }), "/$or", "two or more"),
        (json!({ "$or": { "type": ["a"] } }), "/$or", "two or more"),
        (json!({ "$or": [{ "type": ["a"] }, { "type": [] }] }), "/$or/1/type", "the list is empty"),
        (json!({ "$or": [{ "type": ["a"] }, {}] }), "/$or/1", "non-empty"),
    ];
    for (pattern, place, why) in wrong {
        let faults = Pattern::compile(&pattern).map(drop).unwrap_err();
        let found = faults.iter().any(|(pointer, message)| pointer == place && message.contains(why));
        assert!(found, "{pattern}: {faults:?}");
    }
}
