//! Redraws lines in place on the terminal.

use crate::output::printable;

/// Draws lines over the previous ones.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    drawn: usize,
}

impl Screen {
    /// Draws lines over the previous ones. Disables line wrapping until the last call, because wrapped lines cannot
    /// be overwritten.
    pub(crate) fn draw(&mut self, lines: &[String], is_last: bool) {
        use std::io::Write;
        let (no_breaks, breaks) = if is_last { ("", "") } else { ("\x1b[?7l", "\x1b[?7h") };
        let mut text = no_breaks.to_owned();
        if self.drawn > 0 {
            text.push_str(&format!("\x1b[{}F\x1b[J", self.drawn));
        }
        for line in lines {
            text.push_str(&printable(line));
            text.push('\n');
        }
        text.push_str(breaks);
        self.drawn = lines.len();
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(text.as_bytes());
        let _ = stdout.flush();
    }
}
