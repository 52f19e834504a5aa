//! The name of a trace file, and what stands in it once somebody has read it.

use super::{Value, ValueError};
use crate::trace::Schedule;
use std::sync::Arc;

/// A trace by the name of its file. The model reads no files: whoever can [supplies](crate::FaultSpec::supply) the contents.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceFile {
    name: String,
    schedule: Option<Arc<Schedule>>,
}

impl TraceFile {
    /// What stands in it.
    pub(crate) fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_deref()
    }

    /// The file's name, while nobody has said what stands in it.
    pub(crate) fn missing(&self) -> Option<&str> {
        self.schedule.is_none().then_some(&*self.name)
    }

    pub(crate) fn filled(&self, schedule: Schedule) -> TraceFile {
        TraceFile { name: self.name.clone(), schedule: Some(Arc::new(schedule)) }
    }
}

impl From<Schedule> for TraceFile {
    fn from(schedule: Schedule) -> TraceFile {
        TraceFile { name: "-".to_owned(), schedule: Some(Arc::new(schedule)) }
    }
}

impl Value for TraceFile {
    const KIND: &'static str = "file";

    fn parse(text: &str) -> Result<Self, ValueError> {
        match text {
            "" => Err(ValueError::new("a file without a name")),
            _ => Ok(TraceFile { name: text.to_owned(), schedule: None }),
        }
    }

    fn render(&self) -> Option<String> {
        Some(self.name.clone())
    }
}
