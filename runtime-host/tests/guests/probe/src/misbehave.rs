//! Handlers that misbehave, by accident or by intent.

use std::hint::black_box;

use crate::{Answer, StepContext, complete, text};

pub(crate) fn handle(handler: &str, context: &StepContext) -> Option<Answer> {
    let number = || context.task_input.parse::<usize>().unwrap();
    Some(match handler {
        "spin" => loop {
            black_box(0);
        },
        "recurse" => text(&recurse(black_box(0)).to_string()),
        "hoard-memory" => {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(black_box(vec![1; 1 << 20]));
            }
        }
        "flood-logs" => {
            let line = "x".repeat(1000);
            for _ in 0..number() {
                println!("{line}");
            }
            text("flooded")
        }
        "write-binary" => {
            use std::io::Write;
            std::io::stdout().write_all(&[0xff, 0xfe, 0, 0x1b, b'[', b'2', b'J', b'o', b'k', b'\n']).unwrap();
            text("written")
        }
        "return-bytes" => {
            let mut bytes = vec![b'x'; number() + 2];
            (bytes[0], bytes[number() + 1]) = (b'"', b'"');
            complete(String::from_utf8(bytes).unwrap())
        }
        "return-no-json" => complete("{not json"),
        "leak-handles" => {
            for _ in 0..number() {
                std::mem::forget(wasip2::cli::stdout::get_stdout());
            }
            text("leaked")
        }
        "panic" => panic!("the shelves are empty"),
        "trap" => core::arch::wasm32::unreachable(),
        "exit" => std::process::exit(0),
        "read-everything" => {
            // All memory except this handler's input must have the module's initial content.
            let end = core::arch::wasm32::memory_size(0) * 65536;
            let needle = context.task_input.trim_matches('"').as_bytes();
            let hits = (1024..end - needle.len())
                .filter(|start| {
                    needle
                        .iter()
                        .enumerate()
                        .all(|(i, byte)| unsafe { *((start + i) as *const u8) } == byte ^ 1)
                })
                .count();
            complete(hits.to_string())
        }
        "leave-traces" => {
            let needle: Vec<u8> = context.task_input.trim_matches('"').bytes().map(|byte| byte ^ 1).collect();
            let traces: Vec<u8> = needle.iter().copied().cycle().take(1 << 20).collect();
            complete(black_box(traces).len().to_string())
        }
        _ => return None,
    })
}

#[expect(unconditional_recursion, reason = "recursion is the purpose")]
fn recurse(depth: u64) -> u64 {
    black_box(recurse(black_box(depth + 1)) + depth)
}
