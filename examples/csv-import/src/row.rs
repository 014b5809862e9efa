//! Parses one line of the file: an order, or an error.

use std::str::FromStr;

use csv_core::{ReadRecordResult, Reader};

use crate::sums::Sums;

/// The columns of the file, in this order.
pub const COLUMNS: [&str; 6] = ["id", "customer", "product", "quantity", "unit_price_cents", "region"];
/// The maximum length of a line, in bytes.
pub const MAX_LINE_BYTES: usize = 16 << 10;

/// The parts of an order that the import uses.
#[derive(Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The region where it was sold.
    pub region: &'a str,
    /// The totals of this order alone.
    pub sums: Sums,
}

/// Parses single lines. A line break always ends a row, even within quotes, so that the file can be split
/// anywhere and each slice can find its first row.
pub struct Parser {
    reader: Reader,
    text: Vec<u8>,
    ends: [usize; COLUMNS.len()],
}

impl Parser {
    /// Creates a parser.
    pub fn new() -> Self {
        Self { reader: Reader::new(), text: vec![0; MAX_LINE_BYTES], ends: [0; COLUMNS.len()] }
    }

    /// Splits a line, without its line break, into fields.
    ///
    /// # Errors
    /// What is wrong with the line, for people.
    pub fn fields(&mut self, line: &[u8]) -> Result<[&str; COLUMNS.len()], String> {
        if line.len() > MAX_LINE_BYTES {
            return Err(format!("it is longer than {MAX_LINE_BYTES} bytes"));
        }
        self.reader.reset();
        let (read, used, written, ended) = self.reader.read_record(line, &mut self.text, &mut self.ends);
        match read {
            ReadRecordResult::InputEmpty if used == line.len() => {}
            ReadRecordResult::OutputEndsFull => {
                return Err(format!("it has more than {} fields", COLUMNS.len()));
            }
            _ => return Err("it contains a carriage return".to_owned()),
        }
        // Add the line break here, so that a missing one at the end of the file is accepted and an open quote
        // is detected.
        let rest = (&mut self.text[written..], &mut self.ends[ended..]);
        let (read, _, _, last) = self.reader.read_record(b"\n", rest.0, rest.1);
        match read {
            ReadRecordResult::Record => {}
            ReadRecordResult::OutputEndsFull => {
                return Err(format!("it has more than {} fields", COLUMNS.len()));
            }
            _ => return Err("a quote is opened and not closed before the end of the line".to_owned()),
        }
        if ended + last != COLUMNS.len() {
            return Err(format!("it has {} of {} fields", ended + last, COLUMNS.len()));
        }
        let text = std::str::from_utf8(&self.text[..self.ends[COLUMNS.len() - 1]])
            .map_err(|_| "it is not UTF-8".to_owned())?;
        let mut fields = [""; COLUMNS.len()];
        let mut start = 0;
        for (field, &end) in fields.iter_mut().zip(&self.ends) {
            // A comma inside a multi-byte character means that the text is not UTF-8.
            *field = text.get(start..end).ok_or("it is not UTF-8")?;
            start = end;
        }
        Ok(fields)
    }

    /// Parses a line, without its line break, as an order.
    ///
    /// # Errors
    /// What is wrong with the line, for people.
    pub fn row(&mut self, line: &[u8]) -> Result<Row<'_>, String> {
        let [id, customer, product, quantity, price, region] = self.fields(line)?;
        number::<u64>("id", id)?;
        for (name, value) in [("customer", customer), ("product", product), ("region", region)] {
            if value.is_empty() {
                return Err(format!("`{name}` is empty"));
            }
        }
        let quantity = u64::from(number::<u32>("quantity", quantity)?);
        let revenue_cents = quantity * u64::from(number::<u32>("unit_price_cents", price)?);
        Ok(Row { region, sums: Sums { rows: 1, quantity, revenue_cents } })
    }
}

fn number<T: FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{name}` is `{}`, which is not an integer in its range", excerpt(text)))
}

/// The beginning of a text, long enough to find it.
pub fn excerpt(text: &str) -> String {
    const LENGTH: usize = 80;
    if text.chars().count() <= LENGTH {
        return text.to_owned();
    }
    text.chars().take(LENGTH - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: &str) -> String {
        Parser::new().row(line.as_bytes()).expect_err(line)
    }

    #[test]
    fn an_order_is_read_with_and_without_quotes() {
        let mut parser = Parser::new();
        let sums = Sums { rows: 1, quantity: 3, revenue_cents: 2670 };
        for line in [
            "7,customer-1,tea,3,890,north",
            r#""7","customer-1","tea","3","890","north""#,
            r#"7,customer-1,"tea, ""green"", 100 g",3,890,north"#,
            "7,Größe,茶,3,890,north",
        ] {
            assert_eq!(parser.row(line.as_bytes()), Ok(Row { region: "north", sums }), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told() {
        for (line, why) in [
            ("7,c,tea,3,890", "it has 5 of 6 fields"),
            ("7,c,tea,3,890,north,", "it has more than 6 fields"),
            ("7,c,tea,3,890,north,1,2,3", "it has more than 6 fields"),
            ("7", "it has 1 of 6 fields"),
            ("7,c,tea,three,890,north", "`quantity` is `three`, which is not an integer in its range"),
            ("7,c,tea,-3,890,north", "`quantity` is `-3`, which is not an integer in its range"),
            ("7,c,tea,3,8.90,north", "`unit_price_cents` is `8.90`, which is not an integer in its range"),
            (
                "7,c,tea,3,99999999999,north",
                "`unit_price_cents` is `99999999999`, which is not an integer in its range",
            ),
            ("x,c,tea,3,890,north", "`id` is `x`, which is not an integer in its range"),
            ("7,,tea,3,890,north", "`customer` is empty"),
            ("7,c,tea,3,890,", "`region` is empty"),
            ("7,c,\"tea,3,890,north", "a quote is opened and not closed before the end of the line"),
            ("7,c,tea,3,890,\"north", "a quote is opened and not closed before the end of the line"),
            ("7,c,tea\r7,c,tea,3,890,north", "it contains a carriage return"),
        ] {
            assert_eq!(fault(line), why, "{line}");
        }
        assert_eq!(Parser::new().row(b"7,\xff,tea,3,890,north"), Err("it is not UTF-8".to_owned()));
        assert_eq!(Parser::new().row(b"7,\xc3,\xa4,3,890,north"), Err("it is not UTF-8".to_owned()));
        let long = format!("7,c,{},3,890,north", "x".repeat(MAX_LINE_BYTES));
        assert_eq!(fault(&long), "it is longer than 16384 bytes");
    }

    #[test]
    fn a_faulty_line_leaves_nothing_behind() {
        let mut parser = Parser::new();
        for faulty in ["7,c,\"tea", "7,c,tea\r7", "1,2,3,4,5,6,7,8", "7"] {
            parser.row(faulty.as_bytes()).unwrap_err();
            assert_eq!(parser.row(b"7,c,tea,3,890,north").unwrap().region, "north", "after {faulty}");
        }
    }
}
