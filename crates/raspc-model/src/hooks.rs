//! Interventions on a run: patched residuals and ablated heads.

use crate::error::InputError;
use crate::matrix::Matrix;
use crate::model::Model;

/// Overwrites one number of the residual stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patch {
    /// After which half-layer: 0 is the embedding, 2l+1 attention l, 2l+2 MLP l.
    pub after: usize,
    /// The position; 0 is BOS.
    pub position: usize,
    /// The direction of the residual stream.
    pub direction: u32,
    /// What it becomes.
    pub value: f32,
}

/// What is changed during a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hooks {
    /// Numbers of the residual stream to overwrite; of two at one place the later counts.
    pub patches: Vec<Patch>,
    /// Heads, as (layer, head), that write nothing. Their patterns are still computed.
    pub ablate: Vec<(usize, usize)>,
}

impl Hooks {
    /// Whether every place named exists in a run over `n` positions.
    ///
    /// # Errors
    /// The first that does not.
    pub(crate) fn check(&self, model: &Model, n: usize) -> Result<(), InputError> {
        let halves = 2 * model.layers.len();
        let inside = |p: &Patch| {
            p.after <= halves && p.position < n && (p.direction as usize) < model.config.d_model && p.value.is_finite()
        };
        if let Some(patch) = self.patches.iter().position(|p| !inside(p)) {
            return Err(InputError::Patch { patch });
        }
        let exists = |&&(layer, head): &&(usize, usize)| model.layers.get(layer).is_some_and(|l| head < l.heads.len());
        match self.ablate.iter().find(|place| !exists(place)) {
            Some(&(layer, head)) => Err(InputError::Head { layer, head }),
            None => Ok(()),
        }
    }

    /// Overwrites what is to be overwritten after a half-layer.
    pub(crate) fn patch(&self, after: usize, x: &mut Matrix) {
        for p in self.patches.iter().filter(|p| p.after == after) {
            x.row_mut(p.position)[p.direction as usize] = p.value;
        }
    }

    /// Whether a head writes nothing.
    pub(crate) fn ablates(&self, layer: usize, head: usize) -> bool {
        self.ablate.contains(&(layer, head))
    }
}
