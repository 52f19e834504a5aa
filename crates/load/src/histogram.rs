//! Times as they are recorded: a histogram for the percentiles, and exactly what it would round.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest time that is told apart from longer ones: an hour, in nanoseconds.
const LONGEST: u64 = 3_600_000_000_000;
/// Digits of a percentile that are exact.
const DIGITS: u8 = 3;

/// Times in nanoseconds, the percentiles to three digits; all 0 where nothing was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// The shortest.
    pub min_ns: u64,
    /// The mean.
    pub mean_ns: u64,
    /// Half were no longer.
    pub p50_ns: u64,
    /// 90% were no longer.
    pub p90_ns: u64,
    /// 99% were no longer.
    pub p99_ns: u64,
    /// 99.9% were no longer.
    #[serde(rename = "p99.9_ns")]
    pub p999_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

/// A histogram as it stands in a report. What the histogram rounds stands beside it, exactly.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Encoded {
    /// How many times were recorded.
    pub count: u64,
    /// The shortest, in nanoseconds; 0 where there is none.
    pub min_ns: u64,
    /// The longest, in nanoseconds.
    pub max_ns: u64,
    /// All together, in nanoseconds.
    pub sum_ns: u64,
    /// An HdrHistogram of nanoseconds to three digits: its V2 encoding, deflated, in base64.
    pub v2_deflate_base64: String,
}

/// A growing collection of times.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Recorder {
    /// Made when it is needed: a histogram is large, and not everything is measured in every load.
    histogram: Option<Histogram<u64>>,
    min: u64,
    max: u64,
    sum: u64,
}

impl Recorder {
    pub(crate) fn new() -> Recorder {
        Recorder { histogram: None, min: u64::MAX, max: 0, sum: 0 }
    }

    pub(crate) fn record(&mut self, ns: u64) {
        self.histogram.get_or_insert_with(empty).saturating_record(ns);
        self.min = self.min.min(ns);
        self.max = self.max.max(ns);
        self.sum = self.sum.saturating_add(ns);
    }

    /// Adds what another one recorded; exactly as if it had been recorded here.
    pub(crate) fn add(&mut self, other: &Recorder) {
        match (&mut self.histogram, &other.histogram) {
            // Both have the same bounds, so that every value has its place.
            (Some(own), Some(other)) => drop(own.add(other)),
            (own @ None, other) => own.clone_from(other),
            (Some(_), None) => {}
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum = self.sum.saturating_add(other.sum);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.histogram.is_none()
    }

    pub(crate) fn summary(&self) -> Latency {
        let Some(histogram) = &self.histogram else { return Latency::default() };
        // A bucket's upper end may lie beyond anything that was recorded in it.
        let at = |quantile| histogram.value_at_quantile(quantile).clamp(self.min, self.max);
        Latency {
            min_ns: self.min,
            mean_ns: self.sum / histogram.len().max(1),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns: self.max,
        }
    }

    pub(crate) fn encode(&self) -> Encoded {
        let (mut bytes, none) = (Vec::new(), empty());
        let histogram = self.histogram.as_ref().unwrap_or(&none);
        // Writing to memory does not fail.
        let _ = V2DeflateSerializer::new().serialize(histogram, &mut bytes);
        let count = histogram.len();
        Encoded {
            count,
            min_ns: if count == 0 { 0 } else { self.min },
            max_ns: self.max,
            sum_ns: self.sum,
            v2_deflate_base64: BASE64.encode(bytes),
        }
    }

    /// Reads what [`Recorder::encode`] wrote; says what is wrong where it did not.
    pub(crate) fn decode(encoded: &Encoded) -> Result<Recorder, String> {
        let bytes = BASE64.decode(&encoded.v2_deflate_base64).map_err(|error| error.to_string())?;
        let read: Histogram<u64> =
            Deserializer::new().deserialize(&mut bytes.as_slice()).map_err(|error| error.to_string())?;
        if read.len() != encoded.count {
            return Err(format!("it holds {} values and not {}", read.len(), encoded.count));
        }
        let mut recorder = Recorder::new();
        if encoded.count > 0 {
            let mut histogram = empty();
            histogram.add(&read).map_err(|error| error.to_string())?;
            recorder.histogram = Some(histogram);
            (recorder.min, recorder.max, recorder.sum) = (encoded.min_ns, encoded.max_ns, encoded.sum_ns);
        }
        Ok(recorder)
    }
}

fn empty() -> Histogram<u64> {
    Histogram::new_with_max(LONGEST, DIGITS).unwrap_or_else(|_| unreachable!("fixed bounds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(times: impl IntoIterator<Item = u64>) -> Recorder {
        let mut recorder = Recorder::new();
        times.into_iter().for_each(|ns| recorder.record(ns));
        recorder
    }

    #[test]
    fn a_histogram_is_read_as_it_was_written() {
        let recorder = recorded((1..5_000).map(|i| i * i * 131));
        let again = Recorder::decode(&recorder.encode()).expect("reads");
        assert_eq!(again.summary(), recorder.summary());
        assert_eq!(again.encode(), recorder.encode());
        assert_eq!(Recorder::decode(&recorded([]).encode()).expect("reads").summary(), Latency::default());
    }

    #[test]
    fn parts_added_are_the_whole() {
        let times = |part: u64| (0..2_000_u64).filter(move |i| i % 3 == part).map(|i| i * 7_919 + 17);
        let mut sum = recorded(times(0));
        sum.add(&recorded(times(1)));
        sum.add(&recorded(times(2)));
        assert_eq!(sum.encode(), recorded((0..2_000_u64).map(|i| i * 7_919 + 17)).encode());
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let encoded = recorded([5, 6]).encode();
        assert!(Recorder::decode(&Encoded { count: 3, ..encoded.clone() }).is_err());
        let spoilt = Encoded { v2_deflate_base64: "AAAA".to_owned(), ..encoded.clone() };
        assert!(Recorder::decode(&spoilt).is_err());
        assert!(Recorder::decode(&Encoded { v2_deflate_base64: "?".to_owned(), ..encoded }).is_err());
    }
}
