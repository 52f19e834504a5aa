//! The words of a load that faults do not have: rates, stages, arrivals, mixes of sizes, sources; the same on the command line and
//! in a scenario.

use squall_faults::Size;
use squall_faults::value::Value;
use squall_load::{Arrivals, Close, Mix, ProxyProtocol, Rate, Source, Statuses};
use std::net::IpAddr;
use std::time::Duration;

fn value<T: Value>(text: &str) -> Result<T, String> {
    T::parse(text).map_err(|error| match error.help {
        Some(help) => format!("{}; {help}", error.message),
        None => error.message,
    })
}

/// A rate of operations per second: `1000`, `2k`, `0.5`, `1.5k/s`.
///
/// # Errors
/// Where it is none, has more than three digits behind the point of its base unit, or is above ten million.
pub fn rate(text: &str) -> Result<Rate, String> {
    let wrong = || format!("`{text}` is not a rate; write operations per second, such as 500, 2k or 0.5");
    let number = text.trim().strip_suffix("/s").unwrap_or(text.trim());
    let (digits, scale) = match number.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000_000_u64),
        None => match number.strip_suffix('M') {
            Some(digits) => (digits, 1_000_000_000),
            None => (number, 1_000),
        },
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(part) || part.len() > 9 || digits.ends_with('.') {
        return Err(wrong());
    }
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    let unit = 10_u64.pow(part.len() as u32);
    let part: u64 = if part.is_empty() { 0 } else { part.parse().map_err(|_| wrong())? };
    let fraction = u128::from(part) * u128::from(scale);
    if fraction % u128::from(unit) != 0 {
        return Err(format!("`{text}` is finer than a thousandth of an operation per second"));
    }
    let thousandths = u128::from(whole) * u128::from(scale) + fraction / u128::from(unit);
    let rate = u64::try_from(thousandths).ok().and_then(Rate::thousandths);
    rate.ok_or_else(|| format!("`{text}` is too fast; ten million per second is the most"))
}

/// As [`rate`], more than zero.
///
/// # Errors
/// As there, and where it is zero.
pub fn rate_above_zero(text: &str) -> Result<Rate, String> {
    let rate = rate(text)?;
    if rate.as_thousandths() == 0 { Err("it must be more than zero".to_owned()) } else { Ok(rate) }
}

/// Stages with the rate at the end of each: `10s:2k,30s:2k`.
///
/// # Errors
/// Where one is none.
pub fn stages(text: &str) -> Result<Vec<(Duration, Rate)>, String> {
    let stage = |text: &str| {
        let (length, target) = text
            .trim()
            .split_once(':')
            .ok_or_else(|| format!("`{text}` is not a stage; write how long and up to which rate: 10s:2k"))?;
        let length: Duration = value(length)?;
        if length.is_zero() || length > Duration::from_secs(100_000) {
            return Err(format!(
                "a stage takes more than nothing and at most 100000s, and not {}",
                text.trim()
            ));
        }
        Ok((length, rate(target)?))
    };
    text.split(',').map(stage).collect()
}

/// How operations are spread: `uniform`, `poisson`, `burst:N`.
///
/// # Errors
/// Where it is none of these.
pub fn arrivals(text: &str) -> Result<Arrivals, String> {
    match text.split_once(':') {
        None if text == "uniform" => Ok(Arrivals::Uniform),
        None if text == "poisson" => Ok(Arrivals::Poisson),
        Some(("burst", size)) => match size.parse() {
            Ok(size @ 1..) => Ok(Arrivals::Burst(size)),
            _ => Err(format!("`{size}` is not a number of operations")),
        },
        _ => Err(format!("`{text}` is unknown; write uniform, poisson or burst:N")),
    }
}

/// Sizes: `1KiB`, `64-1500`, `64:90,1400:10`.
///
/// # Errors
/// Where it is none of these.
pub fn mix(text: &str) -> Result<Mix, String> {
    let size = |text: &str| value::<Size>(text.trim()).map(Size::as_bytes);
    if text.contains(':') {
        let entry = |text: &str| {
            let (bytes, weight) = text
                .split_once(':')
                .ok_or_else(|| format!("`{text}` has no weight; write SIZE:WEIGHT, such as 64:90"))?;
            let weight = weight.trim().strip_suffix('%').unwrap_or(weight.trim());
            let weight = weight.parse().map_err(|_| format!("`{weight}` is not a weight"))?;
            Ok((size(bytes)?, weight))
        };
        let entries = text.split(',').map(entry).collect::<Result<Vec<(u64, u64)>, String>>()?;
        return Mix::weighted(entries).ok_or_else(|| format!("the weights of `{text}` add up to nothing"));
    }
    match text.split_once('-') {
        Some((from, to)) => {
            Mix::range(size(from)?, size(to)?).ok_or_else(|| format!("`{text}` begins above its end"))
        }
        None => size(text).map(Mix::fixed),
    }
}

/// As [`mix`], every size at least a byte.
///
/// # Errors
/// As there, and where one is 0.
pub fn mix_above_zero(text: &str) -> Result<Mix, String> {
    let mix = mix(text)?;
    if mix.smallest() == 0 { Err("a request has at least a byte".to_owned()) } else { Ok(mix) }
}

/// Addresses that connections come from: `127.0.0.0/24`, or one alone.
///
/// # Errors
/// Where it is none.
pub fn source(text: &str) -> Result<Source, String> {
    let wrong = || format!("`{text}` is not a range of addresses; write ADDRESS/BITS, such as 127.0.0.0/24");
    let (address, prefix) =
        text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Ok(all), str::parse).map_err(|_| wrong())?;
    Source::new(address, prefix).ok_or_else(wrong)
}

