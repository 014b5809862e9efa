//! Writes a CSV file of product orders and prints its totals as JSON. The same number of rows gives the same
//! file.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
    process::ExitCode,
    time::Instant,
};

/// Products and their prices in cents, as written to the file. Some need quotes.
const PRODUCTS: [(&str, u64); 12] = [
    ("tea-assam-250", 890),
    ("tea-darjeeling-100", 1250),
    ("\"tea, green, 100 g\"", 640),
    ("coffee-sidamo-1kg", 2450),
    ("coffee-huila-250", 790),
    ("\"coffee \"\"house blend\"\"\"", 680),
    ("teapot-iron", 6900),
    ("teapot-glass", 3450),
    ("grinder-hand", 8900),
    ("kettle-electric", 4999),
    ("cup-set-4", 3200),
    ("filter-paper-100", 349),
];

/// Regions.
const REGIONS: [&str; 8] =
    ["central", "east", "north", "north-east", "north-west", "south", "south-east", "west"];

/// Totals of orders.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    rows: u64,
    quantity: u64,
    revenue_cents: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, rows) = match &arguments[..] {
        [path] => (Path::new(path), Ok(1_000_000)),
        [path, rows] => (Path::new(path), rows.parse()),
        _ => {
            eprintln!(
                "usage: generate FILE [ROWS]\n\n\
                 Writes a CSV file with this many rows, 1000000 by default, and prints its totals."
            );
            return ExitCode::from(2);
        }
    };
    let Ok(rows) = rows else {
        eprintln!("generate: `{}` is not a number of rows", arguments[1]);
        return ExitCode::from(2);
    };
    let started = Instant::now();
    match write(path, rows) {
        Ok(sums) => {
            let bytes = fs::metadata(path).map_or(0, |facts| facts.len());
            let seconds = started.elapsed().as_secs_f64();
            eprintln!("wrote {}: {rows} rows, {bytes} bytes, in {seconds:.2} s", path.display());
            println!("{}", json(&sums));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("generate: writing {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// Writes to a temporary name first, so that no reader sees an incomplete file.
fn write(path: &Path, rows: u64) -> io::Result<[Sums; REGIONS.len()]> {
    let unfinished = path.with_extension("unfinished");
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&unfinished)?);
    let sums = write_rows(&mut file, rows)?;
    file.into_inner()?.sync_all()?;
    fs::rename(unfinished, path)?;
    Ok(sums)
}

fn write_rows(file: &mut impl Write, rows: u64) -> io::Result<[Sums; REGIONS.len()]> {
    let mut sums = [Sums::default(); REGIONS.len()];
    let mut random = Random(0);
    file.write_all(b"id,customer,product,quantity,unit_price_cents,region\n")?;
    for id in 1..=rows {
        let customer = random.below(250_000);
        let (product, list_price) = PRODUCTS[random.below(PRODUCTS.len() as u64) as usize];
        let quantity = 1 + random.below(9);
        // A discount of up to 10 %.
        let price = list_price - random.below(list_price / 10);
        let region = random.below(REGIONS.len() as u64) as usize;
        writeln!(file, "{id},customer-{customer:06},{product},{quantity},{price},{}", REGIONS[region])?;
        let sum = &mut sums[region];
        sum.rows += 1;
        sum.quantity += quantity;
        sum.revenue_cents += quantity * price;
    }
    Ok(sums)
}

/// The totals in the form of the workflow's input `expected`.
fn json(sums: &[Sums]) -> String {
    let of = |sum: &Sums| {
        format!(r#""rows":{},"quantity":{},"revenue_cents":{}"#, sum.rows, sum.quantity, sum.revenue_cents)
    };
    let mut total = Sums::default();
    let mut regions = Vec::new();
    for (region, sum) in REGIONS.iter().zip(sums).filter(|(_, sum)| sum.rows > 0) {
        total.rows += sum.rows;
        total.quantity += sum.quantity;
        total.revenue_cents += sum.revenue_cents;
        regions.push(format!(r#""{region}":{{{}}}"#, of(sum)));
    }
    format!(r#"{{{},"regions":{{{}}}}}"#, of(&total), regions.join(","))
}

/// Reproducible pseudo-random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_of_rows_is_the_same_file() {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        write_rows(&mut first, 1000).unwrap();
        let sums = write_rows(&mut second, 1000).unwrap();
        assert_eq!(first, second);
        assert_eq!(sums.iter().map(|sum| sum.rows).sum::<u64>(), 1000);
        let per_row = first.len() / 1000;
        assert!((40..=60).contains(&per_row), "{per_row} bytes per row");
    }

    #[test]
    fn the_totals_are_those_of_the_rows() {
        let mut file = Vec::new();
        let sums = write_rows(&mut file, 3).unwrap();
        let text = "id,customer,product,quantity,unit_price_cents,region\n\
                    1,customer-107535,tea-assam-250,2,864,north-east\n\
                    2,customer-162090,\"coffee \"\"house blend\"\"\",9,665,south-east\n\
                    3,customer-190201,cup-set-4,1,3089,east\n";
        assert_eq!(String::from_utf8(file).unwrap(), text);
        let totals = r#"{"rows":3,"quantity":12,"revenue_cents":10802,"regions":{
            "east":{"rows":1,"quantity":1,"revenue_cents":3089},
            "north-east":{"rows":1,"quantity":2,"revenue_cents":1728},
            "south-east":{"rows":1,"quantity":9,"revenue_cents":5985}}}"#;
        assert_eq!(json(&sums), totals.split_whitespace().collect::<String>());
    }
}
