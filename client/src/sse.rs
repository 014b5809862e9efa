//! Server-sent events: from bytes to events. Pure.

/// An event. One without data and name is a comment.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) data: Option<String>,
    pub(crate) id: Option<String>,
}

/// What has come of a stream.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    rest: Vec<u8>,
    /// How much of `rest` is known to hold no end of an event.
    searched: usize,
}

impl Parser {
    /// Takes bytes of the stream.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
    }

    /// The next complete event.
    pub(crate) fn next(&mut self) -> Option<Sent> {
        let from = self.searched.saturating_sub(1);
        let Some(end) = self.rest[from..].windows(2).position(|pair| pair == b"\n\n") else {
            self.searched = self.rest.len();
            return None;
        };
        let event: Vec<u8> = self.rest.drain(..from + end + 2).collect();
        self.searched = 0;
        Some(read(&String::from_utf8_lossy(&event)))
    }
}

fn read(event: &str) -> Sent {
    let mut sent = Sent::default();
    // Not `lines`: JSON has no line break, but other text may end with a carriage return.
    for line in event.split('\n') {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut sent.name),
            "id" => sent.id = Some(value.to_owned()),
            "data" => match &mut sent.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => sent.data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_complete_however_the_bytes_are_cut() {
        let text =
            ": hello\n\nevent: task\nid: 7\ndata: {\"a\": \"ü\"}\n\nevent:end\ndata:1\ndata:2\n\nevent: cut";
        for length in 1..text.len() {
            let (mut parser, mut events) = (Parser::default(), Vec::new());
            for chunk in text.as_bytes().chunks(length) {
                parser.feed(chunk);
                while let Some(event) = parser.next() {
                    events.push(event);
                }
            }
            let event = |name: &str, data: &str, id: Option<&str>| Sent {
                name: name.to_owned(),
                data: Some(data.to_owned()),
                id: id.map(str::to_owned),
            };
            let expected =
                [Sent::default(), event("task", "{\"a\": \"ü\"}", Some("7")), event("end", "1\n2", None)];
            assert_eq!(events, expected, "in pieces of {length} bytes");
        }
    }
}
