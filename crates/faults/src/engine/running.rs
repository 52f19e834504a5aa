//! A fault at work with its type erased.

use super::action::Range;
use super::cx::{Call, Cx};
use crate::fault::Fault;
use std::any::Any;
use std::sync::{Arc, Mutex};

/// What all connections of a link share of one fault and direction, whatever its type.
pub(crate) type SharedState = Arc<dyn Any + Send + Sync>;

/// A fault at work on one connection and direction: the hooks of [`Fault`] with the state inside.
pub(crate) trait Running: Send {
    fn armed(&mut self, call: Call<'_>);
    fn data(&mut self, range: Range, call: Call<'_>);
    fn datagram(&mut self, range: Range, call: Call<'_>);
    fn fin(&mut self, call: Call<'_>);
    fn timer(&mut self, call: Call<'_>);
    fn removed(&mut self, call: Call<'_>);
    fn room(&self, queued: u64) -> u64;
    fn cut(&self) -> Option<u64>;
    fn per_segment(&self) -> bool;
    /// Takes over from `old`, the same fault with other parameters.
    fn succeed(&mut self, old: &mut dyn Running);
    fn state(&mut self) -> &mut dyn Any;
}

struct Active<F: Fault> {
    fault: F,
    state: F::State,
    shared: Arc<Mutex<F::Shared>>,
}

/// What the connections of a link are to share of a fault of this type.
pub(crate) fn share<F: Fault>() -> SharedState {
    Arc::new(Mutex::new(F::Shared::default()))
}

/// Puts a fault to work with a fresh state.
pub(crate) fn start<F: Fault>(fault: F, shared: &SharedState) -> Box<dyn Running> {
    // It was made by `share` for the same type.
    let shared = shared.clone().downcast().unwrap_or_default();
    Box::new(Active { fault, state: F::State::default(), shared })
}

impl<F: Fault> Running for Active<F> {
    fn armed(&mut self, call: Call<'_>) {
        self.fault.armed(&mut self.state, &mut Cx { call, shared: &self.shared });
    }
    fn data(&mut self, range: Range, call: Call<'_>) {
        self.fault.data(&mut self.state, range, &mut Cx { call, shared: &self.shared });
    }
    fn datagram(&mut self, range: Range, call: Call<'_>) {
        self.fault.datagram(&mut self.state, range, &mut Cx { call, shared: &self.shared });
    }
    fn fin(&mut self, call: Call<'_>) {
        self.fault.fin(&mut self.state, &mut Cx { call, shared: &self.shared });
    }
    fn timer(&mut self, call: Call<'_>) {
        self.fault.timer(&mut self.state, &mut Cx { call, shared: &self.shared });
    }
    fn removed(&mut self, call: Call<'_>) {
        self.fault.removed(&mut self.state, &mut Cx { call, shared: &self.shared });
    }
    fn room(&self, queued: u64) -> u64 {
        self.fault.room(queued)
    }
    fn cut(&self) -> Option<u64> {
        self.fault.cut(&self.state)
    }
    fn per_segment(&self) -> bool {
        self.fault.per_segment()
    }
    fn succeed(&mut self, old: &mut dyn Running) {
        // A fault is changed into its own kind only.
        if let Some(old) = old.state().downcast_mut() {
            self.fault.changed(&mut self.state, old);
        }
    }
    fn state(&mut self) -> &mut dyn Any {
        &mut self.state
    }
}
