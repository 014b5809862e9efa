//! Bulk operations from the command line: previewed, confirmed, followed, listed.

use serde_json::json;

use crate::operators::{MEND, Server};

#[test]
fn an_action_on_many_tasks_is_previewed_confirmed_and_followed() {
    let server = Server::start(&[("mend", MEND)]);
    for _ in 0..3 {
        server.task("mend", &json!({}), 3);
    }
    let give_up = ["task", "bulk", "give-up", "--state", "blocked_by_failures", "--reason", "too late"];
    let asked = server.run(&give_up);
    assert_eq!(asked.code, Some(1), "{asked:#?}");
    assert!(asked.stdout.contains("give up: 3 tasks match"), "{asked:#?}");
    assert!(asked.stderr.contains("nothing was changed") && asked.stderr.contains("--yes"), "{asked:#?}");
    let preview = server.json(&give_up);
    assert_eq!((&preview["matching"]["count"], &preview["state"]), (&json!(3), &json!("previewed")));
    assert_eq!(server.json(&["bulk", "list"])["items"], json!([]));

    let done = server.say(&[give_up.as_slice(), &["--yes"]].concat());
    assert!(done.contains("give up complete: 3 of 3, 3 done, 0 failed"), "{done}");
    assert!(server.say(&give_up).contains("no task matches"));
    let failed = server.run(&["task", "bulk", "resolve", "--name", "mend", "--reason", "again", "--yes"]);
    assert_eq!(failed.code, Some(3), "{failed:#?}");
    assert!(failed.stdout.contains("not possible now for 3: not blocked"), "{failed:#?}");
    assert!(failed.stdout.contains("3 failed") && failed.stdout.contains("not_possible: "), "{failed:#?}");

    let listed = server.json(&["bulk", "list"]);
    let bulk = listed["items"][0]["bulk_id"].as_str().expect("an id");
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    assert!(server.say(&["bulk", "show", bulk]).contains("because: again"));
    assert!(server.say(&["bulk", "failures", bulk]).contains("only a task that is blocked"));
    assert!(server.refusal(&["bulk", "stop", bulk]).contains("is complete"));

    for (arguments, expected) in [
        (["redrive", "--reason", "x"].as_slice(), "say which tasks"),
        (&["rerun", "--all", "--reason", "x"], "need `step`"),
        (&["redrive", "--state", "asleep", "--reason", "x"], "`state` is `asleep`"),
    ] {
        let refusal = server.refusal(&[["task", "bulk"].as_slice(), arguments].concat());
        assert!(refusal.contains(expected), "{refusal}");
    }
    assert_eq!(server.run(&["task", "bulk", "redrive", "--all"]).code, Some(2), "a reason is needed");
    assert_eq!(server.run(&["task", "bulk", "dance", "--all", "--reason", "x"]).code, Some(2));
}