/// `v1` or `v2`.
///
/// # Errors
/// Where it is neither.
pub fn proxy_protocol(text: &str) -> Result<ProxyProtocol, String> {
    match text {
        "v1" => Ok(ProxyProtocol::V1),
        "v2" => Ok(ProxyProtocol::V2),
        _ => Err(format!("`{text}` is no version; write v1 or v2")),
    }
}

/// `fin`, `rst` or `half`.
///
/// # Errors
/// Where it is none of these.
pub fn close(text: &str) -> Result<Close, String> {
    match text {
        "fin" => Ok(Close::Fin),
        "rst" => Ok(Close::Rst),
        "half" => Ok(Close::Half),
        _ => Err(format!("`{text}` is unknown; write fin, rst or half")),
    }
}

/// Statuses of HTTP that are a success: `204`, `2xx`, `200,404`.
///
/// # Errors
/// Where it is none of these.
pub fn statuses(text: &str) -> Result<Statuses, String> {
    let wrong =
        || format!("`{text}` is not a status from 200 to 599; write 204, 2xx, or several as in 200,404");
    let range = |part: &str| {
        let part = part.trim();
        if let Some(class @ 2..=5) = part.strip_suffix("xx").and_then(|class| class.parse::<u16>().ok()) {
            return Some((class * 100, class * 100 + 99));
        }
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        let status = part.parse().ok().filter(|status| digits && (200..600).contains(status))?;
        Some((status, status))
    };
    let ranges: Option<Vec<(u16, u16)>> = text.split(',').map(range).collect();
    ranges.and_then(Statuses::ranges).ok_or_else(wrong)
}

/// A text with `\r`, `\n`, `\t`, `\0`, `\\` and `\xNN` for what cannot be typed.
///
/// # Errors
/// Where a backslash begins something else.
pub fn text(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let mut letters = after.chars();
        let (byte, length) = match letters.next() {
            Some('r') => (b'\r', 1),
            Some('n') => (b'\n', 1),
            Some('t') => (b'\t', 1),
            Some('0') => (0, 1),
            Some('\\') => (b'\\', 1),
            Some('x') => {
                let digits = after.get(1..3).unwrap_or_default();
                let hex = !digits.starts_with('+') && !digits.is_empty();
                match u8::from_str_radix(digits, 16) {
                    Ok(byte) if hex => (byte, 3),
                    _ => return Err(format!("`\\x{digits}` is not a byte; write \\x and two digits")),
                }
            }
            other => {
                let shown = other.map_or(String::new(), String::from);
                return Err(format!("`\\{shown}` means nothing; write \\\\ for a backslash"));
            }
        };
        bytes.push(byte);
        rest = after.get(length..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_exactly() {
        let thousandths = |text: &str| rate(text).map(Rate::as_thousandths);
        let good = [
            ("1000", 1_000_000),
            ("2k", 2_000_000),
            ("0.5", 500),
            ("1.25k/s", 1_250_000),
            ("10M", 10_000_000_000),
        ];
        for (text, expected) in good {
            assert_eq!(thousandths(text), Ok(expected), "{text}");
        }
        for text in ["", "k", "-1", "1.", ".5", "1e3", "0.0001", "10.1M", "1 000", "fast"] {
            assert!(rate(text).is_err(), "{text}");
        }
        assert!(rate_above_zero("0").is_err());
    }

    #[test]
    fn statuses_are_codes_and_classes() {
        let has = |text: &str, status| statuses(text).map(|statuses| statuses.has(status));
        for (text, good, bad) in
            [("204", 204, 200), ("2xx", 299, 300), ("200, 404", 404, 403), ("5xx,200", 503, 404)]
        {
            assert_eq!((has(text, good), has(text, bad)), (Ok(true), Ok(false)), "{text}");
        }
        for text in ["", "99", "1xx", "6xx", "600", "+204", "xx", "2xx,", "200-299", "ok"] {
            assert!(statuses(text).is_err(), "{text}");
        }
    }

    #[test]
    fn stages_arrivals_and_mixes_are_read() {
        let read = stages("10s:2k, 500ms:0").expect("stages");
        assert_eq!(
            read.iter().map(|(length, rate)| (length.as_millis(), rate.as_thousandths())).collect::<Vec<_>>(),
            [(10_000, 2_000_000), (500, 0)]
        );
        assert!(["10s", "0s:5", "10:5", "10s:fast", ""].iter().all(|text| stages(text).is_err()));
        assert_eq!(arrivals("burst:5"), Ok(Arrivals::Burst(5)));
        assert!(["burst:0", "burst", "even"].iter().all(|text| arrivals(text).is_err()));
        assert_eq!(mix("64-1500"), Ok(Mix::range(64, 1500).expect("a range")));
        assert_eq!(mix("64:90%, 1KiB:10%"), Ok(Mix::weighted([(64, 90), (1024, 10)]).expect("weights")));
        assert!(["5-4", "64:x", "64:0", "big"].iter().all(|text| mix(text).is_err()));
        assert!(mix_above_zero("0-5").is_err());
    }

    #[test]
    fn sources_and_texts_are_read() {
        assert_eq!(
            source("127.0.0.0/24").map(|source| source.address(2).to_string()),
            Ok("127.0.0.2".to_owned())
        );
        assert!(source("::1").is_ok() && source("127.0.0.0/33").is_err() && source("home").is_err());
        assert_eq!(text(r"PING\r\n\x00\\é"), Ok(b"PING\r\n\x00\\\xc3\xa9".to_vec()));
        assert!([r"\q", r"\x1", r"\xg0", r"\x+1", "\\"].iter().all(|wrong| text(wrong).is_err()));
    }
}
