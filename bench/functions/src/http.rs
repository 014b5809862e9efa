//! A minimal HTTP/1.1 implementation for the proxies: whole messages, persistent connections.

use std::io::{BufRead, ErrorKind, Read, Write};

use anyhow::{Context, Result, bail};

/// A request or a response.
#[derive(Debug, Default, Clone)]
pub(crate) struct Message {
    /// The first line, without its line break.
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// A response with a JSON body.
    pub(crate) fn answer(status: &str, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { line: format!("HTTP/1.1 {status}"), headers, body: body.as_bytes().to_vec() }
    }

    /// The method of a request.
    pub(crate) fn method(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }

    /// The target of a request.
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// A header, by case-insensitive name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Reads the next message. None if the connection was closed. `has_body` is false for responses to
    /// `HEAD`.
    pub(crate) fn read(from: &mut impl BufRead, has_body: bool) -> Result<Option<Self>> {
        let mut line = String::new();
        match from.read_line(&mut line) {
            Ok(0) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
            read => read?,
        };
        let mut message = Self { line: line.trim_end().to_owned(), ..Self::default() };
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').context("a header has a colon")?;
            message.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        if let Some(length) = message.header("content-length") {
            let mut body = vec![0; length.parse()?];
            if has_body {
                from.read_exact(&mut body)?;
                message.body = body;
            }
        } else if message.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            message.body = read_chunks(from)?;
        }
        Ok(Some(message))
    }

    /// Writes the message at once, with its length.
    pub(crate) fn write(&self, to: &mut impl Write) -> Result<()> {
        let mut bytes = format!("{}\r\n", self.line).into_bytes();
        let about_length = |name: &str| {
            ["content-length", "transfer-encoding"].iter().any(|own| name.eq_ignore_ascii_case(own))
        };
        for (name, value) in self.headers.iter().filter(|(name, _)| !about_length(name)) {
            bytes.extend(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend(&self.body);
        to.write_all(&bytes)?;
        Ok(to.flush()?)
    }
}

fn read_chunks(from: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            bail!("the connection ended inside a body");
        }
        let size = line.trim_end().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).context("a chunk has a size")?;
        from.take(size as u64).read_to_end(&mut body)?;
        let mut end = String::new();
        from.read_line(&mut end)?;
        if size == 0 {
            return Ok(body);
        }
    }
}
